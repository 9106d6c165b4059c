"""Every claim under a declared grid of specifications, judged as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from brainchange.inference.curve import specification_curve
from brainchange.inference.multiverse_rows import Case, rows, summary
from brainchange.inference.multiverse_schema import MULTIVERSE_SUMMARY_TABLE, MULTIVERSE_TABLE
from brainchange.inference.permutation import named_generator
from brainchange.inference.prepost import PrePost, primary_specification
from brainchange.inference.universes import SpecifiedClaim, specified_claims
from brainchange.study.model import Study
from brainchange.study.settings import Settings
from brainchange.study.specifications import specifications


@dataclass(frozen=True)
class Multiverse:
    """All claims under all specifications.

    Attributes
    ----------
    table : pandas.DataFrame
        ``MULTIVERSE_TABLE``.
    summary : pandas.DataFrame
        ``MULTIVERSE_SUMMARY_TABLE``.
    """

    table: pd.DataFrame
    summary: pd.DataFrame

    @property
    def effects(self) -> dict[tuple[str, str], tuple[float, ...]]:
        """Defined dppc2 of every specification, by claim and contrast."""
        known = self.table.dropna(subset="dppc2")
        grouped = known.groupby(["measure", "contrast"], sort=False)["dppc2"]
        return {
            (str(measure), str(contrast)): tuple(map(float, values))
            for (measure, contrast), values in grouped
        }


def multiverse(
    data: PrePost, observations: pd.DataFrame, study: Study, settings: Settings
) -> Multiverse:
    """Compute every claim under every specification there is.

    Parameters
    ----------
    data : PrePost
        Claims and head motion under the primary specification.
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``: the specifications a claim is computed under are those its metric
        was observed under.
    study : Study
        Arms and contrasts. Besides its own arms a contrast is computed with those of every contrast
        that adds arms to it (CBT and neurofeedback, where CBT is judged).
    settings : Settings
        Seed, models, covariates, permutations.

    Returns
    -------
    Multiverse
        Every claim that can be computed, in every contrast.

    Notes
    -----
    Steegen et al. (2016), Perspectives on Psychological Science 11:702; inference on all
    specifications together after Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour
    4:1208.
    """
    cases = [
        _case(claim, settings) for claim in specified_claims(data, observations, study, settings)
    ]
    named = {one.name: one for one in specifications(settings)}
    primary = primary_specification(study, settings)
    return Multiverse(
        MULTIVERSE_TABLE.frame(row for case in cases for row in rows(case, named, primary)),
        MULTIVERSE_SUMMARY_TABLE.frame(summary(case) for case in cases),
    )


def _case(claim: SpecifiedClaim, settings: Settings) -> Case:
    """Compute one claim in one contrast under every specification that has enough participants."""
    sizes = {one: claim.sizes(one) for one in claim.universes(settings)}
    fewest = settings.inference.fewest_participants
    enough = tuple(one for one in sizes if min(sizes[one]) >= fewest)
    if not enough:
        return Case(claim, settings, sizes, (), None)
    who = claim.who
    people = [name for name, kept in zip(claim.data.participants, who, strict=True) if kept]
    names = ("multiverse", claim.study.id, claim.contrast, *people)
    curve = specification_curve(
        enough,
        {name: (pre[who], post[who]) for name, (pre, post) in claim.sessions.items()},
        (claim.motion[0][who], claim.motion[1][who]),
        claim.codes,
        claim.sides,
        permutations=settings.multiverse.permutations,
        generator=named_generator(settings.seed, *names),
    )
    return Case(claim, settings, sizes, enough, curve)
