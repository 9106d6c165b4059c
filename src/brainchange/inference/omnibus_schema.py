"""The tables of several arms: one test of all of them, and every pair of them."""

from __future__ import annotations

from brainchange.inference.measures import FAMILIES
from brainchange.tables import Column, TableSchema

_MEASURE = (
    Column("measure", "string", "Claim or scale", required=True),
    Column("kind", "string", "Which of them", required=True, levels=("claim", "outcome")),
    Column("label", "string", "Name for text", required=True),
    Column("unit", "string", "Unit of changes and differences"),
)
_ADJUSTED = Column("p_adjusted", "number", "p_permutation adjusted; see `adjustment`")

OMNIBUS_TABLE = TableSchema(
    "omnibus",
    "One claim or scale in a set of three or more arms (or of two or more therapies): whether "
    "they change alike.",
    (
        *_MEASURE,
        Column("family", "string", "Family of tests", required=True, levels=FAMILIES),
        Column(
            "among",
            "string",
            "all: every arm with enough participants; therapies: arms of talk therapy, where there "
            "are two or more",
            required=True,
            levels=("all", "therapies"),
        ),
        Column("arms", "string", "Names of the arms, separated by `;`", required=True),
        Column("n", "string", "Participants with both values in each, separated by `;`"),
        Column("largest_difference", "number", "Largest difference of two mean changes, in `unit`"),
        Column("largest_between", "string", "Its two arms, the larger change first"),
        Column("statistic", "number", "Welch's F: means weighted by their precision"),
        Column("df1", "number", "Its numerator degrees of freedom"),
        Column("df2", "number", "Its denominator degrees of freedom (Welch 1951)"),
        Column("p_welch", "number", "p of F with these"),
        Column("p_permutation", "number", "p of the studentised permutation of all arms"),
        Column("p_floor", "number", "Smallest p this permutation can give"),
        Column("n_permutations", "integer", "Random arrangements of the arms"),
        _ADJUSTED,
        Column(
            "adjustment",
            "string",
            "Within family and set of arms",
            required=True,
            levels=("holm", "benjamini_hochberg", "none"),
        ),
        Column(
            "p_shared",
            "number",
            "therapies only: largest p of the therapies, each against the control of the primary "
            "contrast, if all of them changed to the same side: p that all share an effect",
        ),
        Column("flag", "string", "Why a cell is missing or weak"),
    ),
    key=("kind", "measure", "among"),
)

PAIRS_TABLE = TableSchema(
    "pairs",
    "One claim or scale in one pair of arms: the difference in change, first − second.",
    (
        *_MEASURE,
        Column("first", "string", "Arm", required=True),
        Column("second", "string", "The other arm", required=True),
        Column("n_first", "integer", "Participants with both values", required=True),
        Column("n_second", "integer", "Participants with both values", required=True),
        Column("difference", "number", "Mean change, first − second, in `unit`"),
        Column("ci_low", "number", "Lower end of its 95 % Welch interval, in `unit`"),
        Column("ci_high", "number", "Upper end of its 95 % Welch interval, in `unit`"),
        Column("p_permutation", "number", "Two-sided studentised permutation p"),
        Column("p_floor", "number", "Smallest p this permutation can give"),
        Column("p_adjusted", "number", "The same after Holm over the pairs of the measure"),
        Column("flag", "string", "Why a cell is missing or weak"),
    ),
    key=("kind", "measure", "first", "second"),
)
