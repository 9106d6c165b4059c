"""Planted movements are found, in thin and in thick slices; a still head stays still."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from brainchange.imaging.confounds import framewise_displacement
from brainchange.imaging.prepare.realignment import COARSE, FINE, QUICK, realign
from brainchange.imaging.prepare.reference import realign_in_two_passes, still_volumes
from brainchange.imaging.prepare.rigid import motion_parameters, rigid_transform
from brainchange.imaging.prepare.series import Series
from brainchange.simulate.raw.rigid import poses_of
from made_up.scanned import THICK, THIN, moves, pose, scan

N_VOLUMES = 14


@pytest.fixture(scope="module", params=[THIN, THICK], ids=["3.5 mm", "5 mm slices"])
def moving(request):
    """A moving head, and what is found of its movement."""
    scanned = scan(request.param, moves(N_VOLUMES, seed=1))
    reference, found = realign_in_two_passes(scanned.series, 0)
    return scanned, reference, found


def test_planted_movements_are_found(moving):
    scanned, _, found = moving
    true = motion_parameters(scanned.poses, found.centre)
    wrong = found.parameters - true
    # The reference lies where the still volumes lie, not where the head is at rest.
    wrong -= wrong.mean(axis=0)
    assert np.abs(true[:, :3]).max() > 0.5
    assert np.abs(wrong[:, :3]).max() < 0.05
    assert np.rad2deg(np.abs(wrong[:, 3:])).max() < 0.05
    assert found.lost == ()


def test_framewise_displacement_is_that_of_the_planted_movements(moving):
    scanned, _, found = moving
    true = framewise_displacement(motion_parameters(scanned.poses, found.centre))[1:]
    seen = framewise_displacement(found.parameters)[1:]
    assert np.corrcoef(true, seen)[0, 1] > 0.99
    assert seen.mean() == pytest.approx(true.mean(), rel=0.05)


def test_the_brain_is_found_and_the_reference_leaves_out_the_jump(moving):
    scanned, reference, _ = moving
    both = (reference.brain & scanned.brain).sum()
    assert 2 * both / (reference.brain.sum() + scanned.brain.sum()) > 0.9
    jump = N_VOLUMES // 2
    assert not {jump - 1, jump} & set(reference.still)


@pytest.mark.parametrize("grid", [THIN, THICK], ids=["3.5 mm", "5 mm slices"])
def test_a_still_head_hardly_seems_to_move(grid):
    still = scan(grid, np.repeat(np.eye(4)[np.newaxis], N_VOLUMES, axis=0), seed=3)
    _, found = realign_in_two_passes(still.series, 0)
    assert framewise_displacement(found.parameters)[1:].mean() < 0.03


def test_a_movement_of_centimetres_is_found():
    far = pose((8, -9, 6), (7, -5, 6))
    scanned = scan(THIN, np.array([np.eye(4), far]))
    head = ndimage.binary_dilation(scanned.brain)
    found = realign(scanned.series, scanned.series.volume(0), head, (COARSE, QUICK, FINE))
    np.testing.assert_allclose(found.transforms[1][:3, :3], far[:3, :3], atol=1e-3)
    there = found.transforms[1] @ [*found.centre, 1] - far @ [*found.centre, 1]
    assert np.abs(there).max() < 0.05


def test_a_gain_that_drifts_over_the_head_is_no_movement():
    scanned = scan(THIN, np.repeat(np.eye(4)[np.newaxis], 3, axis=0), tsnr=1000)
    slopes = np.linspace(-1, 1, scanned.series.shape[2], dtype=np.float32)
    along_z = np.broadcast_to(slopes, scanned.series.shape).ravel(order="F")
    stored = scanned.series.stored.copy()
    stored[2] *= 1 + 0.03 * along_z
    drifting = Series(stored, scanned.series.shape, scanned.series.affine)
    head = ndimage.binary_dilation(scanned.brain)
    found = realign(drifting, drifting.volume(0), head, (FINE,))
    assert np.abs(found.parameters[2, :3]).max() < 0.02


def test_a_volume_of_noise_is_told_as_lost():
    scanned = scan(THIN, np.array([np.eye(4), np.eye(4)]))
    stored = scanned.series.stored.copy()
    stored[1] = np.random.default_rng(0).standard_normal(stored.shape[1]) * 500
    noise = Series(stored, scanned.series.shape, scanned.series.affine)
    found = realign(noise, noise.volume(0), scanned.brain, (FINE,))
    assert found.lost == (1,)


def test_ants_finds_the_same_position():
    import ants

    from brainchange.imaging.nifti import Image
    from brainchange.imaging.prepare.ants_images import to_ants

    scanned = scan(THIN, np.array([np.eye(4), pose((0.9, -0.6, 1.1), (0.8, -1.2, 0.7))]))
    series, head = scanned.series, ndimage.binary_dilation(scanned.brain)
    found = realign(series, series.volume(0), head, (COARSE, FINE))
    fixed, moving = (to_ants(Image(series.volume(v), series.affine)) for v in (0, 1))
    by_ants = ants.registration(
        fixed, moving, "BOLDRigid", aff_random_sampling_rate=1.0, random_seed=1
    )
    transform = ants.read_transform(by_ants["fwdtransforms"][0])
    flip = np.array([-1, -1, 1])
    for point in np.random.default_rng(0).normal(0, 40, (20, 3)) + found.centre:
        theirs = np.array(transform.apply_to_point(tuple(point * flip))) * flip
        ours = (found.transforms[1] @ [*point, 1])[:3]
        assert np.linalg.norm(ours - theirs) < 0.15


def test_parameters_are_those_of_fmriprep():
    centre = np.array([3.0, -12.0, 20.0])
    random = np.random.default_rng(5)
    parameters = random.normal(0, 1, (8, 6)) * np.repeat([3.0, 0.1], 3)
    there = poses_of(parameters, centre)
    np.testing.assert_allclose(motion_parameters(there, centre), parameters, atol=1e-12)


def test_a_head_that_moves_right_back_and_down_has_positive_translations():
    shift = np.eye(4)
    shift[:3, 3] = 1, -2, -3
    found = motion_parameters(shift[np.newaxis], np.zeros(3))[0]
    np.testing.assert_allclose(found, [1, 2, 3, 0, 0, 0])


def test_rotations_are_about_the_centre():
    centre = np.array([10.0, 20.0, 30.0])
    turned = rigid_transform(np.array([0, 0, 0, 0.1, 0.2, 0.3]), centre)
    np.testing.assert_allclose(turned @ [*centre, 1], [*centre, 1])
    np.testing.assert_allclose(np.linalg.det(turned), 1)


def test_the_turn_is_about_z_first_then_y_then_x():
    quarter = np.pi / 2
    turned = rigid_transform(np.array([0, 0, 0, quarter, 0, quarter]), np.zeros(3))
    # About z from right to front, then about x from front to top.
    np.testing.assert_allclose(turned @ [1, 0, 0, 1], [0, 0, 1, 1], atol=1e-12)


def test_volumes_that_move_least_make_the_reference():
    displacement = np.array([np.nan, 0.1, 0.05, 3.0, 0.1, 0.1, 0.1, 0.3])
    # Volumes 2 and 3 lie on both sides of the jump; 0 is not in steady state. Of those that moved
    # equally the earlier are taken: half of seven volumes, rounded, is four.
    assert still_volumes(displacement, 1) == (1, 4, 5, 6)
