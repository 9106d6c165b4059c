"""Full sets of analysis choices: the primary one, and every other that is tried."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from brainchange.study.settings import Censoring, Denoising, Regressors, Scrubbing, Settings

JOINED = "+"
"""Stands between denoising and censoring in the name of a specification."""


@dataclass(frozen=True)
class Specification:
    """One full set of choices about the signals.

    Attributes
    ----------
    name : str
        ``motion24-wm-csf`` with the primary censoring, ``motion24-wm-csf+fd0.2`` with another.
    denoising : Denoising
        Nuisance regressors; high-pass filter and dummy volumes are the primary ones.
    censoring : Censoring
        Volumes left out; what leaves a run out is the primary.
    primary : bool
        Whether effects are judged by it.
    """

    name: str
    denoising: Denoising
    censoring: Censoring
    primary: bool = False


def specifications(settings: Settings) -> tuple[Specification, ...]:
    """List every denoising with every censoring, the primary specification first.

    Parameters
    ----------
    settings : Settings
        ``denoising``, ``censoring`` and ``alternatives``. An alternative with the name of the
        primary choice is that choice.

    Returns
    -------
    tuple of Specification
        In the order of the configuration, denoising by denoising.
    """
    denoisings = [settings.denoising, *_other_denoisings(settings)]
    censorings = [settings.censoring, *_other_censorings(settings)]
    return tuple(
        _specification(denoising, censoring, settings)
        for denoising, censoring in product(denoisings, censorings)
    )


def denoising_alternatives(settings: Settings) -> tuple[Specification, ...]:
    """List the specifications that differ from the primary one in denoising alone."""
    return tuple(
        _specification(denoising, settings.censoring, settings)
        for denoising in _other_denoisings(settings)
    )


def _specification(denoising: Denoising, censoring: Censoring, settings: Settings) -> Specification:
    same = censoring.name == settings.censoring.name
    return Specification(
        name=denoising.name if same else f"{denoising.name}{JOINED}{censoring.name}",
        denoising=denoising,
        censoring=censoring,
        primary=same and denoising.name == settings.denoising.name,
    )


def _other_denoisings(settings: Settings) -> list[Denoising]:
    """Give the alternatives what they share with the primary denoising."""
    primary = settings.denoising
    return [
        primary.model_copy(update={name: getattr(other, name) for name in Regressors.model_fields})
        for other in settings.alternatives.denoising
        if other.name != primary.name
    ]


def _other_censorings(settings: Settings) -> list[Censoring]:
    """Give the alternatives what they share with the primary censoring."""
    primary = settings.censoring
    return [
        primary.model_copy(update={name: getattr(other, name) for name in Scrubbing.model_fields})
        for other in settings.alternatives.censoring
        if other.name != primary.name
    ]
