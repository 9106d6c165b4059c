"""The model of the simulated anatomy: where structures lie and which numbers FreeSurfer gives them.

Coordinates are those of the ICBM 152 template (x to the right, y to the front, z upwards, in mm).
Structures that exist on both sides are described on the right; the left is the mirror image.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from brainchange.study.settings import Positive, Share
from brainchange.study.strict import Name, Strict

Point = tuple[float, float, float]
Tissue = Literal["grey", "white", "fluid"]
LabelNumber = Annotated[int, Field(ge=1, le=14_175)]

CORTEX_LEFT, CORTEX_RIGHT = 1000, 2000
"""What FreeSurfer adds to the number of a cortical label on each side."""


class CorticalLabel(Strict):
    """A label of the Desikan-Killiany atlas: the cortex nearer to its seeds than to any other."""

    number: Annotated[int, Field(ge=1, le=99)]
    """Number in the atlas; FreeSurfer adds 1000 on the left and 2000 on the right."""
    seeds: tuple[Point, ...] = Field(min_length=1)
    """Points on the right side, in mm."""


class Ellipsoid(Strict):
    """A body with axes along x, y and z."""

    centre: Point
    """Middle, in mm."""
    radii: tuple[Positive, Positive, Positive]
    """Half axes, in mm."""


class PairedStructure(Strict):
    """A structure below the cortex on both sides: the union of ellipsoids."""

    left: LabelNumber
    """FreeSurfer's number on the left."""
    right: LabelNumber
    """FreeSurfer's number on the right."""
    tissue: Tissue
    """What it is made of."""
    bodies: tuple[Ellipsoid, ...] = Field(min_length=1)
    """Its shape on the right side."""


class MidlineStructure(Strict):
    """A structure that crosses the midline."""

    number: LabelNumber
    """FreeSurfer's number."""
    tissue: Tissue
    """What it is made of."""
    bodies: tuple[Ellipsoid, ...] = Field(min_length=1)
    """Its shape."""


class Anatomy(Strict):
    """Where structures are, and how much heads differ."""

    scale: Annotated[float, Field(ge=0, le=0.1)] = 0.03
    """Standard deviation of the size of heads along each axis, as a share."""
    rotation: Annotated[float, Field(ge=0, le=10)] = 2.0
    """Standard deviation of the tilt of heads about each axis, in degrees."""
    grey_matter_share: Share = 0.35
    """Least share of grey matter in a voxel of the cortex."""
    paired: dict[Name, PairedStructure]
    """Structures below the cortex by FreeSurfer's name without side; the first one wins."""
    midline: dict[Name, MidlineStructure]
    """Structures that cross the midline by FreeSurfer's name."""
    cortex: dict[Name, CorticalLabel]
    """Cortical labels by their name without side."""
    white_matter: tuple[LabelNumber, LabelNumber] = (2, 41)
    """Numbers of the white matter of the left and of the right hemisphere."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names without side of everything that has a signal of its own, in order."""
        return (*self.paired, *self.midline, *self.cortex)

    @property
    def labels(self) -> dict[int, str]:
        """FreeSurfer's name of every number in the parcellation, sorted by number."""
        left, right = self.white_matter
        names = {left: "Left-Cerebral-White-Matter", right: "Right-Cerebral-White-Matter"}
        for name, structure in self.paired.items():
            names |= {structure.left: f"Left-{name}", structure.right: f"Right-{name}"}
        names |= {structure.number: name for name, structure in self.midline.items()}
        for name, label in self.cortex.items():
            names |= {
                CORTEX_LEFT + label.number: f"ctx-lh-{name}",
                CORTEX_RIGHT + label.number: f"ctx-rh-{name}",
            }
        return dict(sorted(names.items()))

    def numbers(self, name: str) -> tuple[int, ...]:
        """FreeSurfer's numbers of a structure: left and right, or the one of the midline."""
        if name in self.paired:
            return (self.paired[name].left, self.paired[name].right)
        if name in self.midline:
            return (self.midline[name].number,)
        number = self.cortex[name].number
        return (CORTEX_LEFT + number, CORTEX_RIGHT + number)
