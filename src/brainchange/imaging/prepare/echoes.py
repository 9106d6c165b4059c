"""Several echoes of a run as one: each voxel of every echo weighted by how it decays.

Late echoes show more of the BOLD effect and less signal; which one is best differs between places.
Own code rather than tedana, whose combination is a step of a denoising pipeline with dependencies
of its own; tests hold it against a calculation by hand and against tedana.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from brainchange.errors import ImageError
from brainchange.files import inside
from brainchange.imaging.nifti_header import read_header
from brainchange.imaging.prepare.acquisition import Acquisition
from brainchange.imaging.prepare.series import FloatArray, Mended, Series, read_series
from brainchange.imaging.sidecar import read_sidecar
from brainchange.sources.raw import Echo, RawRun

SHORTEST_T2STAR, LONGEST_T2STAR = 0.001, 0.5
"""T2* in s is kept between these; outside there is no tissue, or no decay to be seen."""
LONGEST_ECHO_TIME = 0.2
"""A longer echo time, in s, is one in milliseconds."""
LARGEST_SHIFT = 0.01
"""Distance in mm up to which the grids of two echoes are one."""


@dataclass(frozen=True)
class CombinedEchoes:
    """Echoes that became one series.

    Attributes
    ----------
    series : Series
        The weighted sum.
    mended : Mended
        Voxels that had to be mended in any echo.
    acquisition : Acquisition
        That of the first echo, with ``EchoTimes`` in place of its ``EchoTime``.
    """

    series: Series
    mended: Mended
    acquisition: Acquisition


def t2star(means: FloatArray, echo_times: FloatArray) -> FloatArray:
    """Fit the decay of each voxel over the echoes.

    Parameters
    ----------
    means : numpy.ndarray, shape (n_echoes, n_voxels)
        Mean intensity over time, in arbitrary units.
    echo_times : numpy.ndarray, shape (n_echoes,)
        In s, rising.

    Returns
    -------
    numpy.ndarray, shape (n_voxels,)
        T2* in s, between 0.001 and 0.5; NaN where an echo has no signal.

    Notes
    -----
    Least squares of ``log(mean) = log(S0) − TE / T2*`` (Posse et al. 1999, Magn Reson Med 42:87,
    eq. 1), of the mean over time: one value a voxel for the whole run. A voxel that does not decay
    gets the longest value.
    """
    positive = (means > 0).all(axis=0)
    logs = np.log(np.where(positive, means, 1.0))
    centred = echo_times - echo_times.mean()
    slope = centred @ logs / (centred @ centred)
    with np.errstate(divide="ignore"):
        fitted = np.where(slope < 0, -1.0 / slope, LONGEST_T2STAR)
    return np.where(positive, np.clip(fitted, SHORTEST_T2STAR, LONGEST_T2STAR), np.nan)


def echo_weights(decay: FloatArray, echo_times: FloatArray) -> FloatArray:
    """Weigh the echoes of each voxel by the size of the BOLD effect in them.

    Parameters
    ----------
    decay : numpy.ndarray, shape (n_voxels,)
        T2* in s (:func:`t2star`); NaN weighs all echoes alike.
    echo_times : numpy.ndarray, shape (n_echoes,)
        In s.

    Returns
    -------
    numpy.ndarray, shape (n_echoes, n_voxels)
        ``TE · exp(−TE / T2*)``, summing to 1 over echoes (Posse et al. 1999, eq. 6).
    """
    with np.errstate(invalid="ignore"):
        raw = echo_times[:, None] * np.exp(-echo_times[:, None] / decay)
        weights: FloatArray = raw / raw.sum(axis=0)
    return np.where(np.isfinite(weights), weights, 1.0 / echo_times.size)


def combine(echoes: Sequence[Series], echo_times: FloatArray) -> tuple[Series, FloatArray]:
    """Add up echoes, weighted voxel by voxel.

    Parameters
    ----------
    echoes : sequence of Series
        On one grid, with as many volumes each.
    echo_times : numpy.ndarray, shape (n_echoes,)
        In s, rising.

    Returns
    -------
    series : Series
        32-bit intensities.
    decay : numpy.ndarray, shape (n_voxels,)
        T2* in s.

    Notes
    -----
    Deviation from tedana and fMRIPrep: echoes are combined before realignment, with weights that do
    not follow the head; they are acquired within 60 ms of each other, so all have its position.
    """
    means = np.stack([one.stored.mean(axis=0, dtype=float) for one in echoes])
    decay = t2star(means, echo_times)
    weights = echo_weights(decay, echo_times).astype(np.float32)
    first = echoes[0]
    combined = np.zeros(first.stored.shape, dtype=np.float32)
    for one, weight in zip(echoes, weights, strict=True):
        for number, volume in enumerate(one.stored):
            combined[number] += weight * volume
    return replace(first, stored=combined), decay


def read_echoes(raw: RawRun, acquisition: Acquisition, folder: Path) -> CombinedEchoes:
    """Read all echoes of a run and combine them.

    Parameters
    ----------
    raw : RawRun
        The run, with several echoes.
    acquisition : Acquisition
        What header and sidecars of its first echo say.
    folder : Path
        The study folder.

    Returns
    -------
    CombinedEchoes
        One series.

    Raises
    ------
    ImageError
        An echo cannot be read, has another grid or number of volumes than the first, or echo times
        are missing, given in milliseconds, or do not rise.
    """
    times = np.array([_echo_time(echo, folder) for echo in raw.echoes])
    if not (np.diff(times) > 0).all():
        listed = ", ".join(f"{1000 * time:g}" for time in times)
        raise ImageError(
            f"the echo times of the run are {listed} ms and do not rise",
            where=str(inside(folder, raw.bold)),
            cause="sidecars of echoes are exchanged",
        )
    read = [_read(echo, acquisition, folder) for echo in raw.echoes]
    series, decay = combine([one for one, _ in read], times)
    told = {key: value for key, value in acquisition.described.items() if key != "EchoTime"}
    within = decay[np.isfinite(decay)]
    described = {
        **told,
        "EchoTimes": [float(time) for time in times],
        "EchoCombination": "weighted by TE * exp(-TE / T2*) of each voxel (Posse et al. 1999)",
        "MedianT2Star": round(float(np.median(within)), 5) if within.size else None,
    }
    mended = Mended(max(one.lost for _, one in read), max(one.negative for _, one in read))
    return CombinedEchoes(series, mended, replace(acquisition, described=described))


def _read(echo: Echo, acquisition: Acquisition, folder: Path) -> tuple[Series, Mended]:
    path = inside(folder, echo.bold)
    header, first = read_header(path), acquisition.header
    alike = (header.shape, header.n_volumes) == (first.shape, first.n_volumes)
    if not alike or not np.allclose(header.affine, first.affine, atol=LARGEST_SHIFT):
        raise ImageError(
            f"the echo has {header.n_volumes} volumes of {_size(header.shape)} voxels, the first "
            f"one {first.n_volumes} of {_size(first.shape)}, or it lies elsewhere",
            where=str(path),
            cause="the transfer of an echo was broken off, or it is of another run",
            fix="choose one echo in the study file: images.echoes",
        )
    return read_series(path, header, acquisition.affine)


def _size(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _echo_time(echo: Echo, folder: Path) -> float:
    """Echo time in s, as the nearest sidecar says."""
    described = {
        key: value
        for name in echo.sidecars
        for key, value in read_sidecar(inside(folder, name)).items()
    }
    time = described.get("EchoTime")
    if not isinstance(time, int | float) or isinstance(time, bool) or not time > 0:
        raise ImageError(
            f"the sidecar of the echo gives no EchoTime ({time!r})",
            where=str(inside(folder, echo.bold)),
            fix="choose one echo in the study file: images.echoes",
        )
    if time > LONGEST_ECHO_TIME:
        raise ImageError(
            f"EchoTime is {time:g} s",
            where=str(inside(folder, echo.bold)),
            cause="it is in milliseconds; BIDS has seconds",
        )
    return float(time)
