"""What the pictures of a prepared T1w image are drawn from: each file read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from brainchange.figures.qc_images import where
from brainchange.figures.qc_sidecar import told
from brainchange.files import inside
from brainchange.imaging.nifti import Image, read_image, read_label_image
from brainchange.sources.raw import AnatomyPaths

WHITE_MATTER = 2
"""Its number among tissues."""
LARGEST_STEP = 1.5
"""Voxels of a T1w image are left out up to this distance (mm) before it is warped: the pixels of
the picture are hardly smaller, and ANTs holds several copies."""


@dataclass(frozen=True)
class TemplateFiles:
    """Images of a template.

    Attributes
    ----------
    t1w, brain_mask : Path
        On one grid.
    """

    t1w: Path
    brain_mask: Path


@dataclass(frozen=True)
class AnatomyFiles:
    """A T1w image that was prepared here, as far as that got.

    Attributes
    ----------
    paths : AnatomyPaths
        In the study folder.
    folder : Path
        The study folder.
    """

    paths: AnatomyPaths
    folder: Path

    @property
    def name(self) -> str:
        """Whose it is, as file names begin: ``sub-01_ses-pre``."""
        return Path(self.paths.t1w).name.split("_desc-")[0]

    @property
    def exists(self) -> bool:
        """Whether image, brain mask and tissues were written."""
        paths = (self.paths.t1w, self.paths.brain_mask, self._tissue)
        return all(inside(self.folder, path).exists() for path in paths)

    @property
    def is_registered(self) -> bool:
        """Whether it is there together with its transform to the template."""
        return self.exists and self._to_template.exists()

    @property
    def quality(self) -> dict[str, Any]:
        """Numbers of its sidecar; none where there is no sidecar."""
        path = inside(self.folder, self.paths.t1w.replace(".nii.gz", ".json"))
        found = told(path).get("Quality", {})
        return found if isinstance(found, dict) else {}

    @cached_property
    def t1w(self) -> Image:
        """Without the bias of the coil."""
        return read_image(inside(self.folder, self.paths.t1w))

    @cached_property
    def brain(self) -> Image:
        """Its brain mask."""
        return read_label_image(inside(self.folder, self.paths.brain_mask))

    @cached_property
    def tissue(self) -> Image:
        """1 grey matter, 2 white matter, 3 fluid, 0 outside the brain."""
        return read_label_image(inside(self.folder, self._tissue))

    @cached_property
    def white(self) -> Image:
        """Mask of white matter."""
        return where(self.tissue, WHITE_MATTER)

    def on_template(self, template: TemplateFiles) -> tuple[Image, Image, Image]:
        """Give T1w image and brain mask of the template, and the T1w image warped to them."""
        # ANTs takes seconds to load, and only this picture needs it.
        import ants  # noqa: PLC0415

        from brainchange.imaging.prepare.ants_images import from_ants, to_ants  # noqa: PLC0415

        fixed = read_image(template.t1w)
        moved = ants.apply_transforms(
            to_ants(fixed), to_ants(thinned(self.t1w)), [str(self._to_template)]
        )
        return fixed, read_label_image(template.brain_mask), from_ants(moved)

    @property
    def _tissue(self) -> str:
        return self.paths.t1w.replace("_desc-preproc_T1w.nii.gz", "_dseg.nii.gz")

    @property
    def _to_template(self) -> Path:
        stem, rest = self.paths.from_template.split("_from-")
        template = rest.split("_to-")[0]
        return inside(self.folder, f"{stem}_from-T1w_to-{template}_mode-image_xfm.h5")


def thinned(image: Image, largest: float = LARGEST_STEP) -> Image:
    """Keep every second, third, … voxel along each axis, as far as steps stay small.

    Parameters
    ----------
    image : Image
        Any image.
    largest : float
        Largest step in mm; an axis whose voxels are larger keeps all of them.
    """
    sizes = np.linalg.norm(image.affine[:3, :3], axis=0)
    steps = np.maximum(1, np.floor(largest / sizes + 1e-6)).astype(int)
    kept = image.values[tuple(slice(None, None, int(step)) for step in steps)]
    return Image(kept, image.affine @ np.diag([*steps.astype(float), 1.0]))
