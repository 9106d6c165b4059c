"""Locks made from the public git history equal the manifests read from it independently.

The manifests were written by another program from the same history; they list every file with size,
checksum and address.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from brainchange.sources.bids import prepared_runs
from brainchange.sources.build import build_lock, scanner_images
from brainchange.sources.lock import LockRow, read_lock
from brainchange.sources.overlap import images_path
from brainchange.study.model import Repository, Study
from brainchange.study.strict import parse, read_yaml

pytestmark = pytest.mark.shared
Facts = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    path = root / "config" / "studies" / "ds003007.yaml"
    return parse(Study, read_yaml(path), str(path))


@pytest.fixture(scope="module")
def lock(
    study: Study, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LockRow, ...]:
    return build_lock(study, shared / "git-bundles", tmp_path_factory.mktemp("work"))


def manifest(folder: Path, prefix: str = "") -> dict[str, Facts]:
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {
        prefix + row["path"]: (prefix + row["path"], row["size_bytes"], row["checksum"], row["url"])
        for row in rows
        if not row["checksum"].startswith("git-commit:")
    }


def facts(row: LockRow) -> Facts:
    return (row.path, str(row.size_bytes), row.checksum, row.url)


def test_every_row_equals_the_manifest(lock: tuple[LockRow, ...], shared: Path) -> None:
    expected = manifest(shared / "openneuro" / "ds003007") | manifest(
        shared / "openneuro-derivatives" / "ds003007-fmriprep", "derivatives/fmriprep/"
    )
    assert [facts(row) for row in lock] == [expected[row.path] for row in lock]


def test_the_lock_holds_what_the_study_needs_and_no_more(lock: tuple[LockRow, ...]) -> None:
    """58 runs of 6 files, 2 tables of the derivatives, 4 files of the study; 3.15 GB of BOLD."""
    assert len(lock) == 58 * 6 + 2 + 4
    bold = [row.size_bytes for row in lock if row.path.endswith("desc-preproc_bold.nii.gz")]
    assert len(bold) == 58
    assert sum(bold) == pytest.approx(3.15e9, rel=0.005)
    assert all(row.fallback_url for row in lock)


def test_the_committed_lock_is_the_one_that_is_made(lock: tuple[LockRow, ...], root: Path) -> None:
    assert read_lock(root / "data" / "locks" / "ds003007.tsv") == lock


def test_all_58_runs_are_complete(lock: tuple[LockRow, ...], study: Study) -> None:
    runs, decisions = prepared_runs((row.path for row in lock), study.images, study.tasks)
    assert decisions == []
    assert len(runs) == 58
    assert {prepared.run.session for prepared in runs} == {"ses-pre", "ses-post"}
    assert len({prepared.run.participant for prepared in runs}) == 29


@pytest.mark.parametrize(
    "name", ["ds002748", "ds003007", "ds003357", "ds005917", "ds006303", "ds006577"]
)
def test_whole_datasets_equal_their_manifests(
    study: Study, shared: Path, tmp_path: Path, name: str
) -> None:
    expected = manifest(shared / "openneuro" / name)
    commit = next(f[3] for f in expected.values() if "githubusercontent" in f[3]).split("/")[5]
    repository = Repository(
        name=name,
        url=f"https://github.com/OpenNeuroDatasets/{name}.git",
        ref=commit,
        commit=commit,
        files=("**",),
    )
    everything = study.model_copy(update={"repositories": (repository,)})
    rows = build_lock(everything, shared / "git-bundles", tmp_path)
    assert {facts(row) for row in rows} == set(expected.values())


def test_the_images_of_the_dataset_are_those_of_the_manifest(
    study: Study, root: Path, shared: Path, tmp_path: Path
) -> None:
    """58 runs of BOLD and 43 T1w: of all 29 before, of the 14 treated after."""
    found = scanner_images(study, shared / "git-bundles", tmp_path)
    told = manifest(shared / "openneuro" / "ds003007")
    assert found == {
        path: facts[2]
        for path, facts in told.items()
        if path.endswith(("_bold.nii.gz", "_T1w.nii.gz"))
    }
    assert len(found) == 58 + 43
    lines = images_path(root / "data" / "locks", "ds003007").read_text().splitlines()
    assert lines[1:] == [f"{path}\t{checksum}" for path, checksum in found.items()]
