"""Many broken inputs at once: each costs what it must and no more, and each is told."""

from __future__ import annotations

import gzip
import json
import re
import struct
from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from brainchange.files import checksum
from brainchange.sources.lock import read_lock, write_lock
from brainchange.study.settings import Settings

pytestmark = pytest.mark.slow

LEFT_AMYGDALA = 18
TOLD = {
    "sub-01": "space-T1w_desc-preproc_bold.nii.gz: the compressed data end too early",
    "sub-02": "are on different grids",
    "sub-03": "the header claims 32000 × 32000 × 1000 × 80 voxels (164 TB)",
    "sub-04": "volume 41 of 80 holds no numbers (NaN) in the brain",
    "sub-05": "0.0% of the voxels are valid in every run",
    "sub-06": "desc-confounds_timeseries.tsv: row 32: column 'csf' is missing a value",
    "sub-07": "desc-confounds_timeseries.tsv: column 'trans_x' is missing",
    "sub-08": "the table has 50 rows where the BOLD image has 80 volumes",
    "sub-09": "the sidecar gives no RepetitionTime; the 2.5 s of the header are used",
    "sub-10": "the table gives this participant 2 times with different cells",
    "sub-11": "the arm 'exercize' is not among those of the study: Did you mean 'exercise'?",
    "sub-12": "the table of participants does not name the participant: the arm is unknown",
    "sub-13": "there is no prepared run of task rest at pre",
    "sub-99": "the table of participants names the participant, but there are no images",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory, small_project_in):
    """A study whose published files are broken, run to the report."""
    project = small_project_in(tmp_path_factory.mktemp("broken"))
    path = project.folder / "config" / "simulations" / "demo.yaml"
    simulation = yaml.safe_load(path.read_text())
    simulation["participants"] = {"therapy": 5, "exercise": 4, "untreated": 4}
    simulation["acquisition"]["voxel_size"] = 6.0
    lost = {"participant": "sub-13", "timepoint": "pre"}
    simulation["exceptions"] = {"lost_sessions": [lost], "moving_runs": [], "missing_scores": []}
    path.write_text(yaml.safe_dump(simulation, sort_keys=False))
    project.run("--cores", "2", "data/locks/demo.tsv")
    break_files(project.folder / "data" / "published" / "demo")
    relock(project.folder)
    project.run("--cores", "2")
    return project.folder


def break_files(published):
    def file(participant, ending):
        return next(published.rglob(f"{participant}_ses-post*{ending}"))

    cut_off(file("sub-01", "_bold.nii.gz"))
    change_image(file("sub-02", "_dseg.nii.gz"), lambda values: values[:-1])
    claim_many_voxels(file("sub-03", "_bold.nii.gz"))
    change_image(file("sub-04", "_bold.nii.gz"), without_volume)
    labels = np.asarray(nib.load(file("sub-05", "_dseg.nii.gz")).dataobj)
    here = (labels != LEFT_AMYGDALA)[..., np.newaxis]
    change_image(file("sub-05", "_bold.nii.gz"), lambda values: values * here)
    change_table(file("sub-06", "_timeseries.tsv"), without_a_value)
    change_table(file("sub-07", "_timeseries.tsv"), lambda table: table.drop(columns="trans_x"))
    change_table(file("sub-08", "_timeseries.tsv"), lambda table: table.head(50))
    sidecar = file("sub-09", "_bold.json")
    told = json.loads(sidecar.read_text())
    del told["RepetitionTime"]
    sidecar.write_text(json.dumps(told))
    change_table(published / "participants.tsv", disturb_participants)


def cut_off(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_image(path, change):
    image = nib.load(path)
    values = change(np.asarray(image.dataobj).copy())
    header = image.header.copy()
    header.set_data_dtype(values.dtype)
    nib.save(nib.Nifti1Image(values, image.affine, header), path)


def without_volume(values):
    values = values.astype(np.float32)
    values[..., 40] = np.nan
    return values


def claim_many_voxels(path):
    content = bytearray(gzip.decompress(path.read_bytes()))
    struct.pack_into("<3h", content, 42, 32000, 32000, 1000)
    path.write_bytes(gzip.compress(bytes(content), 1))


def change_table(path, change):
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    change(table).to_csv(path, sep="\t", index=False)


def without_a_value(table):
    table.loc[30, "csf"] = "n/a"
    return table


def disturb_participants(table):
    table = table.set_index("participant_id", drop=False)
    again = table.loc[["sub-10"]].assign(group="therapy", age="99")
    ghost = table.loc[["sub-01"]].assign(participant_id="sub-99")
    table.loc["sub-11", "group"] = "exercize"
    return pd.concat([table.drop(index="sub-12"), again, ghost])


def relock(folder):
    """Lock the files as they are now, as if they had been published so."""
    path = folder / "data" / "locks" / "demo.tsv"
    rows = []
    for row in read_lock(path):
        file = folder / row.url
        size, digest = file.stat().st_size, checksum(file, "md5")
        rows.append(replace(row, size_bytes=size, checksum=digest))
    write_lock(rows, path)


def table(folder, name):
    return pd.read_csv(folder / "results" / "demo" / f"{name}.tsv", sep="\t")


def test_every_broken_input_is_told_with_its_reason(broken):
    decisions = table(broken, "decisions")
    for participant, expected in TOLD.items():
        told = decisions.loc[decisions["participant_id"] == participant, "reason"]
        assert told.str.contains(expected, regex=False).any(), (participant, told.to_list())
    about = decisions[decisions["scope"] == "participant"]["participant_id"]
    assert sorted(about) == ["sub-10", "sub-11", "sub-12", "sub-99"], "each is told once"


def test_what_is_sound_is_measured_and_what_is_not_says_why(broken):
    rows = table(broken, "observations")
    rows = rows[rows["specification"] == Settings().denoising.name]
    assert rows["participant_id"].nunique() == 13
    assert len(set(rows.groupby("participant_id").size())) == 1
    assert rows.loc[rows["value"].isna(), "flag"].notna().all()
    absent = rows["flag"] == "no region of the group 'sgACC' is configured"
    assert set(rows.loc[absent, "region_2"]) == {"subgenual"}, "missing for everybody, and told"
    rows = rows[~absent]
    pre = rows[(rows["timepoint"] == "pre") & (rows["participant_id"] != "sub-13")]
    lacking = pre[pre["value"].isna()]
    assert set(lacking["participant_id"]) == {"sub-05"}
    of_region = (lacking[["region", "region_2"]] == "amygdala_L").any(axis=1)
    assert (of_region | lacking["flag"].str.contains("amygdala_L")).all()
    post = rows[rows["timepoint"] == "post"].set_index("participant_id")["value"]
    for participant in ("sub-01", "sub-02", "sub-03", "sub-04", "sub-06", "sub-07", "sub-08"):
        assert post[participant].isna().all(), participant
    for participant in ("sub-09", "sub-10", "sub-11", "sub-12", "sub-13"):
        assert post[participant].notna().all(), participant


def test_no_log_and_no_page_shows_what_only_a_programmer_reads(broken):
    logs = [path.read_text() for path in (broken / "logs").rglob("*.log")]
    assert len(logs) >= 13
    assert not any("Traceback" in log for log in logs)
    page = (broken / "results" / "demo" / "report.html").read_text()
    shown = re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    shown = shown.replace("None known", "")
    assert set(re.findall(r"\b(?:nan|NaN|None|inf|NaT)\b.{0,14}", shown)) <= {"NaN) in the brain"}
