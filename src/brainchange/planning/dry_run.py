"""What Snakemake would do for studies: its dry run, which needs nothing but their locks."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from brainchange.errors import BrainchangeError, ConfigError

_STATS = re.compile(r"^Job stats:\njob +count\n[- ]+\n(?P<rows>(?:\S+ +\d+\n)+)", re.MULTILINE)


def snakefile(root: Path) -> Path:
    """Find the workflow: that of the project folder, else that of the checkout.

    Raises
    ------
    ConfigError
        Neither has a Snakefile.
    """
    for folder in (root, Path(__file__).resolve().parents[3]):
        if (folder / "Snakefile").is_file():
            return folder / "Snakefile"
    raise ConfigError(
        "there is no Snakefile",
        where=str(root),
        cause="the folder holds config/ but not the workflow",
        fix="work in the folder of the checkout",
    )


def snakemake(root: Path, study: str, arguments: Sequence[str]) -> list[str]:
    """Write the command that runs the workflow of a study, or of several: ``[one, other]``."""
    program = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile(root))]
    return [*program, "--directory", str(root), *arguments, "--config", f"study={study}"]


def planned_jobs(root: Path, study: str, *, anew: bool = False) -> dict[str, int]:
    """Count the jobs that are to be done, as ``snakemake -n`` counts them.

    Parameters
    ----------
    root : Path
        Folder of the project.
    study : str
        Name of the study, or of several (:func:`in_one_run`).
    anew : bool
        Whether what is done already is counted too.

    Returns
    -------
    dict of str to int
        Rule → jobs; ``default`` is the goal itself. Empty where nothing is to be done.

    Raises
    ------
    BrainchangeError
        Snakemake cannot plan the study; its last words are told.
    """
    arguments = ["--dry-run", "--nocolor", *(["--forceall"] if anew else [])]
    done = subprocess.run(
        snakemake(root, study, arguments), capture_output=True, text=True, check=False, cwd=root
    )
    if done.returncode != 0:
        told = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise BrainchangeError(
            f"Snakemake cannot plan the study: {' '.join(told[-1:])}",
            where=study,
            fix=f"see what it says: snakemake -n --config 'study={study}'",
        )
    return counted_jobs(done.stdout + done.stderr)


def in_one_run(studies: Sequence[str]) -> str:
    """Write studies as one run of the workflow takes them: one by its name, else a list."""
    return studies[0] if len(studies) == 1 else f"[{', '.join(studies)}]"


def jobs_of_studies(
    jobs: Mapping[str, int], studies: Sequence[str]
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Split the jobs of a run of several studies, whose rules are called ``<study>_<rule>``.

    Parameters
    ----------
    jobs : mapping of str to int
        Rule → jobs.
    studies : sequence of str
        The studies.

    Returns
    -------
    of_studies : dict of str to dict of str to int
        Study → rule as it is called in a run of one → jobs. What studies share is made once: it
        counts for the first.
    rest : dict of str to int
        Jobs of none: the goal.
    """
    of_studies: dict[str, dict[str, int]] = {name: {} for name in studies}
    rest: dict[str, int] = {}
    longest_first = sorted(studies, key=len, reverse=True)
    for rule, count in jobs.items():
        owner = next((name for name in longest_first if rule.startswith(f"{name}_")), None)
        if owner is None:
            rest[rule] = count
        else:
            of_studies[owner][rule.removeprefix(f"{owner}_")] = count
    return of_studies, rest


def counted_jobs(told: str) -> dict[str, int]:
    """Read the table of jobs that Snakemake prints; empty where there is none."""
    found = _STATS.search(told)
    rows = found["rows"].splitlines() if found else []
    jobs = {rule: int(count) for rule, count in (row.split() for row in rows)}
    jobs.pop("total", None)
    return jobs


def total(jobs: Mapping[str, int]) -> int:
    """Count all jobs."""
    return sum(jobs.values())
