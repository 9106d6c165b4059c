"""Measuring a participant: values, coverage over sessions, motion, several runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainchange.errors import ConfigError
from brainchange.metrics.measure import measure_participant
from brainchange.sources.bids import excluded_run
from brainchange.study.regions import Region
from brainchange.study.settings import Denoising

PER_TIMEPOINT = 6 + 4 * 5 + 2
"""Edges of four regions; alff, alff_z, falff, falff_z and tsnr of each; two values of the run."""


def test_every_configured_value_comes_out_in_the_configured_order(tiny):
    tiny.add("ses-pre", seed=1)
    tiny.add("ses-post", seed=2)
    measured = tiny.measure()
    table = tiny.observed(measured)
    assert len(table) == 2 * PER_TIMEPOINT
    assert table["value"].notna().all()
    assert table["flag"].isna().all()
    assert list(dict.fromkeys(table["timepoint"])) == ["pre", "post"]
    edges = tiny.observed(measured, metric="connectivity", timepoint="pre")
    names = [region.region for region in tiny.regions]
    assert list(zip(edges["region"], edges["region_2"], strict=True)) == [
        (a, b) for i, a in enumerate(names) for b in names[i + 1 :]
    ]
    assert list(tiny.observed(measured, metric="tsnr", timepoint="pre")["region"]) == names
    assert measured.decisions == ()


def test_planted_values_are_found(tiny):
    tiny.add("ses-pre", seed=1)
    measured = tiny.measure()
    values = tiny.observed(measured, timepoint="pre").set_index(["metric", "region", "region_2"])
    edge = values.loc[("connectivity", "amygdala_L", "amygdala_R"), "value"]
    expected = np.arctanh(100 / (100 + 144 / 8))
    assert edge == pytest.approx(expected, abs=0.35)
    others = tiny.observed(measured, metric="connectivity", timepoint="pre")["value"].iloc[1:]
    assert others.abs().max() < 0.35
    tsnr = tiny.observed(measured, metric="tsnr", timepoint="pre").set_index("region")["value"]
    assert tsnr["hippocampus_L"] == pytest.approx(1000 / 12, rel=0.1)
    assert tsnr["amygdala_L"] == pytest.approx(1000 / np.sqrt(244), rel=0.1)
    kept = tiny.observed(measured, metric="kept_volumes", timepoint="pre")["value"].item()
    assert kept == 96


def test_whole_brain_z_is_zero_on_average(tiny):
    tiny.add("ses-pre", seed=3)
    whole = Region("brain", "brain", "B", "aparcaseg", ("Brain-Stem",))
    labels = np.where(tiny.mask(), 16, 0).astype("int16")
    tiny.runs.clear()
    tiny.regions = (whole,)
    tiny.add("ses-pre", seed=3, labels=labels)
    measured = tiny.measure(metrics=("alff", "falff"))
    assert measured.coverage[0]["share"] == 1
    for name in ("alff_z", "falff_z"):
        value = tiny.observed(measured, metric=name, timepoint="pre")["value"].item()
        assert value == pytest.approx(0, abs=1e-9)


def test_the_medial_part_of_a_region_is_near_the_midline(tiny):
    tiny.add("ses-pre")
    medial = tiny.measure().coverage
    tiny.regions = tuple(replace(region, midline_distance=None) for region in tiny.regions)
    whole = tiny.measure().coverage
    assert medial[3]["n_voxels"] == 27
    assert whole[3]["n_voxels"] == 45


def test_lost_voxels_of_one_session_are_lost_in_both(tiny):
    lost = tiny.bold(2)
    lost[3, 5:7, 2:4] = 0
    tiny.add("ses-pre", seed=1)
    tiny.add("ses-post", image=lost)
    measured = tiny.measure()
    rows = {(row["session_id"], row["region"]): row for row in measured.coverage}
    assert rows["ses-pre", "amygdala_L"]["n_valid_run"] == 8
    assert rows["ses-pre", "amygdala_L"]["n_valid"] == 4
    assert rows["ses-post", "amygdala_L"]["share"] == 0.5
    assert not rows["ses-pre", "amygdala_L"]["usable"]
    assert rows["ses-pre", "amygdala_R"]["usable"]
    table = tiny.observed(measured, region="amygdala_L")
    assert table["value"].isna().all()
    assert set(table["flag"]) == {
        "amygdala_L: 50.0% of the voxels are valid in every run, fewer than 70%"
    }
    (row,) = measured.decisions
    assert (row["scope"], row["name"], row["value"]) == ("region", "amygdala_L", 0.5)
    assert row["config_key"] == "coverage.smallest_share"


def test_the_same_voxels_are_used_in_both_sessions(tiny):
    lost = tiny.bold(2)
    lost[3, 5, 2] = 0
    tiny.add("ses-pre", seed=1)
    tiny.add("ses-post", image=lost)
    both = tiny.measure().runs[0].signals.raw[:, 0]
    box = tiny.bold(1)[tiny.boxes[18]].reshape(8, -1)
    np.testing.assert_allclose(both, box[1:].mean(axis=0)[4:], rtol=1e-6)


def test_a_run_that_moves_too_much_is_left_out_and_the_other_stays(tiny):
    moved = tiny.confounds(seed=4)
    moved.loc[moved.index[1:], "framewise_displacement"] = 0.7
    tiny.add("ses-pre", seed=1)
    tiny.add("ses-post", seed=2, table=moved)
    measured = tiny.measure()
    post = tiny.observed(measured, timepoint="post")
    assert post["value"].isna().all()
    assert post["flag"].str.contains("mean framewise displacement 0.70 mm is above 0.5 mm").all()
    assert (post["n_runs"] == 0).all()
    assert tiny.observed(measured, timepoint="pre")["value"].notna().all()
    keys = {row["config_key"] for row in measured.decisions if row["scope"] == "run"}
    assert keys == {"censoring.largest_mean_displacement", "censoring.fewest_volumes"}


def test_a_head_that_wanders_off_is_left_out(tiny):
    far = tiny.confounds()
    far.loc[50:, "trans_z"] += 3.5
    tiny.add("ses-pre", table=far)
    told = tiny.reason(tiny.measure())
    assert "translation of the head from the first analysed volume 3.5" in told
    assert "mm is above 3 mm" in told


def test_a_region_with_weak_signal_is_used_with_caution(tiny):
    noisy = tiny.bold()
    box = tiny.boxes[17]
    noise = np.random.default_rng(3).normal(0, 30, noisy[box].shape)
    noisy[box] += noise.astype(np.float32)
    tiny.add("ses-pre", image=noisy)
    measured = tiny.measure()
    (row,) = [row for row in measured.decisions if row["config_key"] == "coverage.caution_tsnr"]
    assert (row["name"], row["action"], row["threshold"]) == ("hippocampus_L", "caution", 40.0)
    assert 25 < row["value"] < 35  # 1000 / √(12² + 30²) = 31
    weak = tiny.observed(measured, metric="falff", timepoint="pre", region="hippocampus_L")
    assert weak["value"].notna().all()
    said = f"hippocampus_L: mean temporal signal-to-noise ratio {row['value']:.1f} is below 40"
    assert weak["flag"].item() == said
    strong = tiny.observed(measured, metric="falff", timepoint="pre", region="amygdala_L")
    assert strong["flag"].isna().all()


def test_few_kept_volumes_are_a_caution(tiny):
    table = tiny.confounds()
    table.loc[10:29, "std_dvars"] = 2.0
    tiny.add("ses-pre", table=table)
    measured = tiny.measure()
    found = tiny.observed(measured, timepoint="pre")
    assert found["value"].notna().all()
    assert (found["flag"] == "76 volumes are kept, fewer than 80").all()
    assert "motion censors 20 of 96 volumes" in tiny.reason(measured)


def test_non_steady_state_volumes_are_told(tiny):
    table = tiny.confounds()
    table["non_steady_state_outlier05"] = np.eye(100)[5]
    tiny.add("ses-pre", table=table)
    measured = tiny.measure()
    assert "the first 6 volumes are not in steady state" in tiny.reason(measured)
    assert measured.runs[0].n_dummies == 6
    assert measured.runs[0].signals.raw.shape == (94, 4)


def test_one_session_only(tiny):
    tiny.add("ses-pre")
    measured = tiny.measure()
    post = tiny.observed(measured, timepoint="post")
    assert len(post) == PER_TIMEPOINT
    assert set(post["flag"]) == {"no run of task rest at post"}
    (row,) = measured.decisions
    assert row["reason"] == "there is no prepared run of task rest at post"


def test_no_run_at_all(tiny):
    measured = tiny.measure()
    assert len(tiny.observed(measured)) == 2 * PER_TIMEPOINT
    assert tiny.observed(measured)["value"].isna().all()


def test_a_session_that_is_no_timepoint(tiny):
    tiny.add("ses-pre")
    tiny.add("ses-extra")
    assert "session 'ses-extra' is no timepoint of the study" in tiny.reason(tiny.measure())


def test_runs_of_one_timepoint_are_averaged(tiny):
    tiny.add("ses-pre", seed=1, run="1")
    tiny.add("ses-pre", seed=2, run="2")
    both = tiny.observed(tiny.measure(), timepoint="pre")
    single = []
    for files in tuple(tiny.runs):
        tiny.runs = [files]
        single.append(tiny.observed(tiny.measure(), timepoint="pre")["value"].to_numpy())
    np.testing.assert_allclose(both["value"], np.mean(single, axis=0), rtol=1e-12)
    assert (both["n_runs"] == 2).all()


def test_one_of_two_runs_left_out_is_flagged(tiny):
    tiny.add("ses-pre", seed=1, run="1")
    damaged = tiny.add("ses-pre", seed=2, run="2")
    path = tiny.folder / damaged.bold
    path.write_bytes(path.read_bytes()[:5000])
    found = tiny.observed(tiny.measure(), timepoint="pre")
    assert (found["n_runs"] == 1).all()
    assert (found["flag"] == "1 of 2 runs are left out").all()


def test_an_unknown_label_stops_everything(tiny):
    tiny.add("ses-pre")
    tiny.regions = (Region("x", "x", "L", "aparcaseg", ("Left-Amigdala",)),)
    with pytest.raises(ConfigError, match="label 'Left-Amigdala' of region 'x'"):
        tiny.measure()


def test_the_table_of_labels_in_the_dataset_wins(tiny):
    tiny.add("ses-pre", seed=1)
    renamed = "index\tname\n54\tLeft-Amygdala\n18\tRight-Amygdala\n17\tLeft-Hippocampus\n"
    renamed += "53\tRight-Hippocampus\n1028\tctx-lh-superiorfrontal\n2028\tctx-rh-superiorfrontal\n"
    renamed += "11\tLeft-A\n50\tRight-A\n12\tLeft-B\n51\tRight-B\n"
    plain = tiny.measure().runs[0].signals.raw
    (tiny.folder / "derivatives/fmriprep/desc-aparcaseg_dseg.tsv").write_text(renamed)
    swapped = tiny.measure(metrics=("kept_volumes",))
    np.testing.assert_array_equal(swapped.runs[0].signals.raw[:, :2], plain[:, [1, 0]])


def test_another_denoising_is_another_specification(tiny):
    tiny.add("ses-pre")
    other = Denoising(name="motion24", motion_parameters=24)
    table = tiny.observed(tiny.measure(denoising=other), timepoint="pre")
    assert set(table["specification"]) == {"motion24"}


def test_a_constant_added_to_the_image_changes_no_connectivity_and_no_falff(tiny):
    tiny.add("ses-pre", image=tiny.bold(1))
    plain = tiny.observed(tiny.measure(), timepoint="pre")
    tiny.runs.clear()
    tiny.add("ses-pre", image=tiny.bold(1) * 2)
    double = tiny.observed(tiny.measure(), timepoint="pre")
    same = plain["metric"].isin(["connectivity", "falff", "falff_z", "alff_z", "tsnr"])
    np.testing.assert_allclose(plain.loc[same, "value"], double.loc[same, "value"], rtol=1e-5)
    alff = plain["metric"] == "alff"
    np.testing.assert_allclose(2 * plain.loc[alff, "value"], double.loc[alff, "value"], rtol=1e-5)


def test_a_run_that_preparation_left_out_is_not_read_and_keeps_its_reason(tiny):
    tiny.add("ses-pre")
    lost = tiny.add("ses-post", seed=1)
    for path in lost.paths:
        (tiny.folder / path).unlink()
    reason = "the BOLD image does not fit the T1w image"
    measurement = measure_participant(
        "sub-01",
        tiny.runs,
        tiny.folder,
        layout=tiny.layout,
        regions=tiny.regions,
        settings=tiny.settings,
        before=[excluded_run(lost.run, reason, "preparation")],
    )
    assert [row["reason"] for row in measurement.decisions if row["scope"] == "run"] == [reason]
    after = tiny.observed(measurement, timepoint="post")
    assert after["value"].isna().all()
    assert after["flag"].str.contains(reason).all()
    assert tiny.observed(measurement, timepoint="pre")["value"].notna().any()


def test_progress_is_told(tiny):
    from brainchange.metrics.measure import measure_participant

    tiny.add("ses-pre")
    told: list[str] = []
    measure_participant(
        "sub-01",
        tiny.runs,
        tiny.folder,
        layout=tiny.layout,
        regions=tiny.regions,
        settings=tiny.settings,
        progress=told.append,
    )
    assert told == ["reading sub-01_ses-pre_task-rest"]
