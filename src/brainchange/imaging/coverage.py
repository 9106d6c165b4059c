"""Which voxels can be trusted: coverage and temporal signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.denoise import Projection, projection
from brainchange.study.settings import Coverage

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DRIFT_DEGREE = 2
CONSTANT_BELOW = 1e-6
"""A voxel whose SD is below this share of its mean holds one value and rounding, no signal."""


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a run are, and which of them are valid.

    Attributes
    ----------
    shape : tuple of int
        Voxels along x, y and z.
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4).
    valid : numpy.ndarray
        Validity of each voxel, flat in Fortran order, (x · y · z,).
    """

    shape: tuple[int, int, int]
    affine: FloatArray
    valid: Mask


def drift_projection(n_volumes: int) -> Projection:
    """Polynomials up to second degree over the volumes of a run."""
    time = np.linspace(-1, 1, n_volumes)[:, np.newaxis]
    degree = min(DRIFT_DEGREE, n_volumes - 1)
    return projection(np.hstack([time**power for power in range(degree + 1)]))


def temporal_snr(volumes: FloatArray, drift: Projection) -> FloatArray:
    """Temporal signal-to-noise ratio of voxels.

    Mean over standard deviation (divisor n) after a quadratic drift is removed, as
    ``nipype.algorithms.confounds.TSNR(regress_poly=2)``; Murphy et al. (2007) take the plain
    standard deviation, which counts slow scanner drift as noise although it is removed before any
    metric is computed.

    Parameters
    ----------
    volumes : numpy.ndarray
        Analysed volumes, (n_volumes, n_voxels).
    drift : Projection
        :func:`drift_projection` of their number.

    Returns
    -------
    numpy.ndarray
        (n_voxels,); NaN for a voxel that does not vary.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        mean = volumes.mean(axis=0)
        residuals = drift.residuals(volumes)
        deviation = np.sqrt(np.einsum("ij,ij->j", residuals, residuals) / volumes.shape[0])
        varies = deviation > CONSTANT_BELOW * np.abs(mean)
        ratio: FloatArray = np.where(varies, mean, np.nan) / np.where(varies, deviation, 1.0)
    return ratio


def valid_voxels(mean: FloatArray, tsnr: FloatArray, coverage: Coverage) -> Mask:
    """Say which brain voxels hold usable signal.

    Parameters
    ----------
    mean : numpy.ndarray
        Temporal mean of every voxel of the brain mask, (n_voxels,); NaN where a volume is not
        finite.
    tsnr : numpy.ndarray
        Temporal signal-to-noise ratio, (n_voxels,).
    coverage : Coverage
        Smallest share of the median brain intensity, and smallest temporal signal-to-noise ratio.

    Returns
    -------
    numpy.ndarray
        (n_voxels,); False for a voxel with a value that is not finite.
    """
    positive = mean[np.isfinite(mean) & (mean > 0)]
    median = float(np.median(positive)) if positive.size else np.inf
    with np.errstate(invalid="ignore"):
        return (mean > coverage.smallest_intensity * median) & (tsnr > coverage.smallest_tsnr)


def require_volumes(volumes: npt.NDArray[np.generic], n_dummies: int, where: str) -> None:
    """Check that no analysed volume is lost.

    Parameters
    ----------
    volumes : numpy.ndarray
        Voxels of the brain, (n_volumes, n_voxels).
    n_dummies : int
        Leading volumes that are not used.
    where : str
        The file, for the message.

    Raises
    ------
    ImageError
        More than half of the brain voxels of a volume are no finite numbers, or all are zero.
    """
    for number, volume in enumerate(volumes[n_dummies:], start=n_dummies + 1):
        n_finite = int(np.isfinite(volume).sum())
        if 2 * n_finite < volume.size or not np.any(volume):
            what = "is all zero" if n_finite == volume.size else "holds no numbers (NaN)"
            raise ImageError(
                f"volume {number} of {len(volumes)} {what} in the brain",
                where=where,
                cause="the preparation of this run failed, or the file is damaged",
            )


def valid_in_every_run(voxels: npt.NDArray[np.intp], own: Grid, grids: list[Grid]) -> Mask:
    """Say which voxels of a run are valid in every run of the participant.

    A voxel is looked up in another grid at the voxel nearest to its centre in world coordinates;
    outside that grid it is not valid. Grids that are equal are compared voxel by voxel.

    Parameters
    ----------
    voxels : numpy.ndarray
        Flat Fortran-order indices into the grid of the run, (n_voxels,).
    own : Grid
        The run.
    grids : list of Grid
        Every run of the participant that is used.

    Returns
    -------
    numpy.ndarray
        (n_voxels,).
    """
    valid = own.valid[voxels].copy()
    for grid in grids:
        if grid is not own:
            valid &= _valid_at(voxels, own, grid)
    return valid


def _valid_at(voxels: npt.NDArray[np.intp], own: Grid, other: Grid) -> Mask:
    if own.shape == other.shape and np.allclose(own.affine, other.affine, rtol=0, atol=1e-4):
        return other.valid[voxels]
    to_other = np.linalg.inv(other.affine) @ own.affine
    subscripts = np.column_stack(np.unravel_index(voxels, own.shape, order="F"))
    moved = np.rint(subscripts @ to_other[:3, :3].T + to_other[:3, 3]).astype(np.intp)
    inside = ((moved >= 0) & (moved < np.array(other.shape))).all(axis=1)
    valid = np.zeros(voxels.size, dtype=bool)
    places = np.ravel_multi_index(tuple(moved[inside].T), other.shape, order="F")
    valid[inside] = other.valid[places]
    return valid
