"""Task contrasts of a study file: every mistake that shows before any job is told."""

from __future__ import annotations

from typing import Any

import pytest

from brainchange.errors import ConfigError
from brainchange.study.model import Study
from brainchange.study.strict import parse

FACES = {"task": "faces", "formula": "face - shape", "label": "faces against shapes"}


def study_with(*contrasts: dict[str, Any], **changes: Any) -> Study:
    description: dict[str, Any] = {
        "id": "made-up",
        "title": "A made-up study",
        "version": "1",
        "license": "CC0",
        "citation": "Nobody (2026)",
        "simulated": True,
        "participants": {"arm_column": "group"},
        "arms": {
            "a": {"label": "A", "role": "therapy"},
            "b": {"label": "B", "role": "untreated"},
        },
        "allocation": {"randomised": True, "description": "By chance."},
        "timepoints": {"pre": ["1"], "post": ["2"]},
        "tasks": ["faces", "rest"],
        "scans": [{"kind": "emotion_task", "task": "faces"}],
        "contrasts": {"m": {"label": "m", "treated": ["a"], "control": ["b"], "primary": True}},
        "task_contrasts": {f"c{place}": one for place, one in enumerate(contrasts)},
    }
    return parse(Study, description | changes, "study.yaml")


def test_a_contrast_has_weights_and_says_which_claims_it_tests() -> None:
    study = study_with(FACES | {"claims": ["A1", "P1"]}, FACES | {"formula": "face"})
    assert study.task_contrasts["c0"].weights == {"face": 1, "shape": -1}
    assert study.task_contrast_of("P1") == "c0"
    assert study.task_contrast_of("A2") is None
    assert study.task_of(["emotion_task"]) == "faces"
    assert study.task_of(["rest"]) == "rest"
    assert study.task_of([]) == "faces"
    assert study.task_of(["reward_task"]) is None


@pytest.mark.parametrize(
    ("contrasts", "changes", "told"),
    [
        ([FACES | {"task": "face"}], {}, "Did you mean 'faces'?"),
        ([FACES | {"formula": "face -"}], {}, "is missing before its end"),
        (
            [FACES | {"formula": "face + fear - shape"}],
            {},
            "(face +1, fear +1, shape -1) sum to 1, not 0: divide each side",
        ),
        (
            [FACES],
            {"events": {"conditions": ["face", "shapes"]}},
            "names the condition 'shape'. Did you mean 'shapes'?",
        ),
        (
            [FACES],
            {"events": {"baseline": ["shape"]}},
            "names 'shape', which events.baseline says is not modelled",
        ),
        (
            [],
            {"events": {"baseline": ["rest"], "conditions": ["rest"]}},
            "'rest' is among the conditions and the baseline",
        ),
        (
            [FACES | {"claims": ["A1"]}, FACES | {"claims": ["A1"]}],
            {},
            "claim 'A1' is named by the task contrasts 'c0' and 'c1'",
        ),
        ([FACES | {"claim": ["A1"]}], {}, "Did you mean 'claims'?"),
    ],
)
def test_mistakes_are_told(
    contrasts: list[dict[str, Any]], changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        study_with(*contrasts, **changes)
    assert told in str(caught.value)
