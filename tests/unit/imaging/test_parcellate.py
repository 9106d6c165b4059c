"""An atlas is brought to the grid of a BOLD image without inventing, losing or moving labels."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from nilearn.image import resample_to_img

from brainchange.errors import ConfigError, ImageError
from brainchange.imaging.atlas_check import region_places
from brainchange.imaging.nifti_write import write_image
from brainchange.imaging.parcellate import (
    most_frequent,
    parcellate,
    template_decisions,
    write_region_dataset,
)
from brainchange.imaging.parcellation import read_labels, region_voxels, world_coordinates
from brainchange.study.atlases import AtlasSource, choose_atlas
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.study.model import Images
from made_up.atlas import SHAPES, made_up_atlas, regions


def bold(path, shape, affine):
    """Write a run of two volumes on a grid; nothing of it but the header is read."""
    write_image(path, np.zeros((2, *shape[::-1]), "<i2"), affine, 2.0)
    return path


def oblique(angle=0.2, voxel=(3.0, 3.0, 3.5), shape=(66, 78, 50)):
    """A grid turned about two axes with the head in its middle."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    turned = turned @ np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turned * voxel
    affine[:3, 3] = np.array([0, -18, 8]) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return shape, affine


def centres_and_volumes(path, labels):
    image = nib.load(path)
    values = np.asanyarray(image.dataobj)
    size = abs(np.linalg.det(image.affine[:3, :3]))
    found = {}
    for name, number in labels.items():
        inside = np.argwhere(values == number)
        world = inside @ image.affine[:3, :3].T + image.affine[:3, 3]
        found[name] = (world.mean(axis=0), len(inside) * size)
    return found


def tolerated(volume, affine):
    """A tenth of a volume, and four voxels: small bodies have few of them."""
    return 0.1 * volume + 4 * abs(np.linalg.det(affine[:3, :3]))


def test_on_the_grid_of_the_atlas_nothing_changes(tmp_path):
    atlas = made_up_atlas()
    shape, affine = atlas.image.values.shape, atlas.image.affine
    reference = bold(tmp_path / "bold.nii.gz", shape, affine)
    assert parcellate(atlas, reference, tmp_path / "x_dseg.nii.gz") == ()
    image = nib.load(tmp_path / "x_dseg.nii.gz")
    np.testing.assert_array_equal(np.asanyarray(image.dataobj), atlas.image.values)
    np.testing.assert_allclose(image.affine, affine)


@pytest.mark.parametrize(
    ("shape", "affine"),
    [
        ((97, 115, 97), np.array([[2, 0, 0, -96.5], [0, 2, 0, -132.5], [0, 0, 2, -78.5]])),
        ((64, 76, 60), np.array([[-3, 0, 0, 95], [0, 3, 0, -130], [0, 0, 3, -76]])),
        oblique(),
        oblique(voxel=(2.0, 2.0, 5.0), shape=(98, 116, 36)),
    ],
    ids=["res-2", "3 mm, x to the left", "oblique", "5 mm slices"],
)
def test_labels_keep_their_place_and_volume(tmp_path, shape, affine):
    affine = affine if len(affine) == 4 else np.vstack([affine, [0, 0, 0, 1]])
    atlas = made_up_atlas()
    reference = bold(tmp_path / "bold.nii.gz", shape, affine)
    assert parcellate(atlas, reference, tmp_path / "x_dseg.nii.gz") == ()
    found = centres_and_volumes(tmp_path / "x_dseg.nii.gz", atlas.labels)
    for place in region_places(atlas, regions()):
        centre, volume = found[place.region.labels[0]]
        np.testing.assert_allclose(centre, place.centre, atol=1.0)
        assert abs(volume - place.volume) < tolerated(place.volume, affine)
    values = np.asanyarray(nib.load(tmp_path / "x_dseg.nii.gz").dataobj)
    assert set(np.unique(values)) == {0, *atlas.labels.values()}


