"""One value per participant and timepoint, and what it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from brainchange.study.strict import Direction

Kind = Literal["claim", "outcome", "region", "network", "negative_control", "quality"]
Family = Literal["confirmatory", "secondary", "exploratory", "outcome", "quality"]
FAMILIES: tuple[str, ...] = get_args(Family)
Members = tuple[tuple[str, str], ...]
Source = tuple[str, str, str]


@dataclass(frozen=True)
class Measure:
    """One value per participant and timepoint, and what it stands for.

    Attributes
    ----------
    name : str
        Claim, scale, or metric and group (``falff_z_amygdala``).
    kind : str
        claim, outcome, region, network, negative_control or quality.
    label : str
        Name for figures and text.
    metric : str
        Metric, or the scale of an outcome.
    unit : str
        Unit of its values.
    family : str
        Family of tests in the primary contrast.
    direction : {'up', 'down'} or None
        Direction a claim says, or in which an outcome is better.
    members : tuple of (str, str)
        Regions, edges or pairs of networks whose values are averaged; ``("", "")`` for a value of
        the whole run.
    complete : bool
        Whether all members are needed. Otherwise the mean is over those with a value at every
        timepoint of the participant, so that no change comes from a change of members.
    problem : str
        Why it cannot be computed for anybody; empty where it can.
    task : str
        Task whose runs it is from; empty for an outcome.
    condition : str
        Contrast of conditions of the task; empty for a metric without.
    subtracted : tuple of (str, str)
        Members whose mean is subtracted.
    of_regions : tuple of str
        Regions it is taken from, where the members do not name them.
    """

    name: str
    kind: Kind
    label: str
    metric: str
    unit: str
    family: Family
    direction: Direction | None = None
    members: Members = ()
    complete: bool = True
    problem: str = ""
    task: str = ""
    condition: str = ""
    subtracted: Members = ()
    of_regions: tuple[str, ...] = ()

    @property
    def every(self) -> Members:
        """Members that are averaged and those that are subtracted."""
        return self.members + self.subtracted

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions it is taken from, each once; none for a value of the whole run."""
        named = self.of_regions or (name for member in self.every for name in member)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def source(self) -> Source:
        """Metric, task and condition its observations are of."""
        return self.metric, self.task, self.condition
