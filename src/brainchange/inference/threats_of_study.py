"""Threats that the study file tells: known traps, and covariates that must be used."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.freedman_lane import Adjusted, freedman_lane
from brainchange.inference.permutation import named_generator
from brainchange.inference.threat_row import ComparedMeasure, Found, tested_text, untold
from brainchange.study.model import Study
from brainchange.study.people import Covariate

Floats = npt.NDArray[np.float64]
TRAPS = "known_trap"
COVARIATES = "covariates_adjusted"
FEWEST_IN_AN_ARM = 2


def threats_of_study(
    compared: ComparedMeasure, study: Study, cells: pd.DataFrame | None
) -> list[Found]:
    """Judge what the study file says about a measure in a contrast.

    Parameters
    ----------
    compared : ComparedMeasure
        The measure and contrast.
    study : Study
        Its caveats, arms and covariates.
    cells : pandas.DataFrame or None
        Cells of the participants as text, indexed by participant; None where they are not known.

    Returns
    -------
    list of Found
        Known traps, where one weakens; the difference at equal covariates, where there are any.
    """
    return [*_traps(compared, study), *_at_equal_covariates(compared, study, cells)]


def _traps(compared: ComparedMeasure, study: Study) -> list[Found]:
    contrast = str(compared.effect["contrast"])
    told = [
        f"{one.id}: {one.text.rstrip('.')}"
        for one in study.known_traps(contrast, compared.measure.kind)
    ]
    sides = study.contrasts[contrast]
    healthy = [study.arms[arm].label for arm in sides.control if study.arms[arm].role == "healthy"]
    if healthy and any(study.arms[arm].role != "healthy" for arm in sides.treated):
        told.append(
            f"{' and '.join(healthy)} are healthy people, not patients without treatment: therapy, "
            "diagnosis and regression to the mean cannot be told apart"
        )
    if not told:
        return []
    return [Found(TRAPS, "; ".join(told), weakens=True, value=float(len(told)), unit="traps")]


def _at_equal_covariates(
    compared: ComparedMeasure, study: Study, cells: pd.DataFrame | None
) -> list[Found]:
    """Compare change at equal covariates; it weakens where the difference is lost."""
    named = study.participants.covariates
    if not named:
        return []
    if cells is None:
        return [untold(COVARIATES, "the cells of the participants are not known")]
    columns = covariate_columns(cells.reindex(compared.data.participants), named)
    adjusted, sizes = _adjusted(compared, columns)
    if adjusted is None or not np.isfinite(adjusted.standard_error):
        reason = f"at equal {', '.join(named)} the arms cannot be compared"
        return [untold(COVARIATES, reason)]
    kept = adjusted.difference * compared.sign > 0 and adjusted.low * adjusted.high > 0
    found = Found(
        COVARIATES,
        "",
        weakens=bool(compared.excludes_zero and not kept),
        value=adjusted.difference,
        low=adjusted.low,
        high=adjusted.high,
        p=adjusted.p,
        floor=adjusted.floor,
        unit=compared.measure.unit,
        sizes=sizes,
    )
    words = f"at equal {', '.join(named)} the difference is {tested_text(found)}"
    return [Found(**{**found.__dict__, "words": words})]


def covariate_columns(cells: pd.DataFrame, named: dict[str, Covariate]) -> Floats:
    """Code covariates as columns: a number as it is, a category as one column a further level.

    Parameters
    ----------
    cells : pandas.DataFrame
        Cells of the participants as text.
    named : dict of str to Covariate
        The covariates by name.

    Returns
    -------
    numpy.ndarray, shape (n_participants, n_columns)
        NaN where a cell is missing or no number; levels in alphabetical order, the first without
        a column.
    """
    columns: list[Floats] = []
    for one in named.values():
        cell = cells[one.column]
        if one.kind == "number":
            columns.append(pd.to_numeric(cell, errors="coerce").to_numpy(dtype=float))
            continue
        missing = cell.isna().to_numpy()
        for level in sorted(cell.dropna().unique())[1:]:
            is_level = (cell == level).to_numpy(dtype=float)
            columns.append(np.where(missing, np.nan, is_level))
    return np.column_stack(columns) if columns else np.empty((len(cells), 0))


def _adjusted(
    compared: ComparedMeasure, columns: Floats
) -> tuple[Adjusted | None, tuple[int, int]]:
    who = compared.both & np.isfinite(columns).all(axis=1)
    sizes = int((who & compared.treated).sum()), int((who & compared.control).sum())
    if min(sizes) < FEWEST_IN_AN_ARM:
        return None, sizes
    varying = columns[who][:, np.ptp(columns[who], axis=0) > 0]
    people = [name for name, kept in zip(compared.data.participants, who, strict=True) if kept]
    settings = compared.settings
    further = [compared.pre[who]] if compared.adjusted else []
    adjusted = freedman_lane(
        (compared.post - compared.pre)[who],
        compared.treated[who],
        np.column_stack([*varying.T, *further, np.empty((int(who.sum()), 0))]),
        permutations=settings.inference.permutations,
        generator=named_generator(settings.seed, "covariates", *compared.names, *people),
        errors="hc3" if compared.adjusted else "arms",
    )
    return adjusted, sizes
