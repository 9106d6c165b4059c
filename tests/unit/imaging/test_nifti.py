"""The reader: what nibabel wrote comes back; what cannot be true is told."""

from __future__ import annotations

import gzip
import struct

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brainchange.errors import ImageError
from brainchange.imaging.nifti import read_image, read_label_image, read_volumes
from brainchange.imaging.nifti_header import read_header

AFFINE = np.array([[-2.0, 0, 0.3, 90], [0, 2, 0, -126], [0, 0, 5, -72], [0, 0, 0, 1]])
RNG = np.random.default_rng(1)


def write(path, values, *, kind=nib.Nifti1Image, tr=2.5, units=("mm", "sec"), affine=AFFINE, **k):
    image = kind(values, affine, **k)
    if values.ndim == 4:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr))
    image.header.set_xyzt_units(*units)
    nib.save(image, path)
    return path


def bold(dtype="float32", shape=(5, 4, 3, 7)):
    return (RNG.normal(size=shape) * 50 + 100).astype(dtype)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_voxels_come_back_in_the_stored_type(tmp_path, suffix, kind, dtype):
    values = bold(dtype)
    path = write(tmp_path / f"run{suffix}", values, kind=kind)
    voxels = np.array([0, 7, 31, 59])
    read = read_volumes(path, voxels)
    assert read.dtype == np.dtype(dtype)
    expected = values.reshape(-1, 7, order="F")[voxels].T
    np.testing.assert_array_equal(read, expected)


def test_big_endian_and_scaled_images_are_read_as_nibabel_reads_them(tmp_path):
    image = nib.Nifti1Image(bold("int16"), AFFINE, nib.Nifti1Header(endianness=">"))
    nib.save(image, tmp_path / "big.nii.gz")
    everything = np.arange(60)
    read = read_volumes(tmp_path / "big.nii.gz", everything)
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, image.get_fdata().reshape(60, 7, order="F").T)
    scaled = nib.Nifti1Image(bold("float64"), AFFINE)
    scaled.set_data_dtype("int16")
    nib.save(scaled, tmp_path / "scaled.nii.gz")
    told = nib.load(tmp_path / "scaled.nii.gz")
    assert told.dataobj.slope != 1
    read = read_volumes(tmp_path / "scaled.nii.gz", everything)
    np.testing.assert_allclose(read, told.get_fdata().reshape(60, 7, order="F").T, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int16", "float32", ">f4"])
@pytest.mark.parametrize("slope", [1.0, 2.5])
def test_voxels_of_large_volumes_come_back_in_the_order_asked_for(tmp_path, dtype, slope):
    values = bold("int16", shape=(97, 80, 61, 3))
    header = nib.Nifti1Header(endianness=">" if dtype.startswith(">") else "<")
    header.set_data_dtype(np.dtype(dtype).newbyteorder("="))
    image = nib.Nifti1Image(values, AFFINE, header)
    image.header.set_slope_inter(slope, 0)
    nib.save(image, tmp_path / "run.nii.gz")
    told = nib.load(tmp_path / "run.nii.gz").get_fdata().reshape(-1, 3, order="F").T
    voxels = RNG.choice(told.shape[1], 5000, replace=False)
    for asked in (np.sort(voxels), voxels, np.array([7, 7, 400_000, 0]), voxels[:0]):
        np.testing.assert_allclose(
            read_volumes(tmp_path / "run.nii.gz", asked), told[:, asked], rtol=1e-6
        )


def test_header_says_where_and_when_the_voxels_are(tmp_path):
    header = read_header(write(tmp_path / "run.nii.gz", bold()))
    assert (header.shape, header.n_volumes, header.repetition_time) == ((5, 4, 3), 7, 2.5)
    np.testing.assert_allclose(header.affine, AFFINE)
    milliseconds = write(tmp_path / "ms.nii", bold(), tr=2500, units=("mm", "msec"))
    assert read_header(milliseconds).repetition_time == 2.5
    metres = write(tmp_path / "m.nii", bold(), units=("meter", "sec"))
    np.testing.assert_allclose(read_header(metres).affine[:3], AFFINE[:3] * 1000)


def test_qform_is_used_where_no_sform_is_set(tmp_path):
    image = nib.Nifti1Image(bold(), None)
    image.set_qform(np.diag([2.0, 2, 5, 1]), code=1)
    image.set_sform(None, code=0)
    nib.save(image, tmp_path / "q.nii")
    np.testing.assert_allclose(read_header(tmp_path / "q.nii").affine, np.diag([2.0, 2, 5, 1]))


def test_three_dimensional_image_and_labels(tmp_path):
    labels = RNG.integers(0, 2036, (5, 4, 3)).astype("int16")
    image = read_image(write(tmp_path / "labels.nii.gz", labels))
    np.testing.assert_array_equal(image.values, labels)
    as_float = read_label_image(write(tmp_path / "float.nii.gz", labels.astype("float32")))
    assert as_float.values.dtype == np.int64
    np.testing.assert_array_equal(as_float.values, labels)
    write(tmp_path / "smooth.nii.gz", labels + np.float32(0.5))
    with pytest.raises(ImageError, match="no whole number") as caught:
        read_label_image(tmp_path / "smooth.nii.gz")
    assert "nearest neighbour" in str(caught.value)
    with pytest.raises(ImageError, match="7 volumes where one is expected"):
        read_image(write(tmp_path / "run.nii.gz", bold()))


def test_truncated_gzip_names_the_volume(tmp_path):
    path = write(tmp_path / "run.nii.gz", bold(shape=(40, 40, 20, 6)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError) as caught:
        read_volumes(path, np.arange(10))
    assert str(path) in str(caught.value)
    assert "fetch it again" in str(caught.value)


def test_file_with_fewer_volumes_than_it_claims(tmp_path):
    raw = gzip.decompress(write(tmp_path / "run.nii.gz", bold()).read_bytes())
    (tmp_path / "run.nii.gz").write_bytes(gzip.compress(raw[: 352 + 60 * 4 * 3 + 8]))
    with pytest.raises(ImageError, match="the file ends in volume 4 of 7"):
        read_volumes(tmp_path / "run.nii.gz", np.arange(10))
    (tmp_path / "run.nii").write_bytes(raw[:-1])
    with pytest.raises(ImageError, match="cannot hold"):
        read_volumes(tmp_path / "run.nii", np.arange(10))


def test_surplus_and_garbage_are_told(tmp_path):
    whole = write(tmp_path / "run.nii.gz", bold()).read_bytes()
    (tmp_path / "garbage.nii.gz").write_bytes(whole + b"garbage")
    with pytest.raises(ImageError, match="the compressed data"):
        read_volumes(tmp_path / "garbage.nii.gz", np.arange(3))
    raw = gzip.decompress(whole)
    (tmp_path / "long.nii.gz").write_bytes(gzip.compress(raw + bytes(240)))
    with pytest.raises(ImageError, match="240 B more than its header claims"):
        read_volumes(tmp_path / "long.nii.gz", np.arange(3))
    (tmp_path / "long.nii").write_bytes(raw + bytes(240))
    with pytest.raises(ImageError, match="240 B more than its header claims"):
        read_header(tmp_path / "long.nii")


def test_a_flipped_bit_is_noticed(tmp_path):
    path = write(tmp_path / "run.nii.gz", bold(shape=(20, 20, 10, 4)))
    damaged = bytearray(path.read_bytes())
    damaged[-6] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ImageError, match="damaged"):
        read_volumes(path, np.arange(3))


@pytest.mark.parametrize("compress", [True, False])
def test_a_header_that_claims_a_trillion_voxels_takes_no_memory(tmp_path, compress):
    raw = bytearray(gzip.decompress(write(tmp_path / "run.nii.gz", bold()).read_bytes()))
    struct.pack_into("<5h", raw, 40, 4, 10000, 10000, 10000, 1)
    path = tmp_path / ("huge.nii.gz" if compress else "huge.nii")
    path.write_bytes(gzip.compress(raw) if compress else raw)
    with pytest.raises(ImageError, match=r"10000 × 10000 × 10000 × 1 voxels \(4 TB\)"):
        read_volumes(path, np.arange(3))


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ((40, "<5h", (4, 5, -4, 3, 7)), "dimensions"),
        ((40, "<5h", (2, 5, 4, 1, 1)), "dimensions"),
        ((40, "<6h", (5, 5, 4, 3, 7, 2)), "dimensions"),
        ((70, "<h", (32,)), "data type 32"),
        ((70, "<h", (77,)), "data type 77"),
        ((108, "<f", (float("nan"),)), "voxels start at byte"),
        ((108, "<f", (1e9,)), "voxels start at byte"),
        ((344, "4s", (b"ni1\0",)), "pair of files"),
        ((0, "<i", (123,)), "not a NIfTI image"),
        ((280, "<4f", (0.0, 0.0, 0.0, 0.0)), "affine"),
        ((280, "<f", (float("inf"),)), "affine"),
    ],
)
def test_headers_that_cannot_be_true(tmp_path, patch, message):
    raw = bytearray(write(tmp_path / "run.nii", bold()).read_bytes())
    offset, form, values = patch
    struct.pack_into(form, raw, offset, *values)
    (tmp_path / "bad.nii").write_bytes(raw)
    with pytest.raises(ImageError, match=message) as caught:
        read_header(tmp_path / "bad.nii")
    assert "bad.nii" in str(caught.value)


