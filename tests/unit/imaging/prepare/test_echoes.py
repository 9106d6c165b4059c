"""Echoes become one: planted decay is found, weights are those of Posse et al. (1999)."""

from __future__ import annotations

import json
from math import exp
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainchange.errors import ImageError
from brainchange.imaging.nifti_header import read_header
from brainchange.imaging.prepare.acquisition import Acquisition
from brainchange.imaging.prepare.echoes import combine, echo_weights, read_echoes, t2star
from brainchange.imaging.prepare.series import Series
from brainchange.sources.bids import Run
from brainchange.sources.raw import Echo, RawRun

TIMES = np.array([0.0148, 0.0284, 0.042])
"""Echo times of ds006303, in s."""


def planted(decay: np.ndarray, n_volumes: int = 30, noise: float = 0.0) -> list[Series]:
    rng = np.random.default_rng(1)
    shape = (decay.size, 1, 1)
    courses = 1 + 0.01 * rng.standard_normal((n_volumes, decay.size))
    return [
        Series(
            1000 * np.exp(-time / decay) * courses + noise * rng.standard_normal(courses.shape),
            shape,
            np.eye(4),
        )
        for time in TIMES
    ]


def test_planted_decay_is_found() -> None:
    decay = np.array([0.015, 0.03, 0.05, 0.08])
    _, found = combine(planted(decay, 200, noise=5.0), TIMES)
    assert found == pytest.approx(decay, rel=0.02)
    _, exact = combine(planted(decay), TIMES)
    assert exact == pytest.approx(decay, rel=1e-9)


def test_decay_of_two_echoes_by_hand() -> None:
    """ln(1000/500) = (42 − 14.8) ms / T2*: 27.2 / 0.6931 = 39.24 ms."""
    found = t2star(np.array([[1000.0], [500.0]]), TIMES[[0, 2]])
    assert found[0] == pytest.approx(0.0272 / np.log(2))


def test_weights_by_hand() -> None:
    raw = [14.8 * exp(-14.8 / 30), 28.4 * exp(-28.4 / 30), 42.0 * exp(-42.0 / 30)]
    found = echo_weights(np.array([0.03]), TIMES)[:, 0]
    assert found == pytest.approx([value / sum(raw) for value in raw])


def test_weights_are_largest_at_the_echo_nearest_to_the_decay() -> None:
    decay = np.array([0.0148, 0.0284, 0.042])
    assert echo_weights(decay, TIMES).argmax(axis=0).tolist() == [0, 1, 2]


def test_the_sum_by_hand_and_a_voxel_without_signal_is_the_mean() -> None:
    stored = [np.array([[value, 0.0], [2 * value, 0.0]]) for value in (900.0, 600.0, 400.0)]
    series, decay = combine([Series(one, (2, 1, 1), np.eye(4)) for one in stored], TIMES)
    weights = echo_weights(decay[:1], TIMES)[:, 0]
    expected = float(weights @ [900.0, 600.0, 400.0])
    assert series.stored[:, 0] == pytest.approx([expected, 2 * expected], rel=1e-6)
    assert np.isnan(decay[1])
    assert series.stored[:, 1].tolist() == [0.0, 0.0]


def test_combining_shows_a_planted_bold_effect_with_less_noise_than_any_echo() -> None:
    """A change in T2* grows with TE; the weighted sum has the highest contrast to noise."""
    rng = np.random.default_rng(3)
    n_voxels, n_volumes, decay = 400, 120, 0.03
    on = (np.arange(n_volumes) // 10 % 2).astype(float)
    rates = 1 / decay - 0.4 * on
    noise = (rng.normal(0, 12.0, (n_volumes, n_voxels)) for _ in TIMES)
    stored = [1000 * np.exp(-time * rates)[:, None] + next(noise) for time in TIMES]

    def contrast(values: np.ndarray) -> float:
        difference = values[on == 1].mean(axis=0) - values[on == 0].mean(axis=0)
        return float((difference / values[on == 0].std(axis=0)).mean())

    series, _ = combine([Series(one, (n_voxels, 1, 1), np.eye(4)) for one in stored], TIMES)
    assert contrast(series.stored) > 1.1 * max(map(contrast, stored))


def written(folder: Path, times: tuple[object, ...], n_volumes: tuple[int, ...]) -> RawRun:
    echoes = []
    for number, (time, n) in enumerate(zip(times, n_volumes, strict=True), start=1):
        name = f"sub-01_task-rest_echo-{number}_bold"
        data = np.random.default_rng(number).integers(300, 900, (3, 3, 3, n)).astype(np.int16)
        nib.save(nib.Nifti1Image(data, np.eye(4)), folder / f"{name}.nii.gz")
        (folder / f"{name}.json").write_text(json.dumps({"EchoTime": time}))
        echoes.append(Echo(f"{name}.nii.gz", (f"{name}.json",)))
    run = Run("sub-01", None, "rest")
    return RawRun(run, echoes[0].bold, echoes[0].sidecars, echoes=tuple(echoes))


def acquisition(raw: RawRun, folder: Path) -> Acquisition:
    header = read_header(folder / raw.bold)
    return Acquisition(folder / raw.bold, header, np.eye(4), 2.0, None, {"EchoTime": 0.0148})


def test_echoes_are_read_and_the_sidecar_tells_all_times(tmp_path: Path) -> None:
    raw = written(tmp_path, (0.0148, 0.0284, 0.042), (12, 12, 12))
    found = read_echoes(raw, acquisition(raw, tmp_path), tmp_path)
    assert found.series.stored.shape == (12, 27)
    assert found.acquisition.described["EchoTimes"] == [0.0148, 0.0284, 0.042]
    assert "EchoTime" not in found.acquisition.described


@pytest.mark.parametrize(
    ("times", "n_volumes", "told"),
    [
        ((0.0148, None, 0.042), (12, 12, 12), "gives no EchoTime"),
        ((14.8, 28.4, 42.0), (12, 12, 12), "in milliseconds"),
        ((0.042, 0.0284, 0.0148), (12, 12, 12), "do not rise"),
        ((0.0148, 0.0284, 0.042), (12, 11, 12), "11 volumes"),
    ],
)
def test_echoes_that_cannot_be_combined_are_told(
    tmp_path: Path, times: tuple[object, ...], n_volumes: tuple[int, ...], told: str
) -> None:
    raw = written(tmp_path, times, n_volumes)
    with pytest.raises(ImageError, match=told):
        read_echoes(raw, acquisition(raw, tmp_path), tmp_path)
