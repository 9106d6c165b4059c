"""Images go to ANTs and back in their place; affines no grid of boxes has are told."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from nibabel.affines import from_matvec
from scipy.spatial.transform import Rotation

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.ants_images import from_ants, orthogonal_affine, to_ants

RNG = np.random.default_rng(4)
SIZES = (1.5, 2.0, 3.5)


def oblique(flips=(1, 1, 1), order=(0, 1, 2)):
    turned = Rotation.from_euler("xyz", [12, -20, 31], degrees=True).as_matrix()
    return from_matvec((turned @ np.diag(flips))[:, list(order)] * SIZES, [-70.25, 31, 12.5])


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_values_and_places_come_back(flips, order):
    values = RNG.normal(size=(5, 6, 7)).astype(np.float32)
    image = Image(values, oblique(flips, order))
    there = to_ants(image)
    index = (1, 4, 2)
    world = nib.affines.apply_affine(image.affine, index)
    by_itk = np.asarray(there.origin) + np.asarray(there.direction) @ (
        np.asarray(there.spacing) * index
    )
    np.testing.assert_allclose(by_itk * [-1, -1, 1], world, atol=1e-9)
    back = from_ants(there)
    np.testing.assert_array_equal(back.values, values)
    np.testing.assert_allclose(back.affine, image.affine, atol=1e-9)


def test_itk_reads_a_written_image_at_the_same_place(tmp_path):
    import ants

    values = RNG.normal(size=(5, 6, 7)).astype(np.float32)
    nib.save(nib.Nifti1Image(values, oblique((-1, 1, 1))), tmp_path / "image.nii")
    by_itk = ants.image_read(str(tmp_path / "image.nii"))
    ours = to_ants(Image(values, oblique((-1, 1, 1))))
    np.testing.assert_allclose(by_itk.origin, ours.origin, atol=1e-4)
    np.testing.assert_allclose(by_itk.direction, ours.direction, atol=1e-5)
    np.testing.assert_array_equal(by_itk.numpy(), ours.numpy())


def test_what_rounding_bent_is_straightened():
    bent = oblique()
    bent[:3, :3] += RNG.normal(size=(3, 3)) * 1e-4
    straight = orthogonal_affine(bent, "T1w")
    axes = straight[:3, :3] / np.linalg.norm(bent[:3, :3], axis=0)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(straight, bent, atol=1e-3)


def test_sheared_and_incredible_affines_are_told():
    sheared = oblique()
    sheared[:3, 0] += 0.05 * sheared[:3, 1]
    with pytest.raises(ImageError, match=r"sheared: two axes of voxels are 3\.8° from") as caught:
        orthogonal_affine(sheared, "sub-01_T1w.nii.gz")
    assert "as the scanner wrote it" in str(caught.value)
    in_metres = np.diag([1e-3, 1e-3, 1e-3, 1])
    with pytest.raises(ImageError, match=r"voxels of 0\.001 × 0\.001 × 0\.001 mm"):
        orthogonal_affine(in_metres, "sub-01_T1w.nii.gz")
