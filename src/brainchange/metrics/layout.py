"""What measuring needs to know of a study; an edit of anything else in it measures nothing anew."""

from __future__ import annotations

from dataclasses import dataclass

from brainchange.study.model import Images, Study


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
    """

    images: Images
    timepoints: tuple[tuple[str, tuple[str, ...]], ...]
    tasks: tuple[str, ...]

    @classmethod
    def of(cls, study: Study) -> StudyLayout:
        """Take what is needed from a study."""
        return cls(study.images, tuple(study.timepoints.items()), study.tasks)

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
