"""Every pair of regions: its connectivity before and after, its effect, and what motion does."""

from __future__ import annotations

from itertools import combinations
from math import dist, nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.between import welch
from brainchange.inference.multiplicity import benjamini_hochberg
from brainchange.inference.observed import Cells, observed_cells
from brainchange.inference.permutation import named_generator, permutation_test, same_participants
from brainchange.inference.prepost import PrePost
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.tables import Column, TableSchema

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
METRIC = "connectivity"
MOTION = "mean_framewise_displacement"
MOST_EXACT = 20_000
"""Arrangements up to which all are computed: thousands of pairs share them."""
FEWEST_FOR_MOTION = 4
"""Participants from which a correlation with motion is computed."""

EDGES_TABLE = TableSchema(
    "edges",
    "One pair of regions in the primary contrast, in the primary specification. Exploratory: no "
    "verdict is made from it.",
    (
        Column("region", "string", "First region", required=True),
        Column("region_2", "string", "Second region", required=True),
        Column("group", "string", "Group of the first region", required=True),
        Column("group_2", "string", "Group of the second region", required=True),
        Column("metric", "string", "Metric of the pair", required=True),
        Column("unit", "string", "Unit of means, difference and its interval"),
        Column("contrast", "string", "Contrast", required=True),
        Column("contrast_label", "string", "Name of the contrast for text", required=True),
        Column("n_treated", "integer", "Treated participants with both values", required=True),
        Column("n_control", "integer", "Control participants with both values", required=True),
        Column("pre_treated", "number", "Their mean before, in `unit`"),
        Column("post_treated", "number", "Their mean after, in `unit`"),
        Column("pre_control", "number", "Mean of the control before, in `unit`"),
        Column("post_control", "number", "Mean of the control after, in `unit`"),
        Column("difference", "number", "Mean change, treated − control, in `unit`"),
        Column("ci_low", "number", "Lower end of its 95 % Welch interval, in `unit`"),
        Column("ci_high", "number", "Upper end of its 95 % Welch interval, in `unit`"),
        Column("p_permutation", "number", "Two-sided p of the studentised permutation of arms"),
        Column("p_adjusted", "number", "The same adjusted over all pairs (Benjamini–Hochberg)"),
        Column("distance", "number", "Between the centres named for both regions", unit="mm"),
        Column("n_motion", "integer", "Participants of the next column, of all arms"),
        Column(
            "motion_correlation",
            "number",
            "QC-FC: Pearson r, over participants before therapy, of the value with mean framewise "
            "displacement (Power et al. 2012)",
        ),
    ),
    key=("region", "region_2"),
)


def edges_table(
    data: PrePost,
    primary: pd.DataFrame,
    regions: tuple[Region, ...],
    study: Study,
    settings: Settings,
) -> pd.DataFrame:
    """Compare the change of every pair of regions between the arms of the primary contrast.

    Parameters
    ----------
    data : PrePost
        Names participants and arms.
    primary : pandas.DataFrame
        ``OBSERVATIONS_TABLE`` of the primary specification.
    regions : tuple of Region
        The configured regions, in order.
    study, settings
        The configuration.

    Returns
    -------
    pandas.DataFrame
        ``EDGES_TABLE`` of the first task, in the order of the regions; empty where connectivity
        was not measured.
    """
    chosen = primary[primary["metric"].isin([METRIC, MOTION])]
    cells = observed_cells(chosen, data.participants)
    found = cells.get((METRIC, study.tasks[0], ""))
    if found is None:
        return EDGES_TABLE.frame()
    pairs = [
        (first, second, column)
        for first, second in combinations(regions, 2)
        if (column := _column(found, first, second)) is not None
    ]
    columns = [column for *_, column in pairs]
    values: Floats = found.numbers[:, :, columns]
    contrast = study.contrasts[study.primary_contrast]
    sides = [np.isin(data.arms, side) for side in (contrast.treated, contrast.control)]
    p = _permuted(values[1] - values[0], (sides[0], sides[1]), study, settings)
    units = chosen.loc[chosen["metric"] == METRIC, "unit"].dropna()
    named = {
        "metric": METRIC,
        "unit": units.iloc[0] if len(units) else None,
        "contrast": study.primary_contrast,
        "contrast_label": contrast.label,
    }
    motion = _motion(cells.get((MOTION, study.tasks[0], "")), len(data.participants))
    rows = [
        named
        | _names(first, second)
        | _effect(values[:, :, place], (sides[0], sides[1]))
        | _with_motion(values[0, :, place], motion)
        | {"p_permutation": p[place]}
        for place, (first, second, _) in enumerate(pairs)
    ]
    table = EDGES_TABLE.frame(rows)
    return EDGES_TABLE.frame(table.assign(p_adjusted=benjamini_hochberg(p)))


