"""What a metric of tasks is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError, ImageError, did_you_mean
from brainchange.imaging.events import Events
from brainchange.imaging.glm import Design, Fit, Noise, fit, task_design, variance_inflation
from brainchange.imaging.task_design import FrameTimes, condition_regressors
from brainchange.metrics.layout import ContrastOfTask

FloatArray = npt.NDArray[np.float64]

LARGEST_INFLATION = 10.0
"""Censoring may make the variance of a contrast so many times larger; beyond it is missing."""


@dataclass(frozen=True)
class TaskValues:
    """Values of a metric for every contrast of a task.

    Attributes
    ----------
    numbers : numpy.ndarray
        (n_contrasts, n_regions) or (n_contrasts, n_regions, n_regions); NaN where missing, and
        empty where every contrast is.
    reasons : dict of str to str
        By contrast: why it is missing.
    """

    numbers: FloatArray
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskSignals:
    """Region signals of a run of a task, with its events.

    Attributes
    ----------
    raw : numpy.ndarray
        Mean over the valid voxels of each region, in the intensity units of the image,
        (n_analysed, n_regions); NaN for a region that is not usable.
    nuisance : numpy.ndarray
        Nuisance regressors with a constant and slow cosines, (n_analysed, n_regressors).
    kept : numpy.ndarray
        Which analysed volumes motion does not censor, (n_analysed,).
    events : Events
        Relative to the first analysed volume.
    times : FrameTimes
        Of the analysed volumes.
    contrasts : tuple of ContrastOfTask
        The contrasts of the task.
    seeds : tuple of int
        Regions that are seeds of task-dependent connectivity.
    noise : {'ar1', 'ols'}
        Noise model of the configuration.
    """

    raw: FloatArray
    nuisance: FloatArray
    kept: npt.NDArray[np.bool_]
    events: Events
    times: FrameTimes
    contrasts: tuple[ContrastOfTask, ...]
    seeds: tuple[int, ...] = ()
    noise: Noise = "ar1"

    @cached_property
    def percent(self) -> FloatArray:
        """Signals in percent of their mean over the kept volumes, 0 at the mean.

        100 · (signal / mean − 1), (n_analysed, n_regions); NaN for a region that is not usable,
        whose mean is not above zero, or that does not vary.
        """
        with np.errstate(invalid="ignore"):
            mean = self.raw[self.kept].mean(axis=0)
            sound = (mean > 0) & (np.ptp(self.raw, axis=0) > 1e-9 * mean)
        percent: FloatArray = 100 * (self.raw / np.where(sound, mean, np.nan) - 1)
        return percent

    @cached_property
    def regressors(self) -> FloatArray:
        """Responses to the conditions, then their derivatives, (n_analysed, 2 · n_conditions)."""
        return condition_regressors(self.events, self.times)

    @cached_property
    def fitted(self) -> Fit:
        """The model of all conditions, fitted to :attr:`percent`."""
        return fit(self._censored, self.percent, self.noise)

    def fit(self, regressors: FloatArray, signals: FloatArray) -> Fit:
        """Fit regressors together with the nuisance and a spike for each censored volume.

        Parameters
        ----------
        regressors : numpy.ndarray
            (n_analysed, n_regressors).
        signals : numpy.ndarray
            (n_analysed, n_signals).
        """
        return fit(self.design(regressors), signals, self.noise)

    def design(self, regressors: FloatArray) -> Design:
        """Join regressors with the nuisance and a spike for each censored volume."""
        return task_design(regressors, self.nuisance, self.kept)

    def weights(self, contrast: ContrastOfTask) -> FloatArray:
        """Weights of the conditions that occur, (n_conditions,).

        Raises
        ------
        ImageError
            A condition of the contrast does not occur in this run.
        """
        found = np.zeros(len(self.events.conditions))
        for condition, weight in contrast.weights:
            if condition not in self.events.conditions:
                raise ImageError(
                    f"the condition '{condition}' does not occur in the run. "
                    f"{did_you_mean(condition, self.events.conditions)}"
                )
            found[self.events.conditions.index(condition)] = weight
        return found

    def for_each_contrast(self, values: Callable[[FloatArray], FloatArray]) -> TaskValues:
        """Compute values contrast by contrast; one that cannot be computed is told, not raised.

        Parameters
        ----------
        values : callable
            From the weights of the conditions to an array of values, the same shape each time.

        Returns
        -------
        TaskValues
            A contrast is missing if a condition does not occur in the run, if the design does not
            tell its conditions from each other or from the nuisance, if censoring makes its
            variance more than ten times larger, or if `values` raises.
        """
        found: dict[str, FloatArray] = {}
        reasons = dict(self.problems)
        for contrast in self.contrasts:
            if contrast.name in reasons:
                continue
            try:
                found[contrast.name] = values(self.weights(contrast))
            except BrainchangeError as error:
                reasons[contrast.name] = error.reason
        if not found:
            return TaskValues(np.empty(0), reasons)
        missing = np.full_like(next(iter(found.values())), np.nan)
        stacked = [found.get(contrast.name, missing) for contrast in self.contrasts]
        return TaskValues(np.stack(stacked), reasons)

    @cached_property
    def problems(self) -> Mapping[str, str]:
        """By contrast: why this run cannot show it; none for those it can."""
        told: dict[str, str] = {}
        for contrast in self.contrasts:
            try:
                self._require_told(self.weights(contrast))
            except BrainchangeError as error:
                told[contrast.name] = error.reason
        return told

    @cached_property
    def _censored(self) -> Design:
        return self.design(self.regressors)

    @cached_property
    def _uncensored(self) -> Design:
        return task_design(self.regressors, self.nuisance, np.ones_like(self.kept))

    def _require_told(self, weights: FloatArray) -> None:
        """Refuse a contrast of conditions that the kept volumes do not tell apart."""
        self._censored.require(weights)
        inflation = variance_inflation(self._censored, self._uncensored, weights)
        if inflation > LARGEST_INFLATION:
            raise ImageError(
                f"motion censors too much of its conditions: their variance is {inflation:.0f} "
                f"times larger than without censoring, above {LARGEST_INFLATION:g}"
            )
