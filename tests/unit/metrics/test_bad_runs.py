"""Whatever is wrong with a run costs that run or that value, and is told."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest


def broken_gzip(tiny, files):
    path = tiny.folder / files.bold
    path.write_bytes(path.read_bytes()[:5000])


def no_sidecar(tiny, files):
    (tiny.folder / files.sidecar).unlink()


def milliseconds(tiny, files):
    (tiny.folder / files.sidecar).write_text(json.dumps({"RepetitionTime": 2000}))


def short_confounds(tiny, files):
    path = tiny.folder / files.confounds
    path.write_text("\n".join(path.read_text().splitlines()[:-3]) + "\n")


def no_mask(tiny, files):
    (tiny.folder / files.brain_mask).unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (broken_gzip, "the compressed data"),
        (no_sidecar, "the sidecar is missing"),
        (milliseconds, "not a number of seconds"),
        (short_confounds, "97 rows where the BOLD image has 100 volumes"),
        (no_mask, "the image does not exist"),
    ],
)
def test_a_bad_file_costs_one_run_and_no_more(tiny, spoil, message):
    tiny.add("ses-pre", seed=1)
    spoil(tiny, tiny.add("ses-post", seed=2))
    measured = tiny.measure()
    assert message in tiny.reason(measured)
    assert tiny.observed(measured, timepoint="pre")["value"].notna().all()
    post = tiny.observed(measured, timepoint="post")
    assert post["value"].isna().all()
    assert post["flag"].str.contains(message).all()


def test_images_on_different_grids(tiny):
    tiny.add("ses-pre", labels=tiny.labels()[:-1])
    assert tiny.of_run(tiny.measure())["reason"] == (
        "space-T1w_desc-aparcaseg_dseg.nii.gz: space-T1w_desc-preproc_bold.nii.gz and "
        "space-T1w_desc-aparcaseg_dseg.nii.gz are on different grids: "
        "16 × 14 × 10 and 15 × 14 × 10 voxels"
    )


def test_a_reason_names_the_file_and_every_problem_of_it(tiny):
    files = tiny.add("ses-pre")
    path = tiny.folder / files.confounds
    header, *rows = path.read_text().splitlines()
    header = header.replace("trans_x", "t_x").replace("rot_z", "r_z")
    path.write_text("\n".join([header, *rows]))
    assert tiny.of_run(tiny.measure())["reason"] == (
        "desc-confounds_timeseries.tsv: column 'trans_x' is missing (fMRIPrep calls it 'trans_x', "
        "before version 1.2 'X'); column 'rot_z' is missing (fMRIPrep calls it 'rot_z', "
        "before version 1.2 'RotZ')"
    )


def test_a_repetition_time_from_the_header_is_a_caution(tiny):
    files = tiny.add("ses-pre")
    (tiny.folder / files.sidecar).write_text("{}")
    measured = tiny.measure()
    told = tiny.of_run(measured)
    assert told["action"] == "caution"
    assert told["reason"] == (
        f"the sidecar gives no RepetitionTime; the {told['value']:g} s of the header are used"
    )
    flags = tiny.observed(measured, metric="falff_z", timepoint="pre")["flag"]
    assert flags.str.contains("gives no RepetitionTime").all()


def test_an_empty_mask_a_lost_volume_and_a_silent_brain(tiny):
    tiny.add("ses-pre", mask=np.zeros_like(tiny.mask()))
    assert "the brain mask is empty" in tiny.reason(tiny.measure())
    tiny.runs.clear()
    lost = tiny.bold()
    lost[..., 30] = np.nan
    tiny.add("ses-pre", image=lost)
    assert "volume 31 of 100 holds no numbers (NaN) in the brain" in tiny.reason(tiny.measure())
    tiny.runs.clear()
    tiny.add("ses-pre", image=np.full_like(tiny.bold(), 7) * tiny.mask()[..., np.newaxis])
    measured = tiny.measure()
    assert tiny.observed(measured, metric="falff_z")["value"].isna().all()
    assert not any(row["usable"] for row in measured.coverage)


def test_a_region_of_zeros_or_without_voxels_is_flagged(tiny):
    silent = tiny.bold()
    silent[tiny.boxes[17]] = 0
    labels = tiny.labels()
    labels[labels == 18] = 0
    tiny.add("ses-pre", image=silent, labels=labels)
    found = tiny.observed(tiny.measure(), timepoint="pre", metric="alff").set_index("region")
    assert "0.0% of the voxels are valid" in found.loc["hippocampus_L", "flag"]
    assert "the parcellation has no voxel" in found.loc["amygdala_L", "flag"]
    assert np.isfinite(found.loc["dmPFC_L", "value"])


def test_a_run_too_slow_for_the_band_keeps_its_other_metrics(tiny):
    tiny.add("ses-pre", sidecar={"RepetitionTime": 8.0})
    measured = tiny.measure()
    assert "the sidecar gives a repetition time of 8 s, the header 2 s" in tiny.reason(measured)
    alff = tiny.observed(measured, metric="alff", timepoint="pre")
    assert alff["value"].isna().all()
    assert alff["flag"].str.contains("do not cover the band of 0.01 to 0.08 Hz").all()
    edges = tiny.observed(measured, metric="connectivity", timepoint="pre")
    assert edges["value"].notna().all()


def test_two_regions_of_the_same_voxels_have_no_connectivity(tiny):
    tiny.regions = (tiny.regions[0], replace(tiny.regions[0], region="again"))
    tiny.add("ses-pre")
    edge = tiny.observed(tiny.measure(), metric="connectivity", timepoint="pre")
    assert edge["value"].isna().all()
    assert "two are the same" in edge["flag"].item()


def test_a_hostile_path_costs_one_run(tiny):
    files = tiny.add("ses-pre")
    tiny.runs[0] = replace(files, bold="../../etc/passwd")
    assert "would leave the folder" in tiny.reason(tiny.measure())
