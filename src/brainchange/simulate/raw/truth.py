"""What is true of a raw participant: movement, position, labels, signals and activation.

Everything is told where an analysis can be held against it: movement in fMRIPrep's parameters
(see ``brainchange.simulate.raw.rigid``) and as matrices, labels and signals on the grid of the BOLD
run while the head lies still (pose of the first volume), activation per region and condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainchange.simulate.motion import framewise_displacement
from brainchange.simulate.raw.anatomy import Anatomy, nearest, template_voxels
from brainchange.simulate.raw.bold import Percent, signal_weights
from brainchange.simulate.raw.model import Design
from brainchange.simulate.raw.phantom import Phantom
from brainchange.simulate.raw.position import Position
from brainchange.simulate.raw.rigid import poses_of
from brainchange.simulate.raw.shape import HeadShape
from brainchange.simulate.raw.tissue import Tissue, neighbours, seen_at
from brainchange.simulate.structures import Anatomy as Structures
from brainchange.sources.bids import Run


@dataclass(frozen=True)
class RunTruth:
    """What is true of one run.

    Attributes
    ----------
    run : Run
        Which run.
    position : Position
        Grid of the scanner, way from the scanner to the T1w, middle of the brain.
    motion : numpy.ndarray
        ``trans_x`` … ``rot_z`` as fMRIPrep tells them, against the first volume and about
        ``position.centre``, in mm and rad, (n_volumes, 6).
    labels : numpy.ndarray
        FreeSurfer's number with the largest share of each voxel while the head lies still,
        (x, y, z).
    brain : numpy.ndarray
        Whether at least half of it is brain, (x, y, z).
    signals : pandas.DataFrame
        One column a label (its name with side), in percent of the mean: what was planted, averaged
        over the voxels with the label, without noise; (n_volumes, n_labels).
    activation : pandas.DataFrame
        ``name``, ``label``, ``condition``; ``planted``: height in the structure; ``on_grid``:
        mean height over the voxels with the label, which see their neighbourhood; both in percent.
    events : pandas.DataFrame or None
        What was shown.
    """

    run: Run
    position: Position
    motion: NDArray[np.float64]
    labels: NDArray[np.int16]
    brain: NDArray[np.bool_]
    signals: pd.DataFrame
    activation: pd.DataFrame
    events: pd.DataFrame | None

    @property
    def poses(self) -> NDArray[np.float64]:
        """Matrices from the first volume to every volume, in mm of the scanner, (n, 4, 4)."""
        return poses_of(self.motion, self.position.centre)

    @property
    def framewise_displacement(self) -> NDArray[np.float64]:
        """Power's, in mm, (n_volumes,); the first is NaN."""
        return framewise_displacement(self.motion)

    @property
    def to_t1w(self) -> NDArray[np.float64]:
        """Points of the scanner, seen from the first volume, to points of the T1w, (4, 4)."""
        return self.position.to_t1w


@dataclass(frozen=True)
class ParticipantTruth:
    """What is true of one participant.

    Attributes
    ----------
    participant : str
        ``sub-01``.
    phantom : Phantom
        The head in the space of the template: also the atlas.
    shape : HeadShape
        The map from the T1w to the template and back.
    anatomy : Anatomy
        Labels and tissue on the grid of the T1w.
    runs : dict of str to RunTruth
        By key of the run (``sub-01_ses-pre_task-faces``).
    """

    participant: str
    phantom: Phantom
    shape: HeadShape
    anatomy: Anatomy
    runs: Mapping[str, RunTruth]

    def labels_at(self, points: NDArray[np.float64]) -> NDArray[np.int16]:
        """Label points of the T1w, mm, (3, n) → (n,)."""
        voxels = template_voxels(self.phantom, self.shape.to_template(points))
        return nearest(self.phantom.labels, voxels)


def true_signals(
    tissue: Tissue, percent: Percent, labels: NDArray[np.int16], names: Mapping[int, str]
) -> pd.DataFrame:
    """Average what was planted over the voxels of each label.

    Parameters
    ----------
    tissue : Tissue
        The head on half voxels.
    percent : Percent
        Signals and responses.
    labels : numpy.ndarray
        Of the voxels of the run, (x, y, z).
    names : dict of int to str
        Name of each label that is told.

    Returns
    -------
    pandas.DataFrame
        (n_volumes, n_labels) in percent; a label without a voxel is NaN. Signals count as when the
        middle slice of each label is taken.
    """
    numbers, middles = _present(labels, names)
    mixed = _mixed(tissue, percent, labels, numbers)
    courses = np.full((len(percent.rest), len(names)), np.nan)
    heights = {c: heights_on_grid(tissue, h, labels, names) for c, h in percent.heights.items()}
    for row, (number, middle) in enumerate(zip(numbers, middles, strict=True)):
        place = list(names).index(number)
        courses[:, place] = percent.rest[:, middle] @ mixed[row]
        for condition, height in heights.items():
            if condition in percent.responses:
                courses[:, place] += percent.responses[condition][:, middle] * height[place]
    return pd.DataFrame(courses, columns=list(names.values()))