def _column(cells: Cells, first: Region, second: Region) -> int | None:
    names = first.region, second.region
    return cells.columns.get(names, cells.columns.get(names[::-1]))


def _names(first: Region, second: Region) -> dict[str, Any]:
    known = first.centre is not None and second.centre is not None
    return {
        "region": first.region,
        "region_2": second.region,
        "group": first.group,
        "group_2": second.group,
        "distance": dist(first.centre or (), second.centre or ()) if known else nan,
    }


def _effect(values: Floats, sides: tuple[Booleans, Booleans]) -> dict[str, Any]:
    """Means of both arms and the difference of their changes; values of shape (2, n)."""
    both = np.isfinite(values).all(axis=0)
    treated, control = (values[:, side & both] for side in sides)
    found = welch(treated[1] - treated[0], control[1] - control[0], scale=values[:, both].ravel())
    means = [arm.mean(axis=1) if arm.size else (nan, nan) for arm in (treated, control)]
    return {
        "n_treated": treated.shape[1],
        "n_control": control.shape[1],
        "pre_treated": means[0][0],
        "post_treated": means[0][1],
        "pre_control": means[1][0],
        "post_control": means[1][1],
        "difference": found.difference,
        "ci_low": found.low,
        "ci_high": found.high,
    }


def _permuted(
    change: Floats, sides: tuple[Booleans, Booleans], study: Study, settings: Settings
) -> Floats:
    """Permutation p of every pair, shape (n_pairs,); NaN where arms are too small to test."""
    treated, control = sides
    p = np.full(change.shape[1], nan)
    inference = settings.inference
    present = np.isfinite(change) & (treated | control)[:, None]
    for who, columns in same_participants(present, range(change.shape[1])):
        few = min((who & treated).sum(), (who & control).sum()) < inference.fewest_participants
        varied = [] if few else [c for c in columns if np.ptp(change[who, c]) > 0]
        if not varied:
            continue
        p[varied] = permutation_test(
            change[who][:, varied],
            treated[who],
            exact_up_to=min(inference.exact_up_to, MOST_EXACT),
            permutations=inference.permutations,
            generator=named_generator(settings.seed, "edges", study.id, study.primary_contrast),
        ).p
    return p


def _motion(cells: Cells | None, n: int) -> Floats:
    """Mean framewise displacement before therapy, shape (n_participants,); NaN if not measured."""
    if cells is None or ("", "") not in cells.columns:
        return np.full(n, nan)
    return cells.numbers[0, :, cells.columns["", ""]]


def _with_motion(before: Floats, motion: Floats) -> dict[str, Any]:
    both = np.isfinite(before) & np.isfinite(motion)
    x, y = before[both], motion[both]
    enough = x.size >= FEWEST_FOR_MOTION and np.ptp(x) > 0 and np.ptp(y) > 0
    return {
        "n_motion": int(x.size),
        "motion_correlation": float(np.corrcoef(x, y)[0, 1]) if enough else nan,
    }
