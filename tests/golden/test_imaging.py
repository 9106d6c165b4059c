"""Imaging and metrics against independent implementations: exact vectors, nilearn, numpy."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy import stats

from brainchange.imaging.confounds import framewise_displacement
from brainchange.imaging.coverage import drift_projection, temporal_snr
from brainchange.imaging.denoise import cosine_basis, projection
from brainchange.imaging.nifti import read_label_image, read_volumes
from brainchange.imaging.nifti_header import read_header
from brainchange.imaging.parcellation import region_voxels
from brainchange.imaging.signals import region_means
from brainchange.metrics import reho as reho_module
from brainchange.metrics.alff import alff
from brainchange.metrics.connectivity import correlation
from brainchange.metrics.falff import falff
from brainchange.metrics.inputs import BrainSeries, VoxelBlock
from brainchange.metrics.partial_connectivity import partial_correlation
from brainchange.metrics.reho import reho
from brainchange.study.regions import Region
from brainchange.study.settings import Frequency

GOLD = json.loads((Path(__file__).parent / "imaging_vectors.json").read_text(encoding="utf-8"))
RNG = np.random.default_rng(11)


def block(volumes, repetition_time=2.5, design=None):
    n_volumes = volumes.shape[0]
    design = np.ones((n_volumes, 1)) if design is None else design
    return VoxelBlock(
        volumes, repetition_time, projection(design), drift_projection(n_volumes), Frequency()
    )


def test_framewise_displacement_of_power():
    gold = GOLD["framewise_displacement_power"]
    found = framewise_displacement(np.array(gold["inputs"]["params_mm_rad"]))
    np.testing.assert_allclose(
        found, np.array(gold["expected"]["fd"], dtype=float), rtol=0, atol=1e-10
    )
    assert np.nanmean(found) == pytest.approx(gold["expected"]["mean_fd_excluding_first"])


def test_amplitudes_of_sines_on_exact_frequencies():
    expected = GOLD["alff_falff"]["expected"]
    time = np.arange(96) * 2.5
    sines = sum(
        amplitude * np.sin(2 * np.pi * k * time / 240 + phase)
        for amplitude, k, phase in ((3, 6, 0.3), (2, 12, np.pi / 2), (4, 40, 0))
    )
    found = block(1000 + sines[:, np.newaxis])
    assert found.in_band.sum() == expected["n_bins_in_band"]
    assert alff(found)[0] == pytest.approx(expected["alff_mean_amplitude_in_band"], rel=1e-6)
    assert falff(found)[0] == pytest.approx(expected["falff_ratio_of_sums"], rel=1e-6)


def test_connectivity_is_pearson_of_the_empirical_covariance():
    gold = GOLD["connectivity"]
    found = correlation(np.array(gold["inputs"]["ts"]))
    np.testing.assert_allclose(found, gold["expected"]["r"], rtol=0, atol=1e-8)
    z = np.arctanh(found[np.triu_indices(4, 1)])
    np.testing.assert_allclose(sorted(z), sorted(gold["expected"]["z_offdiag"]), atol=1e-8)


def test_partial_correlation_of_the_empirical_covariance():
    gold = GOLD["connectivity"]
    found = partial_correlation(correlation(np.array(gold["inputs"]["ts"])))
    np.testing.assert_allclose(found, gold["expected"]["partial"], rtol=0, atol=1e-8)


def test_partial_correlation_is_that_of_what_the_other_signals_leave():
    """Least squares of both signals on all others, then Pearson."""
    signals = RNG.normal(size=(60, 6)) @ RNG.normal(size=(6, 6))
    found = partial_correlation(correlation(signals))
    for first, second in ((0, 1), (2, 5)):
        others = np.delete(signals, [first, second], axis=1)
        design = np.column_stack([np.ones(60), others])
        pair = signals[:, [first, second]]
        left = pair - design @ np.linalg.lstsq(design, pair, rcond=None)[0]
        expected = np.corrcoef(left.T)[0, 1]
        assert found[first, second] == pytest.approx(expected, abs=1e-9)


def brain(volumes, shape, valid, kept):
    """A brain whose only nuisance is the constant."""
    constant = projection(np.ones((int(kept.sum()), 1)))
    voxels = np.arange(np.prod(shape))
    return BrainSeries(volumes, voxels, shape, valid, kept, constant)


@pytest.mark.parametrize("n_volumes", [20, 1300], ids=["short", "long"])
@pytest.mark.parametrize("rank_bytes", [1 << 25, 1 << 8], ids=["at_once", "in_slabs"])
def test_regional_homogeneity_is_friedmans_statistic_of_every_neighbourhood(
    monkeypatch, n_volumes, rank_bytes
):
    """W = χ²/(K (n - 1)) with ties, from scipy, in a loop over voxels."""
    monkeypatch.setattr(reho_module, "RANK_BYTES", rank_bytes)
    rng = np.random.default_rng(4)
    shape = (4, 3, 5) if n_volumes == 20 else (2, 2, 2)
    size = int(np.prod(shape))
    valid, kept = rng.random(size) > 0.3, np.ones(n_volumes, bool)
    kept[[3, 9]] = False
    wave = rng.integers(-4, 5, n_volumes)[:, np.newaxis]
    volumes = (rng.integers(-3, 4, (n_volumes, size)) + wave + 1000.0).astype(np.float32)
    volumes[1::2] = 2000 - volumes[::2]
    found = reho(brain(volumes, shape, valid, kept))
    where = np.array(np.unravel_index(np.arange(size), shape, order="F")).T
    for place in range(size):
        near = np.abs(where - where[place]).max(axis=1) <= 1
        around = np.flatnonzero(near & valid)
        if not valid[place] or around.size < 2:
            assert np.isnan(found[place])
            continue
        friedman = stats.friedmanchisquare(*volumes[kept][:, around]).statistic
        expected = friedman / (around.size * (int(kept.sum()) - 1))
        assert found[place] == pytest.approx(expected, abs=1e-9)


def test_regional_homogeneity_of_one_signal_is_one_and_of_noise_a_twenty_seventh():
    rng, shape = np.random.default_rng(5), (9, 9, 9)
    every, kept = np.ones(729, bool), np.ones(80, bool)
    one = rng.normal(size=(80, 1)) + np.zeros((1, 729))
    np.testing.assert_allclose(reho(brain(one, shape, every, kept)), 1)
    scaled = np.exp(0.3 * one) * rng.uniform(1, 5, 729)
    np.testing.assert_allclose(reho(brain(scaled, shape, every, kept)), 1)
    noise = reho(brain(rng.normal(size=(80, 729)), shape, every, kept)).reshape(shape, order="F")
    inner = noise[1:-1, 1:-1, 1:-1]
    assert inner.mean() == pytest.approx(1 / 27, rel=0.05)
    assert noise[0, 0, 0] > inner.mean()


def test_amplitudes_by_a_plain_discrete_fourier_sum():
    volumes, time = RNG.normal(size=(75, 4)), np.arange(75)
    design = np.column_stack([np.ones(75), RNG.normal(size=(75, 3))])
    residuals = volumes - design @ np.linalg.lstsq(design, volumes, rcond=None)[0]
    frequencies = np.arange(1, 38) / (75 * 2.0)
    waves = np.exp(-2j * np.pi * np.outer(np.arange(1, 38), time) / 75)
    amplitudes = 2 / 75 * np.abs(waves @ residuals)
    chosen = (frequencies >= 0.01) & (frequencies <= 0.08)
    found = block(volumes, 2.0, design)
    np.testing.assert_allclose(alff(found), amplitudes[chosen].mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(
        falff(found), amplitudes[chosen].sum(axis=0) / amplitudes.sum(axis=0), rtol=1e-9
    )


def test_temporal_snr_by_polynomial_fits():
    volumes, time = RNG.normal(1000, 15, (60, 5)), np.arange(60)
    fitted = np.array([np.polyval(np.polyfit(time, v, 2), time) for v in volumes.T]).T
    expected = volumes.mean(axis=0) / (volumes - fitted).std(axis=0)
    np.testing.assert_allclose(temporal_snr(volumes, drift_projection(60)), expected, rtol=1e-9)


def test_cosines_are_those_of_nilearn():
    from nilearn.glm.first_level.design_matrix import create_cosine_drift

    expected = create_cosine_drift(1 / 128, np.arange(96) * 2.5)[:, :-1]
    np.testing.assert_allclose(cosine_basis(96, 2.5, 128.0), expected, atol=1e-12)


def test_regression_with_censoring_is_that_of_nilearn():
    from nilearn.signal import clean

    signals, regressors = RNG.normal(size=(90, 6)) + 500, RNG.normal(size=(90, 12))
    cosines = cosine_basis(90, 2.0, 128.0)
    kept = np.ones(90, dtype=bool)
    kept[[7, 8, 40, 41, 42]] = False
    confounds = np.column_stack([regressors, cosines])
    design = np.column_stack([np.ones(90), confounds])[kept]
    expected = clean(signals[kept], confounds=confounds[kept], detrend=False, standardize=None)
    found = projection(design).residuals(signals[kept])
    np.testing.assert_allclose(found, expected - expected.mean(axis=0), atol=1e-8)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_region_signals_are_those_of_nifti_labels_masker(tmp_path, dtype):
    from nilearn.maskers import NiftiLabelsMasker

    affine = np.array([[-3.0, 0, 0, 60], [0, 3, 0, -70], [0, 0, 4, -40], [0, 0, 0, 1]])
    volumes = (RNG.normal(size=(20, 22, 12, 30)) * 40 + 800).astype(dtype)
    labels = RNG.integers(0, 5, (20, 22, 12)).astype("int16")
    nib.save(nib.Nifti1Image(volumes, affine), tmp_path / "bold.nii.gz")
    nib.save(nib.Nifti1Image(labels, affine), tmp_path / "labels.nii.gz")
    masker = NiftiLabelsMasker(tmp_path / "labels.nii.gz", standardize=None, resampling_target=None)
    expected = masker.fit_transform(tmp_path / "bold.nii.gz")
    image = read_label_image(tmp_path / "labels.nii.gz")
    regions = [Region(f"r{n}", f"r{n}", "B", "x", (f"r{n}",)) for n in range(1, 5)]
    found = region_voxels(
        image.values, image.affine, regions, {f"r{n}": n for n in range(1, 5)}, "labels"
    )
    everything = np.sort(np.concatenate([region.voxels for region in found]))
    read = read_volumes(tmp_path / "bold.nii.gz", everything)
    members = [np.searchsorted(everything, region.voxels) for region in found]
    np.testing.assert_allclose(region_means(read, members), expected, rtol=1e-6)


def test_connectivity_is_that_of_nilearn_without_shrinkage():
    from nilearn.connectome import ConnectivityMeasure
    from sklearn.covariance import EmpiricalCovariance

    signals = RNG.normal(size=(96, 8)) @ RNG.normal(size=(8, 8))
    measure = ConnectivityMeasure(
        cov_estimator=EmpiricalCovariance(), kind="correlation", standardize="zscore_sample"
    )
    np.testing.assert_allclose(correlation(signals), measure.fit_transform([signals])[0], atol=1e-6)


@pytest.mark.shared
@pytest.mark.parametrize("session", ["pre", "post"])
def test_a_real_run_is_read_as_nibabel_reads_it(shared, session):
    folder = shared / "real" / "splithalf" / "sub-01" / f"ses-{session}" / "func"
    path = folder / f"sub-01_ses-{session}_task-oneback_bold.nii.gz"
    image = nib.load(path)
    values = np.asanyarray(image.dataobj)
    header = read_header(path)
    assert (*header.shape, header.n_volumes) == values.shape
    np.testing.assert_allclose(header.affine, image.affine)
    told = json.loads(path.with_suffix("").with_suffix(".json").read_text(encoding="utf-8"))
    assert header.repetition_time == pytest.approx(told["RepetitionTime"], rel=1e-4)
    flat = values.reshape(-1, header.n_volumes, order="F")
    voxels = np.flatnonzero(flat.mean(axis=1) > flat.mean())
    np.testing.assert_allclose(read_volumes(path, voxels), flat[voxels].T, rtol=1e-6)
