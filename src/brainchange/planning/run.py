"""Running the workflow of a study: what Snakemake says, as progress and as an exit code."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from brainchange.planning.dry_run import snakemake

_STEPS = re.compile(r"^(\d+) of (\d+) steps \(\d+%\) done")
_MESSAGE = re.compile(r"^(?:Job \d+|localrule \w+): (.+)")
_BROKEN = re.compile(r"^(?:Error|Failed:|WorkflowError|LockException|\w*Exception)")
MOST_LINES_TOLD = 60


@dataclass
class Told:
    """What Snakemake has said so far.

    Attributes
    ----------
    done, steps : int
        Jobs that are done, and all of them; 0 until the first is done.
    message : str
        What was begun last.
    broken : list of str
        What it says from the first error on.
    """

    done: int = 0
    steps: int = 0
    message: str = ""
    broken: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take in a line of what Snakemake prints."""
        if self.broken or _BROKEN.match(line):
            self.broken.append(line)
        if found := _STEPS.match(line):
            self.done, self.steps = int(found[1]), int(found[2])
        elif found := _MESSAGE.match(line):
            self.message = found[1]


def run_study(
    root: Path,
    study: str,
    arguments: Sequence[str],
    progress: Callable[[Told], None] | None = None,
) -> tuple[int, Told]:
    """Run the workflow of a study.

    Parameters
    ----------
    root : Path
        Folder of the project.
    study : str
        Name of the study.
    arguments : sequence of str
        What is said to Snakemake besides (``["--cores", "2"]``).
    progress : callable, optional
        Told after every line.

    Returns
    -------
    code : int
        Exit code of Snakemake: 0 where everything is done; 130 where it was interrupted.
    told : Told
        What it said.
    """
    told = Told()
    with subprocess.Popen(
        snakemake(root, study, arguments),
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in _lines(process.stdout or ()):
                told.hear(line)
                if progress:
                    progress(told)
        except KeyboardInterrupt:
            # Snakemake has had the same signal: it stops its jobs and unlocks the folder.
            process.wait()
            return 130, told
    code = process.returncode
    return (code if code >= 0 else 128 - code), told


def _lines(stream: Iterable[str]) -> Iterator[str]:
    return (line.rstrip() for line in stream if line.strip())
