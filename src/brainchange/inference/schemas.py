"""The tables of this stage: changes of participants, effects within and between arms, attrition."""

from __future__ import annotations

from typing import get_args

from brainchange.inference.measures import FAMILIES, Kind
from brainchange.tables import Column, TableSchema

KINDS: tuple[str, ...] = get_args(Kind)

_MEASURE = (
    Column("measure", "string", "Claim, scale or region measure (`T2`, `BDI`)", required=True),
    Column("kind", "string", "What kind of measure it is", required=True, levels=KINDS),
)
_FLAG = Column("flag", "string", "Why a cell is missing or weak, in words; n/a where nothing is")

CHANGES_TABLE = TableSchema(
    "changes",
    "One measure of one participant at both timepoints. Change is post − pre.",
    (
        *_MEASURE,
        Column("participant_id", "string", "Participant", required=True),
        Column("arm", "string", "Arm", required=True),
        Column("pre", "number", "Value before, in `unit`"),
        Column("post", "number", "Value after, in `unit`"),
        Column("change", "number", "post − pre, in `unit`; n/a where one of them is"),
        Column("unit", "string", "Unit of pre, post and change"),
        _FLAG,
    ),
    key=("kind", "measure", "participant_id"),
)

WITHIN_TABLE = TableSchema(
    "within",
    "One measure in one arm: the change of its participants, without comparison. An arm that "
    "changes and another that does not is no difference between them (see `effects`).",
    (
        *_MEASURE,
        Column("label", "string", "Name of the measure for figures and text", required=True),
        Column("metric", "string", "Metric, or the scale of an outcome", required=True),
        Column("unit", "string", "Unit of means, SDs, change and its interval"),
        Column("arm", "string", "Arm", required=True),
        Column("arm_label", "string", "Name of the arm for figures and text", required=True),
        Column("n_arm", "integer", "Participants enrolled in the arm", required=True),
        Column("n_pre", "integer", "Participants with a value before", required=True),
        Column("n_post", "integer", "Participants with a value after", required=True),
        Column(
            "n_both",
            "integer",
            "Participants with both values; everything that follows is about them",
            required=True,
        ),
        Column("mean_pre", "number", "Mean before, in `unit`"),
        Column("sd_pre", "number", "Standard deviation before (n − 1), in `unit`"),
        Column("mean_post", "number", "Mean after, in `unit`"),
        Column("sd_post", "number", "Standard deviation after (n − 1), in `unit`"),
        Column("change", "number", "Mean of post − pre, in `unit`"),
        Column("ci_low", "number", "Change, lower end of the 95 % t interval, in `unit`"),
        Column("ci_high", "number", "Change, upper end of the 95 % t interval, in `unit`"),
        Column("sd_change", "number", "Standard deviation of post − pre (n − 1), in `unit`"),
        Column("correlation", "number", "Pearson correlation of pre and post"),
        Column(
            "g_av",
            "number",
            "Change in average standard deviations, √((SD_pre² + SD_post²)/2), with the exact "
            "small-sample factor J(n − 1) (Cumming 2012)",
            unit="SD",
        ),
        Column(
            "g_av_ci_low",
            "number",
            "Lower end of the 95 % interval of the population value (Algina & Keselman 2003)",
            unit="SD",
        ),
        Column(
            "g_av_ci_high",
            "number",
            "Upper end of the 95 % interval of the population value (Algina & Keselman 2003)",
            unit="SD",
        ),
        Column(
            "d_z",
            "number",
            "Mean change in standard deviations of change: t/√n, a test statistic, no effect size",
        ),
        Column(
            "p_sign_flip",
            "number",
            "Two-sided p of the sign-flip test of change: complete where feasible",
        ),
        Column("p_floor", "number", "Smallest p this test can give with so many participants"),
        _FLAG,
    ),
    key=("kind", "measure", "arm"),
)


def _model(name: str, description: str) -> tuple[Column, ...]:
    return (
        Column(name, "number", description),
        Column(f"{name}_ci_low", "number", "Lower end of its 95 % interval, in `unit`"),
        Column(f"{name}_ci_high", "number", "Upper end of its 95 % interval, in `unit`"),
        Column(f"{name}_se", "number", "Its Kenward–Roger standard error, in `unit`"),
        Column(
            f"{name}_se_unadjusted",
            "number",
            "Its standard error before the small-sample adjustment, in `unit`",
        ),
        Column(f"{name}_df", "number", "Kenward–Roger degrees of freedom"),
        Column(f"{name}_p", "number", "Two-sided p, t with these"),
    )


