"""The table of verdicts: one row a claim (or scale) and contrast."""

from __future__ import annotations

from typing import get_args

from brainchange.inference.measures import FAMILIES
from brainchange.inference.verdict_text import Outcome
from brainchange.study.claims import ToldBy
from brainchange.tables import Column, TableSchema

OUTCOMES: tuple[str, ...] = get_args(Outcome)

VERDICTS_TABLE = TableSchema(
    "verdicts",
    "What may be said of one claim or scale in one contrast, and why; the primary contrast comes "
    "first. Every rule that was asked is in `verdict_trace.json`.",
    (
        Column("measure", "string", "Claim or scale (`T2`, `BDI`)", required=True),
        Column(
            "kind",
            "string",
            "claim of the article, or scale of the study",
            required=True,
            levels=("claim", "outcome"),
        ),
        Column("quote", "string", "The article's words; n/a for a scale"),
        Column("label", "string", "What it is about", required=True),
        Column("family", "string", "Family of tests", required=True, levels=FAMILIES),
        Column("direction", "string", "What the claim says, or where a scale is better"),
        Column("contrast", "string", "Contrast", required=True),
        Column("contrast_label", "string", "Name of the contrast for text", required=True),
        Column("primary", "boolean", "Whether it is the primary contrast", required=True),
        Column("verdict", "string", "What may be said", required=True, levels=OUTCOMES),
        Column("reasons", "string", "Why, the decisive first; separated by ` | `"),
        Column("not_made", "string", "Safeguards that were not made; separated by `;`"),
        Column("threats", "string", "Threats that were found; separated by `;`"),
        Column("remark", "string", "What the contrast itself does not allow to say"),
        Column("needed", "string", "What would tell, where it is not tested"),
        Column("contradicts", "string", "Claims of the same article that say the opposite"),
        Column("n_treated", "integer", "Treated participants with both values"),
        Column("n_control", "integer", "Control participants with both values"),
        Column("unit", "string", "Unit of the differences"),
        Column(
            "estimator",
            "string",
            "Which estimate leads: change_score; ancova where arms were randomised; within_arm "
            "where there is no control; or the table that tells a claim which is no effect",
            levels=("change_score", "ancova", "within_arm", *get_args(ToldBy)),
        ),
        Column(
            "difference",
            "number",
            "Its estimate, treated − control, in `unit`; of a prediction what the brain adds to Q²",
        ),
        Column("ci_low", "number", "Lower end of its 95 % interval, in `unit`"),
        Column("ci_high", "number", "Upper end of its 95 % interval, in `unit`"),
        Column("dppc2", "number", "Difference in change (Morris 2008)", unit="SD before therapy"),
        Column("p", "number", "Two-sided permutation p of the leading estimate"),
        Column("p_adjusted", "number", "p adjusted within family and contrast"),
        Column("p_floor", "number", "Smallest p that was possible"),
        Column("family_size", "integer", "Tests that were adjusted together"),
        Column("tost_p", "number", "p of equivalence within ± the smallest effect of interest"),
        Column("equivalence_bound", "number", "That effect, in `unit`"),
        Column("bayes_factor_10", "number", "Bayes factor for a difference against none"),
        Column(
            "bayes_factor_01_ceiling",
            "number",
            "Largest Bayes factor against a difference that arms of this size can give",
        ),
        Column(
            "minimum_detectable_effect",
            "number",
            "Difference found with 80 % power",
            unit="SD of change",
        ),
        Column("minimum_detectable_difference", "number", "The same in `unit`"),
        Column(
            "smallest_equivalence_bound",
            "number",
            "Smallest bound arms of this size could ever show",
            unit="SD of change",
        ),
        Column("smallest_equivalence_difference", "number", "The same in `unit`"),
        Column("negative_control", "string", "Region or pair with the largest effect of those"),
        Column("negative_control_dppc2", "number", "Its effect", unit="SD before therapy"),
        Column("motion_p", "number", "Welch's p for a difference in change of head motion"),
        Column(
            "motion_adjusted_difference",
            "number",
            "Leading estimate with change in head motion as a covariate, in `unit`",
        ),
        Column("motion_adjusted_p", "number", "Its permutation p (Freedman–Lane)"),
        Column("n_specifications", "integer", "Specifications of the multiverse"),
        Column("multiverse_share", "number", "Share of them with the sign of the difference"),
        Column(
            "multiverse_median",
            "number",
            "Their median, turned to the sign of the difference",
            unit="SD before therapy",
        ),
    ),
    key=("kind", "measure", "contrast"),
)
