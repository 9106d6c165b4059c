"""Tables of studies taken together."""

from __future__ import annotations

from brainchange.tables import Column, TableSchema

SCALES = ("standardised", "raw")
OUTCOMES = (
    "SUPPORTED",
    "SUPPORTED (associational)",
    "SUGGESTIVE",
    "CONTRADICTED",
    "NO MEANINGFUL EFFECT",
    "INCONCLUSIVE",
    "NOT TESTED",
)
_KEY = (
    Column("measure", "string", "Claim", required=True),
    Column(
        "scale",
        "string",
        "standardised: dppc2; raw: difference in change, where all studies "
        "measure it in the same unit",
        required=True,
        levels=SCALES,
    ),
)

META_TABLE = TableSchema(
    "meta",
    "One claim in all independent studies: the primary contrast of each, random effects.",
    (
        *_KEY,
        Column("label", "string", "Name of the claim for figures and text", required=True),
        Column("direction", "string", "What the claim says", levels=("up", "down")),
        Column("unit", "string", "Unit of estimate, intervals and effects"),
        Column("k", "integer", "Studies that count", required=True),
        Column("n_treated", "integer", "Treated participants in them", required=True),
        Column("n_control", "integer", "Control participants in them", required=True),
        Column("estimate", "number", "Mean effect (REML), in `unit`; of one study its own"),
        Column("se", "number", "Its standard error, modified Hartung–Knapp, in `unit`"),
        Column("ci_low", "number", "Lower end of its 95 % interval, t(k − 1), in `unit`"),
        Column("ci_high", "number", "Upper end of the same interval, in `unit`"),
        Column("p", "number", "Two-sided p of the mean; n/a for one study"),
        Column("p_adjusted", "number", "p adjusted over the confirmatory claims (Holm)"),
        Column("tau2", "number", "Variance of effects between studies (REML)"),
        Column("tau2_low", "number", "Lower end of its 95 % interval (Q-profile)"),
        Column("tau2_high", "number", "Upper end of its 95 % interval (Q-profile)"),
        Column("i2", "number", "Share of the variance that is between studies", unit="%"),
        Column("q", "number", "Cochran's Q"),
        Column("q_p", "number", "Its p"),
        Column(
            "prediction_low",
            "number",
            "Lower end of the 95 % interval of a further study, "
            "t(k − 2), in `unit`; needs 3 studies",
        ),
        Column("prediction_high", "number", "Upper end of the same interval, in `unit`"),
        Column("fixed", "number", "Mean weighted by precision alone, in `unit`"),
        Column("fixed_ci_low", "number", "Lower end of its normal 95 % interval, in `unit`"),
        Column("fixed_ci_high", "number", "Upper end of the same interval, in `unit`"),
        Column("estimate_dl", "number", "Mean effect with τ² of DerSimonian & Laird, in `unit`"),
        Column("estimate_pm", "number", "Mean effect with τ² of Paule & Mandel, in `unit`"),
        Column(
            "tost_p",
            "number",
            "p of two one-sided tests against the smallest effect of interest; standardised only",
        ),
        Column(
            "verdict",
            "string",
            "What the studies together allow to say; fewer than 5 never more than SUGGESTIVE",
            levels=OUTCOMES,
        ),
        Column("words", "string", "Why, in words", required=True),
        Column("flag", "string", "What was left out or weakens the result; n/a where nothing"),
    ),
    key=("measure", "scale"),
)

FOREST_TABLE = TableSchema(
    "forest",
    "One claim in one study, as it enters the studies taken together.",
    (
        *_KEY,
        Column("study", "string", "Study", required=True),
        Column("contrast_label", "string", "Name of its primary contrast", required=True),
        Column("effect", "number", "Treated − control, in `unit`"),
        Column("se", "number", "Its standard error, in `unit`"),
        Column("ci_low", "number", "Lower end of its 95 % interval, in `unit`"),
        Column("ci_high", "number", "Upper end of its 95 % interval, in `unit`"),
        Column("unit", "string", "Unit of the effect"),
        Column("n_treated", "integer", "Treated participants", required=True),
        Column("n_control", "integer", "Control participants", required=True),
        Column("randomised", "boolean", "Whether chance made the arms", required=True),
        Column(
            "counts", "boolean", "Whether it is one of the studies taken together", required=True
        ),
        Column("weight", "number", "Share of the mean", unit="%"),
        Column("without", "number", "Mean of the others, without this study, in `unit`"),
        Column("without_ci_low", "number", "Lower end of its 95 % interval, in `unit`"),
        Column("without_ci_high", "number", "Upper end of its 95 % interval, in `unit`"),
        Column("reason", "string", "Why it does not count; n/a where it does"),
    ),
    key=("measure", "scale", "study"),
)