EFFECTS_TABLE = TableSchema(
    "effects",
    "One measure in one contrast of arms: the difference in change, treated − control, of "
    "participants with both timepoints.",
    (
        *_MEASURE,
        Column("label", "string", "Name of the measure for figures and text", required=True),
        Column("metric", "string", "Metric, or the scale of an outcome", required=True),
        Column("unit", "string", "Unit of the difference and its interval"),
        Column(
            "family",
            "string",
            "Family of tests in this contrast: a confirmatory claim is confirmatory in the "
            "primary contrast, secondary in every other",
            required=True,
            levels=FAMILIES,
        ),
        Column(
            "direction",
            "string",
            "Direction the claim says, or in which an outcome is better; every test is two-sided",
            levels=("up", "down"),
        ),
        Column("contrast", "string", "Contrast", required=True),
        Column("contrast_label", "string", "Name of the contrast for text", required=True),
        Column("primary", "boolean", "Whether it is the primary contrast", required=True),
        Column("n_treated", "integer", "Treated participants with both values", required=True),
        Column("n_control", "integer", "Control participants with both values", required=True),
        Column("difference", "number", "Mean change, treated − control, in `unit`"),
        Column("ci_low", "number", "Difference, lower end of the 95 % Welch interval, in `unit`"),
        Column("ci_high", "number", "Difference, upper end of the 95 % Welch interval, in `unit`"),
        Column("df", "number", "Welch–Satterthwaite degrees of freedom"),
        Column("p_welch", "number", "Two-sided p of Welch's t test"),
        Column(
            "dppc2",
            "number",
            "Difference in pooled standard deviations before therapy (Morris 2008)",
            unit="SD",
        ),
        Column("dppc2_se", "number", "Its standard error, from Morris 2008 equation 25", unit="SD"),
        Column(
            "dppc2_ci_low",
            "number",
            "Lower end of its normal 95 % interval, which supposes that both arms vary alike "
            "(`ci_low` does not)",
            unit="SD",
        ),
        Column("dppc2_ci_high", "number", "Upper end of its normal 95 % interval", unit="SD"),
        Column(
            "dppc2_bca_low",
            "number",
            "Lower end of its 95 % bootstrap interval, bias-corrected and accelerated (DiCiccio & "
            "Efron 1996); too short below about 15 participants an arm",
            unit="SD",
        ),
        Column("dppc2_bca_high", "number", "Upper end of its bootstrap interval", unit="SD"),
        Column(
            "p_permutation",
            "number",
            "Two-sided p of the studentised permutation test of the arms: the primary test",
        ),
        Column(
            "p_max_t",
            "number",
            "The same adjusted for all regions (or all negative controls) of the same metric: "
            "step-down max |T| of Westfall and Young, over the same arrangements; n/a for other "
            "measures",
        ),
        Column("p_floor", "number", "Smallest p this permutation test can give with these arms"),
        Column(
            "permutation_method",
            "string",
            "exact: all arrangements of the arms; monte_carlo: (b + 1)/(m + 1)",
            levels=("exact", "monte_carlo"),
        ),
        Column("n_permutations", "integer", "Arrangements of the arms that were computed"),
        Column(
            "lead_estimator",
            "string",
            "Estimator that leads the verdict: ancova (difference at equal values before) for "
            "claims and outcomes where arms were randomised, else change_score",
            levels=("change_score", "ancova"),
        ),
        Column("lead_difference", "number", "Its estimate, treated − control, in `unit`"),
        Column(
            "lead_ci_low",
            "number",
            "Lower end of its 95 % interval (Welch; HC3 with t(n − 3)), in `unit`",
        ),
        Column("lead_ci_high", "number", "Upper end of its 95 % interval, in `unit`"),
        Column(
            "lead_p",
            "number",
            "Its two-sided permutation p: p_permutation, or that of Freedman and Lane with the "
            "value before as covariate",
        ),
        Column("lead_p_floor", "number", "Smallest p this permutation can give"),
        Column(
            "lead_method",
            "string",
            "How it was permuted",
            levels=("exact", "monte_carlo", "freedman_lane"),
        ),
        Column("p_adjusted", "number", "lead_p adjusted within family and contrast"),
        Column(
            "adjustment",
            "string",
            "How it was adjusted; none: read it as one of many tests",
            required=True,
            levels=("holm", "benjamini_hochberg", "none"),
        ),
        Column("family_size", "integer", "Tests that were adjusted together"),
        Column(
            "minimum_detectable_effect",
            "number",
            "Difference that arms of this size find with 80 % power at the two-sided level "
            "`inference.alpha`, in standard deviations of change",
            unit="SD of change",
        ),
        Column(
            "minimum_detectable_difference",
            "number",
            "The same in `unit`, with the pooled standard deviation of change that was observed",
        ),
        Column(
            "ancova",
            "number",
            "Difference after therapy adjusted for the value before (post ~ arm + pre), in `unit`; "
            "with `difference` it brackets the truth where arms were not randomised",
        ),
        Column("ancova_se_hc3", "number", "Its HC3 standard error, in `unit`"),
        Column("ancova_ci_low", "number", "Lower end of its 95 % interval, in `unit`"),
        Column("ancova_ci_high", "number", "Upper end of its 95 % interval, in `unit`"),
        Column("ancova_df", "number", "Degrees of freedom: participants − 3"),
        Column("ancova_p", "number", "Two-sided p, HC3 with t(n − 3)"),
        Column(
            "n_treated_any",
            "integer",
            "Treated participants with at least one value: those of the next two models",
        ),
        Column("n_control_any", "integer", "Control participants with at least one value"),
        *_model(
            "mixed_model",
            "Difference in change by a mixed model of all values (arm × time, random intercept, "
            "REML), in `unit`",
        ),
        *_model(
            "constrained_baseline",
            "Difference in change by a model of all values in which the arms have the same mean "
            "before (time + arm × time, unstructured, REML), in `unit`",
        ),
        Column(
            "estimators_agree",
            "boolean",
            "Whether difference, mixed_model, ancova and constrained_baseline have the same sign",
        ),
        Column(
            "estimators_note",
            "string",
            "What must be known to read them, in words; n/a where nothing must",
        ),
        Column(
            "equivalence_bound",
            "number",
            "Smallest effect of interest (`inference.smallest_effect_of_interest`) in `unit`, with "
            "the pooled standard deviation before therapy",
        ),
        Column(
            "tost_p",
            "number",
            "p of two one-sided Welch tests: below 0.05 the difference is smaller than the bound",
        ),
        Column(
            "tost_p_small",
            "number",
            "The same within ± 0.3 standard deviations before therapy (sensitivity)",
        ),
        Column(
            "tost_p_large",
            "number",
            "The same within ± 0.8 standard deviations before therapy (sensitivity)",
        ),
        Column(
            "tost_ci_low",
            "number",
            "Lower end of the 90 % Welch interval of the difference, in pooled standard deviations "
            "before therapy: tost_p is below 0.05 where the interval lies within the bounds",
            unit="SD",
        ),
        Column("tost_ci_high", "number", "Upper end of the same interval", unit="SD"),
        Column(
            "smallest_equivalence_bound",
            "number",
            "Smallest bound arms of this size could ever show, at a difference of 0, in standard "
            "deviations of change",
            unit="SD of change",
        ),
        Column(
            "smallest_equivalence_difference",
            "number",
            "The same in `unit`, with the standard error that was observed",
        ),
        Column(
            "bayes_factor_10",
            "number",
            "JZS Bayes factor for a difference against none (Rouder et al. 2009), Cauchy scale "
            "√2/2; below 1 it speaks against a difference",
        ),
        Column("bayes_factor_10_narrow", "number", "The same with scale 0.5"),
        Column("bayes_factor_10_wide", "number", "The same with scale 1"),
        Column(
            "bayes_factor_01_ceiling",
            "number",
            "Largest Bayes factor against a difference that arms of this size can give (t = 0)",
        ),
        Column(
            "bayes_factor_reliable",
            "boolean",
            "Whether both arms have at least 8 participants; with fewer and unequal variances the "
            "Bayes factor is not to be trusted",
        ),
        _FLAG,
    ),
    key=("kind", "measure", "contrast"),
)

ATTRITION_TABLE = TableSchema(
    "attrition",
    "Participants of one arm that remain at one step.",
    (
        Column("arm", "string", "Arm", required=True),
        Column("arm_label", "string", "Name of the arm for figures and text", required=True),
        Column(
            "step",
            "string",
            "enrolled, files_pre, files_post, files_both, usable_both, or outcome_<name>",
            required=True,
        ),
        Column("label", "string", "The step in words", required=True),
        Column("n", "integer", "Participants", required=True),
    ),
    key=("arm", "step"),
)
