"""What analysing a study needs: jobs, bytes, hours and disk, before anything is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brainchange.planning.costs import MEGABYTE, Cost, costs
from brainchange.planning.dry_run import planned_jobs, total
from brainchange.planning.plan import Plan
from brainchange.sources.fetch import missing
from brainchange.sources.lock import LockRow

PREPARED_A_RAW_BYTE = 1.44
"""Bytes of a prepared run for each byte of its compressed raw image: 22.3 MB of 15.6 MB (measured
on the real images of the tests)."""
COMPRESSED = 0.44
"""Compressed bytes for each byte of an uncompressed BOLD image: 15.3 MB of 34.9 MB (the same
images). Costs are for compressed images."""
ANATOMY_BYTES = 111_000_000
"""Bytes of a participant's prepared anatomy with its transforms (the same measurement)."""
RESULT_BYTES = 15_000_000
"""Bytes of the results of a study: tables, figures, report (the same measurement)."""
DEFAULT_RATE = 20.0
"""Megabytes fetched a second, unless said: an assumption, no measurement (MB/s)."""


@dataclass(frozen=True)
class Estimate:
    """What analysing a study needs.

    Attributes
    ----------
    study : str
        Name of the study.
    jobs : mapping of str to int
        Rule → jobs that are to be done.
    size_bytes : int
        Bytes of all its files.
    missing_bytes : int
        Bytes of those that are not here.
    n_participants : int
        Participants with files.
    peak_bytes : int
        Bytes on disk when all is done; nothing is deleted before.
    hours : mapping of int to float
        Cores → hours of computing (h).
    fetch_hours : float
        Hours of fetching (h).
    costs : mapping of str to Cost
        What jobs were taken to take.
    """

    study: str
    jobs: Mapping[str, int]
    size_bytes: int
    missing_bytes: int
    n_participants: int
    peak_bytes: int
    hours: Mapping[int, float]
    fetch_hours: float
    costs: Mapping[str, Cost]


def estimate(plan: Plan, rate: float = DEFAULT_RATE, cores: tuple[int, ...] = (2, 64)) -> Estimate:
    """Estimate what is still to be done for a study, from its lock.

    Rules with several jobs have one a participant. Jobs of a participant follow each other,
    participants run beside each other: their time is the longer of all their work shared by the
    cores, and the longest chain of one participant (Graham 1969). Jobs of the whole study come
    after. Fetching is told apart, for it depends on the line.

    Parameters
    ----------
    plan : Plan
        What there is to do.
    rate : float
        Megabytes fetched a second (MB/s).
    cores : tuple of int
        Numbers of cores to estimate for.
    """
    study = plan.project.study
    jobs = planned_jobs(plan.project.root, study.id)
    used = costs(jobs, plan.project.root / "logs" / study.id)
    absent = sum(row.size_bytes for row in missing(plan.rows, plan.project.study_folder))
    people = {row.participant for row in plan.rows} - {None}
    return Estimate(
        study=study.id,
        jobs=jobs,
        size_bytes=sum(row.size_bytes for row in plan.rows),
        missing_bytes=absent,
        n_participants=len(people or plan.participants),
        peak_bytes=peak_bytes(plan),
        hours={n: _hours(plan, jobs, used, n) for n in cores},
        fetch_hours=absent / (rate * MEGABYTE) / 3600,
        costs={rule: cost for rule, cost in used.items() if rule != "default"},
    )


def _hours(plan: Plan, jobs: Mapping[str, int], used: Mapping[str, Cost], cores: int) -> float:
    """Hours of computing on so many cores."""
    own = [rule for rule, count in jobs.items() if count > 1 and rule != "fetch"]
    chains = [_chain(plan, name, own, used) for name in plan.participants]
    share = {rule: jobs[rule] / max(len(chains), 1) for rule in own}
    work = sum(
        used[rule].of(_image_bytes(plan, name)) * min(used[rule].threads, cores) * share[rule]
        for rule in own
        for name in plan.participants
    )
    rest = [rule for rule in jobs if rule not in (*own, "fetch", "default")]
    after = sum(used[rule].of(0) * jobs[rule] for rule in rest)
    started = used["fetch"].of(0) * jobs.get("fetch", 0) / cores if "fetch" in used else 0.0
    return (max(work / cores, max(chains, default=0.0)) + after + started) / 3600


def _chain(plan: Plan, participant: str, rules: list[str], used: Mapping[str, Cost]) -> float:
    """Seconds of all jobs of a participant, one after the other."""
    return sum(used[rule].of(_image_bytes(plan, participant)) for rule in rules)


def _image_bytes(plan: Plan, participant: str) -> float:
    return sum(map(_compressed_bytes, plan.rows_of(participant)))


def _compressed_bytes(row: LockRow) -> float:
    """Bytes of an image as if it were compressed; 0 for another file."""
    if row.path.endswith(".nii.gz"):
        return row.size_bytes
    return COMPRESSED * row.size_bytes if row.path.endswith(".nii") else 0.0


def peak_bytes(plan: Plan) -> int:
    """Count the bytes of what is fetched, prepared and made; nothing is deleted on the way."""
    fetched = sum(row.size_bytes for row in plan.rows)
    bold = sum(_compressed_bytes(row) for row in plan.rows if "_bold.nii" in row.path)
    made = int(PREPARED_A_RAW_BYTE * bold) + ANATOMY_BYTES * len(plan.raw) if plan.raw else 0
    return fetched + made + RESULT_BYTES


def number_of_jobs(one: Estimate) -> int:
    """Count the jobs of an estimate, as the last line of ``snakemake -n`` does."""
    return total(one.jobs)
