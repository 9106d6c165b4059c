"""The page across studies: every claim taken together, the studies behind it, who is in two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from brainchange.figures.badges import BADGES
from brainchange.figures.numbers import interval, number, p_value, plural
from brainchange.figures.wording import text_of
from brainchange.inference.across_schema import FOREST_TABLE, META_TABLE
from brainchange.report.data_table import Cell, DataTable
from brainchange.report.gathered import Gathered, Part, gathered_page
from brainchange.report.pictures import Picture
from brainchange.report.summary import counted
from brainchange.sources.overlap import OVERLAPS_TABLE

Row = Mapping[Any, Any]
SCALE = "standardised"


@dataclass(frozen=True)
class AcrossStudies:
    """What the page is made from.

    Attributes
    ----------
    meta, forest, overlaps : pandas.DataFrame
        ``META_TABLE``, ``FOREST_TABLE`` and ``OVERLAPS_TABLE``.
    pictures : tuple of Picture
        The forest of each claim.
    notes : sequence of str
        What must be known to read it.
    seed : int
        Seed of the configuration.
    simulated : bool
        Whether the studies are simulated.
    """

    meta: pd.DataFrame
    forest: pd.DataFrame
    overlaps: pd.DataFrame
    pictures: tuple[Picture, ...]
    notes: Sequence[str]
    seed: int
    simulated: bool


def across_page(given: AcrossStudies) -> str:
    """Make the page.

    Parameters
    ----------
    given : AcrossStudies
        Tables, figures and notes.
    """
    meta = given.meta[given.meta["scale"] == SCALE]
    forest = given.forest[given.forest["scale"] == SCALE]
    studies = list(dict.fromkeys(forest["study"]))
    return gathered_page(
        Gathered(
            about=f"{plural(len(studies), 'study', 'studies')}: {', '.join(studies)}",
            question="What do all studies together say of each claim?",
            answer=_answer(meta, len(studies)),
            minute=_minute(forest, given.overlaps),
            parts=(
                Part("answer", "The answer", "", _claims(meta)),
                Part("forests", "Each claim in all studies", "", None, given.pictures),
                Part("studies", "Each study", "", _studies(forest)),
                Part("overlaps", "Who is in two studies", *_overlaps(given.overlaps)),
            ),
            notes=tuple(given.notes),
            tables={
                schema.name: (schema, table)
                for schema, table in (
                    (META_TABLE, given.meta),
                    (FOREST_TABLE, given.forest),
                    (OVERLAPS_TABLE, given.overlaps),
                )
            },
            made=f"Made with: brainchange across {' '.join(studies)}; seed {given.seed}.",
            simulated=given.simulated,
        )
    )


def _answer(meta: pd.DataFrame, studies: int) -> str:
    together = plural(studies, "study", "studies")
    said = counted(meta["verdict"].dropna())
    if not said:
        return f"No claim is measured by any of the {together}."
    return f"Of {plural(len(meta), 'claim')} in {together} taken together, {said}."


def _minute(forest: pd.DataFrame, overlaps: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    once = forest.drop_duplicates("study")
    chance = int(once["randomised"].astype(bool).sum())
    shared = overlaps[["study", "participant_id"]].drop_duplicates()
    doubled = (
        f" {plural(len(shared), 'participant')} of one study {'is' if len(shared) == 1 else 'are'} "
        "also in another: of such studies only the larger counts."
        if len(shared)
        else " No participant was found in two studies."
    )
    return (
        (
            "What was asked",
            "Difference in change, post − pre, treated − control, of the primary contrast of each "
            "study, in pooled standard deviations before therapy; the mean over studies and where "
            "a further study would lie.",
        ),
        (
            "How sure that is",
            f"Chance made the arms in {chance} of {plural(len(once), 'study', 'studies')}. Fewer "
            f"than 5 studies say nothing stronger than suggestive.{doubled}",
        ),
    )


def _claims(meta: pd.DataFrame) -> DataTable:
    return DataTable(
        "claims",
        "Every claim over the studies that count, in standard deviations before therapy. Mean: "
        "REML, with 95 % interval (modified Hartung–Knapp). Further study: where 95 in 100 would "
        "lie. I²: share of the variance that is between studies.",
        ("Claim", "Verdict", "Mean [95 %]", "Further study", "I²", "p", "Studies", "n"),
        tuple(_claim(row) for row in meta.to_dict("records")),
        META_TABLE.name,
    )


def _claim(row: Row) -> tuple[Cell, ...]:
    verdict = text_of(row["verdict"])
    rank = float(list(BADGES).index(verdict)) if verdict else float("nan")  # type: ignore[arg-type]
    adjusted = pd.notna(row["p_adjusted"])
    return (
        Cell(text_of(row["measure"]), text_of(row["label"])),
        Cell(
            "" if verdict else "none",
            text_of(row["words"]),
            rank,
            BADGES[verdict] if verdict else None,  # type: ignore[index]
        ),
        _estimate(row["estimate"], row["ci_low"], row["ci_high"]),
        Cell(interval(row["prediction_low"], row["prediction_high"])),
        Cell(f"{row['i2']:.0f} %" if pd.notna(row["i2"]) else "n/a", sort=float(row["i2"])),
        Cell(
            p_value(row["p_adjusted"] if adjusted else row["p"]),
            "Holm" if adjusted else "",
            float(row["p"]),
        ),
        Cell(str(row["k"]), sort=float(row["k"])),
        Cell(f"{row['n_treated']} vs {row['n_control']}"),
    )


def _estimate(value: float, low: float, high: float) -> Cell:
    return Cell(f"{number(value, sign=True)} SD {interval(low, high)}", sort=float(value))


def _studies(forest: pd.DataFrame) -> DataTable:
    return DataTable(
        "forest-table",
        "One study of one claim, in standard deviations before therapy. Without: the mean of the "
        "others.",
        ("Claim", "Study", "Effect [95 %]", "Weight", "Without [95 %]", "Chance decided", "n"),
        tuple(
            (
                Cell(text_of(row["measure"])),
                Cell(text_of(row["study"]), text_of(row["contrast_label"])),
                _estimate(row["effect"], row["ci_low"], row["ci_high"]),
                Cell(
                    f"{row['weight']:.0f} %" if pd.notna(row["weight"]) else "does not count",
                    text_of(row["reason"]),
                    float(row["weight"]),
                ),
                _estimate(row["without"], row["without_ci_low"], row["without_ci_high"])
                if pd.notna(row["without"])
                else Cell("n/a", sort=float("nan")),
                Cell("yes" if row["randomised"] else "no"),
                Cell(f"{row['n_treated']} vs {row['n_control']}"),
            )
            for row in forest.to_dict("records")
        ),
        FOREST_TABLE.name,
    )


def _overlaps(table: pd.DataFrame) -> tuple[str, DataTable | None]:
    if table.empty:
        return "No participant was found in two studies, by the images their locks name.", None
    rows = tuple(
        (
            Cell(f"{row['study']} {row['participant_id']}"),
            Cell(f"{row['other_study']} {row['other_participant_id']}"),
            Cell(text_of(row["evidence"]), plural(int(row["n_images"]), "image")),
        )
        for row in table.to_dict("records")
    )
    columns = ("Participant", "Is also", "How that is known")
    return "", DataTable(
        "overlaps-table", OVERLAPS_TABLE.description, columns, rows, OVERLAPS_TABLE.name
    )
