"""Written images are read by nibabel and have the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from brainchange.imaging.nifti_write import write_image


def test_image_is_read_back(tmp_path: Path) -> None:
    data = np.arange(2 * 5 * 4 * 3, dtype="<i2").reshape(2, 5, 4, 3)
    affine = np.array([[4, 0, 0, -70.5], [0, 4, 0, -110], [0, 0, 4, -60], [0, 0, 0, 1.0]])
    path = tmp_path / "bold.nii.gz"
    write_image(path, data, affine, repetition_time=2.5)
    image = nib.load(path)
    assert image.shape == (3, 4, 5, 2)
    np.testing.assert_array_equal(np.asarray(image.dataobj), data.T)
    np.testing.assert_array_equal(image.affine, affine)
    np.testing.assert_allclose(image.header.get_zooms(), (4, 4, 4, 2.5))
    assert image.header.get_xyzt_units() == ("mm", "sec")


def test_the_same_image_has_the_same_bytes(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 50, (6, 5, 4)).astype(np.int16)
    for name in ("a", "b"):
        write_image(tmp_path / f"{name}.nii.gz", data, np.eye(4))
    first = (tmp_path / "a.nii.gz").read_bytes()
    assert first == (tmp_path / "b.nii.gz").read_bytes()
    assert first[4:8] == bytes(4)
