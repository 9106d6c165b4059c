"""The table of what lasts: change up to a later timepoint, and whether anything is lost."""

from __future__ import annotations

from brainchange.inference.measures import FAMILIES
from brainchange.tables import Column, TableSchema

INTERVALS = ("followup-pre", "followup-post")
LASTING = ("kept", "lost", "cannot tell", "nothing to keep")

DURABILITY_TABLE = TableSchema(
    "durability",
    "One claim or scale in one contrast over one interval that ends at follow-up, with the "
    "participants who have both timepoints of it. Change is the later minus the earlier.",
    (
        Column("measure", "string", "Claim or scale", required=True),
        Column("kind", "string", "Which of them", required=True, levels=("claim", "outcome")),
        Column("label", "string", "Name for text", required=True),
        Column("metric", "string", "Metric, or the scale", required=True),
        Column("unit", "string", "Unit of changes and differences"),
        Column("family", "string", "Family of tests", required=True, levels=FAMILIES),
        Column("contrast", "string", "Contrast", required=True),
        Column("contrast_label", "string", "Name of the contrast for text", required=True),
        Column("primary", "boolean", "Whether it is the primary contrast", required=True),
        Column("interval", "string", "From when to when", required=True, levels=INTERVALS),
        Column("n_treated", "integer", "Treated participants with both", required=True),
        Column("n_control", "integer", "Control participants with both", required=True),
        Column("difference", "number", "Mean change, treated − control, in `unit`"),
        Column("ci_low", "number", "Lower end of its 95 % Welch interval, in `unit`"),
        Column("ci_high", "number", "Upper end of its 95 % Welch interval, in `unit`"),
        Column(
            "standardised",
            "number",
            "The difference in pooled standard deviations before therapy",
            unit="SD before therapy",
        ),
        Column("p_permutation", "number", "Two-sided studentised permutation p"),
        Column("p_floor", "number", "Smallest p this permutation can give"),
        Column("p_adjusted", "number", "p_permutation adjusted as in effects"),
        Column(
            "equivalence_bound",
            "number",
            "Smallest effect of interest in `unit`, with the pooled standard deviation before "
            "therapy",
        ),
        Column("tost_p", "number", "p of equivalence of the difference within ± that bound"),
        Column("treated_change", "number", "Mean change of the treated, in `unit`"),
        Column("treated_ci_low", "number", "Lower end of its 95 % t interval, in `unit`"),
        Column("treated_ci_high", "number", "Upper end of its 95 % t interval, in `unit`"),
        Column(
            "treated_tost_p",
            "number",
            "p of equivalence of the treated's change within ± that bound: below 0.05 follow-up "
            "is like post",
        ),
        Column(
            "lasting",
            "string",
            "Of followup-post. kept: an effect at post, its like at follow-up (95 % interval off "
            "zero on the same side), and the treated unchanged since post; lost: the treated went "
            "back and nothing is left; nothing to keep: no effect at post",
            levels=LASTING,
        ),
        Column("flag", "string", "Why a cell is missing or weak"),
    ),
    key=("kind", "measure", "contrast", "interval"),
)
