"""Planes through images show what is there, where it is, with the sides where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.figures.qc_slices import (
    Fill,
    Outline,
    Plane,
    compose,
    edge,
    mosaic_around,
    sample,
    window_of,
    world_box,
)
from brainchange.imaging.nifti import Image

RED = (255, 0, 0)


def straight(size=2.0, origin=(-20.0, -20.0, -20.0)):
    affine = np.diag([size, size, size, 1.0])
    affine[:3, 3] = origin
    return affine


def cube(shape=(20, 20, 20), low=(6, 7, 8), high=(12, 14, 15)):
    values = np.zeros(shape, dtype=np.uint8)
    values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = 1
    return values


def on_grid(image, axis, index):
    """The plane whose pixels are the voxels of a straight grid."""
    right, upwards = {2: (0, 1), 1: (0, 2), 0: (1, 2)}[axis]
    size, origin = image.affine[0, 0], image.affine[:3, 3]
    shape = (image.values.shape[upwards], image.values.shape[right])
    at = origin[axis] + size * index
    return Plane(axis, float(at), (origin[right], origin[upwards]), shape, size)


def test_the_outline_of_a_mask_is_its_outermost_voxels():
    mask = Image(cube(), straight())
    plane = on_grid(mask, 2, 10)
    inside = sample(mask, plane, order=1, outside=0) > 0.5
    expected = np.zeros((20, 20), dtype=bool)
    expected[7:14, 6:12] = True
    expected[8:13, 7:11] = False
    # Rows of a picture run from the top, which is the front.
    np.testing.assert_array_equal(edge(inside), expected[::-1])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plane_through_voxel_centres_shows_their_values(axis):
    values = np.random.default_rng(1).normal(size=(7, 8, 9))
    image = Image(values, straight())
    shown = sample(image, on_grid(image, axis, 3), order=1, outside=np.nan)
    np.testing.assert_allclose(shown, np.take(values, 3, axis=axis).T[::-1], atol=1e-12)


@pytest.mark.parametrize(
    ("flips", "order"), [((0,), (0, 1, 2)), ((1, 2), (0, 1, 2)), ((), (2, 0, 1)), ((0,), (1, 2, 0))]
)
def test_how_voxels_are_stored_changes_no_picture(flips, order):
    values = np.random.default_rng(2).uniform(1, 2, size=(9, 10, 11))
    mask = np.zeros(values.shape, dtype=np.uint8)
    mask[2:7, 2:8, 2:9] = 1
    affine = straight()
    stored, brain, moved = values, mask, affine.copy()
    for axis in flips:
        stored, brain = np.flip(stored, axis), np.flip(brain, axis)
        turn = np.eye(4)
        turn[axis, axis], turn[axis, 3] = -1, values.shape[axis] - 1
        moved = moved @ turn
    stored, brain = stored.transpose(order), brain.transpose(order)
    permuted = np.zeros((4, 4))
    permuted[3, 3] = 1
    for new, old in enumerate(order):
        permuted[old, new] = 1
    moved = moved @ permuted
    expected = pictured(Image(values, affine), Image(mask, affine))
    np.testing.assert_array_equal(pictured(Image(stored, moved), Image(brain, moved)), expected)


def pictured(image, mask):
    mosaic = mosaic_around(mask, pixel=1.0)
    return compose(mosaic, image, window_of(image, mask), [Outline(mask, RED)])


def test_a_mirrored_image_gives_a_mirrored_picture():
    values = np.zeros((21, 21, 21))
    values[4:9, 6:15, 6:15] = 1.0
    affine = straight(origin=(-20.0, -20.0, -20.0))
    plane = on_grid(Image(values, affine), 2, 10)
    shown = sample(Image(values, affine), plane, order=1, outside=0)
    mirrored = sample(Image(values[::-1], affine), plane, order=1, outside=0)
    np.testing.assert_array_equal(mirrored, shown[:, ::-1])
    # x below 0 is the left of the participant, and is on the left.
    assert shown[:, :10].sum() > 0
    assert shown[:, 11:].sum() == 0


def test_an_oblique_grid_shows_a_ball_where_it_is():
    turn = np.deg2rad(25)
    affine = np.eye(4)
    affine[:2, :2] = 3 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    affine[2, 2] = 5.0
    centre_voxel = np.array([15.0, 16.0, 8.0])
    affine[:3, 3] = np.array([10.0, -5.0, 20.0]) - affine[:3, :3] @ centre_voxel
    grid = np.stack(np.meshgrid(*map(np.arange, (30, 32, 17)), indexing="ij"), axis=-1)
    world = grid @ affine[:3, :3].T + affine[:3, 3]
    ball = Image((np.linalg.norm(world - [10, -5, 20], axis=-1) < 24).astype(np.uint8), affine)
    low, high = world_box(ball)
    np.testing.assert_allclose((low + high) / 2, [10, -5, 20], atol=3)
    plane = Plane(2, 20.0, (-30.0, -45.0), (80, 80), 1.0)
    inside = sample(ball, plane, order=1, outside=0) > 0.5
    rows, columns = np.nonzero(inside)
    assert columns.mean() - 30 == pytest.approx(10, abs=1.0)
    assert (79 - rows.mean()) - 45 == pytest.approx(-5, abs=1.0)
    assert inside.sum() == pytest.approx(np.pi * 24**2, rel=0.06)


def test_what_was_not_measured_is_told_from_what_has_no_signal():
    image = Image(np.zeros((10, 10, 4)), straight())
    plane = Plane(1, -10.0, (-20.0, -20.0), (30, 20), 1.0)
    shown = sample(image, plane, order=1, outside=np.nan)
    # Four slices of 2 mm reach from −21 to −13 mm.
    assert np.isfinite(shown[-8:]).all()
    assert np.isnan(shown[:-8]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_no_numbers_are_black_and_do_not_spread(value):
    values = np.full((9, 9, 9), 100.0)
    values[4, 4, 4] = value
    image = Image(values, straight())
    shown = sample(image, on_grid(image, 2, 4), order=1, outside=np.nan)
    assert shown[4, 4] == 0
    assert np.delete(shown.ravel(), 40).tolist() == [100.0] * 80


def test_an_empty_mask_shows_the_whole_grid():
    image = Image(np.ones((10, 10, 10)), straight())
    low, high = world_box(Image(np.zeros((10, 10, 10)), straight()))
    np.testing.assert_allclose([low, high], [[-21] * 3, [-1] * 3])
    empty = Image(np.zeros((10, 10, 10), dtype=np.uint8), straight())
    assert pictured(image, empty).max() > 200
    assert not (pictured(image, empty) == RED).all(axis=-1).any()


def test_a_single_slice_is_one_plane():
    mask = Image(np.ones((10, 10, 1), dtype=np.uint8), straight())
    mosaic = mosaic_around(mask, pixel=1.0)
    axial = [tile.plane for tile in mosaic.tiles if tile.plane.axis == 2]
    assert [plane.position for plane in axial] == [-20.0]
    canvas = compose(mosaic, Image(np.ones((10, 10, 1)), straight()), (0.0, 1.0))
    assert (canvas == 235).any()


def test_thick_slices_are_not_shown_twice():
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    mosaic = mosaic_around(Image(np.ones((40, 40, 4), dtype=np.uint8), affine), pixel=1.0)
    axial = [tile.plane.position for tile in mosaic.tiles if tile.plane.axis == 2]
    assert len(axial) == 4
    assert sorted(np.rint(np.array(axial) / 5)) == [0, 1, 2, 3]


def test_labels_are_filled_with_their_colours_and_others_are_not():
    labels = Image(cube().astype(int) * 3, straight())
    mosaic = mosaic_around(labels, pixel=2.0)
    image = Image(np.full((20, 20, 20), 1.0), straight())
    painted = compose(mosaic, image, (0.0, 1.0), [Fill(labels, {3: RED})])
    assert (painted == RED).all(axis=-1).any()
    grey = compose(mosaic, image, (0.0, 1.0), [Fill(labels, {4: RED})])
    assert (grey.max(axis=-1) == grey.min(axis=-1)).mean() > 0.9


def test_tiles_do_not_overlap_and_stay_inside():
    mosaic = mosaic_around(Image(np.ones((60, 80, 50), dtype=np.uint8), straight()), pixel=1.0)
    taken = np.zeros(mosaic.shape, dtype=int)
    for tile in mosaic.tiles:
        assert taken[tile.window].shape == tile.plane.shape
        taken[tile.window] += 1
    assert taken.max() == 1
    assert {tile.plane.axis for tile in mosaic.tiles} == {0, 1, 2}


def test_a_constant_image_is_grey_and_makes_no_warning():
    flat = Image(np.zeros((5, 5, 5)), straight())
    low, high = window_of(flat, Image(np.ones((5, 5, 5), dtype=np.uint8), straight()))
    assert high > low
    nothing = Image(np.full((5, 5, 5), np.nan), straight())
    assert window_of(nothing, nothing) == (0.0, 1.0)