def test_missing_short_and_foreign_files(tmp_path):
    with pytest.raises(ImageError, match="does not exist"):
        read_header(tmp_path / "no.nii.gz")
    (tmp_path / "short.nii").write_bytes(b"abc")
    with pytest.raises(ImageError, match="3 bytes, less than a NIfTI header"):
        read_header(tmp_path / "short.nii")
    (tmp_path / "pointer.nii.gz").write_text("/annex/objects/MD5E-s5--abc.nii.gz\n")
    with pytest.raises(ImageError, match="damaged"):
        read_header(tmp_path / "pointer.nii.gz")
    (tmp_path / "folder.nii").mkdir()
    with pytest.raises(ImageError, match="cannot be read"):
        read_header(tmp_path / "folder.nii")


def test_voxels_outside_the_grid_are_refused(tmp_path):
    path = write(tmp_path / "run.nii", bold())
    for wrong in (60, -1):
        with pytest.raises(ImageError, match="outside the grid of 60 voxels"):
            read_volumes(path, np.array([wrong]))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_leads_to_anything_but_an_image_error(tmp_path, data):
    raw = bytearray(write(tmp_path / "run.nii", bold(shape=(3, 3, 2, 3))).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, 351))] = data.draw(st.integers(0, 255))
    (tmp_path / "bad.nii").write_bytes(raw)
    try:
        read = read_volumes(tmp_path / "bad.nii", np.arange(4))
    except ImageError:
        return
    assert read.shape[1] == 4
