"""Principal components of the noise in white matter and cerebrospinal fluid (aCompCor)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

EXPLAINED_VARIANCE = 0.5
"""As many components are kept as explain this share of the variance (fMRIPrep; Muschelli 2014)."""


@dataclass(frozen=True)
class Components:
    """Components of a mask, from the strongest.

    Attributes
    ----------
    courses : numpy.ndarray
        Unit length, (n_volumes, n_components); 0 in volumes that are not in steady state.
    singular_values : numpy.ndarray
        (n_components,).
    explained : numpy.ndarray
        Share of the variance each explains, (n_components,).
    """

    courses: FloatArray
    singular_values: FloatArray
    explained: FloatArray


def noise_components(
    courses: npt.NDArray[np.floating], slow: FloatArray, n_unsettled: int
) -> Components:
    """Find the components that explain half of the variance in a mask.

    Parameters
    ----------
    courses : numpy.ndarray
        Voxels of the mask in arbitrary units, (n_volumes, n_voxels).
    slow : numpy.ndarray
        Cosines that are taken out first, (n_volumes, n_cosines).
    n_unsettled : int
        Volumes at the start that are left out.

    Returns
    -------
    Components
        aCompCor, Behzadi et al. (2007), NeuroImage 37:90: voxels without slow courses, scaled to a
        standard deviation of 1. Found through the covariance of volumes, which is small. The sign
        is such that the largest value is positive.
    """
    settled = courses[n_unsettled:].astype(float)
    design = np.column_stack([np.ones(len(settled)), slow[n_unsettled:]])
    basis = np.linalg.qr(design)[0]
    settled -= basis @ (basis.T @ settled)
    deviation = settled.std(axis=0)
    varies = deviation > 1e-9 * max(1.0, float(np.abs(courses).max()))
    settled = settled[:, varies] / deviation[varies]
    squared, vectors = np.linalg.eigh(settled @ settled.T)
    squared, vectors = np.clip(squared[::-1], 0, None), vectors[:, ::-1]
    share = squared / max(squared.sum(), np.finfo(float).tiny)
    number = int(np.searchsorted(share.cumsum(), EXPLAINED_VARIANCE)) + 1
    kept = vectors[:, :number]
    kept = kept * np.sign(kept[np.abs(kept).argmax(axis=0), np.arange(number)])
    return Components(
        courses=np.vstack([np.zeros((n_unsettled, number)), kept]),
        singular_values=np.sqrt(squared[:number]),
        explained=share[:number],
    )
