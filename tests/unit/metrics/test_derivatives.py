"""What is written is a BIDS derivative dataset, and says how it was made."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from brainchange.metrics.derivatives import write_dataset_description, write_derivatives
from brainchange.metrics.gather import (
    gather,
    participant_tables,
    write_participant_tables,
)
from brainchange.metrics.observations import COVERAGE_TABLE, OBSERVATIONS_TABLE
from brainchange.sources.people_sidecar import write_participants
from brainchange.tables import read_tsv

STEM = "sub-01_ses-pre_task-rest_space-T1w_seg-aparcaseg_desc-"


@pytest.fixture
def results(tiny, table_paths, tmp_path):
    """A folder of results with all that this stage writes."""
    table = tiny.confounds()
    table.loc[30:32, "std_dvars"] = 3.0
    tiny.add("ses-pre", seed=1, table=table)
    tiny.add("ses-post", seed=2)
    measured = tiny.measure()
    folder = tmp_path / "results" / "tiny"
    write_derivatives(measured, folder, tiny.study.images, tiny.settings)
    people = pd.DataFrame({"participant_id": ["sub-01"], tiny.study.participants.arm_column: "a"})
    write_participants(people, tiny.study, folder / "participants.tsv", None)
    write_dataset_description(folder, tiny.study, tiny.folder, "0.1.0")
    tables = participant_tables(measured, tiny.layout)
    write_participant_tables(tables, table_paths(folder / "measured"))
    study_tables = gather([tables], {"sub-01": "a"})
    OBSERVATIONS_TABLE.write(study_tables.observations, folder / "observations.tsv", sidecar=True)
    COVERAGE_TABLE.write(study_tables.coverage, folder / "coverage.tsv", sidecar=True)
    (folder / "report.html").write_text("<!doctype html>")
    (folder / "figures").mkdir()
    (folder / "figures" / "forest.svg").write_text("<svg/>")
    return folder, measured


def test_the_dataset_passes_the_bids_validator(results):
    folder, _ = results
    program = shutil.which("bids-validator-deno", path=str(Path(sys.executable).parent))
    assert program, "the pinned packages lack the BIDS validator"
    done = subprocess.run(
        [program, str(folder), "--format", "json"], capture_output=True, text=True, check=False
    )
    told = json.loads(done.stdout)
    issues = told["issues"]["issues"]
    # The table of participants is looked at, and every column of it is described.
    assert [one["participantId"] for one in told["summary"]["subjectMetadata"]] == ["01"]
    assert "TSV_ADDITIONAL_COLUMNS_UNDEFINED" not in {issue["code"] for issue in issues}
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert done.returncode == 0


def test_participants_without_folders_are_not_shown_to_the_validator(results, tiny):
    """BIDS wants a folder for everybody in the table; who was not measured has none."""
    folder, _ = results
    assert "!/participants.tsv" in (folder / ".bidsignore").read_text()
    with (folder / "participants.tsv").open("a") as table:
        table.write("sub-02\ta\n")
    write_dataset_description(folder, tiny.study, tiny.folder, "0.1.0")
    assert "!/participants.tsv" not in (folder / ".bidsignore").read_text()


def test_signals_have_one_row_a_volume_and_censored_ones_are_missing(results):
    folder, measured = results
    func = folder / "sub-01" / "ses-pre" / "func"
    raw = read_tsv(func / f"{STEM}raw_timeseries.tsv")
    denoised = read_tsv(func / f"{STEM}denoised_timeseries.tsv")
    names = [region.region for region in measured.regions]
    assert list(raw.columns) == list(denoised.columns) == names
    assert raw.shape == denoised.shape == (96, 4)
    missing = denoised["amygdala_L"].isna()
    assert list(np.flatnonzero(missing)) == [26, 27, 28]
    assert raw["amygdala_L"].notna().all()
    np.testing.assert_allclose(raw.astype(float), measured.runs[0].signals.raw, rtol=1e-11)


def test_the_matrix_is_the_connectivity_that_is_observed(results):
    folder, measured = results
    matrix = read_tsv(folder / "sub-01/ses-pre/func" / f"{STEM}denoised_relmat.tsv")
    expected = measured.runs[0].computed["connectivity"]
    np.testing.assert_allclose(matrix.astype(float), expected, rtol=1e-11)
    assert matrix.isna().iloc[0, 0]


def test_sidecars_say_sources_units_and_parameters(results):
    folder, _ = results
    told = json.loads(
        (folder / "sub-01/ses-pre/func" / f"{STEM}denoised_timeseries.json").read_text()
    )
    assert told["SamplingFrequency"] == 0.5
    assert told["Sources"][0] == (
        "bids:prepared:derivatives/fmriprep/sub-01/ses-pre/func/"
        "sub-01_ses-pre_task-rest_space-T1w_desc-preproc_bold.nii.gz"
    )
    assert told["Denoising"]["motion_parameters"] == 12
    assert told["Censoring"]["framewise_displacement"] == 0.5
    assert (told["NumberOfVolumesKept"], told["NumberOfRegressors"]) == (93, 18)
    assert told["ResidualDegreesOfFreedom"] == 75
    assert told["amygdala_L"]["Units"] == "arbitrary"
    described = json.loads((folder / "dataset_description.json").read_text())
    assert described["DatasetType"] == "derivative"
    assert described["DatasetLinks"] == {"prepared": "../../study"}
    assert "simulated" in (folder / "README.md").read_text()
