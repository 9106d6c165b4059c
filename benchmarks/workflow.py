"""How long planning a very large study and running the whole demo take."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brainchange.sources.lock import LockRow, write_lock

ROOT = Path(__file__).resolve().parents[1]
SNAKEMAKE = [
    str(Path(sys.executable).with_name("snakemake")),
    "--snakefile",
    str(ROOT / "Snakefile"),
]
PARTICIPANTS, SESSIONS = 1000, ("pre", "post")
SUFFIXES = (
    "space-T1w_desc-preproc_bold.nii.gz",
    "space-T1w_desc-preproc_bold.json",
    "space-T1w_desc-brain_mask.nii.gz",
    "space-T1w_desc-aparcaseg_dseg.nii.gz",
    "desc-confounds_timeseries.tsv",
    "desc-confounds_timeseries.json",
)


def rows() -> Iterator[dict[str, Any]]:
    """Time a dry run of a large lock, and the demo from nothing to the report."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        shutil.copytree(ROOT / "config", project / "config")
        write_large_lock(project)
        seconds = timed(project, "--dry-run", "--quiet", "all", "--config", "study=ds003007")
    yield {
        "name": f"dry run of {PARTICIPANTS} participants × {len(SESSIONS)} sessions",
        "value": seconds,
        "unit": "s",
        "bar": "≤ 10",
        "holds": seconds <= 10,
    }
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "config", Path(folder) / "config")
        seconds = timed(Path(folder), "--cores", "2", "--quiet", "all", "--config", "study=demo")
    yield {
        "name": "demo from nothing to the report on 2 cores",
        "value": seconds,
        "unit": "s",
        "bar": "≤ 120",
        "holds": seconds <= 120,
    }


def write_large_lock(project: Path) -> None:
    """Write a lock as large as a very large study has."""
    paths = ["participants.tsv", "derivatives/fmriprep/desc-aparcaseg_dseg.tsv"]
    for number in range(1, PARTICIPANTS + 1):
        for session in SESSIONS:
            folder = f"derivatives/fmriprep/sub-{number:04d}/ses-{session}/func"
            stem = f"sub-{number:04d}_ses-{session}_task-rest"
            paths += [f"{folder}/{stem}_{suffix}" for suffix in SUFFIXES]
    lock = [LockRow(path, 1, f"md5:{0:032x}", f"https://127.0.0.1/{path}") for path in paths]
    write_lock(lock, project / "data" / "locks" / "ds003007.tsv")


def timed(project: Path, *arguments: str) -> float:
    """Run the workflow in a folder and give the seconds it took."""
    started = time.perf_counter()
    subprocess.run([*SNAKEMAKE, *arguments], cwd=project, check=True, capture_output=True)
    return time.perf_counter() - started
