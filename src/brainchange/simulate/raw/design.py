"""The design of a task in one visit, with the activation that was planted in its arm."""

from __future__ import annotations

from brainchange.simulate.model import Simulation
from brainchange.simulate.raw.model import Activation, Design
from brainchange.simulate.signals import Visit


def design_of(simulation: Simulation, visit: Visit, task: str) -> Design | None:
    """Know the design of a task in one visit; None for rest.

    Parameters
    ----------
    simulation : Simulation
        Designs, and the effects that change their activation.
    visit : Visit
        Whose.
    task : str
        Label of the task.
    """
    design = simulation.raw.designs.get(task)
    if design is None:
        return None
    activations = tuple(
        Activation(
            condition=one.condition,
            labels=(label,),
            percent=one.percent + _planted(simulation, visit, one.condition, label),
        )
        for one in design.activations
        for label in one.labels
    )
    return design.model_copy(update={"activations": activations})


def activation_of(simulation: Simulation, visit: Visit, *, condition: str, label: str) -> float:
    """Height of the response of a structure to a condition in one visit.

    Parameters
    ----------
    simulation : Simulation
        Designs and effects.
    visit : Visit
        Whose.
    condition, label : str
        Condition, and structure without side.

    Returns
    -------
    float
        In percent of the mean intensity; 0 where it does not respond.
    """
    for task in simulation.raw.designs:
        design = design_of(simulation, visit, task)
        for one in design.activations if design else ():
            if one.condition == condition and label in one.labels:
                return one.percent
    return 0.0


def _planted(simulation: Simulation, visit: Visit, condition: str, label: str) -> float:
    return sum(
        effect.change
        for effect in simulation.effects
        if effect.parameter == "activation"
        and (effect.arm, effect.timepoint) == (visit.arm, visit.timepoint)
        and effect.source == condition
        and label in effect.labels
    )
