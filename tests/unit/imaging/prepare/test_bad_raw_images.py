"""Raw images as they should not be: each is mended, told or refused, and never silently used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.affines import from_matvec
from scipy.spatial.transform import Rotation

from brainchange.errors import ImageError
from brainchange.imaging.nifti_header import read_header
from brainchange.imaging.prepare.acquisition import read_acquisition
from brainchange.imaging.prepare.anatomy_input import read_t1w
from brainchange.imaging.prepare.participant import prepare_participant
from brainchange.imaging.prepare.prepared import PreparationPlan
from brainchange.imaging.prepare.run import prepare_run
from brainchange.imaging.prepare.series import read_series
from brainchange.imaging.prepare.slice_timing import reference_time
from brainchange.imaging.template import Template
from brainchange.sources.bids import parse_name, run_of
from brainchange.sources.raw import RawParticipant, RawRun
from brainchange.study.settings import Preparation

KEY = "sub-01_ses-pre_task-faces"
SHAPE, N_VOLUMES, TIME = (6, 7, 8), 12, 2.0
OBLIQUE = from_matvec(
    Rotation.from_euler("xyz", [12, -20, 31], degrees=True).as_matrix() * (3.0, 3.0, 4.0),
    [-70.25, 31, 12.5],
)
TIMES = [0.25 * i for i in range(8)]


def bold(**change):
    """A run in a scanner's units; other values, affine, or time between volumes as asked for."""
    values = np.random.default_rng(1).integers(50, 4000, (*SHAPE, N_VOLUMES)).astype(np.int16)
    image = nib.Nifti1Image(change.get("values", values), change.get("affine", OBLIQUE))
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = change.get("time", TIME)
    return image


def record(folder: Path, image: nib.Nifti1Image, told: dict | None, ending=".nii.gz") -> RawRun:
    """Write a run with events and, if something is told, a sidecar."""
    name = f"sub-01/ses-pre/func/{KEY}_bold"
    path = folder / f"{name}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    sidecars = ()
    if told is not None:
        path.with_name(f"{KEY}_bold.json").write_text(json.dumps(told))
        sidecars = (f"{name}.json",)
    run = run_of(parse_name(f"{KEY}_bold{ending}"))
    return RawRun(run, f"{name}{ending}", sidecars, f"{KEY}_events.tsv")


def acquired(folder, image, told, **settings):
    """What holds of a run, and the reasons of all decisions about it."""
    found, rows = read_acquisition(record(folder, image, told), folder, Preparation(**settings))
    return found, [(row["action"], row["reason"]) for row in rows]


GOOD = {"RepetitionTime": TIME, "SliceTiming": TIMES}


def test_of_a_good_run_nothing_is_told(tmp_path):
    found, told = acquired(tmp_path, bold(), GOOD)
    assert told == []
    assert found.repetition_time == TIME
    np.testing.assert_allclose(found.affine, OBLIQUE, atol=1e-5)
    np.testing.assert_array_equal(found.slice_timing.times, TIMES)


@pytest.mark.parametrize(
    ("in_header", "in_sidecar", "used", "told"),
    [
        (1.0, 2.0, 2.0, "the sidecar gives a repetition time of 2 s, the header 1 s; the sidecar"),
        (2.0, None, 2.0, "the sidecar gives no RepetitionTime; the 2 s of the header are used"),
        (0.0, 2.0, 2.0, None),
    ],
)
def test_header_and_sidecar_are_held_against_each_other(
    tmp_path, in_header, in_sidecar, used, told
):
    sidecar = {"SliceTiming": TIMES} | ({"RepetitionTime": in_sidecar} if in_sidecar else {})
    found, rows = acquired(tmp_path, bold(time=in_header), sidecar)
    assert found.repetition_time == used
    assert [action for action, _ in rows] == (["caution"] if told else [])
    assert all(reason.startswith(told) for _, reason in rows)


@pytest.mark.parametrize(
    ("in_header", "sidecar"),
    [(0.0, {}), (0.0, None), (2.0, {"RepetitionTime": 2000}), (2.0, {"RepetitionTime": "2"})],
)
def test_a_time_between_volumes_that_nobody_tells_or_that_cannot_be_is_refused(
    tmp_path, in_header, sidecar
):
    with pytest.raises(ImageError, match=r"RepetitionTime is .*, not a number of seconds"):
        acquired(tmp_path, bold(time=in_header), sidecar)


