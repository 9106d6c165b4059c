"""What measuring needs to know of a study; an edit of anything else in it measures nothing anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from brainchange.study.model import Images, Study
from brainchange.study.tasks import Events


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
    """

    images: Images
    timepoints: tuple[tuple[str, tuple[str, ...]], ...]
    tasks: tuple[str, ...]
    events: Events = field(default_factory=Events)
    contrasts: tuple[ContrastOfTask, ...] = ()

    @classmethod
    def of(cls, study: Study) -> StudyLayout:
        """Take what is needed from a study."""
        contrasts = tuple(
            ContrastOfTask(name, one.task, tuple(one.weights.items()))
            for name, one in study.task_contrasts.items()
        )
        # A timepoint without labels is that of files without a session.
        timepoints = tuple((name, labels or ("",)) for name, labels in study.timepoints.items())
        return cls(study.images, timepoints, study.tasks, study.events, contrasts)

    def contrasts_of(self, task: str) -> tuple[ContrastOfTask, ...]:
        """Contrasts of conditions of a task."""
        return tuple(contrast for contrast in self.contrasts if contrast.task == task)

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
