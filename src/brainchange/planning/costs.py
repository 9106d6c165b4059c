"""How long jobs take: measured in this project where it has run, else as measured elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import mean

UNKNOWN_SECONDS = 30.0
"""Taken for a job of a rule that nobody has measured; such rules are named."""
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Cost:
    """How long a job of a rule takes.

    Attributes
    ----------
    rule : str
        The rule.
    seconds : float
        Seconds a job takes whatever it reads (s).
    seconds_a_megabyte : float
        Seconds for every megabyte of images it reads (s/MB).
    threads : int
        Cores it keeps busy.
    source : str
        Where the numbers are from.
    """

    rule: str
    seconds: float
    seconds_a_megabyte: float
    threads: int
    source: str

    def of(self, image_bytes: float) -> float:
        """Seconds of a job that reads so many bytes of images."""
        return self.seconds + self.seconds_a_megabyte * image_bytes / MEGABYTE


def default_costs() -> dict[str, Cost]:
    """Read what jobs took where they were measured: ``costs.tsv`` beside this file."""
    text = (files("brainchange.planning") / "costs.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {
        row["rule"]: Cost(
            row["rule"],
            float(row["seconds"]),
            float(row["seconds_a_megabyte"]),
            int(row["threads"]),
            row["source"],
        )
        for row in rows
    }


def costs(rules: Iterable[str], logs: Path) -> dict[str, Cost]:
    """Say what jobs of rules take.

    Parameters
    ----------
    rules : iterable of str
        Rules.
    logs : Path
        Where the workflow writes its benchmarks: ``logs/<study>``.

    Returns
    -------
    dict of str to Cost
        The mean of the benchmarks of a rule in `logs`, else what was measured elsewhere, else
        `UNKNOWN_SECONDS`.
    """
    known = default_costs()
    found = {}
    for rule in rules:
        measured = _measured(rule, logs)
        usual = known.get(rule, Cost(rule, UNKNOWN_SECONDS, 0.0, 1, ""))
        if measured:
            told = f"{len(measured)} jobs of this project ({logs.name})"
            found[rule] = Cost(rule, mean(measured), 0.0, usual.threads, told)
        else:
            found[rule] = usual
    return found


def _measured(rule: str, logs: Path) -> list[float]:
    """Seconds of every benchmark of a rule; those that cannot be read are left out."""
    paths = [logs / f"{rule}.benchmark.tsv", *(logs / rule).glob("*.benchmark.tsv")]
    read = (_seconds(path) for path in paths if path.is_file())
    return [seconds for seconds in read if seconds is not None]


def _seconds(path: Path) -> float | None:
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    try:
        return float(rows[-1]["s"])
    except (IndexError, KeyError, ValueError):
        return None


def sources_told(used: Mapping[str, Cost]) -> list[str]:
    """Say where the costs are from, a line a source."""
    by_source: dict[str, list[str]] = {}
    for rule, cost in used.items():
        by_source.setdefault(cost.source or "not measured yet: 30 s taken", []).append(rule)
    return [f"{source}: {', '.join(sorted(rules))}" for source, rules in by_source.items()]
