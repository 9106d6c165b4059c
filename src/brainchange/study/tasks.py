"""What a study file says about its tasks: their events, and the contrasts of their conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import field_validator

from brainchange.errors import ConfigError, did_you_mean
from brainchange.study.formula import imbalance, parse_formula
from brainchange.study.strict import Label, Name, Strict, Text

ANATOMY = "T1w"
"""What stands for the task of values that were measured from T1w images."""


class Events(Strict):
    """How the tables of events (`_events.tsv`) of the study are read."""

    column: Text = "trial_type"
    """Column that names the condition of an event. Columns of amplitudes are not used: every
    event of a condition counts alike."""
    conditions: tuple[Text, ...] = ()
    """Conditions that occur; where they are named, formulas are checked before any job. Others that
    occur are modelled all the same."""
    baseline: tuple[Text, ...] = ()
    """Conditions that are not modelled (fixation, rest): what all others are compared with."""


class TaskContrast(Strict):
    """A contrast of conditions of one task, computed in every run of the task."""

    task: Label
    """Label of the task (without `task-`)."""
    formula: Text
    """Weighted sum of conditions: `(angry + fearful)/2 - neutral`, or one condition for activation
    against the baseline. Names with other than letters, digits, `_` and `.` stand in quotes."""
    label: Text
    """Name for figures and text."""
    claims: tuple[Name, ...] = ()
    """Claims that are tested with it; a claim is tested with one contrast."""

    @field_validator("formula")
    @classmethod
    def _readable(cls, formula: str) -> str:
        try:
            weights = parse_formula(formula)
        except ConfigError as error:
            raise ValueError(f"{error.problems[0].what}: {error.problems[0].fix}") from None
        if surplus := imbalance(weights):
            told = ", ".join(f"{name} {weight:+g}" for name, weight in weights.items())
            raise ValueError(
                f"the weights of the formula '{formula}' ({told}) sum to {surplus:g}, not 0: "
                "divide each side by the number of its conditions, and put a name that holds a "
                "'-' in quotes"
            )
        return formula

    @property
    def weights(self) -> Mapping[str, float]:
        """Weight of each condition."""
        return parse_formula(self.formula)


def task_problems(
    contrasts: Mapping[str, TaskContrast], events: Events, tasks: tuple[str, ...]
) -> Iterator[str]:
    """Tell what contradicts the rest of the study.

    Parameters
    ----------
    contrasts : mapping of str to TaskContrast
        By name.
    events : Events
        Names the conditions.
    tasks : tuple of str
        Tasks of the study.

    Yields
    ------
    str
        One problem each.
    """
    owner: dict[str, str] = {}
    for name, contrast in contrasts.items():
        if contrast.task not in tasks:
            hint = did_you_mean(contrast.task, tasks)
            yield f"task contrast '{name}' names the task '{contrast.task}', not in 'tasks'. {hint}"
        yield from _unknown_conditions(name, contrast, events)
        for claim in contrast.claims:
            first = owner.setdefault(claim, name)
            if first != name:
                yield (
                    f"claim '{claim}' is named by the task contrasts '{first}' and '{name}': "
                    "name it in one of them"
                )
    both = sorted(set(events.conditions) & set(events.baseline))
    yield from (f"'{name}' is among the conditions and the baseline of events" for name in both)


def _unknown_conditions(name: str, contrast: TaskContrast, events: Events) -> Iterator[str]:
    for condition in contrast.weights:
        if condition in events.baseline:
            yield (
                f"task contrast '{name}' names '{condition}', which events.baseline says is not "
                "modelled: leave it out of one of them"
            )
        elif events.conditions and condition not in events.conditions:
            hint = did_you_mean(condition, events.conditions)
            yield f"task contrast '{name}' names the condition '{condition}'. {hint}"
