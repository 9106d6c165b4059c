"""What is wrong with an atlas is noticed: sides, numbers, names, affine, sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainchange.errors import ConfigError, ImageError
from brainchange.imaging.atlas_check import check_atlas, region_places
from brainchange.imaging.laterality import other_side, side_of
from brainchange.study.regions import Region, read_regions
from made_up.atlas import made_up_atlas, names, regions


def told(atlas, checked=None):
    with pytest.raises(ImageError) as caught:
        check_atlas(atlas, regions() if checked is None else checked)
    return str(caught.value)


@pytest.mark.parametrize(
    ("label", "side", "other"),
    [
        ("Left_Frontal_Pole", "L", "Right_Frontal_Pole"),
        ("ctx-rh-insula", "R", "ctx-lh-insula"),
        ("Insula_L", "L", "Insula_R"),
        ("SN_pc_L", "L", "SN_pc_R"),
        ("7Networks_RH_SomMot_1", "R", "7Networks_LH_SomMot_1"),
        ("aHIP-lh", "L", "aHIP-rh"),
        ("GM Premotor cortex BA6 R", "R", "GM Premotor cortex BA6 L"),
        ("Brain-Stem", None, "Brain-Stem"),
        ("Lingual", None, "Lingual"),
        ("Left_or_Right", None, "Right_or_Left"),
    ],
)
def test_a_name_tells_its_side(label, side, other):
    assert side_of(label) == side
    assert other_side(label) == other


def test_regions_of_a_sound_atlas_lie_where_they_were_drawn():
    places = check_atlas(made_up_atlas(), regions())
    assert [place.region.region for place in places] == [one.region for one in regions()]
    for place in places:
        np.testing.assert_allclose(place.centre, place.region.centre, atol=4)
    assert places[0].volume == pytest.approx(4 / 3 * np.pi * 8 * 9 * 8, rel=0.05)


def test_swapped_hemispheres_are_told():
    swapped = {other_side(name): number for name, number in names().items()}
    text = told(made_up_atlas(labels=swapped), ())
    assert "16 of 16 labels lie on the other side than their name tells" in text
    assert "Left_Amygdala at x = 23 mm" in text
    assert "hemispheres are swapped (the affine is flipped, or left is named right)" in text


@pytest.mark.parametrize(("axis", "expected"), [(0, "hemispheres are swapped"), (1, ""), (2, "")])
def test_a_flipped_affine_is_told(axis, expected):
    atlas = made_up_atlas()
    flipped = atlas.image.affine.copy()
    flipped[axis] *= -1
    text = told(made_up_atlas(affine=flipped))
    assert expected in text
    if axis:
        assert "mm from (-38, 30, 34) where it is expected (at most 12 mm)" in text
        assert "affine of the atlas is wrong" in text


def test_numbers_that_are_one_off_are_told():
    values = made_up_atlas().image.values
    shifted = {name: number - 1 for name, number in names().items()}
    with pytest.raises(ImageError, match="numbers that no label has") as caught:
        made_up_atlas(labels=shifted)
    assert "names and numbers are out of step" in str(caught.value)
    consecutive = {name: place for place, name in enumerate(names(), start=1)}
    numbers = np.zeros(values.max() + 1, np.int32)
    numbers[list(names().values())] = list(consecutive.values())
    behind = dict(zip(consecutive, [*range(2, len(consecutive) + 1), 1], strict=True))
    text = told(made_up_atlas(values=numbers[values], labels=behind))
    assert "labels lie on the other side than their name tells" in text
    assert "or numbers are one off" in text
    assert "atlas Made, region amygdala_L: it is a region of the left side and lies at" in text


def test_numbers_that_are_one_pair_off_are_told_by_their_places():
    numbers = list(names().values())
    behind = dict(zip(names(), [*numbers[2:-1], *numbers[:2], numbers[-1]], strict=True))
    text = told(made_up_atlas(labels=behind))
    assert "on the other side" not in text
    assert text.count("where it is expected (at most 12 mm)") == len(regions())


def test_two_names_out_of_step_are_told():
    numbers = names()
    first, second = numbers["Left Amygdala"], numbers["Left Precentral Gyrus"]
    crossed = numbers | {"Left Amygdala": second, "Left Precentral Gyrus": first}
    text = told(made_up_atlas(labels=crossed))
    assert "atlas Made, region amygdala_L: its centre is at (-38, -10, 50)" in text
    assert "region precentral_L: its centre is at (-23, -4, -18)" in text
    assert "hippocampus" not in text


def test_a_wrong_size_of_voxels_is_told_by_the_volume():
    atlas = made_up_atlas()
    doubled = atlas.image.affine.copy()
    doubled[:3] *= 2
    text = told(made_up_atlas(affine=doubled))
    assert "8 times the" in text
    assert "the size of voxels in the header is wrong" in text
    tiny = [replace(region, volume=region.volume * 20) for region in regions()[:1]]
    assert "0.048 times the 48255 mm³ expected (between 1/3 and 3 times)" in told(atlas, tiny)


def test_a_region_without_voxels_and_a_region_of_the_other_side_are_told():
    emptied = made_up_atlas().image.values.copy()
    emptied[emptied == names()["Left Accumbens"]] = 0
    assert "region accumbens_L: no voxel of the atlas has its labels" in told(
        made_up_atlas(values=emptied)
    )
    wrong = Region("x_L", "x", "L", "Made", ("Right_Amygdala",))
    assert "region x_L: it is a region of the left side and lies at x = 2" in told(
        made_up_atlas(), [wrong]
    )


def test_an_unknown_label_is_told_with_the_likely_one():
    wrong = Region("x_L", "x", "L", "Made", ("Left_Amigdala",))
    with pytest.raises(ConfigError, match="is not in the atlas Made") as caught:
        check_atlas(made_up_atlas(), [wrong])
    assert "Did you mean 'Left_Amygdala'" in str(caught.value)


def test_regions_of_other_atlases_and_places_that_are_not_known_are_passed_over():
    others = [replace(region, atlas="aparcaseg", labels=("none",)) for region in regions()]
    assert check_atlas(made_up_atlas(), others) == ()
    anywhere = [replace(region, centre=None, volume=None) for region in regions()]
    assert len(check_atlas(made_up_atlas(), anywhere)) == len(regions())


def test_the_midline_of_a_template_is_x_0():
    label = "Left_Paracingulate_Gyrus"
    whole, near = region_places(
        made_up_atlas(),
        [Region("w", "w", "L", "Made", (label,)), Region("n", "n", "L", "Made", (label,), 6.0)],
    )
    assert 0 < near.volume < whole.volume
    assert whole.centre[0] < near.centre[0] < 0
    assert near.centre[0] > -6


@pytest.mark.shared
def test_the_configured_regions_lie_in_the_real_harvard_oxford_atlas(root, shared):
    atlas = real_harvard_oxford(shared)
    configured = read_regions(root / "config/regions.tsv")
    places = {place.region.region: place for place in check_atlas(atlas, configured)}
    assert len(places) == 30
    # Pruessner et al. 2000 and FreeSurfer: a hippocampus of 3 to 5 cm³ in life size; templates of
    # the MNI are about a third larger than a head, and thresholds at 50 % add some more.
    assert 5000 < places["hippocampus_L"].volume < 9000
    assert places["dmPFC_L"].centre[0] == pytest.approx(-5.8, abs=0.1)


@pytest.mark.shared
@pytest.mark.parametrize("shift", [1, 2, -1, -2])
def test_shifted_numbers_of_the_real_atlas_are_told(root, shared, shift):
    sound = real_harvard_oxford(shared)
    numbers = list(sound.labels.values())
    moved = dict(zip(sound.labels, np.roll(numbers, shift).tolist(), strict=True))
    broken = replace(sound, image=replace(sound.image, labels=moved))
    text = told(broken, read_regions(root / "config/regions.tsv"))
    assert text.count("atlas HarvardOxford, region") >= 28


def real_harvard_oxford(shared):
    from brainchange.imaging.atlas import Atlas, labelled_image
    from brainchange.imaging.nifti import read_label_image
    from brainchange.imaging.parcellation import label_rows

    stem = shared / "atlases" / "harvard_oxford_lateralised_maxprob25_2mm"
    image = read_label_image(stem.with_suffix(".nii.gz"))
    rows = label_rows(stem.with_suffix(".tsv"))
    return Atlas(
        "HarvardOxford",
        "MNI152NLin6Asym",
        labelled_image(image.values, image.affine, rows, "Harvard-Oxford"),
    )


@pytest.mark.shared
def test_the_real_subcortex_of_tian_is_what_the_table_pins(root, shared, tmp_path):
    """Checksum, names and places of config/ against the published file, put there by hand."""
    from brainchange.imaging.atlas_cache import have_atlas
    from brainchange.study.atlases import read_atlases
    from brainchange.study.settings import Sources

    [whole] = [
        source
        for source in read_atlases(root / "config/atlases.tsv")
        if (source.atlas, source.template) == ("Schaefer2018", "MNI152NLin2009cAsym")
    ]
    source = replace(whole, components=whole.components[1:])
    assert source.components[0].checksum is not None
    folder = tmp_path / "data" / "atlases" / "Schaefer2018"
    folder.mkdir(parents=True)
    name = "Tian_Subcortex_S2_3T_2009cAsym.nii.gz"
    (folder / name).write_bytes((shared / "atlases" / name).read_bytes())
    (tmp_path / "config" / "atlases").mkdir(parents=True)
    table = "config/atlases/TianS2.tsv"
    (tmp_path / table).write_bytes((root / table).read_bytes())
    atlas = have_atlas(source, tmp_path, Sources(retries=0))
    below = [
        region
        for region in read_regions(root / "config/regions.tsv")
        if region.atlas == "Schaefer2018" and region.labels[0] in atlas.labels
    ]
    places = check_atlas(atlas, below)
    assert [place.region.group for place in places[::2]] == [
        "amygdala",
        "hippocampus",
        "accumbens",
    ]
