"""Grids, masks and tissues by hand-computed values and made-up heads."""

from __future__ import annotations

import numpy as np
import pytest
from nibabel.affines import apply_affine
from scipy import ndimage

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.anatomy_images import AnatomyImages
from brainchange.imaging.prepare.boundary import Boundary
from brainchange.imaging.prepare.brain_mask import mask_by_intensity, refined_mask
from brainchange.imaging.prepare.grids import (
    block_means,
    box_around,
    canonical,
    cut,
    dice,
    grown,
    padded,
    shrunk,
)
from brainchange.imaging.prepare.hdf5_times import lookup3, without_times
from brainchange.imaging.prepare.tissue_classes import core_of, tissues_of

SIZES = np.array([2.0, 2.0, 2.0])
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


def test_blocks_of_voxels_are_averaged_where_they_lie():
    values = np.arange(4 * 2 * 3, dtype=np.float32).reshape(4, 2, 3)
    affine = np.diag([1.0, 1.0, 4.0, 1.0])
    affine[:3, 3] = 10, 20, 30
    low = block_means(Image(values, affine), 2.0)
    # Pairs along x and y; along z a voxel is already larger.
    assert low.values.shape == (2, 1, 3)
    assert low.values[1, 0, 2] == values[2:, :, 2].mean()
    np.testing.assert_allclose(apply_affine(low.affine, [0, 0, 0]), [10.5, 20.5, 30])
    np.testing.assert_allclose(np.diag(low.affine), [2, 2, 4, 1])


def test_the_last_voxels_are_repeated_to_fill_a_block():
    low = block_means(Image(np.array([1, 3, 5], np.float32).reshape(3, 1, 1), np.eye(4)), 2.0)
    np.testing.assert_array_equal(low.values.ravel(), [2, 5])


def test_cutting_and_padding_leave_every_voxel_in_its_place():
    values = np.zeros((6, 7, 8))
    values[2, 3, 4] = 1
    affine = AFFINE.copy()
    affine[:3, 3] = -3, 5, 8
    whole = Image(values, affine)
    box = box_around(values > 0, SIZES, 2.0)
    assert box == (slice(1, 4), slice(2, 5), slice(3, 6))
    for image in (cut(whole, box), padded(whole, 3.0)):
        (place,) = np.argwhere(image.values)
        np.testing.assert_allclose(apply_affine(image.affine, place), [1, 11, 16])


def test_masks_grow_and_shrink_by_millimetres():
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[4, 4, 4] = True
    assert grown(mask, SIZES, 1.9).sum() == 1
    assert grown(mask, SIZES, 2.0).sum() == 7
    assert shrunk(grown(mask, SIZES, 2.0), SIZES, 1.9).sum() == 7
    assert shrunk(grown(mask, SIZES, 2.0), SIZES, 2.0).sum() == 1


def test_voxels_in_another_order_lie_where_they_lay():
    values = np.random.default_rng(0).normal(size=(3, 4, 5))
    affine = np.array([[0, 0, -2.0, 7], [3.0, 0, 0, 8], [0, -4.0, 0, 9], [0, 0, 0, 1]])
    found = canonical(Image(values, affine))
    assert found.values.shape == (5, 3, 4)
    place = np.argwhere(found.values == values[1, 2, 3])[0]
    np.testing.assert_allclose(apply_affine(found.affine, place), apply_affine(affine, [1, 2, 3]))
    np.testing.assert_allclose(found.affine[:3, :3], np.diag([2.0, 3.0, 4.0]))


def test_dice_of_empty_masks_is_not_a_number():
    assert np.isnan(dice(np.zeros(3, bool), np.zeros(3, bool)))
    assert dice(np.array([1, 1, 0], bool), np.array([0, 1, 1], bool)) == 0.5


@pytest.fixture(scope="module")
def head():
    """A brain of two tissues in a skull and a scalp as bright, with a bridge between them."""
    places = (np.indices((90, 100, 90)) - np.reshape([45, 50, 45], (3, 1, 1, 1))) * 2.0
    distance = np.linalg.norm(places / np.reshape([65, 80, 65], (3, 1, 1, 1)), axis=0)
    brain = distance < 1
    white = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=brain.shape), 4) > 0
    image = np.where(brain, np.where(white, 700, 500), 0)
    image[(distance > 1.14) & (distance < 1.25)] = 600
    bridge = (np.abs(places[0]) < 3) & (np.abs(places[2]) < 3) & (places[1] > 0)
    image[bridge & (distance >= 1) & (distance < 1.25)] = 600
    noisy = image + np.random.default_rng(2).normal(0, 15, image.shape)
    return Image(np.maximum(noisy, 0).astype(np.float32), AFFINE), brain


@pytest.mark.parametrize("shift", [(3, -2, 2), (0, 0, 0)])
def test_the_brain_is_found_without_scalp_and_bridge(head, shift):
    """The template has its brain beside it, and 5 mm too large, so that scalp lies near it."""
    image, brain = head
    expected = np.roll(grown(brain, SIZES, 5.0), shift, axis=(0, 1, 2))
    found = mask_by_intensity(image, expected)
    assert dice(found, brain) > 0.985
    assert dice(expected, brain) < 0.95
    scalp = (image.values > 400) & ~grown(brain, SIZES, 8.0)
    assert scalp.sum() > 20_000
    assert not (found & scalp).any()


