"""A T1w image is thinned before it is warped, and stays where it is."""

from __future__ import annotations

import numpy as np

from brainchange.figures.qc_anatomy import thinned
from brainchange.imaging.nifti import Image


def test_a_fine_image_keeps_its_place_and_its_values():
    affine = np.diag([-0.7, 0.5, 2.0, 1.0])
    affine[:3, 3] = (90, -120, -70)
    values = np.random.default_rng(0).normal(size=(40, 60, 10))
    kept = thinned(Image(values, affine))
    # Steps of 1.4, 1.5 and 2 mm.
    assert kept.values.shape == (20, 20, 10)
    assert kept.values[3, 5, 7] == values[6, 15, 7]
    np.testing.assert_allclose(kept.affine @ [3, 5, 7, 1], affine @ [6, 15, 7, 1])


def test_an_image_of_coarse_voxels_is_left_as_it_is():
    image = Image(np.ones((4, 5, 6)), np.diag([2.0, 2.0, 5.0, 1.0]))
    kept = thinned(image)
    np.testing.assert_array_equal(kept.values, image.values)
    np.testing.assert_array_equal(kept.affine, image.affine)
