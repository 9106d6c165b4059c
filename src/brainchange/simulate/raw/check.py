"""Whether what a simulation says about raw images fits its study and its structures."""

from __future__ import annotations

from collections.abc import Iterator

from brainchange.errors import Problem, did_you_mean
from brainchange.simulate.model import Simulation
from brainchange.study.model import Study


def raw_problems(simulation: Simulation, study: Study, where: str) -> list[Problem]:
    """Find designs of no task, responses of no structure, and what raw images cannot have.

    Parameters
    ----------
    simulation : Simulation
        What is held against the study.
    study : Study
        Tasks, and whether raw images are published.
    where : str
        Name of the file, for the messages.
    """
    return [
        *_unknown_names(simulation, study, where),
        *_effects_without_response(simulation, where),
        *_views_of_raw_images(simulation, study, where),
    ]


def _unknown_names(simulation: Simulation, study: Study, where: str) -> Iterator[Problem]:
    for task, design in simulation.raw.designs.items():
        if task not in study.tasks:
            yield Problem(
                f"task '{task}' is unknown",
                f"{where}: raw.designs",
                f"a typing error, or config/studies/{study.id}.yaml was changed",
                did_you_mean(task, study.tasks),
            )
        for number, activation in enumerate(design.activations):
            for label in activation.labels:
                if label not in simulation.anatomy.names:
                    yield Problem(
                        f"structure '{label}' is unknown",
                        f"{where}: raw.designs.{task}.activations.{number}",
                        "a typing error",
                        did_you_mean(label, simulation.anatomy.names),
                    )


def _effects_without_response(simulation: Simulation, where: str) -> Iterator[Problem]:
    responding = {
        (activation.condition, label)
        for design in simulation.raw.designs.values()
        for activation in design.activations
        for label in activation.labels
    }
    for number, effect in enumerate(simulation.effects):
        if effect.parameter != "activation":
            continue
        for label in effect.labels:
            if (effect.source, label) not in responding:
                yield Problem(
                    f"the response of '{label}' to '{effect.source}' cannot change: it has none",
                    f"{where}: effects.{number}",
                    "a typing error, or an activation is missing in raw.designs",
                    "add the activation (percent: 0 is possible), or correct the effect",
                )


def _views_of_raw_images(simulation: Simulation, study: Study, where: str) -> Iterator[Problem]:
    if study.images.source == "raw" and simulation.exceptions.lost_views:
        yield Problem(
            "views that were lost are simulated for prepared images only",
            f"{where}: exceptions.lost_views",
            "the study publishes raw images",
            "remove them; a smaller raw.bold.matrix leaves slices out for everyone",
        )
