"""Configuration and tables of a made-up study of any size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from brainchange.figures.drawing import FigureInput
from brainchange.inference.schemas import (
    ATTRITION_TABLE,
    CHANGES_TABLE,
    EFFECTS_TABLE,
    WITHIN_TABLE,
)
from brainchange.metrics.observations import COVERAGE_TABLE
from brainchange.study.claims_table import claims_table
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.study.settings import Settings
from brainchange.study.testability import judge_claims
from made_up.across import across_of
from made_up.checks import (
    brain_symptom_of,
    edges_of,
    multiverse_of,
    multiverse_summary_of,
    prediction_null_of,
    prediction_of,
    reliability_of,
    threats_of,
)
from made_up.effects import effect_row, within_row
from made_up.losses import attrition_rows, coverage_of, decision_rows
from made_up.measures import GROUPS, changes_of, measures_of
from made_up.study import REGIONS, MadeUp, claims_of, study_of
from made_up.verdicts import verdicts_of


@lru_cache(maxsize=16)
def made_up(size: MadeUp) -> FigureInput:
    """Make configuration and tables of a made-up study; deterministic."""
    random = np.random.default_rng(len(size.counts) * 1000 + sum(size.counts))
    study, claims = study_of(size), claims_of()
    changes = pd.concat(
        [changes_of(measure, size, random) for measure in measures_of(size)], ignore_index=True
    )
    within, effects = [], []
    for measure in measures_of(size):
        rows = changes[(changes["kind"] == measure["kind"])]
        rows = rows[rows["measure"] == measure["measure"]]
        within += [within_row(measure, rows, arm, study) for arm in study.arms]
        effects += [effect_row(measure, rows, name, study) for name in study.contrasts]
    effects = EFFECTS_TABLE.frame(effects)
    across = across_of(effects, len(size.counts))
    return FigureInput(
        study=study,
        settings=Settings(),
        claims=claims,
        regions=REGIONS,
        tables={
            "claims": claims_table(
                judge_claims(
                    claims,
                    study,
                    computed=("falff_z", "connectivity"),
                    groups=GROUPS,
                    arm_sizes=None,
                )
            ),
            "changes": CHANGES_TABLE.frame(changes),
            "within": WITHIN_TABLE.frame(within),
            "effects": effects,
            "reliability": reliability_of(changes, effects, study),
            "brain_symptom": brain_symptom_of(changes, effects, study),
            "meta": across.meta,
            "forest": across.forest,
            "edges": edges_of(size, study, random),
            "prediction": prediction_of(size),
            "prediction_null": prediction_null_of(size, random),
            "threats": threats_of(effects),
            "multiverse": multiverse_of(effects),
            "multiverse_summary": multiverse_summary_of(multiverse_of(effects)),
            "verdicts": verdicts_of(effects, claims, study),
            "attrition": ATTRITION_TABLE.frame(attrition_rows(size, study)),
            "coverage": COVERAGE_TABLE.frame(coverage_of(size, random)),
            "decisions": DECISIONS_TABLE.frame(decision_rows()),
        },
    )
