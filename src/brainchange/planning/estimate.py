"""What analysing a study needs: jobs, bytes, hours and disk, before anything is fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brainchange.planning.costs import MEGABYTE, Cost, costs
from brainchange.planning.dry_run import in_one_run, jobs_of_studies, planned_jobs, total
from brainchange.planning.plan import Plan
from brainchange.sources.fetch import missing
from brainchange.sources.lock import LockRow
from brainchange.sources.overlap import count_people, shared_participants, study_images

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
class Work:
    """What is to be computed for a study on so many cores.

    Attributes
    ----------
    participants : float
        All jobs that are one a participant, in seconds of one core.
    longest : float
        Those of the participant that takes longest, one after the other (s).
    after : float
        Jobs of the whole study, which follow each other on one core (s).
    fetch : float
        Starting the jobs that fetch, in seconds of one core.
    """

    participants: float
    longest: float
    after: float
    fetch: float


@dataclass(frozen=True)
class Estimate:
    """What analysing a study, or several in one run, needs.

    Attributes
    ----------
    study : str
        Name of the study; ``all`` for several.
    jobs : mapping of str to int
        Rule → jobs that are to be done.
    size_bytes : int
        Bytes of all its files.
    missing_bytes : int
        Bytes of those that are not here.
    n_participants : int
        Participants with images.
    peak_bytes : int
        Bytes on disk when all is done; nothing is deleted before.
    hours : mapping of int to float
        Cores → hours of computing (h).
    fetch_hours : float
        Hours of fetching (h).
    costs : mapping of str to Cost
        What jobs were taken to take.
    work : mapping of int to Work
        Cores → what is to be computed.
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
    work: Mapping[int, Work]


def estimate(
    plan: Plan,
    rate: float = DEFAULT_RATE,
    cores: tuple[int, ...] = (2, 64),
    jobs: Mapping[str, int] | None = None,
) -> Estimate:
    """Estimate what is still to be done for a study, from its lock.

    Rules with several jobs have one a participant, or one for several participants, who then bear
    equal shares of it. Jobs of a participant follow each other,
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
    jobs : mapping of str to int, optional
        Rule → jobs, where they are known; else Snakemake is asked.
    """
    study = plan.project.study
    if jobs is None:
        jobs = planned_jobs(plan.project.root, study.id)
    used = costs(jobs, plan.project.root / "logs" / study.id)
    absent = sum(row.size_bytes for row in missing(plan.rows, plan.project.study_folder))
    work = {n: _work(plan, jobs, used, n) for n in cores}
    return Estimate(
        study=study.id,
        jobs=jobs,
        size_bytes=sum(row.size_bytes for row in plan.rows),
        missing_bytes=absent,
        n_participants=len(plan.participants),
        peak_bytes=peak_bytes(plan),
        hours={n: _hours(work[n], n) for n in cores},
        fetch_hours=absent / (rate * MEGABYTE) / 3600,
        costs={rule: cost for rule, cost in used.items() if rule != "default"},
        work=work,
    )


def estimate_together(
    plans: Sequence[Plan], rate: float = DEFAULT_RATE, cores: tuple[int, ...] = (2, 64)
) -> tuple[Estimate, ...]:
    """Estimate several studies in one run (``snakemake --config 'study=[one, other]'``).

    Parameters
    ----------
    plans : sequence of Plan
        What there is to do, study by study.
    rate : float
        Megabytes fetched a second (MB/s).
    cores : tuple of int
        Numbers of cores to estimate for.

    Returns
    -------
    tuple of Estimate
        One a study, then ``all``: bytes and jobs added up with the goal of the run, each person
        counted once; hours from all work shared by the cores, never less than the longest study.
    """
    names = [plan.project.study.id for plan in plans]
    counted = planned_jobs(plans[0].project.root, in_one_run(names))
    jobs, rest = jobs_of_studies(counted, names)
    found = [estimate(plan, rate, cores, jobs[plan.project.study.id]) for plan in plans]
    return (*found, _together(found, rest, _people(plans)))


def _people(plans: Sequence[Plan]) -> int:
    """Count the participants of all studies; who is in two of them, as the locks tell, once."""
    locks = plans[0].project.lock_path.parent
    images = {plan.project.study.id: study_images(locks, plan.project.study.id) for plan in plans}
    names = {plan.project.study.id: plan.participants for plan in plans}
    return count_people(names, shared_participants(images))


def _together(found: Sequence[Estimate], rest: Mapping[str, int], people: int) -> Estimate:
    """Add up studies that are analysed in one run."""
    jobs = dict(rest)
    for one in found:
        jobs |= {f"{one.study}_{rule}": count for rule, count in one.jobs.items()}
    return Estimate(
        study="all",
        jobs=jobs,
        size_bytes=sum(one.size_bytes for one in found),
        missing_bytes=sum(one.missing_bytes for one in found),
        n_participants=people,
        peak_bytes=sum(one.peak_bytes for one in found),
        hours={n: _hours_together([one.work[n] for one in found], n) for n in found[0].work},
        fetch_hours=sum(one.fetch_hours for one in found),
        costs={rule: cost for one in found for rule, cost in one.costs.items()},
        work={},
    )


def _work(plan: Plan, jobs: Mapping[str, int], used: Mapping[str, Cost], cores: int) -> Work:
    own = [rule for rule, count in jobs.items() if count > 1 and rule != "fetch"]
    chains = [_chain(plan, name, own, used) for name in plan.participants]
    share = {rule: jobs[rule] / max(len(chains), 1) for rule in own}
    participants = sum(
        used[rule].of(_image_bytes(plan, name)) * min(used[rule].threads, cores) * share[rule]
        for rule in own
        for name in plan.participants
    )
    rest = [rule for rule in jobs if rule not in (*own, "fetch", "default")]
    after = sum(used[rule].of(0) * jobs[rule] for rule in rest)
    fetch = used["fetch"].of(0) * jobs.get("fetch", 0) if "fetch" in used else 0.0
    return Work(participants, max(chains, default=0.0), after, fetch)


def _hours(work: Work, cores: int) -> float:
    """Hours of computing a study on so many cores."""
    beside = max(work.participants / cores, work.longest)
    return (beside + work.after + work.fetch / cores) / 3600


def _hours_together(works: Sequence[Work], cores: int) -> float:
    """Hours of computing studies beside each other: jobs of one fill the cores another leaves."""
    shared = sum(one.participants + one.after + one.fetch for one in works) / cores
    longest = max(one.longest + one.after + one.fetch / cores for one in works)
    return max(shared, longest) / 3600


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