def test_the_label_is_that_of_the_largest_share_of_the_voxel(tmp_path):
    """Against an independent way: the share of each label by averaging a fine grid of nilearn."""
    atlas = made_up_atlas()
    shape, affine = oblique(voxel=(4.0, 4.0, 4.0), shape=(30, 30, 26))
    reference = bold(tmp_path / "bold.nii.gz", shape, affine)
    parcellate(atlas, reference, tmp_path / "x_dseg.nii.gz")
    values = np.asanyarray(nib.load(tmp_path / "x_dseg.nii.gz").dataobj)
    finer = affine.copy()
    finer[:3, :3] /= 6
    finer[:3, 3] = affine[:3, 3] - affine[:3, :3] @ np.full(3, 5 / 12)
    fine = nib.Nifti1Image(np.zeros([6 * n for n in shape], np.int8), finer)
    made = nib.Nifti1Image(atlas.image.values, atlas.image.affine)
    sampled = resample_to_img(made, fine, "nearest", force_resample=True, copy_header=True)
    blocks = np.asarray(sampled.dataobj).reshape(*(n for side in shape for n in (side, 6)))
    for label in ("Left_Amygdala", "Right_Insular_Cortex"):
        number = atlas.labels[label]
        share = (blocks == number).mean(axis=(1, 3, 5))
        assert (values[share > 0.7] == number).all()
        assert (values[share < 0.3] != number).all()
        assert (share > 0.7).sum() > 10


@given(arrays(np.int32, (4, 6, 3), elements=st.integers(0, 4)))
def test_the_most_frequent_label_wins(fine):
    found = most_frequent(fine, (2, 3, 3))
    assert found.shape == (2, 2, 1)
    for x, y in np.ndindex(2, 2):
        block = fine[2 * x : 2 * x + 2, 3 * y : 3 * y + 3].ravel()
        numbers, counts = np.unique(block, return_counts=True)
        tied = numbers[counts == counts.max()]
        assert found[x, y, 0] == (tied[tied > 0].min() if (tied > 0).any() else 0)


