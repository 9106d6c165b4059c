"""The table of predictions: who gets better, from the brain before therapy."""

from __future__ import annotations

from brainchange.tables import Column, TableSchema

FEWEST_FOR_VERDICT = 40
"""Treated participants below which a prediction is only described."""

PREDICTION_TABLE = TableSchema(
    "prediction",
    "One claim that the brain before therapy predicts who gets better: change of one scale in "
    "treated participants the model has not seen, from clinical data alone and with the brain.",
    (
        Column("measure", "string", "Claim", required=True),
        Column("label", "string", "Name of the claim for text", required=True),
        Column("outcome", "string", "Scale whose change is predicted", required=True),
        Column("outcome_label", "string", "Name of the scale for text", required=True),
        Column("unit", "string", "Unit of the errors"),
        Column(
            "n", "integer", "Treated participants (primary contrast) with all of it", required=True
        ),
        Column(
            "descriptive", "boolean", "Fewer than 40 of them: described, no verdict", required=True
        ),
        Column("n_features", "integer", "Features of the brain"),
        Column("clinical", "string", "What the clinical model knows"),
        Column(
            "q2_clinical",
            "number",
            "Q² of the clinical model: 1 − squared error over that of "
            "the mean of the training participants; below 0 the mean is better",
        ),
        Column("q2_both", "number", "Q² with the brain added"),
        Column("q2_gain", "number", "What the brain adds to Q²"),
        Column("error_clinical", "number", "Mean absolute error of the clinical model, in `unit`"),
        Column("error_both", "number", "Mean absolute error with the brain added, in `unit`"),
        Column("error_gain", "number", "How much smaller the error is with the brain, in `unit`"),
        Column(
            "p_gain",
            "number",
            "One-sided permutation p of the gain in Q², the whole nested "
            "procedure repeated for every permutation; n/a where descriptive",
        ),
        Column("null_q2_gain_high", "number", "Gain that 95 in 100 permutations stay below"),
        Column("n_permutations", "integer", "Permutations"),
        Column("repeats", "integer", "Repeats of the five folds"),
        Column(
            "predicts",
            "boolean",
            "Whether Q² and gain are above 0 and p below the level; n/a where descriptive",
        ),
        Column("flag", "string", "Why a cell is missing or weak, in words; n/a where nothing is"),
    ),
    key=("measure", "outcome"),
)

PREDICTION_NULL_TABLE = TableSchema(
    "prediction_null",
    "What the brain adds to Q² in one permutation of the changes; none where a prediction is "
    "descriptive.",
    (
        Column("measure", "string", "Claim", required=True),
        Column("outcome", "string", "Scale whose change is predicted", required=True),
        Column("permutation", "integer", "Number of the permutation", required=True),
        Column("q2_gain", "number", "Gain in Q² in it", required=True),
    ),
    key=("measure", "outcome", "permutation"),
)
