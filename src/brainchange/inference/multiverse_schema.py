"""Tables of the multiverse: every specification, and what they say together."""

from __future__ import annotations

from brainchange.tables import Column, TableSchema

_CLAIM = (
    Column("measure", "string", "Claim", required=True),
    Column("label", "string", "Name of the claim for figures and text", required=True),
    Column("contrast", "string", "Contrast that is judged", required=True),
    Column("contrast_label", "string", "Name of the contrast for text", required=True),
    Column("direction", "string", "Direction the claim says", levels=("up", "down")),
)

MULTIVERSE_TABLE = TableSchema(
    "multiverse",
    "One claim in one contrast under one full set of analysis choices. Specifications are no "
    "independent evidence: they are never counted as a number of tests or participants.",
    (
        *_CLAIM,
        Column("arm_set", "string", "Contrast whose arms are compared", required=True),
        Column("specification", "string", "Denoising and censoring", required=True),
        Column("denoising", "string", "Nuisance regression"),
        Column("censoring", "string", "Volumes left out; n/a for a metric of all volumes"),
        Column(
            "model",
            "string",
            "How change is compared",
            required=True,
            levels=("change_score", "ancova", "mixed_model"),
        ),
        Column(
            "covariates",
            "string",
            "What is held equal; motion: framewise displacement (its change, or its value in each "
            "session in the mixed model)",
            required=True,
            levels=("none", "motion"),
        ),
        Column(
            "primary",
            "boolean",
            "Whether signals, arms and covariates are the primary ones, and the model change score",
            required=True,
        ),
        Column("n_treated", "integer", "Treated participants that count", required=True),
        Column("n_control", "integer", "Control participants that count", required=True),
        Column("difference", "number", "Difference in change, in the unit of the claim"),
        Column(
            "dppc2",
            "number",
            "The same in pooled standard deviations before therapy, with the small-sample factor "
            "of dppc2 (Morris 2008)",
            unit="SD before therapy",
        ),
        Column(
            "ci_low",
            "number",
            "Lower end of its 95 % interval: ± t of its error, the standard deviation before "
            "therapy taken as known",
            unit="SD before therapy",
        ),
        Column("ci_high", "number", "Upper end", unit="SD before therapy"),
        Column(
            "p",
            "number",
            "Two-sided p of the studentised difference under the joint permutation of arms",
        ),
        Column("rank", "integer", "Place on the curve, from the smallest dppc2"),
        Column(
            "null_low",
            "number",
            "2.5th percentile of the effect at this place when arms are permuted",
            unit="SD before therapy",
        ),
        Column("null_high", "number", "97.5th percentile", unit="SD before therapy"),
        Column("flag", "string", "Why there is no effect"),
    ),
    key=("measure", "contrast", "arm_set", "specification", "model", "covariates"),
)

MULTIVERSE_SUMMARY_TABLE = TableSchema(
    "multiverse_summary",
    "All specifications of one claim in one contrast together, against what they give together "
    "when arms are permuted: the labels of all specifications in one draw.",
    (
        *_CLAIM,
        Column("n_specifications", "integer", "Specifications with an effect", required=True),
        Column("median_dppc2", "number", "Their median effect", unit="SD before therapy"),
        Column("median_null_low", "number", "2.5th percentile of it", unit="SD before therapy"),
        Column("median_null_high", "number", "97.5th percentile of it", unit="SD before therapy"),
        Column(
            "median_p",
            "number",
            "Two-sided p of the median of effects over their errors under the joint permutation",
        ),
        Column(
            "share_claimed",
            "number",
            "Share with the sign the claim says; without a direction, with the commoner sign",
        ),
        Column("share_claimed_p", "number", "Share of permutations with as large a share"),
        Column("share_significant", "number", "Share with p below `inference.alpha`"),
        Column("share_significant_p", "number", "Share of permutations with as large a share"),
        Column("n_permutations", "integer", "Random arrangements of the arms", required=True),
        Column("p_floor", "number", "Smallest p they can give", required=True),
        Column("flag", "string", "Why there is nothing to summarise"),
    ),
    key=("measure", "contrast"),
)
