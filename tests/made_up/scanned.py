"""A head under a scanner, small and quick: moves that are known, for tests of realignment.

The scanner takes the mean over each voxel of the head where it has moved to (places of a
half-millimetre-smooth image, looked up linearly); written apart from the code that realigns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from brainchange.imaging.prepare.series import Series

CENTRE = np.array([0.0, -18.0, 8.0])
THIN = ((3.5, 3.5, 3.5), (46, 56, 44))
THICK = ((2.5, 2.5, 5.0), (64, 78, 30))
"""Sizes of voxels in mm, and their number."""
GREY, WHITE, FLUID, SCALP = 1000.0, 800.0, 1400.0, 400.0


@dataclass(frozen=True)
class Scanned:
    """A run, and what is true of it.

    Attributes
    ----------
    series : Series
        The run.
    poses : numpy.ndarray
        Where tissue is at rest → where it is in each volume, in mm, (n_volumes, 4, 4).
    brain : numpy.ndarray
        Brain at rest, (x, y, z).
    """

    series: Series
    poses: np.ndarray
    brain: np.ndarray


@lru_cache(maxsize=1)
def head() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intensity and brain of the ICBM 152 template at 1 mm, and its affine."""
    from nilearn import datasets

    brain = datasets.load_mni152_brain_mask(resolution=1)
    grey = datasets.load_mni152_gm_template(resolution=1).get_fdata(dtype=np.float32)
    white = datasets.load_mni152_wm_template(resolution=1).get_fdata(dtype=np.float32)
    inside = brain.get_fdata(dtype=np.float32)
    grey = np.clip(grey, 0, 1)
    white = np.clip(white, 0, 1 - grey)
    image = GREY * grey + WHITE * white + FLUID * np.clip(inside - grey - white, 0, 1)
    outside = ndimage.distance_transform_edt(inside < 0.5)
    image += np.where((outside > 5) & (outside < 11), SCALP, 0)
    return ndimage.gaussian_filter(image, 0.6), inside, np.asarray(brain.affine)


def pose(shift=(0, 0, 0), degrees=(0, 0, 0)) -> np.ndarray:
    """Turn about the middle of the brain, and shift in mm."""
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = turn, CENTRE + np.asarray(shift) - turn @ CENTRE
    return made


def moves(n_volumes: int, seed: int, *, step=0.06, turn=0.04, jump=0.8) -> np.ndarray:
    """Small steps (mm, degrees) that come back, and one jump."""
    random = np.random.default_rng(seed)
    steps = random.standard_normal((n_volumes, 6)) * np.repeat([step, turn], 3)
    steps[n_volumes // 2] += random.standard_normal(6) * jump
    at, poses = np.zeros(6), []
    for change in steps:
        at = 0.97 * at + change
        poses.append(pose(at[:3], at[3:]))
    return np.array(poses)


def scan(grid, poses: np.ndarray, *, tsnr: float = 60.0, seed: int = 0) -> Scanned:
    """Record the head in each pose on an oblique grid, with white noise."""
    sizes, shape = grid
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", (9, -3, 2), degrees=True).as_matrix() * sizes
    affine[:3, 3] = (
        CENTRE + np.array([1.3, 0.7, -2.1]) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    )
    image, brain, of_head = head()
    random = np.random.default_rng(seed)
    recorded = {}
    volumes = []
    for one in poses:
        if one.tobytes() not in recorded:
            recorded[one.tobytes()] = _seen(
                image, np.linalg.inv(of_head) @ np.linalg.inv(one) @ affine, grid
            )
        noise = GREY / tsnr * random.standard_normal(shape)
        volumes.append((recorded[one.tobytes()] + noise).ravel(order="F"))
    at_rest = _seen(brain, np.linalg.inv(of_head) @ affine, ((1, 1, 1), shape)) > 0.5
    return Scanned(Series(np.array(volumes, dtype=np.float32), shape, affine), poses, at_rest)


def _seen(image, there, grid) -> np.ndarray:
    """Mean of the head over each voxel; `there` takes voxels of the grid to those of the head."""
    sizes, shape = grid
    counts = [max(1, round(size / 1.25)) for size in sizes]
    total = np.zeros(shape, dtype=np.float32)
    for place in product(*((np.arange(n) + 0.5) / n - 0.5 for n in counts)):
        start = there[:3, 3] + there[:3, :3] @ np.array(place)
        total += ndimage.affine_transform(
            image, there[:3, :3], start, output_shape=shape, output=np.float32, order=1
        )
    return total / np.prod(counts)
