"""The shape of one head: a smooth deformation and an affine map, both known everywhere.

A point x of the participant lies at A (x + u(x)) + b of the template. u is a cubic B-spline whose
coefficients are drawn at knots, so it is the same function on every grid and has derivatives; its
inverse is found by iteration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import BSpline

from brainchange.simulate.head import shape_of_head
from brainchange.simulate.raw.model import Shape
from brainchange.simulate.structures import Anatomy

Points = NDArray[np.float64]

REACH = 180.0
"""Half the edge of the cube in which a head is deformed, in mm."""
CENTRE = np.array([0.0, -18.0, 5.0])
"""Middle of the template's brain, in mm: what heads are tilted and scaled about."""
PLACE = 3.0
"""Standard deviation of where a head lies in the scanner along each axis, in mm."""
ITERATIONS = 25


@dataclass(frozen=True)
class HeadShape:
    """The map from a participant's space, that of the T1w, to the template.

    Attributes
    ----------
    linear : numpy.ndarray
        Tilt and size, (3, 3).
    offset : numpy.ndarray
        In mm, (3,).
    coefficients : numpy.ndarray
        Of the deformation u at its knots, in mm, (3, n, n, n).
    spacing : float
        Distance of the knots, in mm; the first lies at −``REACH`` on each axis.
    """

    linear: NDArray[np.float64]
    offset: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    spacing: float

    def to_template(self, points: Points) -> Points:
        """Points of the participant to points of the template, mm, (3, n) → (3, n)."""
        return self._linearly(points + self._deformation(points))

    def from_template(self, points: Points) -> Points:
        """Points of the template to points of the participant, mm, (3, n) → (3, n)."""
        undeformed = np.linalg.inv(self.linear) @ (points - self.offset[:, None])
        found: Points = undeformed
        for _ in range(ITERATIONS):
            found = undeformed - self._deformation(found)
        return found

    def grid_to_template(self, affine: NDArray[np.float64], shape: tuple[int, ...]) -> Points:
        """Points of a grid along x, y and z to the template: as ``to_template``, and faster.

        Parameters
        ----------
        affine : numpy.ndarray
            Voxel indices to mm; diagonal, (4, 4).
        shape : tuple of int
            Of the grid.

        Returns
        -------
        numpy.ndarray
            In mm, (3, n_voxels), the last index fastest.
        """
        axes = [affine[i, i] * np.arange(n) + affine[i, 3] for i, n in enumerate(shape)]
        basis = [_basis(axis, self.spacing, self.coefficients.shape[1]) for axis in axes]
        points = np.stack(np.meshgrid(*axes, indexing="ij"))
        points += np.einsum("cijk,xi,yj,zk->cxyz", self.coefficients, *basis, optimize=True)
        return self._linearly(points.reshape(3, -1))

    def _linearly(self, points: Points) -> Points:
        mapped: Points = self.linear @ points + self.offset[:, None]
        return mapped

    def _deformation(self, points: Points) -> Points:
        knots = (points + REACH) / self.spacing
        return np.array(
            [
                ndimage.map_coordinates(own, knots, order=3, prefilter=False, mode="constant")
                for own in self.coefficients
            ]
        )


def draw_shape(anatomy: Anatomy, shape: Shape, random: np.random.Generator) -> HeadShape:
    """Draw the shape of one head.

    Parameters
    ----------
    anatomy : Anatomy
        How much heads differ in size and tilt.
    shape : Shape
        How much they are deformed.
    random : numpy.random.Generator
        The participant's.
    """
    linear = shape_of_head(anatomy, random)
    place = PLACE * random.standard_normal(3)
    number = int(2 * REACH / shape.spacing) + 1
    drawn = random.standard_normal((3, number, number, number))
    # The squares of the four B-splines at a point add up to about 0.48 along each axis.
    coefficients = shape.deformation / np.sqrt(0.48**3) * drawn
    offset = CENTRE - linear @ (CENTRE + place)
    return HeadShape(linear, offset, coefficients, shape.spacing)


def _basis(axis: NDArray[np.float64], spacing: float, number: int) -> NDArray[np.float64]:
    """Cubic B-splines of all knots at the places of an axis, (n_places, n_knots)."""
    spline = BSpline.basis_element([-2, -1, 0, 1, 2], extrapolate=False)
    distance = (axis[:, None] + REACH) / spacing - np.arange(number)
    values: NDArray[np.float64] = np.nan_to_num(spline(distance))
    return values
