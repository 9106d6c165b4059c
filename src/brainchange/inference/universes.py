"""Which specifications a claim can be computed under, and with which values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.curve import ArmSet, Session, Universe
from brainchange.inference.equal_motion import MOTION
from brainchange.inference.measures import Measure
from brainchange.inference.observed import measured_values, observed_cells
from brainchange.inference.prepost import PrePost, primary_observations, primary_specification
from brainchange.study.model import Study
from brainchange.study.settings import Settings
from brainchange.study.specifications import specifications

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SpecifiedClaim:
    """One claim in one contrast, with its values under every specification.

    Attributes
    ----------
    measure : Measure
        The claim.
    contrast : str
        The contrast that is judged.
    arm_sets : tuple of str
        The contrast, and those that compare the same arms and more.
    sessions : mapping of str to (numpy.ndarray, numpy.ndarray)
        By specification, of every participant before and after; NaN where missing.
    motion : tuple of two numpy.ndarray, shape (n_participants,)
        Mean framewise displacement in mm, before and after.
    data : PrePost
        Participants and arms.
    study : Study
        Contrasts.
    """

    measure: Measure
    contrast: str
    arm_sets: tuple[str, ...]
    sessions: Mapping[str, Session]
    motion: Session
    data: PrePost
    study: Study

    @property
    def arms(self) -> tuple[str, ...]:
        """All arms of all arm sets, sorted."""
        sets = [self.study.contrasts[name] for name in self.arm_sets]
        return tuple(sorted({arm for one in sets for arm in (*one.treated, *one.control)}))

    @property
    def who(self) -> Booleans:
        """Participants of these arms with at least one value under some specification."""
        every = self.sessions.values()
        some = np.any([np.isfinite(pre) | np.isfinite(post) for pre, post in every], axis=0)
        return np.logical_and(np.isin(self.data.arms, self.arms), some)

    @property
    def codes(self) -> npt.NDArray[np.int8]:
        """Number of the arm of those participants."""
        return np.searchsorted(self.arms, self.data.arms[self.who]).astype(np.int8)

    @property
    def sides(self) -> dict[str, ArmSet]:
        """Numbers of the arms on either side of every arm set."""
        number = {arm: place for place, arm in enumerate(self.arms)}
        found = {}
        for name in self.arm_sets:
            contrast = self.study.contrasts[name]
            sides = (contrast.treated, contrast.control)
            found[name] = ArmSet(*(tuple(number[arm] for arm in side) for side in sides))
        return found

    def universes(self, settings: Settings) -> Iterator[Universe]:
        """List the grid; motion is no covariate where nobody's is known."""
        grid = settings.multiverse
        known = bool(np.isfinite(self.motion[1][self.who] - self.motion[0][self.who]).any())
        for arm_set, name, model, covariates in product(
            self.arm_sets, self.sessions, grid.models, grid.covariates
        ):
            if known or covariates == "none":
                yield Universe(name, arm_set, model, covariates)

    def sizes(self, universe: Universe) -> tuple[int, int]:
        """Count who counts on either side: both values, in the mixed model at least one."""
        present = [np.isfinite(value) for value in self.sessions[universe.specification]]
        if universe.covariates == "motion":
            present = [p & np.isfinite(m) for p, m in zip(present, self.motion, strict=True)]
        mixed = universe.model == "mixed_model"
        counts = present[0] | present[1] if mixed else present[0] & present[1]
        contrast = self.study.contrasts[universe.arm_set]
        sides = (contrast.treated, contrast.control)
        treated, control = (int((counts & np.isin(self.data.arms, s)).sum()) for s in sides)
        return treated, control


def specified_claims(
    data: PrePost, observations: pd.DataFrame, study: Study, settings: Settings
) -> Iterator[SpecifiedClaim]:
    """Bring every claim that can be computed under every specification it was observed under.

    Parameters
    ----------
    data : PrePost
        Claims and head motion under the primary specification.
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``.
    study : Study
        Arms and contrasts.
    settings : Settings
        Names of the specifications.

    Yields
    ------
    SpecifiedClaim
        Contrast by contrast.
    """
    claims = [one for one in data.measures if one.kind == "claim" and not one.problem]
    values = _values(claims, data, observations, study, settings)
    for contrast in study.contrasts:
        for claim in claims:
            if values[claim.name]:
                yield SpecifiedClaim(
                    measure=claim,
                    contrast=contrast,
                    arm_sets=tuple(_arm_sets(contrast, study)),
                    sessions=values[claim.name],
                    motion=_motion(data, claim.task),
                    data=data,
                    study=study,
                )


def _values(
    claims: Sequence[Measure],
    data: PrePost,
    observations: pd.DataFrame,
    study: Study,
    settings: Settings,
) -> dict[str, dict[str, Session]]:
    """Values before and after by claim and specification."""
    rows = observations[observations["metric"].isin({one.metric for one in claims})]
    found: dict[str, dict[str, Session]] = {claim.name: {} for claim in claims}
    for name in _ordered(rows["specification"].unique(), study, settings):
        cells = observed_cells(primary_observations(rows, study, name), data.participants)
        for claim in claims:
            if claim.source in cells:
                pre, post = measured_values(claim, cells[claim.source], data.participants).numbers
                found[claim.name][name] = (pre, post)
    return found


def _ordered(names: Iterable[str], study: Study, settings: Settings) -> list[str]:
    """Sort specifications as configured, the primary one first, others by name."""
    known = [primary_specification(study, settings)]
    known += [one.name for one in specifications(settings)]
    place = {name: number for number, name in reversed(list(enumerate(known)))}
    return sorted(names, key=lambda name: (place.get(name, len(known)), name))


def _arm_sets(contrast: str, study: Study) -> Iterator[str]:
    own = study.contrasts[contrast]
    yield contrast
    for name, other in study.contrasts.items():
        more = set(own.treated) <= set(other.treated) and set(own.control) <= set(other.control)
        if more and name != contrast:
            yield name


def _motion(data: PrePost, task: str) -> Session:
    for column, measure in enumerate(data.measures):
        if measure.kind == "quality" and measure.source == (MOTION, task, ""):
            return data.pre[:, column], data.post[:, column]
    unknown = np.full(len(data.participants), np.nan)
    return unknown, unknown
