"""The command `across` on a small project: tables written, studies that cannot count told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.files import checksum
from brainchange.inference.schemas import EFFECTS_TABLE
from brainchange.sources.lock import LockRow, write_lock
from brainchange.sources.overlap import images_path, write_images

ROW = {
    "measure": "T2",
    "kind": "claim",
    "label": "connectivity goes up",
    "metric": "connectivity",
    "unit": "Fisher z",
    "family": "confirmatory",
    "direction": "up",
    "contrast": "cbt_vs_untreated",
    "contrast_label": "CBT − untreated",
    "primary": True,
    "n_treated": 8,
    "n_control": 15,
    "difference": 0.1,
    "ci_low": 0.0,
    "ci_high": 0.2,
    "df": 20.0,
    "dppc2": 0.6,
    "dppc2_se": 0.3,
    "dppc2_ci_low": 0.0,
    "dppc2_ci_high": 1.2,
    "adjustment": "holm",
    "lead_estimator": "change_score",
}


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(root / "config", tmp_path / "config")
    text = (tmp_path / "config/studies/ds003007.yaml").read_text()
    (tmp_path / "config/studies/ds1.yaml").write_text(text.replace("id: ds003007", "id: ds1"))
    locks = tmp_path / "data" / "locks"
    locks.mkdir(parents=True)
    for name, first in (("ds003007", 0), ("ds1", 50)):
        images = {f"sub-{n}/anat/sub-{n}_T1w.nii.gz": f"md5:{first + n:032x}" for n in range(1, 9)}
        write_images(images, images_path(locks, name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def results(project: Path, name: str, **changes: Any) -> None:
    folder = project / "results" / name
    folder.mkdir(parents=True)
    EFFECTS_TABLE.write(EFFECTS_TABLE.frame([ROW | changes]), folder / "effects.tsv")


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["across", *arguments], env={"COLUMNS": "200"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_two_studies_are_taken_together(project: Path) -> None:
    results(project, "ds003007")
    results(project, "ds1", dppc2=0.2)
    code, out, told = run()
    assert code == 0, told
    assert out.splitlines()[1].split("\t")[:3] == ["T2", "2", "0.4"]
    meta = pd.read_csv(project / "results/across/meta.tsv", sep="\t")
    assert list(meta["scale"]) == ["standardised", "raw"]
    assert (project / "results/across/forest.tsv").exists()
    assert (project / "results/across/meta.json").exists()
    for suffix in ("svg", "png", "tsv"):
        assert (project / f"results/across/figures/pooled_T2.{suffix}").exists()


def test_the_page_across_studies_answers_shows_and_gives_away_everything(project: Path) -> None:
    results(project, "ds003007")
    results(project, "ds1", dppc2=0.2, contrast_label="<script>alert(1)</script>")
    assert run()[0] == 0
    page = (project / "results/across/across.html").read_text()
    assert "2 studies: ds003007, ds1" in page
    answer = page.split('<p class="lead">')[1].split("</p>")[0]
    assert answer.startswith("Of 1 claim in 2 studies taken together, 1 ")
    table = page.split('<table class="sortable stack data" id="claims">')[1].split("</table>")[0]
    assert '<span class="badge' in table
    assert "+0.40 SD [" in table
    assert page.count('<figure id="figure-pooled_T2">') == 1
    assert page.count('<svg xmlns="') == 1
    for name in ("meta", "forest", "overlaps"):
        assert f'download="{name}.tsv"' in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<script>") == 2
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_studies_of_the_same_participants_count_once(project: Path) -> None:
    results(project, "ds003007")
    results(project, "ds1", n_treated=6)
    shutil.copy(
        images_path(project / "data/locks", "ds003007"), images_path(project / "data/locks", "ds1")
    )
    code, out, told = run()
    assert code == 0
    assert out.splitlines()[1].split("\t")[:2] == ["T2", "1"]
    assert "ds003007 and ds1 share 8 participants: only the larger counts" in told
    overlaps = pd.read_csv(project / "results/across/overlaps.tsv", sep="\t")
    assert len(overlaps) == 8


def test_scans_that_were_compressed_anew_count_once_where_they_are_fetched(project: Path) -> None:
    """Other labels, other bytes, the same voxels: only the fetched images can tell."""
    results(project, "ds003007")
    results(project, "ds1", n_treated=6)
    rng = np.random.default_rng(1)
    rows: dict[str, list[LockRow]] = {"ds003007": [], "ds1": []}
    for number in range(1, 4):
        image = nib.Nifti1Image(rng.normal(size=(4, 4, 4)).astype(np.float32), np.eye(4))
        for study, who, ending in (
            ("ds003007", f"sub-{number}", ".nii.gz"),
            ("ds1", f"sub-{20 + number}", ".nii"),
        ):
            name = f"{who}/anat/{who}_T1w{ending}"
            path = project / "data" / "studies" / study / name
            path.parent.mkdir(parents=True)
            nib.save(image, path)
            size, digest = path.stat().st_size, checksum(path, "md5")
            rows[study].append(LockRow(name, size, digest, f"https://example.org/{name}"))
    for study, locked in rows.items():
        write_lock(locked, project / "data" / "locks" / f"{study}.tsv")
    code, out, told = run()
    assert code == 0, told
    assert out.splitlines()[1].split("\t")[:2] == ["T2", "1"]
    assert "ds003007 and ds1 share 3 participants: only the larger counts" in told
    overlaps = pd.read_csv(project / "results/across/overlaps.tsv", sep="\t")
    assert set(overlaps["evidence"]) == {"voxels"}
    assert list(overlaps["other_participant_id"]) == ["sub-21", "sub-22", "sub-23"]


def test_simulated_studies_count_only_where_they_are_named(project: Path) -> None:
    results(project, "demo")
    code, _, told = run()
    assert code == 2
    assert "no study has results" in told
    code, _, told = run("demo")
    assert code == 0, told
    results(project, "ds1")
    code, _, told = run("demo", "ds1")
    assert code == 2
    assert "simulated and real studies are not taken together" in told


def test_mistyped_and_unfinished_studies_are_told(project: Path) -> None:
    code, _, told = run("ds2", "ds1")
    assert code == 2
    assert "there is no study 'ds2'" in told
    code, _, told = run("ds1")
    assert code == 2
    assert "brainchange run ds1" in told


def test_studies_without_images_in_their_locks_are_told(project: Path) -> None:
    results(project, "ds003007")
    results(project, "ds1")
    images_path(project / "data/locks", "ds1").unlink()
    _, _, told = run()
    assert "whether ds003007 and ds1 share participants cannot be told" in told
