"""Regional homogeneity and partial connectivity of measured runs."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.errors import ImageError
from brainchange.imaging.denoise import projection
from brainchange.imaging.signals import RegionSignals
from brainchange.metrics.connectivity import connectivity
from brainchange.metrics.inputs import BrainSeries
from brainchange.metrics.partial_connectivity import partial_connectivity
from brainchange.metrics.reho import reho
from brainchange.study.settings import Alternatives, Censoring, Regressors

NAMES = ["amygdala_L", "amygdala_R", "hippocampus_L", "dmPFC_L"]
SIX = Alternatives(
    denoising=(Regressors(name="six", motion_parameters=6),), censoring=(), metrics=("reho",)
)


def signals(n_volumes=60, n_regions=4, left=None, seed=1):
    denoised = np.random.default_rng(seed).normal(size=(n_volumes, n_regions))
    denoised[:, 1] += denoised[:, 0]
    kept = np.ones(n_volumes, bool)
    return RegionSignals(denoised, denoised, kept, n_volumes - 20 if left is None else left)


def test_neighbours_that_share_a_signal_are_alike(tiny):
    """Both amygdalae of the tiny study have one (eight voxels); other regions have noise alone."""
    tiny.add()
    measured = tiny.measure(metrics=("reho",))
    found = tiny.observed(measured, metric="reho", timepoint="pre").set_index("region")["value"]
    z = tiny.observed(measured, metric="reho_z", timepoint="pre").set_index("region")["value"]
    assert list(found.index) == NAMES
    assert found["amygdala_L"] > 1.5 * found["dmPFC_L"]
    assert found["dmPFC_L"] == pytest.approx(1 / 27, abs=0.02)
    assert z["amygdala_L"] > 0.5 > z["dmPFC_L"]
    assert found.between(0, 1).all()


def test_a_spoiled_volume_that_is_censored_makes_nobody_alike(tiny):
    """A volume that brightens the whole brain would be ranked first everywhere."""
    plain = tiny.bold()
    moved = plain.copy()
    moved[..., 40:46] += 100.0 * tiny.mask()[..., None]
    table = tiny.confounds()
    tiny.add(image=moved, table=table)
    uncensored = tiny.observed(tiny.measure(metrics=("reho",)), metric="reho", timepoint="pre")
    tiny.runs.clear()
    table.loc[40:45, "framewise_displacement"] = 2.0
    tiny.add(image=moved, table=table)
    loose = Censoring(largest_mean_displacement=5.0)
    measured = tiny.measure(metrics=("reho",), censoring=loose)
    censored = tiny.observed(measured, metric="reho", timepoint="pre")
    assert (censored["value"].iloc[2:] < 0.7 * uncensored["value"].iloc[2:]).all()


def test_it_is_computed_under_other_denoising_where_that_is_asked(tiny):
    tiny.add()
    measured = tiny.measure(metrics=("reho",), alternatives=SIX)
    found = tiny.observed(measured, metric="reho_z", timepoint="pre")
    assert list(dict.fromkeys(found["specification"])) == ["motion12-wm-csf", "six"]
    primary, other = (rows["value"].to_numpy() for _, rows in found.groupby("specification"))
    assert 0 < np.abs(primary - other).max() < 1


def test_too_few_volumes_have_no_ranks_to_compare():
    kept, every = np.array([True, True, False]), np.ones(8, bool)
    constant = projection(np.ones((2, 1)))
    series = BrainSeries(np.ones((3, 8)), np.arange(8), (2, 2, 2), every, kept, constant)
    with pytest.raises(ImageError, match="fewer than 3 volumes are kept"):
        reho(series)


def test_a_region_that_is_missing_is_missing_for_its_pairs_alone():
    given = signals()
    lost = given.denoised.copy()
    lost[:, 2] = np.nan
    found = partial_connectivity(RegionSignals(lost, lost, given.kept, 40))
    assert np.isnan(found[2]).all()
    assert np.isnan(np.diag(found)).all()
    without = given.denoised[:, [0, 1, 3]]
    expected = partial_connectivity(RegionSignals(without, without, given.kept, 40))
    np.testing.assert_allclose(found[np.ix_([0, 1, 3], [0, 1, 3])], expected)


def test_what_runs_through_a_third_region_is_no_connectivity_of_two():
    rng = np.random.default_rng(2)
    through = rng.normal(size=400)
    ends = through[:, None] + 0.5 * rng.normal(size=(400, 2))
    made = np.column_stack([ends, through])
    given = RegionSignals(made, made, np.ones(400, bool), 380)
    assert connectivity(given)[0, 1] > 0.9
    assert abs(partial_connectivity(given)[0, 1]) < 0.15


def test_more_regions_than_degrees_of_freedom_are_told():
    with pytest.raises(ImageError, match=r"4 degrees of freedom are left .* of 4 regions"):
        partial_connectivity(signals(left=4))
    assert np.isfinite(partial_connectivity(signals(left=5))[0, 1])


def test_a_signal_that_follows_from_others_is_told():
    given = signals()
    made = np.column_stack([given.denoised, given.denoised[:, 0] - given.denoised[:, 3]])
    with pytest.raises(ImageError, match="follows from those of others"):
        partial_connectivity(RegionSignals(made, made, given.kept, 40))


def test_a_run_with_too_few_volumes_for_it_has_a_flag(tiny):
    tiny.add(image=tiny.bold(n_volumes=25), table=tiny.confounds().iloc[:25])
    few = Censoring(fewest_volumes=5, caution_volumes=5, caution_degrees_of_freedom=1)
    measured = tiny.measure(metrics=("partial_connectivity", "connectivity"), censoring=few)
    found = tiny.observed(measured, metric="partial_connectivity", timepoint="pre")
    assert found["value"].notna().all()
    tiny.runs.clear()
    tiny.add(image=tiny.bold(n_volumes=23), table=tiny.confounds().iloc[:23])
    measured = tiny.measure(metrics=("partial_connectivity", "connectivity"), censoring=few)
    found = tiny.observed(measured, metric="partial_connectivity", timepoint="pre")
    assert found["value"].isna().all()
    assert found["flag"].str.contains("degrees of freedom are left for the partial").all()
    plain = tiny.observed(measured, metric="connectivity", timepoint="pre")
    assert plain["value"].notna().all()
