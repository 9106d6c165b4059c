"""The page of what tables tell before any image: symptoms, head motion and noise of studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from brainchange.figures.numbers import interval, number, p_value, places, plural
from brainchange.figures.wording import text_of, title_of, with_unit
from brainchange.report.data_table import Cell, DataTable
from brainchange.report.gathered import Gathered, Part, gathered_page
from brainchange.report.pictures import Picture
from brainchange.tables import TableSchema

Row = Mapping[Any, Any]


def preview_page(
    tables: Mapping[str, tuple[TableSchema, pd.DataFrame]],
    pictures: tuple[Picture, ...],
    notes: Sequence[str],
) -> str:
    """Make the page.

    Parameters
    ----------
    tables : mapping of str to tuple of TableSchema and pandas.DataFrame
        ``differences`` and ``changes_in_arms``, and others to take away.
    pictures : tuple of Picture
        The forest of all studies.
    notes : sequence of str
        What must be known to read it.
    """
    differences, arms = tables["differences"][1], tables["changes_in_arms"][1]
    studies = list(dict.fromkeys(arms["study"]))
    known = differences[differences["ci_low"].notna()]
    return gathered_page(
        Gathered(
            about=f"{plural(len(studies), 'study', 'studies')}: {', '.join(studies)}",
            question="What do published tables tell, before any image?",
            answer=f"{plural(len(known), 'difference')} between arms can be estimated in "
            f"{plural(known['study'].nunique(), 'study', 'studies')}, of scales and of the quality "
            "of images; none of them is about the brain.",
            minute=(
                (
                    "What was asked",
                    "Change, post − pre, of every scale and measure of quality that tables of a "
                    "study hold twice, in each arm and between arms.",
                ),
                (
                    "How sure that is",
                    "Published values are taken as they are. Nothing is adjusted for the number of "
                    "tests, and arms that were not assigned by chance differ in more than therapy.",
                ),
            ),
            parts=(
                Part(
                    "answer", "Between arms", _too_few(differences), _differences(known), pictures
                ),
                Part("arms", "Within arms", "", _arms(arms[arms["n_both"] > 0])),
            ),
            notes=tuple(notes),
            tables=tables,
            made=f"Made with: brainchange preview {' '.join(studies)}.",
        )
    )


def _too_few(differences: pd.DataFrame) -> str:
    """Say which differences have no interval, and are left to the file."""
    lone = differences[differences["difference"].notna() & differences["ci_low"].isna()]
    named = "; ".join(
        f"{title_of(row)}, {text_of(row['contrast_label'])} "
        f"({row['n_treated']} vs {row['n_control']} participants)"
        for row in lone.to_dict("records")
    )
    return f"Too few participants for an interval: {named}." if named else ""


def _differences(table: pd.DataFrame) -> DataTable:
    return DataTable(
        "differences-table",
        "Difference in change, post − pre, treated − control, with 95 % interval; p of the "
        "permutation test, not adjusted.",
        ("Scale or measure", "Contrast", "Difference [95 %]", "SD [95 %]", "p", "n"),
        tuple(
            (
                Cell(title_of(row), text_of(row["study"])),
                Cell(text_of(row["contrast_label"])),
                _with_ends(row, "difference"),
                Cell(
                    f"{number(row['dppc2'], sign=True)} "
                    f"{interval(row['dppc2_ci_low'], row['dppc2_ci_high'])}",
                    sort=float(row["dppc2"]),
                ),
                Cell(p_value(row["p_permutation"]), sort=float(row["p_permutation"])),
                Cell(f"{row['n_treated']} vs {row['n_control']}"),
            )
            for row in table.to_dict("records")
        ),
        "differences",
    )


def _arms(table: pd.DataFrame) -> DataTable:
    return DataTable(
        "arms-table",
        "One arm: participants with both values, and their mean change. An arm that changes and "
        "another that does not is no difference between them.",
        ("Scale or measure", "Arm", "Who", "n", "Before", "After", "Change [95 %]"),
        tuple(
            (
                Cell(title_of(row), text_of(row["study"])),
                Cell(text_of(row["arm_label"])),
                Cell(text_of(row["who"]).replace("_", " ")),
                Cell(f"{row['n_both']} of {row['n_arm']}", sort=float(row["n_both"])),
                *(_mean(row, name) for name in ("mean_pre", "mean_post")),
                _with_ends(row, "change"),
            )
            for row in table.to_dict("records")
        ),
        "changes_in_arms",
    )


def _mean(row: Row, name: str) -> Cell:
    return Cell(number(row[name], places(row["ci_low"], row["ci_high"])), sort=float(row[name]))


def _with_ends(row: Row, name: str) -> Cell:
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    value = with_unit(row[name], digits, "" if unit == "1" else unit, sign=True)
    return Cell(f"{value} {interval(row['ci_low'], row['ci_high'], digits)}", sort=float(row[name]))
