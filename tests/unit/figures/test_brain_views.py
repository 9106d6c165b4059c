"""Regions on a brain: counted by participant, and the same brain in the slices of the viewer."""

from __future__ import annotations

import base64
import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image as Pillow

from brainchange.figures.brain_input import Brain, of_participants, of_template
from brainchange.figures.brain_views import covered, share_colour, slices, write_brain
from brainchange.figures.qc_images import rgb
from brainchange.imaging.nifti import Image
from brainchange.metrics.observations import COVERAGE_TABLE
from brainchange.report.brain import read_brain
from brainchange.study.settings import Settings
from made_up.pictured import AMYGDALA_L, AMYGDALA_R, REGIONS, Pictured

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
AFFINE[:3, 3] = (-30.0, -40.0, -20.0)
LABELS = {"Left-Amygdala": AMYGDALA_L, "Right-Amygdala": AMYGDALA_R}


def coverage(usable):
    """Rows for participants with (left, right) usable in each of two runs."""
    return COVERAGE_TABLE.frame(
        {
            "participant_id": person,
            "run": f"{person}_run-{run}",
            "region": region.region,
            "n_voxels": 9,
            "n_valid_run": 9,
            "n_valid": 9,
            "usable": known,
        }
        for person, runs in usable.items()
        for run, sides in enumerate(runs)
        for region, known in zip(REGIONS, sides, strict=True)
    )


TABLE = coverage(
    {
        "sub-01": [(True, True), (True, True)],
        "sub-02": [(True, True), (False, True)],
        "sub-03": [(True, False), (True, True)],
        "sub-04": [(False, True), (True, True)],
    }
)


@pytest.fixture
def brain():
    found = np.zeros((30, 40, 20), dtype=np.int32)
    found[5:8, 20:24, 8:10] = 1
    found[22:25, 20:24, 8:10] = 2
    inside = np.zeros(found.shape, dtype=np.uint8)
    inside[2:-2, 2:-2, 2:-2] = 1
    underlay = Image(100.0 * inside, AFFINE)
    return Brain(underlay, Image(inside, AFFINE), Image(found, AFFINE), "template of the test")


def test_a_region_counts_for_a_participant_if_it_is_usable_in_all_runs():
    table = covered(TABLE, REGIONS).set_index("region")
    assert table["n_usable"].to_list() == [2, 3]
    assert table["n_measured"].to_list() == [4, 4]
    assert table["share"].to_list() == [0.5, 0.75]


def test_a_region_nobody_has_is_not_known():
    table = covered(COVERAGE_TABLE.frame(), REGIONS)
    assert table["n_measured"].to_list() == [0, 0]
    assert table["share"].isna().all()


def sheet(packed, name):
    with Pillow.open(io.BytesIO(base64.b64decode(packed[name]))) as picture:
        return np.asarray(picture)


def test_the_slices_hold_every_region_at_its_place(brain):
    packed = slices(brain, REGIONS, covered(TABLE, REGIONS))
    nx, ny, nz = packed["shape"]
    numbers = sheet(packed, "labels")[..., 0]
    across = packed["across"]
    at = np.array(
        [
            [2 * x + packed["origin"][0], 2 * y + packed["origin"][1], 2 * z + packed["origin"][2]]
            for z in range(nz)
            for y in range(ny)
            for x in range(nx)
            if numbers[(z // across) * ny + ny - 1 - y, (z % across) * nx + x] == 1
        ]
    )
    # Voxels 5 to 7, 20 to 23 and 8 to 9 of 2 mm from −30, −40 and −20 mm.
    np.testing.assert_allclose(at.mean(axis=0), [-18.0, 3.0, -3.0], atol=1.0)
    assert len(at) == 3 * 4 * 2
    assert sheet(packed, "underlay").shape == numbers.shape
    assert packed["regions"][1]["covered"] == 0.75


def test_more_regions_than_a_byte_holds_keep_their_numbers(brain):
    found = brain.found.values.copy()
    found[found == 2] = 300
    many = Brain(brain.underlay, brain.brain, Image(found, AFFINE), brain.whose)
    labels = sheet(slices(many, REGIONS, covered(TABLE, REGIONS)), "labels").astype(int)
    assert set(np.unique(labels[..., 0] + 256 * labels[..., 1])) == {0, 1, 300}


def test_pictures_tables_and_slices_are_written_with_the_same_bytes(brain, tmp_path):
    for name in ("one", "two"):
        write_brain(brain, REGIONS, TABLE, tmp_path / name, simulated=True)
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {
        "regions.png", "regions.webp", "coverage.png", "coverage.webp", "covered.tsv", "slices.json"
    }  # fmt: skip
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert json.loads((tmp_path / "one" / "slices.json").read_text())["voxel"] == 2.0


def test_the_coverage_map_has_the_colours_of_the_shares(brain, tmp_path):
    write_brain(brain, REGIONS, TABLE, tmp_path, simulated=False)
    with Pillow.open(tmp_path / "coverage.png") as png:
        pixels = np.asarray(png.convert("RGB")).reshape(-1, 3)
    for share in (0.5, 0.75):
        assert (pixels == share_colour(share)).all(axis=1).sum() > 20
    assert len({rgb(share_colour(share)) for share in (0.5, 0.75, 0.9, 1.0)}) == 4
    assert share_colour(0.1) == share_colour(0.5)


def test_regions_of_an_atlas_are_shown_on_a_template(tmp_path):
    made = Pictured(tmp_path).add_run()
    atlas = tmp_path / made.files.parcellation
    mask = tmp_path / made.files.brain_mask
    brain = of_template((mask, mask), (atlas, "MNI152NLin6Asym"), REGIONS, LABELS, name="MNI")
    assert (brain.found.values == 1).sum() == (brain.found.values == 2).sum() == 8
    assert "MNI" in brain.whose
    bundled = of_template(None, (atlas, "MNI152NLin6Asym"), REGIONS, LABELS, name="MNI")
    assert "ICBM 152" in bundled.whose
    low = np.linalg.inv(bundled.brain.affine) @ [-60, 0, 0, 1]
    assert 0 < low[0] < bundled.brain.values.shape[0]


def test_without_a_template_a_participant_stands_for_all(tmp_path):
    made = Pictured(tmp_path).add_run()
    brain = of_participants([made.files], tmp_path, Settings(), REGIONS, LABELS)
    assert brain is not None
    assert brain.whose == "the mean BOLD image of sub-01"
    assert brain.underlay.values.max() == pytest.approx(1000, rel=0.02)
    assert (brain.found.values == 1).sum() == 8


def test_a_participant_whose_images_are_damaged_does_not_stand_for_all(tmp_path):
    made = Pictured(tmp_path).add_run()
    lost = dataclasses.replace(made.files, parcellation="lost.nii.gz")
    brain = of_participants([lost, made.files], tmp_path, Settings(), REGIONS, LABELS)
    assert brain is not None
    nobody = of_participants([lost], tmp_path, Settings(), REGIONS, LABELS)
    write_brain(nobody, REGIONS, TABLE, tmp_path / "out", simulated=False)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["covered.tsv"]
    assert read_brain(tmp_path / "out") is None