def test_slices_that_should_be_corrected_and_cannot_are_told(tmp_path):
    def wrong(**sidecar):
        found, ((action, reason),) = acquired(tmp_path, bold(), {"RepetitionTime": TIME} | sidecar)
        assert found.slice_timing is None
        assert action == "degraded"
        return reason.removeprefix("slices are not corrected for the time of their acquisition: ")

    assert wrong() == "the sidecar gives no SliceTiming"
    assert wrong(SliceTiming=TIMES[:7]) == "SliceTiming has 7 times, the image 8 slices"
    assert wrong(SliceTiming="ascending") == "SliceTiming is no list of numbers"
    in_milliseconds = [1000 * time for time in TIMES]
    assert "from 0 to 1750 s, and a volume takes 2 s" in wrong(SliceTiming=in_milliseconds)
    assert "'oblique'" in wrong(SliceTiming=TIMES, SliceEncodingDirection="oblique")


def test_slices_are_corrected_where_it_is_asked_for(tmp_path):
    raw = record(tmp_path, bold(), GOOD)
    resting = replace(raw, events=None)

    def timing(run, choice):
        return read_acquisition(run, tmp_path, Preparation(slice_timing=choice))[0].slice_timing

    assert timing(raw, "auto") is not None
    assert timing(resting, "auto") is None
    assert timing(resting, "on") is not None
    assert timing(raw, "off") is None


def test_slices_acquired_at_once_say_when_and_those_of_three_dimensions_do_not(tmp_path):
    at_once = {**GOOD, "SliceTiming": [0.25] * len(TIMES)}
    found, told = acquired(tmp_path, bold(), at_once)
    assert told == []
    assert reference_time(found.slice_timing.times) == 0.25
    found, told = acquired(tmp_path, bold(), {**at_once, "MRAcquisitionType": "3D"})
    assert told == []
    assert found.slice_timing is None


def test_slices_counted_from_the_other_end_are_turned(tmp_path):
    backwards = {**GOOD, "SliceEncodingDirection": "k-"}
    found, told = acquired(tmp_path, bold(), backwards)
    assert told == []
    np.testing.assert_array_equal(found.slice_timing.times, TIMES[::-1])


def test_volumes_at_irregular_times_are_refused(tmp_path):
    with pytest.raises(ImageError, match="irregular times"):
        acquired(tmp_path, bold(), {"VolumeTiming": [0, 3, 7]})


@pytest.mark.parametrize(
    ("n_volumes", "told"),
    [(1, "a single volume, so it holds no course over time"), (9, "has 9 volumes, fewer than")],
)
def test_too_few_volumes_are_refused(tmp_path, n_volumes, told):
    few = np.ones((*SHAPE, n_volumes), dtype=np.int16)
    with pytest.raises(ImageError, match=told):
        acquired(tmp_path, bold(values=few), GOOD)
    if n_volumes == 1:
        with pytest.raises(ImageError, match=told):
            acquired(tmp_path, bold(values=few[..., 0]), GOOD)


def test_a_sheared_affine_is_refused_and_says_what_to_do(tmp_path):
    sheared = OBLIQUE.copy()
    sheared[:3, 0] += 0.1 * sheared[:3, 1]
    image = bold(affine=sheared)
    image.set_qform(None, code=0)
    with pytest.raises(ImageError, match=r"sheared: two axes of voxels are 5\.7° from") as caught:
        acquired(tmp_path, image, GOOD)
    assert "take the image as the scanner wrote it" in str(caught.value)


def test_two_orientations_that_disagree_are_told_and_none_is_refused(tmp_path):
    image, moved = bold(), OBLIQUE.copy()
    moved[0, 3] += 5
    image.set_sform(moved, code=1)
    image.set_qform(OBLIQUE, code=1)
    found, ((action, reason),) = acquired(tmp_path, image, GOOD)
    assert (action, reason) == (
        "caution",
        "sform and qform of the header put voxels up to 5.0 mm apart; the sform is used",
    )
    np.testing.assert_allclose(found.affine, moved, atol=1e-5)
    image.set_sform(None, code=0)
    image.set_qform(None, code=0)
    with pytest.raises(ImageError, match="does not say how the head lies"):
        acquired(tmp_path, image, GOOD)


def series_of(folder, image, ending=".nii.gz"):
    path = folder / record(folder, image, None, ending).bold
    return read_series(path, read_header(path), OBLIQUE)


