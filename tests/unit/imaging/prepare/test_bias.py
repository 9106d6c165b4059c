"""A planted field of the coil is found and taken out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.bias import ROUGH_ITERATIONS, bias_field, without_bias

SHAPE, AFFINE = (36, 44, 36), np.diag([4.0, 4.0, 4.0, 1.0])


@pytest.fixture(scope="module")
def blobs():
    """Three tissues in blobs within an ellipsoid: image without field, its mask, and a field."""
    random = np.random.default_rng(3)
    places = (np.indices(SHAPE) - np.reshape(SHAPE, (3, 1, 1, 1)) / 2 + 0.5) / np.reshape(
        SHAPE, (3, 1, 1, 1)
    )
    mask = (places**2).sum(axis=0) < 0.4**2
    smooth = ndimage.gaussian_filter(random.normal(size=SHAPE), 1.5)
    tissue = np.digitize(smooth, np.quantile(smooth[mask], [0.2, 0.6]))
    image = np.array([250.0, 500.0, 700.0])[tissue] * random.normal(1, 0.02, SHAPE)
    field = np.exp(0.9 * places[1] - 0.5 * places[0] + 1.2 * places[2] ** 2)
    return image * mask, mask, field


def test_a_planted_field_is_found(blobs):
    image, mask, planted = blobs
    raw = Image((image * planted).astype(np.float32), AFFINE)
    found = bias_field(raw, mask, ROUGH_ITERATIONS)
    at_voxels = found.values[1:-1, 1:-1, 1:-1][mask]
    assert np.median(at_voxels) == pytest.approx(1, abs=0.02)
    assert planted[mask].std() / planted[mask].mean() > 0.15
    left = at_voxels / planted[mask]
    assert left.std() / left.mean() < 0.04
    corrected = without_bias(raw, found)
    ratio = corrected[mask] / image[mask]
    assert ratio.std() / ratio.mean() < 0.04


def test_where_there_is_no_field_nothing_changes(blobs):
    image, mask, _ = blobs
    raw = Image(image.astype(np.float32), AFFINE)
    corrected = without_bias(raw, bias_field(raw, mask, ROUGH_ITERATIONS))
    ratio = corrected[mask] / image[mask]
    assert ratio.std() / ratio.mean() < 0.03


def test_an_empty_mask_is_told(blobs):
    image, mask, _ = blobs
    with pytest.raises(ImageError, match="the brain mask of the T1w image is empty"):
        bias_field(Image(image.astype(np.float32), AFFINE), mask & False, ROUGH_ITERATIONS)
