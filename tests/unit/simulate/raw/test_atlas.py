"""The committed atlas of simulated raw images is made from their structures."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from brainchange.simulate.model import read_simulation
from brainchange.simulate.raw.atlas import IMAGE, LABELS, write_atlas
from made_up.raw import the_phantom


def test_the_committed_atlas_is_that_of_the_simulation(root: Path, tmp_path: Path) -> None:
    """After a change of the structures write it anew with ``write_atlas``."""
    write_atlas(the_phantom(), read_simulation(root, "rawdemo").anatomy, tmp_path)
    committed = root / "config" / "atlases"
    assert (tmp_path / LABELS).read_text() == (committed / LABELS).read_text()
    made, kept = nib.load(tmp_path / IMAGE), nib.load(committed / IMAGE)
    np.testing.assert_array_equal(made.affine, kept.affine)
    np.testing.assert_array_equal(np.asarray(made.dataobj), np.asarray(kept.dataobj))


def test_the_left_amygdala_lies_on_the_left(root: Path) -> None:
    image = nib.load(root / "config" / "atlases" / IMAGE)
    labels = (root / "config" / "atlases" / LABELS).read_text()
    assert "\n18\tLeft-Amygdala\n" in labels
    voxels = np.argwhere(np.asarray(image.dataobj) == 18)
    centre = image.affine[:3, :3] @ voxels.mean(axis=0) + image.affine[:3, 3]
    np.testing.assert_allclose(centre, [-23, -3, -20], atol=1)
    assert 1100 < len(voxels) < 2400
