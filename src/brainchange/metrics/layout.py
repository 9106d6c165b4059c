"""What measuring needs to know of a study; an edit of anything else in it measures nothing anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from brainchange.study.model import Images, Study
from brainchange.study.tasks import Events

Timepoints = tuple[tuple[str, tuple[str, ...]], ...]
"""Session labels of each timepoint."""


@dataclass(frozen=True)
class ContrastOfTask:
    """A contrast of conditions of a task, without what only readers need.

    Attributes
    ----------
    name, task : str
        Its name, and the task whose runs it is computed in.
    weights : tuple of (str, float)
        Weight of each condition it names.
    """

    name: str
    task: str
    weights: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class StudyLayout:
    """Images, timepoints and tasks of a study.

    Attributes
    ----------
    images : Images
        Folder of the derivatives, space and parcellation.
    timepoints : tuple of (str, tuple of str)
        Session labels (without ``ses-``) of each timepoint, in the order of the study.
    tasks : tuple of str
        Task labels.
    events : Events
        How tables of events are read.
    contrasts : tuple of ContrastOfTask
        Contrasts of conditions, in the order of the study.
    task_labels : tuple of (str, str)
        Label in the names of files and the task it stands for, where they differ.
    first_session : bool
        Whether of several sessions of a timepoint the first of its labels is used, not the mean.
    of_arms : tuple of (str, tuple)
        Arms whose sessions are others, and their timepoints.
    """

    images: Images
    timepoints: Timepoints
    tasks: tuple[str, ...]
    events: Events = field(default_factory=Events)
    contrasts: tuple[ContrastOfTask, ...] = ()
    task_labels: tuple[tuple[str, str], ...] = ()
    first_session: bool = False
    of_arms: tuple[tuple[str, Timepoints], ...] = ()

    @classmethod
    def of(cls, study: Study) -> StudyLayout:
        """Take what is needed from a study."""
        contrasts = tuple(
            ContrastOfTask(name, one.task, tuple(one.weights.items()))
            for name, one in study.task_contrasts.items()
        )
        renamed = {label: task for label, task in study.task_of_label.items() if label != task}
        return cls(
            study.images,
            _timepoints(study, None),
            study.tasks,
            study.events,
            contrasts,
            tuple(renamed.items()),
            study.several_sessions == "first",
            tuple(
                (name, _timepoints(study, name)) for name, arm in study.arms.items() if arm.sessions
            ),
        )

    def for_arm(self, arm: str | None) -> StudyLayout:
        """Give the layout for the participants of an arm, whose sessions may be others."""
        return replace(self, timepoints=dict(self.of_arms).get(arm or "", self.timepoints))

    def task(self, label: str) -> str:
        """Task of a label in the name of a file."""
        return dict(self.task_labels).get(label, label)

    def contrasts_of(self, task: str) -> tuple[ContrastOfTask, ...]:
        """Contrasts of conditions of a task."""
        return tuple(one for one in self.contrasts if one.task == self.task(task))

    def timepoint(self, session: str | None) -> str | None:
        """Timepoint of a session.

        Parameters
        ----------
        session : str or None
            ``ses-pre``; None where the dataset has no sessions.

        Returns
        -------
        str or None
            ``pre``; None where the session is no timepoint of the study.
        """
        label = (session or "").removeprefix("ses-")
        return next((name for name, labels in self.timepoints if label in labels), None)


def _timepoints(study: Study, arm: str | None) -> Timepoints:
    """Labels of each timepoint; one without labels is that of files without a session."""
    return tuple((name, labels or ("",)) for name, labels in study.sessions_of(arm).items())