def test_every_way_to_store_the_same_run_gives_the_same_values(tmp_path):
    values = 2 * np.random.default_rng(1).integers(50, 4000, (*SHAPE, N_VOLUMES)).astype(np.int16)
    big = nib.Nifti1Image(values, OBLIQUE, nib.Nifti1Header(endianness=">"))
    assert big.header.endianness == ">"
    for image in (bold(values=values), big, bold(values=values.astype(np.float64))):
        for ending in (".nii", ".nii.gz"):
            series, mended = series_of(tmp_path, image, ending)
            assert (mended.lost, mended.negative) == (0, 0)
            np.testing.assert_array_equal(series.volume(5), values[..., 5])


def test_stored_numbers_are_scaled_before_they_are_judged(tmp_path):
    """Half of the numbers of the file are negative, none of the values is."""
    stored = np.random.default_rng(1).integers(-900, 900, (*SHAPE, N_VOLUMES)).astype(np.int16)
    path = tmp_path / record(tmp_path, bold(values=stored), None, ".nii").bold
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([2.0, 2000.0], dtype="<f4").tobytes()
    path.write_bytes(content)
    series, mended = read_series(path, read_header(path), OBLIQUE)
    assert (mended.lost, mended.negative) == (0, 0)
    np.testing.assert_array_equal(series.volume(5), 2.0 * stored[..., 5] + 2000)


def test_voxels_without_a_number_count_as_not_measured(tmp_path):
    values = np.full((*SHAPE, N_VOLUMES), 100.0, dtype=np.float32)
    values += np.arange(N_VOLUMES) + np.indices(SHAPE)[0][..., np.newaxis]
    expected = values.copy()
    values[1, 2, 3, 4], values[5, 5, 5, 0], values[0, 0, 0, 7] = np.nan, np.inf, -3.0
    series, mended = series_of(tmp_path, bold(values=values))
    assert (mended.lost, mended.negative) == (2, 1)
    expected[1, 2, 3], expected[5, 5, 5], expected[0, 0, 0, 7] = 0, 0, 0
    for number in range(N_VOLUMES):
        np.testing.assert_array_equal(series.volume(number), expected[..., number])


def test_a_run_without_its_mean_is_refused(tmp_path):
    values = np.random.default_rng(1).normal(0, 20, (*SHAPE, N_VOLUMES)).astype(np.float32)
    with pytest.raises(ImageError, match="% of the values of the run are negative") as caught:
        series_of(tmp_path, bold(values=values))
    assert "the mean of each voxel was taken out" in str(caught.value)


def test_an_empty_volume_is_refused(tmp_path):
    values = np.random.default_rng(1).integers(50, 4000, (*SHAPE, N_VOLUMES)).astype(np.int16)
    values[..., 4] = 0
    with pytest.raises(ImageError, match="volume 5 of 12 holds nothing but 0"):
        series_of(tmp_path, bold(values=values))


def t1w(values=None, affine=None):
    """A T1w image of voxels of 20 mm: read, not registered."""
    given = (
        np.arange(10 * 12 * 11, dtype=np.int16).reshape(10, 12, 11) if values is None else values
    )
    return nib.Nifti1Image(given, np.diag([20.0, 20.0, 20.0, 1.0]) if affine is None else affine)


def read(folder, image, ending=".nii.gz"):
    path = folder / f"sub-01_T1w{ending}"
    nib.save(image, path)
    return read_t1w(path)


@pytest.mark.parametrize("axes", ["LPS", "PSR", "SAL", "IRP", "RAS"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_t1w_image_of_any_orientation_is_that_of_the_canonical_one(tmp_path, axes, turned):
    matrix = Rotation.from_euler("xyz", [9, -14, 21] if turned else [0, 0, 0], degrees=True)
    image = t1w(affine=from_matvec(matrix.as_matrix() * (18.0, 19.0, 17.0), [-90.5, 31, 12.25]))
    there = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(axes)
    )
    stored = image.as_reoriented(there)
    assert "".join(nib.aff2axcodes(stored.affine)) == axes
    found, expected = read(tmp_path, stored).image, read(tmp_path, image).image
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.values, np.asarray(image.dataobj))
    np.testing.assert_allclose(found.affine, expected.affine, atol=1e-4)
    assert found.values.strides == expected.values.strides