def test_where_nothing_looks_like_a_brain_that_is_told(head):
    _, brain = head
    with pytest.raises(ImageError, match="no brain was found in the T1w image"):
        mask_by_intensity(Image(np.zeros(brain.shape, np.float32), AFFINE), brain & False)


def test_intensity_decides_near_the_outline_of_the_template_and_nowhere_else(head):
    _, brain = head
    with_dura = grown(brain, SIZES, 12.0)
    hole = brain.copy()
    hole[40:50, 45:55, 40:50] = False
    found = refined_mask(with_dura & hole, brain, SIZES)
    assert found[45, 50, 45]
    assert not found[~grown(brain, SIZES, 4.1)].any()
    assert refined_mask(shrunk(brain, SIZES, 2.0), brain, SIZES).sum() < brain.sum()


def three_tissues(means):
    """An ellipsoid of three tissues in blobs, 20, 45 and 35 % of it, with noise."""
    random = np.random.default_rng(6)
    places = np.indices((44, 50, 44)) - np.reshape([22, 25, 22], (3, 1, 1, 1))
    brain = np.linalg.norm(places / np.reshape([20, 23, 20], (3, 1, 1, 1)), axis=0) < 1
    smooth = ndimage.gaussian_filter(random.normal(size=brain.shape), 2.0)
    tissue = np.digitize(smooth, np.quantile(smooth[brain], [0.2, 0.65]))
    image = np.asarray(means, dtype=float)[tissue] + random.normal(0, 25, brain.shape)
    return Image(np.where(brain, image, 0).astype(np.float32), AFFINE), brain, tissue


def test_tissues_are_told_by_intensity(tmp_path):
    image, brain, true = three_tissues((200, 450, 700))
    found = tissues_of(image, brain, tmp_path)
    shares = np.array([found.fluid, found.grey, found.white])
    assert (shares.argmax(axis=0) == true)[brain].mean() > 0.98
    np.testing.assert_allclose(shares.sum(axis=0)[brain], 1, atol=1e-5)
    assert not shares[:, ~brain].any()
    np.testing.assert_allclose(found.intensities, (450, 700, 200), rtol=0.03)
    assert list(tmp_path.glob("antsr*"))


def test_tissues_of_one_intensity_are_refused(tmp_path):
    image, brain, _ = three_tissues((200, 655, 700))
    with pytest.raises(ImageError, match="cannot be told apart in the T1w image"):
        tissues_of(image, brain, tmp_path)


def test_a_core_is_a_tissue_without_its_outermost_layer_at_every_voxel_size():
    probability = np.zeros((20, 20, 20), np.float32)
    probability[4:14, 4:14, 4:14] = 1
    core = core_of(probability, "white matter")
    assert core.voxels.sum() == 8**3
    assert core.voxels[5:13, 5:13, 5:13].all()
    assert core.degraded == ""


def test_a_core_that_would_be_empty_gives_up_erosion_and_then_certainty():
    thin = np.zeros((20, 20, 20), np.float32)
    thin[4:14, 4:14, 6] = 1
    core = core_of(thin, "fluid")
    assert core.voxels.sum() == 100
    assert core.degraded == "the mask of fluid is not eroded, or it would be empty"
    core = core_of(0.6 * thin, "fluid")
    assert core.voxels.sum() == 100
    assert "hardly any is sure" in core.degraded


def test_the_share_of_a_tissue_in_a_coarse_voxel_is_counted_in_it():
    """Voxels of 4 mm over voxels of 1 mm: the first holds 2 of 4 layers, the next none."""
    tissue = np.zeros((8, 4, 4), np.uint8)
    tissue[:2] = 2
    empty = Boundary(np.zeros((0, 3)), np.zeros((0, 3)))
    brain = Image(tissue > 0, np.eye(4))
    anatomy = AnatomyImages(brain, brain, Image(tissue, np.eye(4)), empty)
    coarse = np.diag([4.0, 4.0, 4.0, 1.0])
    coarse[:3, 3] = 1.5
    share = anatomy.share_of_tissue(2, (2, 1, 1), coarse)
    np.testing.assert_allclose(share.ravel(), [0.5, 0])
    np.testing.assert_allclose(anatomy.share_of_brain((2, 1, 1), coarse).ravel(), [0.5, 0])


def test_checksums_of_hdf5_are_those_of_their_author():
    """Values of ``driver5`` in Jenkins's lookup3.c."""
    assert lookup3(b"") == 0xDEADBEEF
    assert lookup3(b"Four score and seven years ago") == 0x17770551


def test_times_leave_an_object_header_and_its_checksum_holds():
    block = b"OHDR" + bytes([2, 0x20]) + bytes(range(1, 17)) + bytes([3]) + b"abc"
    stored = block + lookup3(block).to_bytes(4, "little")
    found = without_times(b"before" + stored + b"after")
    assert found[6:12] == stored[:6]
    assert found[12:28] == bytes(16)
    assert found[28:32] == stored[22:26]
    assert found[32:36] == lookup3(found[6:32]).to_bytes(4, "little")
    damaged = b"before" + stored[:-1] + b"?" + b"after"
    assert without_times(damaged) == damaged
