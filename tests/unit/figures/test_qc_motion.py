"""Motion over volumes: what is censored is marked, each volume once; voxels are in z units."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.figures import theme
from brainchange.figures.qc_motion import MotionTrace, Tissue, draw_motion, rows_of, z_scored


def trace(n=60, dummies=4, censored=(10, 11, 40), **more):
    random = np.random.default_rng(3)
    kept = np.ones(n - dummies, dtype=bool)
    kept[[one - dummies for one in censored]] = False
    displacement = random.uniform(0.05, 0.2, n)
    displacement[0] = np.nan
    return MotionTrace(
        motion=random.normal(scale=0.02, size=(n, 6)),
        framewise_displacement=displacement,
        standardised_dvars=displacement * 5,
        kept=kept,
        repetition_time=2.5,
        **more,
    )


def drawn(*arguments):
    with theme.applied():
        return draw_motion("sub-01", "told", *arguments)


def marks(axes, gid):
    return sorted(p.get_x() for p in axes.patches if p.get_gid() == gid)


def test_as_many_volumes_are_marked_as_are_censored_and_these():
    figure = drawn(trace())
    for axes in figure.axes[:4]:
        assert marks(axes, "censored") == [9.5, 10.5, 39.5]
        assert marks(axes, "dropped") == [-0.5]


def test_without_censoring_nothing_is_marked_and_no_limit_is_drawn():
    figure = drawn(trace(dummies=0, censored=()))
    assert not marks(figure.axes[0], "censored")
    assert not marks(figure.axes[0], "dropped")
    assert not any("limit" in text.get_text() for axes in figure.axes for text in axes.texts)


def test_the_limits_of_censoring_are_written():
    figure = drawn(trace(largest_displacement=0.5, largest_dvars=1.5))
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert {"limit 0.5 mm", "limit 1.5"} <= set(texts)


def test_rotations_are_shown_in_degrees():
    one = trace()
    figure = drawn(one)
    lines = figure.axes[3].get_lines()[:3]
    np.testing.assert_allclose(lines[1].get_ydata(), one.motion[:, 4] * 180 / np.pi)


def test_a_carpet_is_sorted_by_tissue_and_in_standard_deviations():
    random = np.random.default_rng(4)
    grey = Tissue("grey", "#0067a5", 1000 + 10 * random.normal(size=(56, 300)))
    white = Tissue("white", "#c4540a", 800 + 3 * random.normal(size=(56, 100)))
    figure = drawn(trace(), (grey, white))
    image = figure.axes[4].get_images()[0]
    values = np.asarray(image.get_array())
    assert values.shape == (240, 56)
    assert values.std(axis=1) == pytest.approx(np.ones(240))
    first = z_scored(grey.values[:, :1])[:, 0]
    np.testing.assert_allclose(values[0], first, atol=1e-9)
    np.testing.assert_allclose(values[-1], z_scored(white.values[:, -1:])[:, 0], atol=1e-9)
    assert image.get_extent()[:2] == [3.5, 59.5]


def test_slow_drift_is_no_stripe():
    time = np.linspace(-1, 1, 50)
    noise = np.random.default_rng(5).normal(size=50)
    drifting = noise + 40 * time + 25 * time**2
    shown = z_scored(np.column_stack([drifting, noise]))
    np.testing.assert_allclose(shown[:, 0], shown[:, 1], atol=1e-9)


def test_voxels_that_do_not_vary_or_are_no_numbers_are_empty():
    values = np.random.default_rng(6).normal(size=(20, 3))
    values[:, 0] = 7.0
    values[3, 1] = np.nan
    shown = z_scored(values)
    assert np.isnan(shown[:, :2]).all()
    assert np.isfinite(shown[:, 2]).all()


def test_rows_follow_the_sizes_of_tissues_and_a_small_one_stays_visible():
    def tissue(n):
        return Tissue("x", "#000000", np.zeros((5, n)))

    assert rows_of((tissue(3000), tissue(1000))) == [180, 60]
    assert rows_of((tissue(100_000), tissue(100))) == [240, 8]
    assert rows_of((tissue(3),)) == [3]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_runs_of_few_volumes_can_be_drawn(n):
    values = np.random.default_rng(7).normal(100, 1, size=(n, 30))
    figure = drawn(trace(n=n, dummies=0, censored=()), (Tissue("grey", "#0067a5", values),))
    assert len(figure.axes) >= 5


def test_a_run_whose_motion_is_not_known_anywhere_is_drawn_empty():
    one = trace(dummies=0, censored=())
    unknown = MotionTrace(
        np.zeros((60, 6)), np.full(60, np.nan), np.full(60, np.nan), one.kept, 2.0
    )
    assert drawn(unknown).axes
