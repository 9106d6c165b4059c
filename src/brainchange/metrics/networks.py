"""Networks: observations of edges averaged within and between sets of regions.

They are made from the observations and not from images, so that another network reads no image
again, and a study that starts from a table of values has them too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.metrics.gather import joined
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.metrics.registry import Metric, chosen_metrics
from brainchange.study.decisions import distinct
from brainchange.study.regions import Region, network_edges
from brainchange.study.settings import Settings

FloatArray = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Edge = tuple[str, str]

_CELL = ("participant_id", "timepoint", "task", "specification", "condition")
_TOLD = ("participant_id", "arm", "timepoint", "session_id", "task", "specification", "condition")


@dataclass(frozen=True)
class _Edges:
    """Observations of one metric of pairs, one row a participant, timepoint, task and choice.

    Attributes
    ----------
    cells : list of dict
        What a row belongs to, (n_cells,).
    people : numpy.ndarray
        Participant, task and specification of each row as a number, (n_cells,).
    columns : dict of (str, str) to int
        Place of each edge.
    numbers : numpy.ndarray
        (n_cells, n_edges); NaN where missing.
    given : numpy.ndarray of bool
        Which edges have a row of the table at all, (n_cells, n_edges).
    runs : numpy.ndarray of int
        Runs that were averaged, (n_cells, n_edges).
    flags : numpy.ndarray of str
        (n_cells, n_edges).
    """

    cells: list[dict[str, Any]]
    people: npt.NDArray[np.intp]
    columns: Mapping[Edge, int]
    numbers: FloatArray
    given: Booleans
    runs: npt.NDArray[np.int_]
    flags: npt.NDArray[np.object_]


def with_networks(
    observations: pd.DataFrame, regions: Sequence[Region], settings: Settings, primary: str
) -> pd.DataFrame:
    """Add the values of networks to observations.

    A value is the mean over the edges that have one at every timepoint at which the participant has
    any, so that no change comes from a change of edges; it is missing, with a flag, where they are
    fewer than the share of `coverage.smallest_share`, and where a group of the network has no
    region.

    Parameters
    ----------
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``.
    regions : sequence of Region
        The configured regions, in order, with their networks.
    settings : Settings
        Metrics, networks, share of edges.
    primary : str
        Name of the primary specification.

    Returns
    -------
    pandas.DataFrame
        ``OBSERVATIONS_TABLE``; each participant's networks after all else. Under a specification
        that not all edges were computed for, a network has no row. Values of networks that the
        table has already are left as they are.
    """
    wanted = [metric for metric in chosen_metrics(settings.metrics) if metric.level == "network"]
    rows = [
        row
        for metric in wanted
        if not (observations["metric"] == metric.name).any()
        for row in _rows(metric, observations, regions, settings, primary)
    ]
    return joined(OBSERVATIONS_TABLE, [observations, OBSERVATIONS_TABLE.frame(rows)])


def _rows(
    metric: Metric,
    observations: pd.DataFrame,
    regions: Sequence[Region],
    settings: Settings,
    primary: str,
) -> Iterator[dict[str, Any]]:
    edges = _arranged(observations[observations["metric"] == metric.of])
    if edges is None:
        return
    present = {region.group for region in regions}
    for pair in combinations_with_replacement(sorted(settings.networks), 2):
        absent = [g for name in pair for g in settings.networks[name] if g not in present]
        members = network_edges(regions, *pair)
        if absent:
            found = _nothing(edges, f"no region of the group '{absent[0]}' is configured", primary)
        elif not members:
            found = _nothing(edges, "there is no edge: it has a single region", primary)
        elif all(edge in edges.columns for edge in members):
            found = _averaged(metric, edges, members, settings.coverage.smallest_share)
        else:
            continue
        same = {"metric": metric.name, "unit": metric.unit, "region": pair[0], "region_2": pair[1]}
        yield from ({**row, **same} for row in found)


def _arranged(rows: pd.DataFrame) -> _Edges | None:
    """Bring observations of edges into the form of a matrix; None where there are none."""
    if rows.empty:
        return None
    keys = rows[list(_CELL)].fillna("")
    cell = keys.groupby(list(_CELL), sort=False).ngroup().to_numpy()
    person = keys.groupby(["participant_id", "task", "specification"], sort=False).ngroup()
    first = np.unique(cell, return_index=True)[1]
    pairs = list(zip(rows["region"], rows["region_2"], strict=True))
    columns = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
    place = cell, np.array([columns[pair] for pair in pairs])
    shape = len(first), len(columns)
    values, given = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    runs, flags = np.zeros(shape, dtype=int), np.full(shape, "", dtype=object)
    values[place] = rows["value"].to_numpy(dtype=float, na_value=np.nan)
    given[place] = True
    runs[place] = rows["n_runs"].to_numpy(dtype=int)
    flags[place] = rows["flag"].fillna("").to_numpy(dtype=object)
    return _Edges(
        cells=rows[list(_TOLD)].iloc[first].to_dict("records"),
        people=person.to_numpy()[first],
        columns=columns,
        numbers=np.where(np.isfinite(values), values, np.nan),
        given=given,
        runs=runs,
        flags=flags,
    )


def _nothing(edges: _Edges, reason: str, primary: str) -> Iterator[dict[str, Any]]:
    """Say under the primary specification why a network has no value."""
    for cell in edges.cells:
        if cell["specification"] == primary:
            yield {**cell, "value": None, "n_runs": 0, "flag": reason}


def _averaged(
    metric: Metric, edges: _Edges, members: Sequence[Edge], smallest_share: float
) -> Iterator[dict[str, Any]]:
    places = [edges.columns[edge] for edge in members]
    values = edges.numbers[:, places]
    left_out = _unsteady(np.isnan(values), edges.people)
    enough = (~left_out).mean(axis=1) >= smallest_share
    means = np.asarray(metric.function(np.where(left_out, np.nan, values)), dtype=float)
    for row in np.flatnonzero(edges.given[:, places].all(axis=1)).tolist():
        known = bool(enough[row] and np.isfinite(means[row]))
        told = edges.flags[row, places]
        yield {
            **edges.cells[row],
            "value": float(means[row]) if known else None,
            "n_runs": int(edges.runs[row, places].max()) if known else 0,
            "flag": _flag(members, left_out[row], told, known=known) or None,
        }


def _unsteady(missing: Booleans, people: npt.NDArray[np.intp]) -> Booleans:
    """Mark an edge at every timepoint of a participant who has others there and lacks it at one."""
    lost = np.zeros((int(people.max()) + 1, missing.shape[1]), dtype=bool)
    partly = ~missing.all(axis=1)
    np.logical_or.at(lost, people[partly], missing[partly])
    return np.asarray(lost[people] | missing)


def _flag(
    members: Sequence[Edge], left_out: Booleans, told: npt.NDArray[np.object_], *, known: bool
) -> str:
    """Say what is missing, or what weakens the mean."""
    if not left_out.any():
        return distinct(told)
    reasons = distinct(told[left_out]) or "they have no value at another timepoint"
    if left_out.all():
        return reasons
    start = "mean without" if known else "too few edges are left:"
    return f"{start} {int(left_out.sum())} of {len(members)} edges: {reasons}"
