"""Whether a simulation names only what its study has, before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from brainchange.errors import ConfigError, Problem, did_you_mean
from brainchange.simulate.model import Exceptional, Simulation
from brainchange.simulate.raw.check import raw_problems
from brainchange.study.model import Study


class _Named(NamedTuple):
    """A name in the simulation, and the names it may be."""

    place: str
    kind: str
    name: str
    known: Iterable[str]


def check_simulation(simulation: Simulation, study: Study) -> None:
    """Check a simulation against its study.

    Raises
    ------
    ConfigError
        Every name of an arm, participant, timepoint, outcome, contrast, source or structure that
        does not exist, and every arm without a change of symptoms, at once.
    """
    where = f"config/simulations/{study.id}.yaml"
    problems = [
        Problem(
            f"{named.kind} '{named.name}' is unknown",
            f"{where}: {named.place}",
            f"a typing error, or config/studies/{study.id}.yaml was changed",
            did_you_mean(named.name, named.known),
        )
        for named in _names(simulation, study)
        if named.name not in set(named.known)
    ]
    problems += raw_problems(simulation, study, where)
    problems += [
        Problem(
            f"the change of the arm '{arm}' is missing",
            f"{where}: symptoms.{name}.change",
            fix=f"add '{arm}: …' (post − pre, in points)",
        )
        for name, symptom in simulation.symptoms.items()
        for arm in simulation.participants
        if arm not in symptom.change
    ]
    if problems:
        raise ConfigError.from_problems(problems)


def _names(simulation: Simulation, study: Study) -> Iterator[_Named]:
    for arm in simulation.participants:
        yield _Named("participants", "arm", arm, study.arms)
    for name, symptom in simulation.symptoms.items():
        yield _Named("symptoms", "outcome", name, study.outcomes)
        for arm in symptom.change:
            yield _Named(f"symptoms.{name}.change", "arm", arm, study.arms)
    for source, weights in simulation.neural.loadings.items():
        for label in weights:
            place = f"neural.loadings.{source}"
            yield _Named(place, "structure", label, simulation.anatomy.names)
    for number, expectation in enumerate(simulation.expected):
        yield _Named(f"expected.{number}", "contrast", expectation.contrast, study.contrasts)
    yield from _names_of_effects(simulation, study)
    yield from _names_of_exceptions(simulation, study)


def _names_of_effects(simulation: Simulation, study: Study) -> Iterator[_Named]:
    for number, effect in enumerate(simulation.effects):
        place = f"effects.{number}"
        yield _Named(place, "arm", effect.arm, simulation.participants)
        yield _Named(place, "timepoint", effect.timepoint, study.timepoints)
        for label in effect.labels:
            yield _Named(place, "structure", label, simulation.anatomy.names)
        if effect.parameter == "loading":
            yield _Named(place, "source", effect.source, simulation.neural.loadings)


def _names_of_exceptions(simulation: Simulation, study: Study) -> Iterator[_Named]:
    people = [participant for participant, _ in simulation.enrolled]
    exceptions = simulation.exceptions
    kinds: tuple[tuple[str, Sequence[Exceptional]], ...] = (
        ("lost_sessions", exceptions.lost_sessions),
        ("moving_runs", exceptions.moving_runs),
        ("lost_views", exceptions.lost_views),
        ("missing_scores", exceptions.missing_scores),
    )
    for kind, given in kinds:
        for number, exception in enumerate(given):
            place = f"exceptions.{kind}.{number}"
            yield _Named(place, "participant", exception.participant, people)
            yield _Named(place, "timepoint", exception.timepoint, study.timepoints)
    for number, view in enumerate(exceptions.lost_views):
        place = f"exceptions.lost_views.{number}"
        yield _Named(place, "structure", view.structure, simulation.anatomy.names)
    for number, score in enumerate(exceptions.missing_scores):
        place = f"exceptions.missing_scores.{number}"
        yield _Named(place, "outcome", score.outcome, simulation.symptoms)