def heights_on_grid(
    tissue: Tissue,
    height: NDArray[np.float32],
    labels: NDArray[np.int16],
    names: Mapping[int, str],
) -> NDArray[np.float64]:
    """Average the height of a response over the voxels of each label.

    Parameters
    ----------
    tissue : Tissue
        The head on half voxels.
    height : numpy.ndarray
        In the half voxels of the brain, percent, (n_brain,).
    labels : numpy.ndarray
        Of the voxels of the run, (x, y, z).
    names : dict of int to str
        Labels that are told.

    Returns
    -------
    numpy.ndarray
        Percent of the mean intensity of each voxel, averaged over voxels, (n_labels,).
    """
    voxels = np.argwhere(labels > 0).T
    image = tissue.full(height * tissue.base.reshape(-1)[tissue.inside])
    seen = seen_at(image, voxels) / np.maximum(seen_at(tissue.base, voxels), 1)
    of_voxel = labels[tuple(voxels)]
    with np.errstate(invalid="ignore"):
        count = np.bincount(of_voxel, minlength=max(names) + 1).astype(float)
        mean = np.bincount(of_voxel, weights=seen, minlength=max(names) + 1) / count
    return np.array([mean[number] for number in names])


def true_activation(
    structures: Structures,
    design: Design,
    on_grid: Mapping[str, NDArray[np.float64]],
    names: Mapping[int, str],
) -> pd.DataFrame:
    """Tell the activation of every label under every condition.

    Parameters
    ----------
    structures : Structures
        Numbers of the structures.
    design : Design
        What responds.
    on_grid : dict of str to numpy.ndarray
        Condition → mean height over the voxels of each label, percent, (n_labels,).
    names : dict of int to str
        Labels that are told.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``label``, ``condition``, ``planted``, ``on_grid``.
    """
    planted = {
        (activation.condition, number): activation.percent
        for activation in design.activations
        for label in activation.labels
        for number in structures.numbers(label)
    }
    rows = [
        {
            "name": name,
            "label": number,
            "condition": condition.name,
            "planted": planted.get((condition.name, number), 0.0),
            "on_grid": on_grid[condition.name][place] if condition.name in on_grid else 0.0,
        }
        for condition in design.conditions
        for place, (number, name) in enumerate(names.items())
    ]
    return pd.DataFrame(rows)


def _present(labels: NDArray[np.int16], names: Mapping[int, str]) -> tuple[list[int], list[int]]:
    """Labels with voxels, and the middle slice of each."""
    present, slices = np.nonzero(labels > 0), np.nonzero(labels > 0)[2]
    of_voxel = labels[present]
    numbers = [number for number in names if (of_voxel == number).any()]
    return numbers, [int(np.median(slices[of_voxel == number])) for number in numbers]


def _mixed(
    tissue: Tissue, percent: Percent, labels: NDArray[np.int16], numbers: list[int]
) -> NDArray[np.float64]:
    """How much of every signal the voxels of a label see on average, (n_labels, n_signals)."""
    voxels = np.argwhere(np.isin(labels, numbers)).T
    of_voxel = np.searchsorted(np.sort(numbers), labels[tuple(voxels)])
    column, weight = signal_weights(tissue, percent)
    columns = np.zeros(tissue.base.size, dtype=np.int64)
    weights = np.zeros(tissue.base.size, dtype=np.float32)
    columns[tissue.inside] = column
    weights[tissue.inside] = weight * tissue.base.reshape(-1)[tissue.inside]
    share = 1 / np.maximum(seen_at(tissue.base, voxels), 1)
    n_signals = percent.labels.size
    summed = np.zeros(len(numbers) * n_signals)
    for part, fine in neighbours(voxels):
        flat = np.ravel_multi_index(tuple(fine), tissue.shape)
        summed += np.bincount(
            of_voxel * n_signals + columns[flat],
            weights=part * weights[flat] * share,
            minlength=summed.size,
        )
    mean = summed.reshape(-1, n_signals) / np.bincount(of_voxel)[:, None]
    return mean[np.searchsorted(np.sort(numbers), numbers)]
