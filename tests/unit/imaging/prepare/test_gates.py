"""Gates let through what is good and say in words and numbers what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainchange.imaging.prepare.anatomy_quality import AnatomyQuality, Scan, failures
from brainchange.imaging.prepare.coregistration import Coregistration, failed_gates, overlap
from brainchange.study.settings import AnatomyPreparation, Preparation

GOOD = Coregistration(np.eye(4), overlap=0.93, agreement=0.91, distance=0.1)
ANATOMY = AnatomyQuality(0.8, 0.97, brain=1500, grey=700, white=600, fluid=200)
SCAN = Scan("sub-01", "ses-pre")


@pytest.mark.parametrize(
    ("change", "told", "key"),
    [
        ({"overlap": 0.84}, "brain masks overlap with a Dice coefficient of 0.84", "mask_overlap"),
        ({"agreement": 0.52}, "from white to grey matter at 52 % of their", "boundary_agreement"),
        ({"distance": 3.2}, "begins elsewhere ends 3.2 mm away", "registration_distance"),
    ],
)
def test_each_gate_of_a_run_fails_by_itself(change, told, key):
    assert failed_gates(GOOD, Preparation()) == []
    (failed,) = failed_gates(replace(GOOD, **change), Preparation())
    assert told in failed.reason
    assert failed.config_key.startswith("preparation.")
    assert failed.config_key.endswith(key)
    assert failed.value == next(iter(change.values()))


def test_all_gates_of_a_run_are_told_at_once_and_their_thresholds_are_those_of_the_settings():
    bad = replace(GOOD, overlap=0.5, agreement=0.5, distance=9.0)
    assert [gate.threshold for gate in failed_gates(bad, Preparation())] == [0.85, 0.7, 3.0]
    lenient = Preparation(
        smallest_mask_overlap=0.4, smallest_boundary_agreement=0.4, largest_registration_distance=10
    )
    assert failed_gates(bad, lenient) == []


@pytest.mark.parametrize(
    ("change", "threshold", "key"),
    [
        ({"similarity": 0.4}, 0.5, "smallest_similarity"),
        ({"similarity": float("nan")}, 0.5, "smallest_similarity"),
        ({"mask_overlap": 0.8}, 0.9, "smallest_mask_overlap"),
        ({"brain": 500.0}, 700, "smallest_brain"),
        ({"brain": 2500.0}, 2200, "largest_brain"),
    ],
)
def test_each_gate_of_an_anatomy_fails_by_itself(change, threshold, key):
    assert failures(ANATOMY, SCAN, AnatomyPreparation()) == []
    (row,) = failures(replace(ANATOMY, **change), SCAN, AnatomyPreparation())
    value = next(iter(change.values()))
    assert row["action"] == "excluded"
    assert (row["participant_id"], row["session_id"]) == ("sub-01", "ses-pre")
    assert row["value"] == (None if np.isnan(value) else value)
    assert (row["threshold"], row["config_key"]) == (threshold, f"preparation.anatomy.{key}")


def test_the_overlap_of_masks_is_twice_the_common_over_the_sum():
    first, second = np.arange(10) < 6, np.arange(10) >= 4
    assert overlap(first, second) == pytest.approx(2 * 2 / 12)
    assert overlap(first & False, second & False) == 0
