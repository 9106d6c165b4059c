"""A published simulation is what was planned, the same every time, and readable by the analysis."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.datasets import load_mni152_brain_mask
from nilearn.image import resample_to_img

from brainchange.errors import BrainchangeError
from brainchange.files import checksum
from brainchange.imaging.confounds import read_confounds
from brainchange.imaging.parcellation import read_labels
from brainchange.metrics.gather import participant_tables
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import measure_participant
from brainchange.processes import in_processes
from brainchange.project import load_project
from brainchange.simulate.model import Exceptions, Simulation
from brainchange.simulate.plan import planned_paths
from brainchange.simulate.publish import publish
from brainchange.simulate.truth import TRUTH_TABLE
from brainchange.sources.bids import prepared_runs
from brainchange.sources.lock import LockRow, read_lock, write_lock
from brainchange.study.model import Images, Study
from brainchange.tables import read_tsv

FUNC = "derivatives/fmriprep/{p}/ses-{s}/func/{p}_ses-{s}_task-rest_"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="module")
def rows(study: Study, tiny: Simulation, folder: Path) -> tuple[LockRow, ...]:
    return publish(study, tiny, 7, folder)


def named(folder: Path, participant: str, session: str, rest: str) -> Path:
    return folder / (FUNC.format(p=participant, s=session) + rest)


def test_what_was_planned_is_written_and_nothing_else(
    study: Study, tiny: Simulation, folder: Path, rows: tuple[LockRow, ...]
) -> None:
    written = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    planned = planned_paths(study, tiny)
    assert tuple(row.path for row in rows) == planned
    assert written == {*planned, "truth.tsv", "truth.json"}


def test_lock_describes_the_files(folder: Path, rows: tuple[LockRow, ...], tmp_path: Path) -> None:
    write_lock(rows, tmp_path / "demo.tsv")
    for row in read_lock(tmp_path / "demo.tsv"):
        assert row.url == f"data/published/demo/{row.path}"
        assert row.size_bytes == (folder / row.path).stat().st_size
        assert row.checksum == checksum(folder / row.path, "md5")


def test_files_do_not_depend_on_the_number_of_processes(
    study: Study, tiny: Simulation, rows: tuple[LockRow, ...], tmp_path: Path
) -> None:
    told: list[tuple[int, int, str]] = []
    again = publish(
        study, tiny, 7, tmp_path, processes=2, progress=lambda *progress: told.append(progress)
    )
    assert again == rows
    assert told == [(n, 4, f"sub-0{n}") for n in range(1, 5)]


def test_another_seed_is_another_study(
    study: Study, tiny: Simulation, rows: tuple[LockRow, ...], tmp_path: Path
) -> None:
    one = tiny.model_copy(
        update={"participants": {"therapy": 1}, "exceptions": type(tiny.exceptions)()}
    )
    one = one.model_copy(update={"effects": ()})
    other = {row.path: row.checksum for row in publish(study, one, 8, tmp_path)}
    path = FUNC.format(p="sub-01", s="pre") + "space-T1w_desc-preproc_bold.nii.gz"
    assert other[path] != {row.path: row.checksum for row in rows}[path]


def test_images_of_a_run_share_one_grid(folder: Path, rows: tuple[LockRow, ...]) -> None:
    for session in ("pre", "post"):
        bold, mask, labels = (
            nib.load(named(folder, "sub-01", session, f"space-T1w_desc-{rest}.nii.gz"))
            for rest in ("preproc_bold", "brain_mask", "aparcaseg_dseg")
        )
        assert bold.shape == (*mask.shape, 40)
        assert labels.shape == mask.shape
        np.testing.assert_array_equal(bold.affine, labels.affine)
        inside = np.asarray(mask.dataobj) > 0
        assert set(np.unique(np.asarray(mask.dataobj))) == {0, 1}
        assert np.asarray(bold.dataobj)[inside].mean() > 100


def test_lost_view_is_empty_below(folder: Path, rows: tuple[LockRow, ...]) -> None:
    def amygdala_kept(session: str) -> float:
        mask, labels, bold = (
            np.asarray(
                nib.load(named(folder, "sub-03", session, f"space-T1w_desc-{x}.nii.gz")).dataobj
            )
            for x in ("brain_mask", "aparcaseg_dseg", "preproc_bold")
        )
        assert ((bold != 0).any(axis=3) | (mask == 0)).all()
        amygdala = np.isin(labels, (18, 54))
        return float((mask[amygdala] > 0).mean())

    assert amygdala_kept("pre") < 0.8
    assert amygdala_kept("post") == 1


def test_confounds_are_read_by_the_analysis(folder: Path, rows: tuple[LockRow, ...]) -> None:
    path = named(folder, "sub-01", "pre", "desc-confounds_timeseries.tsv")
    confounds = read_confounds(path, 40, ("white_matter", "csf", "global_signal"))
    assert confounds is not None
    table = read_tsv(path)
    first = table.columns[table.iloc[0].isna()]
    assert {"framewise_displacement", "std_dvars", "trans_x_derivative1"} <= set(first)
    assert not table.iloc[1:].isna().to_numpy().any()
    assert "non_steady_state_outlier00" in table
    assert sum(name.startswith(("trans_", "rot_")) for name in table) == 24


def test_label_table_names_every_label(folder: Path, rows: tuple[LockRow, ...]) -> None:
    names = read_labels(folder / "derivatives/fmriprep/desc-aparcaseg_dseg.tsv")
    labels = nib.load(named(folder, "sub-01", "pre", "space-T1w_desc-aparcaseg_dseg.nii.gz"))
    assert set(np.unique(np.asarray(labels.dataobj))) <= {0, *names.values()}
    assert names["Left-Amygdala"] == 18


def test_participants_have_the_columns_of_the_study(
    study: Study, folder: Path, rows: tuple[LockRow, ...]
) -> None:
    table = read_tsv(folder / "participants.tsv")
    assert list(table["group"]) == ["therapy", "untreated"] * 2
    wanted = {study.participants.arm_column, "age", "sex"}
    assert wanted | set(study.outcomes["BDI"].columns.values()) <= set(table)
    assert table["BDI_ses-post"].isna().tolist() == [False, False, False, True]
    scores = pd.to_numeric(table["BDI_ses-pre"])
    assert scores.between(0, 63).all()
    assert set(json.loads((folder / "participants.json").read_text())) == set(table)


def test_truth_tells_what_each_participant_got(
    tiny: Simulation, folder: Path, rows: tuple[LockRow, ...]
) -> None:
    truth = TRUTH_TABLE.read(folder / "truth.tsv")
    assert set(truth.loc[truth["kind"] == "exception", "participant_id"]) == {
        "sub-02",
        "sub-03",
        "sub-04",
    }
    got = truth[(truth["kind"] == "parameter") & (truth["metric"] == "amplitude")]
    mean = got.groupby(["arm", "timepoint"])["quantity"].mean()
    assert mean["therapy", "post"] < 0.8 * mean["therapy", "pre"]
    assert mean["untreated", "pre"] == pytest.approx(0.9, rel=0.25)
    assert len(got) == 7


def test_analysis_measures_every_run(
    root: Path, study: Study, folder: Path, rows: tuple[LockRow, ...]
) -> None:
    """Coarse and short as they are, the runs are valid input: only the lost view is left out."""
    project = load_project(root, {"study": "demo"})
    settings = project.settings.model_copy(
        update={"censoring": project.settings.censoring.model_copy(update={"fewest_volumes": 20})}
    )
    layout = StudyLayout.of(study)
    runs, decisions = prepared_runs([row.path for row in rows], study.images, study.tasks)
    assert not decisions
    for participant in ("sub-01", "sub-03"):
        measured = participant_tables(
            measure_participant(
                participant,
                [one for one in runs if one.run.participant == participant],
                folder,
                layout=layout,
                regions=project.regions,
                settings=settings,
            ),
            layout,
        )
        values = measured.observations
        tsnr = values.loc[(values["metric"] == "tsnr"), ["region", "value"]].dropna()
        assert 30 < tsnr["value"].median() < 110
        lost = set(measured.decisions.loc[measured.decisions["scope"] == "region", "name"])
        assert ("amygdala_L" in lost) == (participant == "sub-03")


class Deadly:
    """Ends the process that unpickles it."""

    def __reduce__(self):
        return os._exit, (1,)


def test_a_process_that_ends_is_told() -> None:
    with pytest.raises(BrainchangeError) as caught:
        list(in_processes(Deadly(), [1, 2], 2, what="the simulation"))
    assert "a process of the simulation ended before its work" in str(caught.value)
    assert "use fewer cores" in str(caught.value)


def test_images_in_the_space_of_a_template_have_its_shape_and_no_parcellation(
    study: Study, tiny: Simulation, tmp_path: Path
) -> None:
    """Where the template has brain, every head has it, whatever heads differ by in T1w space."""
    images = Images(space="MNI152NLin2009aSym", resolution="8", atlas="simulated")
    one = tiny.model_copy(update={"participants": {"therapy": 2}, "exceptions": Exceptions()})
    rows = publish(study.model_copy(update={"images": images}), one, 7, tmp_path)
    assert not [row.path for row in rows if "dseg" in row.path]
    masks = sorted(tmp_path.rglob("*_space-MNI152NLin2009aSym_res-8_desc-brain_mask.nii.gz"))
    assert len(masks) == 4
    template = load_mni152_brain_mask(resolution=2)
    for path in masks:
        mask = nib.load(path)
        own = resample_to_img(template, mask, interpolation="nearest", copy_header=True)
        differs = np.asarray(mask.dataobj) != np.asarray(own.dataobj)
        assert differs.sum() < 0.03 * np.asarray(mask.dataobj).sum()
