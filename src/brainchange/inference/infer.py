"""The whole stage: observations and outcomes in, effects out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from brainchange.inference.attrition import Prepared
from brainchange.inference.inferred import Inferred
from brainchange.inference.participants import enrol
from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings


def infer(
    study: Study,
    claims: Claims,
    regions: tuple[Region, ...],
    settings: Settings,
    *,
    observations: pd.DataFrame,
    participants: pd.DataFrame,
    coverage: pd.DataFrame | None = None,
    shared: Mapping[str, Collection[str]] | None = None,
    prepared: Prepared | None = None,
    prediction: pd.DataFrame | None = None,
) -> Inferred:
    """Compute every change and effect of a study.

    Parameters
    ----------
    study, claims, settings
        The configuration.
    regions : tuple of Region
        The configured regions, in order.
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``; may be empty.
    participants : pandas.DataFrame
        The study's table of participants with every cell as text (``brainchange.tables.read_tsv``).
        It alone says who is in which arm.
    coverage : pandas.DataFrame, optional
        ``COVERAGE_TABLE``; without it change in coverage is not judged.
    shared : mapping of str to collection of str, optional
        Other study → participants of this one who are also in it; without it that is not judged.
    prepared : collection of (str, str), optional
        Participants (``sub-01``) and timepoints (``pre``) of which images exist. By default those
        with a session in the observations.
    prediction : pandas.DataFrame, optional
        ``PREDICTION_TABLE``; without it claims of prediction are not decided.

    Returns
    -------
    Inferred
        The tables, each made when it is first asked for. The order of rows in the input changes
        nothing.

    Raises
    ------
    TableError
        The table of participants lacks a column that the study names.
    """
    enrol(participants, study)  # a table that lacks a column is told before anything is computed
    return Inferred(
        study,
        claims,
        regions,
        settings,
        observations,
        participants,
        coverage,
        shared,
        prepared,
        prediction,
    )
