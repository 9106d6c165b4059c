"""What a figure is: tables in, drawings out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings


@dataclass(frozen=True)
class FigureInput:
    """What a figure may draw from.

    Attributes
    ----------
    study, settings, claims
        The configuration.
    tables : mapping of str to pandas.DataFrame
        Tables by name, those of ``brainchange.figures.tables``.
    regions : tuple of Region
        The configured regions, for what is drawn in a brain.
    """

    study: Study
    settings: Settings
    claims: Claims
    tables: Mapping[str, pd.DataFrame]
    regions: tuple[Region, ...] = ()

    @property
    def origin(self) -> str:
        """What a figure was made from, for its foot: study, seed, begin of the digest."""
        digest = configuration(self.study, self.settings, self.claims, self.regions)[:8]
        return f"{self.study.id} · seed {self.settings.seed} · configuration {digest}"


def configuration(
    study: Study, settings: Settings, claims: Claims, regions: Sequence[Region]
) -> str:
    """Digest of a configuration as read: an edit of comments changes nothing.

    Parameters
    ----------
    study, settings, claims, regions
        The configuration; where files came from (``sources``) does not count.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    digest = hashlib.sha256(study.model_dump_json().encode())
    digest.update(settings.model_dump_json(exclude={"sources"}).encode())
    digest.update(claims.model_dump_json().encode())
    digest.update(json.dumps([asdict(region) for region in regions], default=str).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Drawing:
    """One picture with what is needed to publish it.

    Attributes
    ----------
    name : str
        Name of its files without suffix; letters, digits, ``_``, ``-`` and ``.`` only.
    figure : matplotlib.figure.Figure
        The picture.
    table : pandas.DataFrame
        What is shown in it.
    title : str
        Heading for the report.
    caption : str
        What is shown and how to read it.
    alternative : str
        The same with the numbers, for a reader who cannot see the picture.
    kind, measure : str
        The measure it is about; empty if it is about several.
    claims : tuple of str
        Claims it shows; where it is about one claim, that one.
    """

    name: str
    figure: Figure
    table: pd.DataFrame
    title: str
    caption: str
    alternative: str
    kind: str = ""
    measure: str = ""
    claims: tuple[str, ...] = ()

    @property
    def shows(self) -> tuple[str, ...]:
        """Claims it belongs to."""
        return self.claims or ((self.measure,) if self.kind == "claim" else ())


Draw = Callable[[FigureInput], Iterable[Drawing]]


@dataclass(frozen=True)
class FigureSpec:
    """The declaration of a figure; every module of the package that has a ``SPEC`` adds one.

    Attributes
    ----------
    name : str
        Name in ``figures.tsv``, and the begin of the names of its drawings.
    description : str
        What it shows, in a line.
    needs : tuple of str
        Tables it is drawn from.
    draw : callable
        From the input to its drawings: none, one, or one a measure.
    scope : {'study', 'across'}
        Whether it is drawn for every study, or once for all taken together.
    """

    name: str
    description: str
    needs: tuple[str, ...]
    draw: Draw
    scope: Literal["study", "across"] = "study"
