"""The model of raw images: what `raw` in ``config/simulations/<id>.yaml`` says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from brainchange.study.model import Timepoint
from brainchange.study.settings import Positive, Share
from brainchange.study.strict import Label, Strict, Text

NotNegative = Annotated[float, Field(ge=0)]
Triple = tuple[Positive, Positive, Positive]
SliceOrder = Literal["together", "ascending", "interleaved"]


class T1w(Strict):
    """The anatomical image."""

    voxel_size: Positive = 1.0
    """Edge of the cubic voxels, in mm."""
    matrix: tuple[int, int, int] = (184, 232, 216)
    """Voxels along x, y and z."""
    timepoints: tuple[Timepoint, ...] = ("pre",)
    """When it is taken; every BOLD run of a participant is seen against the first."""
    noise: NotNegative = 2.0
    """Standard deviation of the noise in each of the two channels, in percent of white matter."""
    bias: Share = 0.25
    """Largest deviation of the intensity by the receive field, as a share."""
    white_matter: Positive = 800
    """Mean intensity of white matter, in arbitrary units."""


class Bold(Strict):
    """The grid of the functional images and where the head lies in it."""

    voxel_size: Triple = (3.0, 3.0, 3.3)
    """Edges of a voxel, in mm; the last is the thickness of a slice."""
    matrix: tuple[int, int, int] = (64, 76, 42)
    """Voxels along the three axes."""
    tilt: Annotated[float, Field(ge=-45, le=45)] = 12.0
    """Angle of the slices about x, in degrees (front upwards where positive)."""
    displacement: NotNegative = 4.0
    """Standard deviation of each translation between a BOLD run and the T1w, in mm."""
    rotation: NotNegative = 3.0
    """Standard deviation of each rotation between a BOLD run and the T1w, in degrees."""
    slice_order: SliceOrder = "together"
    """When slices are taken: all at once, from the lowest to the highest, every second first."""


class Shape(Strict):
    """How a head differs from the template beyond its size and tilt."""

    deformation: NotNegative = 2.0
    """Root mean square of each component of the smooth deformation, in mm."""
    spacing: Annotated[float, Field(ge=15)] = 28.0
    """Distance of the knots of the deformation, in mm."""


class Condition(Strict):
    """Events of one kind."""

    name: Label
    """What `trial_type` says."""
    duration: Positive
    """Length of one event, in s."""
    number: Annotated[int, Field(ge=1)]
    """Events in a run."""


class Activation(Strict):
    """What an event does to structures."""

    condition: Label
    """Events of which kind."""
    labels: tuple[Text, ...] = Field(min_length=1)
    """Structures that respond, on both sides, named without side."""
    percent: float
    """Height of the response to a condition that never ends, in percent of the mean intensity."""


class Design(Strict):
    """What a task shows, in an order that is drawn for every run."""

    first: NotNegative = 10.0
    """Onset of the first event, in s."""
    gap: tuple[NotNegative, NotNegative] = (10.0, 14.0)
    """Shortest and longest time from the end of an event to the next, in s."""
    conditions: tuple[Condition, ...] = Field(min_length=1)
    """Kinds of events."""
    activations: tuple[Activation, ...] = ()
    """What they do."""
    margin: NotNegative = 4.0
    """Distance from a structure at which its activation has gone, in mm."""

    @model_validator(mode="after")
    def _conditions_exist(self) -> Design:
        names = [condition.name for condition in self.conditions]
        for activation in self.activations:
            if activation.condition not in names:
                raise ValueError(
                    f"the activation of '{activation.condition}' has no such condition "
                    f"(there are {', '.join(names)})"
                )
        return self


class Raw(Strict):
    """What the scanner records, where the study is published as raw images."""

    t1w: T1w = T1w()
    """The anatomical image."""
    bold: Bold = Bold()
    """The functional images."""
    shape: Shape = Shape()
    """How heads differ."""
    designs: dict[Label, Design] = Field(default_factory=dict)
    """What the tasks show; a task without a design is rest."""
