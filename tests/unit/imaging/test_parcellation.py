"""Regions are the union of their labels, and what is wrong with a label is told."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.errors import ConfigError, ImageError, TableError
from brainchange.imaging.midline import midline_plane
from brainchange.imaging.nifti import read_label_image
from brainchange.imaging.parcellation import (
    RegionVoxels,
    atlases,
    in_any_region,
    known_labels,
    label_numbers,
    packaged_labels,
    read_labels,
    region_voxels,
    require_same_grid,
)
from brainchange.study.regions import Region, read_regions
from brainchange.tables import read_tsv

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


def region(labels, distance=None, name="x"):
    return Region(name, name, "L", "aparcaseg", labels, distance)


def test_the_packaged_numbers_are_those_of_freesurfer():
    labels = packaged_labels("aparcaseg")
    known = {
        "Left-Hippocampus": 17,
        "Right-Hippocampus": 53,
        "Left-Amygdala": 18,
        "Right-Amygdala": 54,
        "Left-Accumbens-area": 26,
        "ctx-lh-medialorbitofrontal": 1014,
        "ctx-rh-insula": 2035,
    }
    assert {name: labels[name] for name in known} == known
    assert atlases() == ("aparcaseg",)
    assert known_labels("schaefer") == ()


def test_every_label_of_the_configured_regions_is_known(root):
    every = read_regions(root / "config" / "regions.tsv")
    regions = [region for region in every if region.atlas == "aparcaseg"]
    assert label_numbers(regions, packaged_labels("aparcaseg"), "aparcaseg")


@pytest.mark.shared
def test_the_packaged_table_agrees_with_the_one_of_a_real_dataset(shared):
    folder = shared / "openneuro-derivatives" / "ds003007-fmriprep"
    real = read_labels(folder / "desc-aparcaseg_dseg.tsv")
    assert {name: real[name] for name in packaged_labels("aparcaseg")} == dict(
        packaged_labels("aparcaseg")
    )


def test_a_table_of_labels_is_read_and_its_faults_are_told(tmp_path):
    path = tmp_path / "desc-x_dseg.tsv"
    path.write_text('index\tname\tcolor\n0\t"Unknown"\t#000000\n18\t"Left-Amygdala"\t#67ffff\n')
    assert read_labels(path) == {"Unknown": 0, "Left-Amygdala": 18}
    path.write_text("index\tnames\n1\ta\n")
    with pytest.raises(TableError, match="column 'name' is missing") as caught:
        read_labels(path)
    assert "Did you mean 'names'?" in str(caught.value)
    path.write_text("index\tname\n1.5\ta\n")
    with pytest.raises(TableError, match=r"row 2: column 'index' holds '1\.5'"):
        read_labels(path)


def test_a_region_is_the_union_of_its_labels():
    image = np.zeros((3, 2, 2), np.int16)
    image[0, 0, 0], image[2, 1, 1], image[1, 0, 0] = 5, 7, 9
    labels = {"five": 5, "seven": 7, "nine": 9, "none": 11}
    found = region_voxels(
        image, AFFINE, [region(("seven", "five")), region(("none",), name="y")], labels, "x"
    )
    np.testing.assert_array_equal(found[0].voxels, [0, 2 + 3 * 1 + 6 * 1])
    assert found[1].voxels.size == 0


def test_voxels_of_overlapping_regions_are_told_once():
    found = [RegionVoxels("a", np.array([1, 2])), RegionVoxels("b", np.array([2, 4]))]
    found.append(RegionVoxels("none", np.array([], dtype=np.intp)))
    np.testing.assert_array_equal(np.flatnonzero(in_any_region(found, 6)), [1, 2, 4])


def test_an_unknown_label_is_told_with_the_closest_one():
    with pytest.raises(ConfigError) as caught:
        region_voxels(
            np.zeros((2, 2, 2)), AFFINE, [region(("Left-Amigdala",))], {"Left-Amygdala": 18}, "T"
        )
    assert "label 'Left-Amigdala' of region 'x' is not in T" in str(caught.value)
    assert "Did you mean 'Left-Amygdala'?" in str(caught.value)


LABELS = {
    f"{side}-{n}": n + 10 * (side == "Right") for side in ("Left", "Right") for n in (1, 2, 3)
}


def tilted(angle_degrees, offset):
    """Three pairs of labels mirrored at a plane, in a grid turned about z and moved along x."""
    angle = np.deg2rad(angle_degrees)
    affine = np.eye(4)
    affine[:2, :2] = 3 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    affine[2, 2] = 3
    affine[:3, 3] = affine[:3, :3] @ [-10.5, -10, -5] + [offset, 0, 0]
    image = np.zeros((22, 20, 10), np.int16)
    for n, (x, y, z) in enumerate([(3, 4, 2), (6, 12, 5), (7, 15, 7)], start=1):
        image[x, y, z] = n
        image[21 - x, y, z] = n + 10
    image[8:14, 17, 8] = 4
    return image, affine


@pytest.mark.parametrize(("angle", "offset"), [(0, 0), (15, 7), (-20, -30)])
def test_the_midline_is_found_whatever_the_position_of_the_head(angle, offset):
    image, affine = tilted(angle, offset)
    labels = LABELS | {"strip": 4}
    near = region_voxels(image, affine, [region(("strip",), 5.0)], labels, "x")[0].voxels
    x = np.unravel_index(near, image.shape, order="F")[0]
    np.testing.assert_array_equal(x, [9, 10, 11, 12])


def test_a_midline_needs_labels_on_both_sides():
    image, affine = tilted(0, 0)
    image[image > 10] = 0
    with pytest.raises(ImageError, match="only 0 labels occur on both sides") as caught:
        region_voxels(image, affine, [region(("strip",), 5.0)], LABELS | {"strip": 4}, "x.nii")
    assert "remove midline_distance" in str(caught.value)
    image, affine = tilted(0, 0)
    crossed = LABELS | {"strip": 4, "Right-2": 2, "Left-2": 12, "Left-4": 13, "Right-4": 3}
    with pytest.raises(ImageError, match="left and right labels are not on two sides"):
        region_voxels(image, affine, [region(("strip",), 5.0)], crossed, "x.nii")


def test_grids_must_be_one():
    names = ("bold.nii", "mask.nii")
    require_same_grid((4, 4, 4), AFFINE, (4, 4, 4), AFFINE + 1e-6, names)
    with pytest.raises(ImageError, match="4 × 4 × 4 and 4 × 4 × 5 voxels") as caught:
        require_same_grid((4, 4, 4), AFFINE, (4, 4, 5), AFFINE, names)
    assert "bold.nii and mask.nii are on different grids" in str(caught.value)
    moved = AFFINE.copy()
    moved[0, 3] = 3
    with pytest.raises(ImageError, match="a corner 3 mm apart"):
        require_same_grid((4, 4, 4), AFFINE, (4, 4, 4), moved, names)


def test_the_packaged_table_is_one_name_a_number(root):
    table = read_tsv(root / "src" / "brainchange" / "imaging" / "aparcaseg_labels.tsv")
    assert table["index"].is_unique
    assert table["name"].is_unique


def test_the_torque_of_the_brain_does_not_turn_the_midline():
    """Right labels 6 mm further to the front than left ones: the plane stays at x = 0."""
    image = np.zeros((40, 50, 30), np.int16)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = [-39, -50, -30]
    labels = {}
    places = [(25, 5, 5), (30, 20, 22), (33, 30, 8), (24, 42, 25), (36, 15, 15)]
    for n, (x, y, z) in enumerate(places, start=1):
        image[x : x + 2, y + 3, z] = n
        image[39 - x - 1 : 40 - x, y, z] = n + 10
        labels |= {f"Area{n}_R": n, f"Area{n}_L": n + 10}
    plane = midline_plane(image, affine, labels, "x")
    np.testing.assert_allclose(plane.normal, [1, 0, 0], atol=1e-9)
    assert plane.point[0] == pytest.approx(0)
    assert plane.distance(np.array([[5.0, 40, 30]])) == pytest.approx(5)


@pytest.mark.shared
def test_the_midline_of_the_real_harvard_oxford_atlas_is_x_0(shared):
    stem = shared / "atlases" / "harvard_oxford_lateralised_maxprob25_2mm"
    image = read_label_image(stem.with_suffix(".nii.gz"))
    plane = midline_plane(image.values, image.affine, read_labels(stem.with_suffix(".tsv")), "x")
    for point in ([0, 50, 20], [0, 30, 60], [0, -90, 0]):
        assert abs(plane.distance(np.array([point], float))[0]) < 1
