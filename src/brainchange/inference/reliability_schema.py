"""Tables of reliability: of every measure, of every participant's change, of associations."""

from __future__ import annotations

from brainchange.inference.schemas import KINDS
from brainchange.tables import Column, TableSchema

DIRECTIONS = ("improved", "worse", "increased", "decreased", "unchanged")
_MEASURE = (
    Column("measure", "string", "Claim, scale or region measure (`T2`, `BDI`)", required=True),
    Column("kind", "string", "What kind of measure it is", required=True, levels=KINDS),
)

RELIABILITY_TABLE = TableSchema(
    "reliability",
    "How far two values of one measure agree in participants who were not treated. Their true "
    "change between the sessions counts as error: reliability is a lower bound.",
    (
        *_MEASURE,
        Column("label", "string", "Name of the measure for figures and text", required=True),
        Column("metric", "string", "Metric, or the scale of an outcome", required=True),
        Column("unit", "string", "Unit of change, sem and mdc95"),
        Column("n", "integer", "Untreated participants with both values", required=True),
        Column(
            "icc_consistency",
            "number",
            "ICC(3,1): consistency of single values (Shrout & Fleiss 1979)",
        ),
        Column("icc_consistency_low", "number", "Lower end of its 95 % interval (F)"),
        Column("icc_consistency_high", "number", "Upper end of its 95 % interval (F)"),
        Column(
            "icc_agreement",
            "number",
            "ICC(2,1): absolute agreement of single values; a shift of everybody counts",
        ),
        Column("icc_agreement_low", "number", "Lower end of its 95 % interval"),
        Column("icc_agreement_high", "number", "Upper end of its 95 % interval"),
        Column("change", "number", "Mean of post − pre without treatment, in `unit`"),
        Column("sd_change", "number", "Standard deviation of post − pre, in `unit`"),
        Column("sem", "number", "Standard error of measurement, sd_change/√2, in `unit`"),
        Column(
            "mdc95",
            "number",
            "Change of one participant that 95 in 100 untreated participants do not exceed around "
            "0, 2.77 sem (Weir 2005), in `unit`",
        ),
        Column("flag", "string", "Why a cell is missing or weak, in words; n/a where nothing is"),
    ),
    key=("kind", "measure"),
)

RESPONDERS_TABLE = TableSchema(
    "responders",
    "Change of one participant in one claim or scale, held against what untreated participants "
    "change by themselves. Improved is the direction a claim says or in which a scale is better; "
    "without direction a change is increased or decreased.",
    (
        *_MEASURE,
        Column("participant_id", "string", "Participant", required=True),
        Column("arm", "string", "Arm", required=True),
        Column("change", "number", "post − pre, in `unit`"),
        Column("unit", "string", "Unit of change, mdc95 and reliable_change_size"),
        Column("mdc95", "number", "Smallest change that is more than error, in `unit`"),
        Column(
            "detected",
            "string",
            "Whether the change is larger than mdc95, and where to",
            levels=DIRECTIONS,
        ),
        Column(
            "percent_improvement",
            "number",
            "Improvement of a scale in percent of the value before above the floor of the scale",
            unit="%",
        ),
        Column(
            "response",
            "boolean",
            "At least 50 % improvement; only on scales with a true zero, on which less is better",
        ),
        Column(
            "reliable_change_index",
            "number",
            "Change over the standard error of a difference, SD_pre √(2 (1 − reliability)) "
            "(Jacobson & Truax 1991); scales only",
        ),
        Column(
            "reliability",
            "number",
            "The reliability this takes: of the study file, else "
            "icc_consistency of the untreated arm",
        ),
        Column(
            "reliable_change_size", "number", "Change from which the index exceeds 1.96, in `unit`"
        ),
        Column(
            "reliable_change",
            "string",
            "Whether the index exceeds 1.96, and where to",
            levels=DIRECTIONS,
        ),
        Column("flag", "string", "Why a cell is missing or weak, in words; n/a where nothing is"),
    ),
    key=("kind", "measure", "participant_id"),
)

BRAIN_SYMPTOM_TABLE = TableSchema(
    "brain_symptom",
    "Whether participants whose brain changes more change more in symptoms: one claim and one "
    "scale, in all arms together (at equal arm) or in one.",
    (
        Column("measure", "string", "Claim", required=True),
        Column("label", "string", "Name of the claim for text", required=True),
        Column("outcome", "string", "Scale", required=True),
        Column("outcome_label", "string", "Name of the scale for text", required=True),
        Column("scope", "string", "all, or the arm", required=True),
        Column("scope_label", "string", "Name of the arms for text", required=True),
        Column("given", "string", "What is held equal"),
        Column("n", "integer", "Participants with both changes", required=True),
        Column(
            "descriptive",
            "boolean",
            "Fewer than 20 participants: described, not tested",
            required=True,
        ),
        Column("r", "number", "Partial Pearson correlation of both changes (post − pre)"),
        Column("ci_low", "number", "Lower end of its 95 % interval (Fisher's z)"),
        Column("ci_high", "number", "Upper end of its 95 % interval (Fisher's z)"),
        Column("bca_low", "number", "Lower end of its 95 % bootstrap interval (BCa)"),
        Column("bca_high", "number", "Upper end of its 95 % bootstrap interval (BCa)"),
        Column("spearman", "number", "Partial rank correlation"),
        Column("p", "number", "Two-sided permutation p of r (Freedman–Lane)"),
        Column("n_permutations", "integer", "Random arrangements"),
        Column(
            "reliability_of_change",
            "number",
            "Reliability of the change of the claim, (rel − r₁₂)/(1 − r₁₂), with rel the "
            "icc_consistency of the untreated arm and r₁₂ the correlation of both values here",
        ),
        Column("outcome_reliability_of_change", "number", "The same of the scale"),
        Column(
            "largest_r",
            "number",
            "Largest correlation that could be seen with these reliabilities if the true one "
            "were 1; 0 where no reliable change is measured",
        ),
        Column("flag", "string", "Why a cell is missing or weak, in words; n/a where nothing is"),
    ),
    key=("measure", "outcome", "scope"),
)
