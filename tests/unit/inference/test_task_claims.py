"""Claims about tasks: each takes the values of its own task and contrast of conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.infer import Inferred, infer
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.claims import Claims
from brainchange.study.settings import Settings

CHANGE = {"fear": -0.5, "house": +0.8}
"""What therapy adds to the response of the amygdala to each contrast."""
CLAIMS = Claims.model_validate(
    {
        "article": "An article",
        "claims": (
            {
                "id": "A1",
                "quote": "calm the amygdala",
                "construct": "reactivity of the amygdala goes down",
                "metric": "activation",
                "groups": ("amygdala",),
                "direction": "down",
                "family": "confirmatory",
                "requires": {"images": ("emotion_task",)},
            },
            {
                "id": "A2",
                "quote": "calm the amygdala",
                "construct": "activity of the amygdala at rest goes down",
                "metric": "falff_z",
                "groups": ("amygdala",),
                "direction": "down",
                "family": "confirmatory",
                "requires": {"images": ("rest",)},
            },
            {
                "id": "P1",
                "quote": "increased activity",
                "construct": "activity of the prefrontal cortex goes up",
                "metric": "activation",
                "groups": ("vmPFC",),
                "direction": "up",
                "family": "confirmatory",
                "requires": {"images": ("emotion_task",)},
            },
        ),
    }
)


def contrast(formula: str, *claims: str) -> dict[str, Any]:
    return {"task": "faces", "formula": formula, "label": formula, "claims": claims}


def rows(name: str, number: int, arm: str, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Rest with fractional ALFF, and a task with activation of two contrasts."""
    sources = [("rest", "falff_z", None), *(("faces", "activation", kind) for kind in CHANGE)]
    regions = ("amygdala_L", "amygdala_R", "vmPFC_L", "vmPFC_R", "calcarine_L")
    return [
        {
            "participant_id": name,
            "arm": arm,
            "timepoint": timepoint,
            "session_id": f"ses-{timepoint}",
            "task": task,
            "specification": Settings().denoising.name,
            "metric": metric,
            "condition": condition,
            "region": region,
            "value": np.sin(number + place)
            + 0.05 * rng.normal()
            + (
                CHANGE[condition]
                if (arm, timepoint) == ("therapy", "post")
                and condition in CHANGE
                and region.startswith("amygdala")
                else 0.0
            ),
            "unit": "percent signal change" if condition else "SD over the brain",
            "n_runs": 1,
        }
        for timepoint in ("pre", "post")
        for task, metric, condition in sources
        for place, region in enumerate(regions)
    ]


@pytest.fixture(scope="module")
def inferred(made_up: Callable[..., Any], study_with: Callable[..., Any]) -> Inferred:
    rng = np.random.default_rng(3)
    arms = ["therapy"] * 8 + ["waiting"] * 8
    names = [f"sub-{number:02d}" for number in range(1, 17)]
    study = study_with(
        tasks=("rest", "faces"),
        scans=({"kind": "emotion_task", "task": "faces"},),
        task_contrasts={
            "fear": contrast("fear - neutral", "A1"),
            "house": contrast("house - neutral"),
        },
        outcomes={},
    )
    found = [
        row
        for number, (name, arm) in enumerate(zip(names, arms, strict=True))
        for row in rows(name, number, arm, rng)
    ]
    return infer(
        study,
        CLAIMS,
        made_up().regions,
        Settings(),
        observations=OBSERVATIONS_TABLE.frame(found),
        participants=pd.DataFrame({"participant_id": names, "group": arms}, dtype=object),
    )


def effect(inferred: Inferred, measure: str) -> pd.Series:
    table = inferred.effects
    chosen = (table["measure"] == measure) & table["primary"].astype(bool)
    [row] = [row for _, row in table[chosen].iterrows()]
    return row


def test_a_claim_about_a_task_is_tested_with_the_contrast_that_names_it(inferred: Inferred) -> None:
    found = effect(inferred, "A1")
    assert found["difference"] == pytest.approx(-0.5, abs=0.1)
    assert found["unit"] == "percent signal change"
    assert found["p_permutation"] < 0.01


def test_a_claim_about_rest_is_tested_beside_it(inferred: Inferred) -> None:
    found = effect(inferred, "A2")
    assert found["difference"] == pytest.approx(0.0, abs=0.1)
    assert found["p_permutation"] > 0.01


def test_every_contrast_is_shown_for_every_group(inferred: Inferred) -> None:
    for kind, change in CHANGE.items():
        found = effect(inferred, f"activation_{kind}_amygdala")
        assert found["difference"] == pytest.approx(change, abs=0.1)
        assert found["label"] == f"amygdala, {kind} - neutral"
        control = effect(inferred, f"activation_{kind}_calcarine")
        assert control["kind"] == "negative_control"
        assert control["difference"] == pytest.approx(0.0, abs=0.15)


def test_a_claim_that_no_contrast_names_is_not_tested_and_that_is_said(inferred: Inferred) -> None:
    claims = inferred.claims.set_index("claim")
    assert claims["measured"].to_dict() == {"A1": True, "A2": True, "P1": False}
    assert claims.loc["P1", "reason"] == "no task contrast of the study names it"
    assert "P1" not in set(inferred.effects["measure"])
