"""Which files a simulated study consists of, known before anything is simulated."""

from __future__ import annotations

from brainchange.simulate.model import Simulation
from brainchange.simulate.raw.plan import raw_paths
from brainchange.sources.bids import Run, derivative_name
from brainchange.study.model import Study


def simulated_runs(study: Study, simulation: Simulation) -> tuple[Run, ...]:
    """List the runs that exist: every session and task, but for the sessions that were lost.

    Returns
    -------
    tuple of Run
        Sorted by participant, in the order of the study's timepoints and tasks.
    """
    lost = {(one.participant, one.timepoint) for one in simulation.exceptions.lost_sessions}
    return tuple(
        Run(participant, f"ses-{session}", task)
        for participant, _ in simulation.enrolled
        for timepoint, sessions in study.timepoints.items()
        if (participant, timepoint) not in lost
        for session in sessions
        for task in study.tasks
    )


def run_paths(study: Study, run: Run) -> dict[str, str]:
    """Name the files of a run as fMRIPrep does.

    Returns
    -------
    dict of str to str
        ``bold``, ``bold_sidecar``, ``brain_mask``, ``confounds``, ``confounds_sidecar`` and, where
        no atlas is to be brought to the images, ``parcellation`` → path in the study folder.
    """
    images = study.images
    grid = {"space": images.space} | ({"res": images.resolution} if images.resolution else {})

    def named(suffix: str, extension: str, **entities: str) -> str:
        return derivative_name(run, suffix=suffix, extension=extension, **entities)

    names = {
        "bold": named("bold", ".nii.gz", **grid, desc="preproc"),
        "bold_sidecar": named("bold", ".json", **grid, desc="preproc"),
        "brain_mask": named("mask", ".nii.gz", **grid, desc="brain"),
        "confounds": named("timeseries", ".tsv", desc="confounds"),
        "confounds_sidecar": named("timeseries", ".json", desc="confounds"),
    }
    if not images.atlas:
        names["parcellation"] = named("dseg", ".nii.gz", **grid, desc=images.parcellation)
    folder = _joined(images.derivatives, run.folder)
    return {role: _joined(folder, name) for role, name in names.items()}


def study_paths(study: Study) -> dict[str, str]:
    """Name the files that belong to no run.

    Returns
    -------
    dict of str to str
        ``participants``, ``participants_sidecar``, ``description``,
        ``sidecar:<task>``; ``derivatives_description`` of a study of prepared images, and
        ``label_table`` of their own parcellation; ``readme`` of one of raw images → path in the
        study folder.
    """
    table, derivatives = study.participants.table, study.images.derivatives
    common = {
        "participants": table,
        "participants_sidecar": f"{table.removesuffix('.tsv')}.json",
        "description": "dataset_description.json",
        **{f"sidecar:{task}": f"task-{task}_bold.json" for task in study.tasks},
    }
    if study.images.source == "raw":
        return {**common, "readme": "README"}
    prepared = {"derivatives_description": _joined(derivatives, "dataset_description.json")}
    if not study.images.atlas:
        table = f"desc-{study.images.parcellation}_dseg.tsv"
        prepared["label_table"] = _joined(derivatives, table)
    return {**common, **prepared}


def planned_paths(study: Study, simulation: Simulation) -> tuple[str, ...]:
    """List every file of the simulated study, without simulating anything.

    Returns
    -------
    tuple of str
        Paths in the study folder, sorted. The table of what was planted is not among them: it is
        published beside the study, and an analysis must not need it.
    """
    paths = list(study_paths(study).values())
    runs = simulated_runs(study, simulation)
    if study.images.source == "raw":
        paths += raw_paths(study, simulation, runs)
    else:
        paths += [path for run in runs for path in run_paths(study, run).values()]
    return tuple(sorted(paths))


def _joined(folder: str, name: str) -> str:
    return f"{folder.strip('/')}/{name}" if folder.strip("/") else name
