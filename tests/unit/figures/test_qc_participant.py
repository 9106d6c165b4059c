"""Pictures of a participant: one for every step its files allow, with the numbers they show."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow

from brainchange.figures.qc_participant import write_quality
from made_up.pictured import RUN, SHAPE, SPIKES, Pictured


@pytest.fixture
def pictured(tmp_path):
    return Pictured(tmp_path / "study")


def steps(pictures):
    return pictures["step"].to_list()


def test_a_run_of_derivatives_gets_regions_and_motion(pictured, tmp_path):
    quality, pictures = write_quality(pictured.add_run().given, tmp_path / "out")
    assert steps(pictures) == ["regions", "motion"]
    assert pictures["lacking"].isna().all()
    for name in pictures["name"]:
        with Pillow.open(tmp_path / "out" / f"{name}.png") as png:
            assert 400 < png.width < 1400
        with Pillow.open(tmp_path / "out" / f"{name}.webp") as small:
            assert small.width <= 1000
    row = quality.iloc[0]
    assert (row["n_volumes"], row["n_censored"]) == (86, len(SPIKES))
    assert row["fd_mean"] == pytest.approx((83 * 0.1 + 3 * 0.9) / 86)
    assert row["fd_max"] == pytest.approx(0.9)
    # Noise of standard deviation 10 around 1000.
    assert row["tsnr"] == pytest.approx(100, rel=0.05)
    assert (row["coverage"], row["coverage_region"]) == (5 / 8, "amygdala_L")
    assert row["n_unusable"] == 1
    assert np.isnan(row["mask_overlap"])


def test_the_numbers_are_in_the_words_of_the_pictures(pictured, tmp_path):
    _, pictures = write_quality(pictured.add_run().given, tmp_path / "out")
    told = pictures.set_index("step")["alternative"]
    assert "1 of 2 regions usable; least covered: amygdala_L, 62\u00a0%" in told["regions"]
    assert "3 of 86 analysed volumes censored" in told["motion"]
    assert "mean 0.13 mm, largest 0.90 mm" in told["motion"]


def test_a_run_prepared_here_gets_pictures_of_its_anatomy_and_registration(pictured, tmp_path):
    quality, pictures = write_quality(pictured.add_run().add_anatomy().given, tmp_path / "out")
    assert steps(pictures) == ["anatomy", "coregistration", "regions", "motion"]
    assert pictures["lacking"].isna().all()
    assert quality["template_similarity"].item() == pytest.approx(0.8123)
    assert quality["template_similarity_gate"].item() == 0.5
    assert "brain 1321 ml" in pictures["alternative"][0]


def test_a_run_that_a_gate_left_out_is_shown_with_the_reason_and_the_value(pictured, tmp_path):
    pictured.add_anatomy().save(pictured.files.brain_mask, np.ones(SHAPE, dtype=np.uint8))
    pictured.decisions.append(
        {
            "scope": "run",
            "participant_id": "sub-01",
            "run": RUN.key,
            "action": "excluded",
            "reason": "the BOLD image does not fit the T1w image",
            "value": 0.41,
            "threshold": 0.85,
            "config_key": "preparation.smallest_mask_overlap",
        }
    )
    quality, pictures = write_quality(pictured.given, tmp_path / "out")
    assert steps(pictures) == ["anatomy", "coregistration"]
    shown = pictures.iloc[1]
    assert shown["status"] == "excluded"
    assert "EXCLUDED: the BOLD image does not fit the T1w image" in shown["alternative"]
    assert "Dice) 0.41 (gate 0.85)" in shown["alternative"]
    assert quality["mask_overlap"].item() == pytest.approx(0.41)
    assert quality["fd_mean"].isna().all()


def test_a_t1w_image_that_is_of_no_use_excludes_the_runs(pictured, tmp_path):
    pictured.add_anatomy().decisions.append(
        {
            "scope": "participant",
            "participant_id": "sub-01",
            "name": "T1w",
            "action": "excluded",
            "reason": "the brain found in the T1w image is too small to be one",
        }
    )
    quality, pictures = write_quality(pictured.given, tmp_path / "out")
    assert "too small" in pictures["alternative"][0]
    assert quality["status"].to_list() == ["excluded"]


def test_without_any_image_the_tables_are_written_and_say_nothing_is_known(pictured, tmp_path):
    quality, pictures = write_quality(pictured.given, tmp_path / "out")
    assert pictures.empty
    assert quality["fd_mean"].isna().all()
    assert (tmp_path / "out" / "pictures.tsv").exists()


def test_a_damaged_image_is_a_row_that_says_so_and_the_others_are_drawn(pictured, tmp_path):
    pictured.add_run()
    path = pictured.folder / pictured.files.parcellation
    path.write_bytes(path.read_bytes()[:60])
    _, pictures = write_quality(pictured.given, tmp_path / "out")
    lacking = pictures.set_index("step")["lacking"]
    assert "end" in lacking["regions"]
    assert not (tmp_path / "out" / f"{RUN.key}_regions.png").exists()


def test_an_empty_brain_mask_stops_nothing(pictured, tmp_path):
    pictured.add_run(mask=np.zeros(SHAPE, dtype=bool))
    quality, pictures = write_quality(pictured.given, tmp_path / "out")
    assert pictures["lacking"].isna().all()
    assert quality["tsnr"].isna().all()


def test_the_same_images_give_the_same_bytes(pictured, tmp_path):
    given = pictured.add_run().add_anatomy().given
    for name in ("one", "two"):
        write_quality(given, tmp_path / name)
    first, second = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [p.name for p in first] == [p.name for p in second]
    assert len(first) == 10
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes(), one.name


def test_the_two_sides_have_one_colour_and_lie_on_their_sides(pictured, tmp_path):
    write_quality(pictured.add_run().given, tmp_path / "out")
    with Pillow.open(tmp_path / "out" / f"{RUN.key}_regions.png") as png:
        pixels = np.asarray(png.convert("RGB"))
    # The first colour of groups of regions, in the outline of both amygdalae.
    found = (pixels == (230, 159, 0)).all(axis=-1)
    assert found.sum() > 100


def test_hostile_reasons_become_letters_in_the_picture(pictured, tmp_path):
    reason = "<script>alert(1)</script> $\\frac{1}{0}$ \u202e \U0001f9e0 " + "x" * 400
    pictured.add_run().decisions.append(
        {"scope": "run", "run": RUN.key, "action": "excluded", "reason": reason}
    )
    quality, pictures = write_quality(pictured.given, tmp_path / "out")
    assert pictures["lacking"].isna().all()
    assert quality["reason"].item() == reason
