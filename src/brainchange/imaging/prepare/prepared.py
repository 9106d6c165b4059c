"""What preparation hands on: the files of one anatomy and of one run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from brainchange.study.settings import Preparation


@dataclass(frozen=True)
class PreparedAnatomy:
    """The files made from the T1w image of a participant, all in its space.

    Attributes
    ----------
    t1w : Path
        Bias-corrected T1w image (``desc-preproc_T1w``).
    brain_mask : Path
        1 in the brain, 0 elsewhere.
    tissue : Path
        1 grey matter, 2 white matter, 3 cerebrospinal fluid, 0 elsewhere (``dseg``).
    grey, white, fluid : Path
        Probability of each tissue, from 0 to 1 (``probseg``).
    to_template, from_template : Path
        Composite transforms between T1w and template (ITK).
    """

    t1w: Path
    brain_mask: Path
    tissue: Path
    grey: Path
    white: Path
    fluid: Path
    to_template: Path
    from_template: Path


@dataclass(frozen=True)
class PreparationPlan:
    """What the preparation of all images of a study has in common.

    Attributes
    ----------
    study : Path
        The study folder, with the raw images.
    out : Path
        Folder of the derivatives.
    preparation : Preparation
        Choices and gates.
    seed : int
        Seed of the configuration; that of a unit derives from it and the name of the unit.
    """

    study: Path
    out: Path
    preparation: Preparation
    seed: int

    def seed_of(self, name: str) -> int:
        """Seed of a unit, from 1 to 2³¹ − 1 as ITK takes it: never depends on order or process."""
        digest = hashlib.sha256(f"{self.seed}\0{name}".encode()).digest()
        return int.from_bytes(digest[:4], "little") % (2**31 - 1) + 1


@dataclass(frozen=True)
class PreparedRun:
    """The files made from one BOLD run, in T1w world space on the grid of its own reference.

    Attributes
    ----------
    bold : Path
        Motion-corrected run (``space-T1w_desc-preproc_bold``).
    sidecar : Path
        Its JSON sidecar.
    reference : Path
        Mean of its low-motion volumes (``space-T1w_boldref``).
    brain_mask : Path
        Brain mask on the same grid.
    confounds : Path
        Table with fMRIPrep's column names.
    to_t1w : Path
        Rigid transform from the scanner space of the run to the T1w image (ITK).
    """

    bold: Path
    sidecar: Path
    reference: Path
    brain_mask: Path
    confounds: Path
    to_t1w: Path
