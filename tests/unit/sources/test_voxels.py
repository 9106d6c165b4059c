"""A scan that was compressed anew under another name is still the same scan."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainchange.sources.lock import LockRow
from brainchange.sources.overlap import Shared, cannot_compare, shared_participants
from brainchange.sources.voxels import voxel_digest, voxel_images


def scan(seed: int, n_volumes: int = 4, kind: str = "<i2") -> nib.Nifti1Image:
    values = np.random.default_rng(seed).integers(0, 900, (5, 6, 4, n_volumes)).astype(kind)
    return nib.Nifti1Image(values, np.diag([3.0, 3.0, 4.0, 1.0]))


def saved(image: nib.Nifti1Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    return path


def test_compression_header_byte_order_and_later_volumes_do_not_count(tmp_path: Path) -> None:
    first = voxel_digest(saved(scan(1), tmp_path / "one.nii.gz"))
    plain = scan(1)
    plain.header["descrip"] = b"anonymised again"
    plain.set_sform(np.diag([-3.0, 3.0, 4.0, 1.0]), code=1)
    assert voxel_digest(saved(plain, tmp_path / "two.nii")) == first
    values = np.asarray(scan(1).dataobj)
    big = nib.Nifti1Header(endianness=">")
    big.set_data_dtype(np.int16)
    swapped = nib.Nifti1Image(values, scan(1).affine, big)
    assert voxel_digest(saved(swapped, tmp_path / "big.nii.gz")) == first
    assert voxel_digest(saved(scan(1).slicer[..., :2], tmp_path / "short.nii.gz")) == first
    assert first.startswith("voxels:")


def test_another_scan_or_another_type_is_another_digest(tmp_path: Path) -> None:
    first = voxel_digest(saved(scan(1), tmp_path / "one.nii.gz"))
    assert voxel_digest(saved(scan(2), tmp_path / "two.nii.gz")) != first
    assert voxel_digest(saved(scan(1, kind="<f4"), tmp_path / "f.nii.gz")) != first


def test_what_is_no_whole_image_is_told(tmp_path: Path) -> None:
    path = saved(scan(1), tmp_path / "one.nii.gz")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match=r".+"):
        voxel_digest(path)
    (tmp_path / "no.nii.gz").write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match=r".+"):
        voxel_digest(tmp_path / "no.nii.gz")


def row(path: str) -> LockRow:
    return LockRow(path, 10, f"md5:{len(path):032x}", "https://example.org/file")


def test_the_same_scan_is_found_in_two_fetched_studies(tmp_path: Path) -> None:
    """Bytes and labels differ; a third participant is another person."""
    files = {
        "one": {"sub-01/func/sub-01_task-rest_bold.nii.gz": scan(1)},
        "two": {
            "sub-77/func/sub-77_task-rest_bold.nii": scan(1),
            "sub-78/func/sub-78_task-rest_bold.nii": scan(3),
            "sub-78/anat/sub-78_T1w.nii": scan(4, n_volumes=1),
        },
    }
    images = {}
    for study, published in files.items():
        rows = [row(path) for path in published]
        for path, image in published.items():
            saved(image, tmp_path / study / path)
        images[study], unreadable = voxel_images(
            [*rows, row("sub-09/anat/sub-09_T1w.nii.gz")], tmp_path / study
        )
        assert unreadable == ()
    assert shared_participants(images) == (Shared("one", "sub-01", "two", "sub-77", "voxels", 1),)
    assert cannot_compare(images) == ()


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    name = "sub-01/anat/sub-01_T1w.nii.gz"
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(b"nothing")
    assert voxel_images([row(name)], tmp_path) == ((), (name,))
