"""Mean time series of regions, and what is left of them after nuisance regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.denoise import Nuisance

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RegionSignals:
    """Signals of the regions of one run.

    Attributes
    ----------
    raw : numpy.ndarray
        Mean over the valid voxels, in the intensity units of the image, (n_analysed, n_regions);
        NaN for a region that is not usable.
    denoised : numpy.ndarray
        Residuals of the nuisance regression of the kept volumes, (n_kept, n_regions).
    kept : numpy.ndarray
        Which analysed volumes are kept, (n_analysed,).
    residual_degrees_of_freedom : int
        Kept volumes minus independent regressors.
    """

    raw: FloatArray
    denoised: FloatArray
    kept: npt.NDArray[np.bool_]
    residual_degrees_of_freedom: int

    @property
    def denoised_rows(self) -> FloatArray:
        """Denoised signals with one row an analysed volume; NaN where the volume is censored."""
        rows = np.full(self.raw.shape, np.nan)
        rows[self.kept] = self.denoised
        return rows


def region_means(
    volumes: npt.NDArray[np.generic], members: Sequence[npt.NDArray[np.intp]]
) -> FloatArray:
    """Average voxels within regions.

    Parameters
    ----------
    volumes : numpy.ndarray
        (n_volumes, n_voxels).
    members : sequence of numpy.ndarray
        Columns of each region; none where the region is not usable.

    Returns
    -------
    numpy.ndarray
        (n_volumes, n_regions); NaN for a region without columns.
    """
    means = np.full((volumes.shape[0], len(members)), np.nan)
    filled = [place for place, columns in enumerate(members) if columns.size]
    if not filled:
        return means
    sizes = np.array([members[place].size for place in filled])
    starts = np.cumsum(sizes) - sizes
    columns = np.concatenate([members[place] for place in filled])
    gathered = np.empty(columns.size, dtype=volumes.dtype)
    for row, volume in zip(means, volumes, strict=True):
        np.take(volume, columns, out=gathered, mode="clip")
        row[filled] = np.add.reduceat(gathered, starts, dtype=np.float64) / sizes
    return means


def region_signals(raw: FloatArray, nuisance: Nuisance) -> RegionSignals:
    """Remove nuisance from region signals in one regression over the kept volumes.

    Regression commutes with averaging: the residual of the mean is the mean of the residuals.

    Parameters
    ----------
    raw : numpy.ndarray
        Mean signals of the analysed volumes, (n_analysed, n_regions).
    nuisance : Nuisance
        Design and kept volumes.

    Raises
    ------
    ImageError
        The kept volumes are not more than the independent regressors.
    """
    fitted = nuisance.of_kept
    if fitted.residual_degrees_of_freedom < 1:
        raise ImageError(
            f"{nuisance.n_kept} kept volumes cannot carry {fitted.rank} nuisance regressors",
            fix="use fewer regressors (denoising in config/config.yaml), or leave the run out",
        )
    return RegionSignals(
        raw=raw,
        denoised=fitted.residuals(raw[nuisance.kept]),
        kept=nuisance.kept,
        residual_degrees_of_freedom=fitted.residual_degrees_of_freedom,
    )
