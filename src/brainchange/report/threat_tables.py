"""What else could make the differences: threats by topic, reliability, other analysis choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from brainchange.figures.numbers import interval, number, p_value, places, plural
from brainchange.figures.wording import text_of, with_unit
from brainchange.report.data_table import Cell, DataTable

Row = Mapping[Any, Any]
DESCRIBES = ("baseline_change_correlation", "oldham_correlation")
"""Threats that are described and never judged."""


@dataclass(frozen=True)
class Topic:
    """Threats of one kind.

    Attributes
    ----------
    name, heading : str
        Id and heading.
    threats : tuple of str
        Which they are.
    figures : tuple of str
        Figures that belong to it.
    """

    name: str
    heading: str
    threats: tuple[str, ...]
    figures: tuple[str, ...] = ()


TOPICS = (
    Topic(
        "motion",
        "Head motion and signal quality",
        (
            "differential_motion",
            "motion_adjusted",
            "motion_correlation",
            "tsnr_change",
            "coverage_change",
        ),
        ("motion", "coverage"),
    ),
    Topic("attrition", "Who was lost", ("attrition", "those_who_left"), ("attrition",)),
    Topic(
        "baseline",
        "Unlike at the start",
        ("regression_to_the_mean", "baseline_imbalance", "covariates_adjusted", *DESCRIBES),
        ("estimators",),
    ),
    Topic(
        "negative-controls",
        "Where no change is claimed",
        ("negative_control",),
        ("negative_controls",),
    ),
    Topic("shared", "Participants in other studies", ("shared_participants",)),
    Topic("known", "Known of this study", ("known_trap",)),
)


@dataclass(frozen=True)
class ToldTopic:
    """A topic with what was found: a sentence, and every question with its answer."""

    topic: Topic
    sentence: str
    table: DataTable


def topics(table: pd.DataFrame, contrast: str) -> tuple[ToldTopic, ...]:
    """Write what the threats of every topic are.

    Parameters
    ----------
    table : pandas.DataFrame
        ``THREATS_TABLE``; may be empty.
    contrast : str
        Name of the contrast.
    """
    mine = table[table["contrast"] == contrast]
    return tuple(_topic(topic, _rows_of(topic, mine)) for topic in TOPICS)


def _rows_of(topic: Topic, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["threat"].isin(list(topic.threats))]


def _topic(topic: Topic, rows: pd.DataFrame) -> ToldTopic:
    cells = tuple(
        (
            Cell(text_of(row["measure"]), text_of(row["label"])),
            Cell(text_of(row["asked"])),
            _answer(row),
            Cell(_sentence(text_of(row["words"]))),
        )
        for row in rows.to_dict("records")
    )
    return ToldTopic(
        topic,
        _found(rows),
        DataTable(
            f"threats-{topic.name}",
            "One question about one claim or scale, primary contrast. Yes weakens a verdict; no "
            "never strengthens one.",
            ("Claim or scale", "Asked", "Answer", "What was found"),
            cells,
            "threats",
        ),
    )


def _answer(row: Row) -> Cell:
    weakens = row["weakens"]
    if pd.isna(weakens):
        described = text_of(row["threat"]) in DESCRIBES
        return Cell("– described" if described else "– not judged", sort=1.0)
    return Cell("✗ yes: weakens", sort=0.0) if weakens else Cell("✓ no", sort=2.0)


def _found(rows: pd.DataFrame) -> str:
    """Say of how many claims and scales a verdict is weakened, and by what."""
    judged = rows[rows["weakens"].notna()]
    if judged.empty:
        return "Nothing of it could be judged here."
    there = judged[judged["weakens"].astype(bool)]
    names = list(dict.fromkeys(there["measure"]))
    of = plural(judged["measure"].nunique(), "claim or scale", "claims and scales")
    if not names:
        return f"Nothing was found that weakens a verdict ({of}); that proves nothing."
    return f"It weakens what may be said of {', '.join(names)} (of {of})."


def overview(table: pd.DataFrame, contrast: str) -> DataTable:
    """Say of every threat in which claims and scales it is there, not there and not judged.

    Parameters
    ----------
    table : pandas.DataFrame
        ``THREATS_TABLE``; may be empty.
    contrast : str
        Name of the contrast.
    """
    mine = table[(table["contrast"] == contrast) & ~table["threat"].isin(list(DESCRIBES))]
    asked = list(dict.fromkeys(zip(mine["kind"], mine["measure"], strict=True)))
    weakens = mine.set_index(["kind", "measure", "threat"])["weakens"]
    rows = tuple(
        (
            Cell(_named(threat)),
            *(_sign(weakens, (kind, measure, threat)) for kind, measure in asked),
        )
        for threat in dict.fromkeys(mine["threat"])
    )
    return DataTable(
        "threats-overview",
        "Other explanations of every difference, primary contrast. ✗ it is there and weakens the "
        "verdict; ✓ not found, which proves nothing; – not judged; empty: not asked.",
        ("What else it could be", *(str(measure) for _, measure in asked)),
        rows,
        "threats",
        is_matrix=True,
    )


def _sign(weakens: pd.Series, key: tuple[str, str, str]) -> Cell:
    """Tell one threat of one claim by a sign; sorted from what is there to what is not asked."""
    found = [weakens[key]] if key in weakens.index else []
    if not found:
        return Cell("", sort=3.0)
    if pd.isna(found[0]):
        return Cell("–", sort=1.0)
    return Cell("✗", sort=0.0) if found[0] else Cell("✓", sort=2.0)


def _named(threat: str) -> str:
    return threat.replace("_", " ").replace("tsnr", "tSNR")


def reliability(table: pd.DataFrame) -> DataTable:
    """Write how far two values of a claim or scale agree without treatment.

    Parameters
    ----------
    table : pandas.DataFrame
        ``RELIABILITY_TABLE``; may be empty.
    """
    mine = table[table["kind"].isin(["claim", "outcome"])]
    return DataTable(
        "reliability",
        "Two values of the same untreated people. True change between the sessions counts as "
        "error, so reliability is a lower bound. Smallest real change: what 95 in 100 of them do "
        "not exceed (2.77 standard errors of measurement, Weir 2005).",
        ("Claim or scale", "n", "ICC(3,1) [95 %]", "ICC(2,1) [95 %]", "Smallest real change"),
        tuple(_reliable(row) for row in mine.to_dict("records")),
        "reliability",
    )


def _reliable(row: Row) -> tuple[Cell, ...]:
    return (
        Cell(text_of(row["measure"]), text_of(row["label"])),
        Cell(str(row["n"]), sort=float(row["n"])),
        *(_icc(row, name) for name in ("icc_consistency", "icc_agreement")),
        Cell(
            f"± {with_unit(row['mdc95'], places(row['mdc95']), text_of(row['unit']))}"
            if pd.notna(row["mdc95"])
            else "n/a",
            text_of(row["flag"]),
            float(row["mdc95"]),
        ),
    )


def _icc(row: Row, name: str) -> Cell:
    ends = interval(row[f"{name}_low"], row[f"{name}_high"])
    said = f"{number(row[name])} {ends}" if pd.notna(row[name]) else "n/a"
    return Cell(said, sort=float(row[name]))


def multiverse(summary: pd.DataFrame, contrast: str) -> DataTable:
    """Write what all specifications of a claim say together.

    Parameters
    ----------
    summary : pandas.DataFrame
        ``MULTIVERSE_SUMMARY_TABLE``; may be empty.
    contrast : str
        Name of the contrast.
    """
    return DataTable(
        "multiverse",
        "The same claim under every defensible choice of denoising, censoring, model, covariates "
        "and arms. Each number is held against the same with the arms permuted; specifications "
        "are no independent evidence.",
        ("Claim", "Choices", "Median effect", "Claimed sign", "p below the level"),
        tuple(_choices(row) for row in summary[summary["contrast"] == contrast].to_dict("records")),
        "multiverse_summary",
    )


def _choices(row: Row) -> tuple[Cell, ...]:
    null = interval(row["median_null_low"], row["median_null_high"])
    return (
        Cell(text_of(row["measure"]), text_of(row["label"])),
        Cell(str(row["n_specifications"]), text_of(row["flag"]), float(row["n_specifications"])),
        Cell(
            f"{number(row['median_dppc2'], sign=True)} SD",
            f"by chance {null}, {p_value(row['median_p'])}",
            float(row["median_dppc2"]),
        ),
        *(
            Cell(_percent(row[name]), p_value(row[f"{name}_p"]), float(row[name]))
            for name in ("share_claimed", "share_significant")
        ),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if pd.notna(share) else "n/a"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
