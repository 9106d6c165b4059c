"""Made-up studies of any size: observations and participants with known effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.infer import Inferred, infer
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

SETTINGS = Settings()
REGIONS = (
    Region("amygdala_L", "amygdala", "L", "atlas", ("1",)),
    Region("amygdala_R", "amygdala", "R", "atlas", ("2",)),
    Region("vmPFC_L", "vmPFC", "L", "atlas", ("3",)),
    Region("vmPFC_R", "vmPFC", "R", "atlas", ("4",)),
    Region("calcarine_L", "calcarine", "L", "atlas", ("5",), role="negative_control"),
)
CLAIMS = Claims.model_validate(
    {
        "article": "An article",
        "claims": (
            {
                "id": "A2",
                "quote": "calm the amygdala",
                "construct": "activity of the amygdala at rest goes down",
                "metric": "falff_z",
                "groups": ("amygdala",),
                "direction": "down",
                "family": "confirmatory",
            },
            {
                "id": "T2",
                "quote": "strengthen pathways",
                "construct": "connectivity of prefrontal cortex and amygdala goes up",
                "metric": "connectivity",
                "pairs": (("vmPFC", "amygdala"),),
                "direction": "up",
                "family": "confirmatory",
            },
            {
                "id": "S1",
                "quote": "a secondary sentence",
                "construct": "activity of the prefrontal cortex goes up",
                "metric": "falff_z",
                "groups": ("vmPFC",),
                "direction": "up",
                "family": "secondary",
            },
        ),
    }
)


def make_study(**changes: Any) -> Study:
    """Three arms, two contrasts, one scale."""
    description: dict[str, Any] = {
        "id": "made-up",
        "title": "A made-up study",
        "version": "1",
        "license": "CC0",
        "citation": "Nobody (2026)",
        "simulated": True,
        "participants": {"arm_column": "group"},
        "arms": {
            "therapy": {"label": "Talk therapy", "role": "therapy"},
            "exercise": {"label": "Exercise", "role": "comparison"},
            "waiting": {"label": "Untreated", "role": "untreated"},
        },
        "allocation": {"randomised": True, "description": "By chance."},
        "timepoints": {"pre": ("1",), "post": ("2",)},
        "tasks": ("rest",),
        "contrasts": {
            "therapy_vs_waiting": {
                "label": "therapy − untreated",
                "treated": ("therapy",),
                "control": ("waiting",),
                "primary": True,
            },
            "exercise_vs_waiting": {
                "label": "exercise − untreated",
                "treated": ("exercise",),
                "control": ("waiting",),
            },
        },
        "outcomes": {
            "BDI": {
                "label": "Beck Depression Inventory",
                "columns": {"pre": "BDI_pre", "post": "BDI_post"},
                "better": "down",
                "minimum": 0.0,
                "maximum": 63.0,
            }
        },
    }
    return Study.model_validate(description | changes)


@dataclass(frozen=True)
class MadeUp:
    """A study with its tables; everything can be replaced before it is inferred."""

    observations: pd.DataFrame
    participants: pd.DataFrame
    study: Study = field(default_factory=make_study)
    claims: Claims = CLAIMS
    regions: tuple[Region, ...] = REGIONS
    settings: Settings = SETTINGS

    def infer(self, **changes: Any) -> Inferred:
        """Infer, with some parts replaced."""
        made = replace(self, **changes)
        return infer(
            made.study,
            made.claims,
            made.regions,
            made.settings,
            observations=made.observations,
            participants=made.participants,
        )

    def without(self, **where: str) -> MadeUp:
        """Leave out observations."""
        gone = np.logical_and.reduce([self.observations[k] == v for k, v in where.items()])
        return replace(self, observations=self.observations[~gone])

    def setting(self, value: Any, column: str = "value", **where: str) -> MadeUp:
        """Overwrite a column of some observations."""
        chosen = np.logical_and.reduce([self.observations[k] == v for k, v in where.items()])
        changed = self.observations.copy()
        changed.loc[chosen, column] = value
        return replace(self, observations=changed)


def make(n_arm: int = 8, seed: int = 1, amygdala: float = 0.0, noise: float = 0.3) -> MadeUp:
    """Make a study; ``amygdala`` is what therapy adds to the activity of the amygdala."""
    rng = np.random.default_rng(seed)
    arms = [arm for arm in ("therapy", "exercise", "waiting") for _ in range(n_arm)]
    names = [f"sub-{number:02d}" for number in range(1, len(arms) + 1)]
    rows = [
        observation | {"participant_id": name, "arm": arm}
        for name, arm in zip(names, arms, strict=True)
        for observation in _observations(rng, noise, amygdala if arm == "therapy" else 0.0)
    ]
    cells = {
        "participant_id": names,
        "group": arms,
        "BDI_pre": [str(score) for score in rng.integers(15, 40, len(arms))],
        "BDI_post": [str(score) for score in rng.integers(5, 30, len(arms))],
    }
    return MadeUp(OBSERVATIONS_TABLE.frame(rows), pd.DataFrame(cells, dtype=object))


def _observations(rng: np.random.Generator, noise: float, amygdala: float) -> list[dict[str, Any]]:
    names = [region.region for region in REGIONS]
    edges = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    keys: list[tuple[str, str | None, str | None, str]] = [
        *(("falff_z", name, None, "standard deviations") for name in names),
        *(("tsnr", name, None, "1") for name in names),
        *(("connectivity", a, b, "Fisher z") for a, b in edges),
        ("mean_framewise_displacement", None, None, "mm"),
    ]
    traits = rng.normal(size=len(keys))
    return [
        {
            "timepoint": timepoint,
            "session_id": f"ses-{session}",
            "task": "rest",
            "specification": SETTINGS.denoising.name,
            "metric": metric,
            "region": region,
            "region_2": region_2,
            "value": trait
            + noise * rng.normal()
            + (amygdala if _is_amygdala(metric, region) and timepoint == "post" else 0.0),
            "unit": unit,
            "n_runs": 1,
        }
        for timepoint, session in (("pre", "1"), ("post", "2"))
        for (metric, region, region_2, unit), trait in zip(keys, traits, strict=True)
    ]


def _is_amygdala(metric: str, region: str | None) -> bool:
    return metric == "falff_z" and region is not None and region.startswith("amygdala")


@pytest.fixture(scope="session")
def made_up() -> Callable[..., MadeUp]:
    """Maker of studies."""
    return make


@pytest.fixture(scope="session")
def study_with() -> Callable[..., Study]:
    """Maker of study models."""
    return make_study