def test_bytes_are_the_same_every_time(tmp_path):
    shape, affine = oblique()
    reference = bold(tmp_path / "bold.nii.gz", shape, affine)
    for name in ("a", "b"):
        parcellate(made_up_atlas(), reference, tmp_path / name / "x_dseg.nii.gz")
    for file in ("x_dseg.nii.gz", "x_dseg.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    told = json.loads((tmp_path / "a" / "x_dseg.json").read_text())
    assert told["Atlas"] == "Made"
    assert told["PointsPerVoxel"] == [3, 3, 3]
    assert told["Transform"] == "none: images in the space of the atlas"


def test_labels_outside_the_field_of_view_are_returned(tmp_path):
    atlas = made_up_atlas()
    affine = np.diag([3.0, 3, 3, 1])
    affine[:3, 3] = [-98, -134, 0]
    reference = bold(tmp_path / "bold.nii.gz", (66, 78, 40), affine)
    lost = parcellate(atlas, reference, tmp_path / "x_dseg.nii.gz")
    # What lies below z = -1.5 mm is outside.
    below = {name for name, (centre, axes) in SHAPES.items() if centre[2] + axes[2] < -1.5}
    assert {name.split("_", 1)[1] for name in lost if "_" in name} == below
    assert "Brain-Stem" in lost
    affine[:3, 3] = 500
    far = bold(tmp_path / "far.nii.gz", (66, 78, 40), affine)
    with pytest.raises(ImageError, match="no label of the atlas Made lies on the grid") as caught:
        parcellate(atlas, far, tmp_path / "y_dseg.nii.gz")
    assert "another space than its name says" in str(caught.value)
    assert not (tmp_path / "y_dseg.nii.gz").exists()


def test_an_atlas_is_taken_through_a_transform_of_itk(tmp_path):
    """A head turned and moved in its own space: regions turn and move with it."""
    import ants

    angle = np.deg2rad(8)
    turned = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    moved = np.array([12.0, -7.0, 5.0])
    # ITK: points of the output (T1w) → points of the input (template), in LPS.
    lps = np.diag([-1.0, -1.0, 1.0])
    inverse = lps @ turned.T @ lps
    transform = ants.create_ants_transform(
        "AffineTransform", dimension=3, matrix=inverse, translation=-inverse @ lps @ moved
    )
    ants.write_transform(transform, str(tmp_path / "from-template_to-T1w.mat"))
    atlas = made_up_atlas()
    shape, affine = oblique(angle=0.1, shape=(72, 84, 60))
    reference = bold(tmp_path / "bold.nii.gz", shape, affine)
    out = tmp_path / "x_dseg.nii.gz"
    assert parcellate(atlas, reference, out, tmp_path / "from-template_to-T1w.mat") == ()
    found = centres_and_volumes(out, atlas.labels)
    for place in region_places(atlas, regions()):
        centre, volume = found[place.region.labels[0]]
        np.testing.assert_allclose(centre, turned @ place.centre + moved, atol=0.6)
        assert abs(volume - place.volume) < tolerated(place.volume, affine)
    assert np.asanyarray(nib.load(out).dataobj).dtype == np.int16


@pytest.mark.slow
def test_a_composite_transform_of_a_registration_is_understood(tmp_path):
    """Template → T1w by a registration of the template to a moved copy of itself."""
    import ants
    from nilearn import datasets

    from brainchange.imaging.nifti import Image
    from brainchange.imaging.prepare.ants_images import set_seed, to_ants

    set_seed(1)
    loaded = datasets.load_mni152_template(resolution=4)
    values, affine = np.asarray(loaded.dataobj), np.asarray(loaded.affine)
    elsewhere = affine.copy()
    elsewhere[:3, 3] += [10, -6, 8]
    done = ants.registration(
        to_ants(Image(values, elsewhere)),
        to_ants(Image(values, affine)),
        type_of_transform="SyN",
        reg_iterations=(10, 0),
        write_composite_transform=True,
        outprefix=str(tmp_path / "xfm"),
    )
    atlas = made_up_atlas()
    shape, grid = oblique(angle=0.1, shape=(72, 84, 60))
    reference = bold(tmp_path / "bold.nii.gz", shape, grid)
    parcellate(atlas, reference, tmp_path / "x_dseg.nii.gz", tmp_path / "xfmComposite.h5")
    assert done["fwdtransforms"] == str(tmp_path / "xfmComposite.h5")
    found = centres_and_volumes(tmp_path / "x_dseg.nii.gz", atlas.labels)
    for place in region_places(atlas, regions()):
        centre, _ = found[place.region.labels[0]]
        np.testing.assert_allclose(centre, place.centre + np.array([10, -6, 8]), atol=1.5)


def test_a_transform_that_cannot_be_used_is_told(tmp_path):
    shape, affine = oblique()
    reference = bold(tmp_path / "bold.nii.gz", shape, affine)
    with pytest.raises(ImageError, match="the transform does not exist"):
        parcellate(made_up_atlas(), reference, tmp_path / "x.nii.gz", tmp_path / "no.h5")
    (tmp_path / "bad.h5").write_bytes(b"nothing")
    with pytest.raises(ImageError, match="the transform cannot be applied"):
        parcellate(made_up_atlas(), reference, tmp_path / "x.nii.gz", tmp_path / "bad.h5")


def test_the_table_of_labels_is_that_of_bids(tmp_path):
    atlas = made_up_atlas()
    write_region_dataset(tmp_path, atlas, "1.0")
    assert read_labels(tmp_path / "desc-Made_dseg.tsv") == dict(atlas.labels)
    description = json.loads((tmp_path / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative"


@pytest.mark.parametrize(
    ("images", "chosen", "n_caveats"),
    [
        ({"space": "MNI152NLin6Asym"}, "MNI152NLin6Asym", 0),
        ({"space": "MNI152NLin2009cAsym", "resolution": "2"}, "MNI152NLin2009cAsym", 0),
        ({"source": "raw", "template": "MNI152NLin6Asym"}, "MNI152NLin6Asym", 0),
        ({"space": "MNIColin27", "allow_other_template": True}, "MNI152NLin2009cAsym", 1),
        ({"space": "MNIColin27"}, "", 0),
    ],
)
def test_atlas_and_images_are_in_one_template_or_it_is_told(images, chosen, n_caveats):
    known = [AtlasSource("A", t, ()) for t in ("MNI152NLin2009cAsym", "MNI152NLin6Asym")]
    asked = Images(atlas="A", **images)
    if not chosen:
        with pytest.raises(ConfigError) as caught:
            choose_atlas(known, asked, "config/studies/x.yaml")
        text = str(caught.value)
        assert "in MNI152NLin2009cAsym and MNI152NLin6Asym, the images are in MNIColin27" in text
        assert "images.allow_other_template: true" in text
        return
    source = choose_atlas(known, asked, "config/studies/x.yaml")
    assert source.template == chosen
    rows = template_decisions(source, asked)
    assert len(DECISIONS_TABLE.frame(rows)) == n_caveats
    assert all("several millimetres" in row["reason"] for row in rows)


def test_spheres_fit_every_template_and_an_unknown_atlas_is_told():
    known = [AtlasSource("Seeds", "any", ())]
    images = Images(atlas="Seeds", space="MNI152NLin6Asym")
    source = choose_atlas(known, images, "x")
    assert template_decisions(source, images) == []
    with pytest.raises(ConfigError, match="there is no atlas 'Seds'") as caught:
        choose_atlas(known, replace_atlas(images, "Seds"), "x")
    assert "Did you mean 'Seeds'?" in str(caught.value)


def replace_atlas(images, name):
    return images.model_copy(update={"atlas": name})


@pytest.mark.shared
def test_regions_of_the_real_atlas_keep_their_midline_on_a_bold_grid(root, shared, tmp_path):
    """Way (b): Harvard-Oxford on fMRIPrep's res-2 grid; dmPFC is cut at 12 mm from x = 0."""
    from brainchange.imaging.midline import known_midline
    from brainchange.imaging.nifti import read_label_image
    from brainchange.study.regions import read_regions

    atlas = made_from(shared)
    mask = nib.load(shared / "atlases" / "tpl-MNI152NLin2009cAsym_res-02_desc-brain_mask.nii.gz")
    reference = bold(tmp_path / "bold.nii.gz", mask.shape, mask.affine)
    out = tmp_path / "x_dseg.nii.gz"
    assert parcellate(atlas, reference, out) == ()
    read = read_label_image(out)
    own = [one for one in read_regions(root / "config/regions.tsv") if one.atlas == atlas.name]
    found = region_voxels(
        read.values, read.affine, own, atlas.labels, "x", midline=known_midline("MNI152NLin6Asym")
    )
    for region, one in zip(own, found, strict=True):
        world = world_coordinates(one.voxels, read.values.shape, read.affine)
        assert np.linalg.norm(world.mean(axis=0) - region.centre) < 2
        if region.midline_distance:
            assert 10 < np.abs(world[:, 0]).max() <= 12


def made_from(shared):
    from brainchange.imaging.atlas import labelled_image
    from brainchange.imaging.nifti import read_label_image
    from brainchange.imaging.parcellation import label_rows

    stem = shared / "atlases" / "harvard_oxford_lateralised_maxprob25_2mm"
    image = read_label_image(stem.with_suffix(".nii.gz"))
    rows = label_rows(stem.with_suffix(".tsv"))
    labelled = labelled_image(image.values, image.affine, rows, "Harvard-Oxford")
    return replace(made_up_atlas(), name="HarvardOxford", image=labelled)