def test_a_t1w_image_of_several_volumes_is_refused_and_of_one_is_not(tmp_path):
    three = t1w().get_fdata(dtype=np.float32)
    several = np.stack([three, three, three, three], axis=3)
    with pytest.raises(ImageError, match="the T1w image has 4 volumes where one is expected"):
        read(tmp_path, t1w(several))
    np.testing.assert_array_equal(read(tmp_path, t1w(several[..., :1])).image.values, three)


def test_voxels_of_a_t1w_image_that_cannot_be_are_set_to_zero_and_told(tmp_path):
    values = t1w().get_fdata(dtype=np.float32)
    values[0, 0, :3], values[1, 1, 1], values[2, 2, :2] = np.nan, np.inf, -40
    found = read(tmp_path, t1w(values))
    assert dict(found.mended) == {"not a number": 4, "negative": 2}
    for place in ((0, 0, 0), (1, 1, 1), (2, 2, 1)):
        assert found.image.values[place] == 0
    assert found.image.values[5, 5, 5] == values[5, 5, 5]


def test_every_way_to_store_a_t1w_image_gives_the_same_values(tmp_path):
    image = t1w()
    expected = np.asarray(image.dataobj)
    big = nib.Nifti1Image(expected, image.affine, nib.Nifti1Header(endianness=">"))
    for one in (image, big, t1w(expected.astype(np.float64)), t1w(expected.astype(np.uint16))):
        for ending in (".nii", ".nii.gz"):
            np.testing.assert_array_equal(read(tmp_path, one, ending).image.values, expected)


def test_t1w_images_that_hold_no_brain_are_refused(tmp_path):
    with pytest.raises(ImageError, match="covers 200 × 40 × 200 mm, which holds no whole brain"):
        read(tmp_path, t1w(np.ones((10, 2, 10), np.int16)))
    with pytest.raises(ImageError, match="all voxels of the T1w image have one value"):
        read(tmp_path, t1w(np.full((10, 10, 10), 7, np.int16)))
    sheared = np.diag([18.0, 18.0, 18.0, 1.0])
    sheared[0, 1] = 2
    with pytest.raises(ImageError, match="the affine is sheared"):
        read(tmp_path, t1w(affine=sheared))


NO_TEMPLATE = Template("none", Path("none"), Path("none"))


def prepared(folder, raw: RawParticipant):
    plan = PreparationPlan(folder, folder / "derivatives", Preparation(), 1)
    return prepare_participant(raw, NO_TEMPLATE, plan, processes=1, progress=lambda _: None)


def test_a_participant_without_a_t1w_image_is_left_out_with_a_reason(tmp_path):
    raw = record(tmp_path, bold(), GOOD)
    found = prepared(tmp_path, RawParticipant("sub-01", (raw,)))
    assert (found.anatomy, found.runs) == (None, ())
    (row,) = found.decisions
    assert (row["action"], row["run"]) == ("excluded", KEY)
    assert row["reason"] == "the participant has no T1w image"


def test_a_t1w_image_that_cannot_be_read_leaves_out_every_run_with_its_reason(tmp_path):
    raw = record(tmp_path, bold(), GOOD)
    name = "sub-01/ses-pre/anat/sub-01_ses-pre_T1w.nii.gz"
    found = prepared(tmp_path, RawParticipant("sub-01", (raw,), name, "ses-pre"))
    (row,) = found.decisions
    assert row["reason"] == "its T1w image cannot be used: the image does not exist"
    (tmp_path / name).parent.mkdir()
    nib.save(t1w(np.ones((10, 12, 11, 4), np.int16)), tmp_path / name)
    found = prepared(tmp_path, RawParticipant("sub-01", (raw,), name, "ses-pre"))
    (row,) = found.decisions
    assert row["action"] == "excluded"
    assert "the T1w image has 4 volumes where one is expected" in row["reason"]


def test_a_run_that_cannot_be_used_is_a_decision_and_leaves_no_volumes_behind(tmp_path):
    raw = record(tmp_path, bold(values=np.ones((*SHAPE, 1), np.int16)), GOOD)
    plan = PreparationPlan(tmp_path, tmp_path / "derivatives", Preparation(), 1)
    before = tmp_path / f"derivatives/sub-01/ses-pre/func/{KEY}_space-T1w_desc-preproc_bold.nii.gz"
    before.parent.mkdir(parents=True)
    before.write_bytes(b"of an earlier preparation")
    files, (row,) = prepare_run(raw, None, plan)
    assert files is None
    assert row["action"] == "excluded"
    assert row["reason"].startswith("bold.nii.gz: the BOLD image has a single volume")
    assert not before.exists()
