"""A one-off table arranged as matrices: one row a participant, one column a measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.any_table import MOST_TOLD, numbers
from brainchange.errors import ConfigError, Problem, TableError, did_you_mean
from brainchange.inference.one_off_table import USUAL_LABELS, Layout, check_layout

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Measure = tuple[str, str]
"""Metric and region; empty where the table does not tell them apart."""


@dataclass(frozen=True)
class Arranged:
    """What is judged; participants sorted, so that the order of rows changes nothing.

    Attributes
    ----------
    participants : tuple of str
        Those of the treated and control arms.
    treated : numpy.ndarray of bool, shape (n_participants,)
        Whether they are in the treated arm.
    measures : tuple of (str, str)
        Metric and region of every column; empty where the table does not tell them apart.
    pre, post : numpy.ndarray, shape (n_participants, n_measures)
        Values; NaN where missing.
    infinite : numpy.ndarray of int, shape (n_measures,)
        Infinite values that were taken as missing.
    covariates : numpy.ndarray, shape (n_participants, n_covariates)
        Numbers; text is coded as 0 and 1 for every level but the first.
    motion : numpy.ndarray, shape (2, n_participants), or None
        Head motion before and after.
    negative_control : dict of (str, str) to (numpy.ndarray, numpy.ndarray)
        Name and metric → values before and after of every participant.
    """

    participants: tuple[str, ...]
    treated: Booleans
    measures: tuple[Measure, ...]
    pre: Floats
    post: Floats
    infinite: npt.NDArray[np.int_]
    covariates: Floats
    motion: Floats | None
    negative_control: dict[Measure, tuple[Floats, Floats]]


def arrange(table: pd.DataFrame, layout: Layout, where: str) -> Arranged:
    """Bring a wide or long table into matrices.

    Parameters
    ----------
    table : pandas.DataFrame
        Text or None, indexed by line (``read_any_table``).
    layout : Layout
        What the columns mean.
    where : str
        The file, for messages.

    Returns
    -------
    Arranged
        The participants of the named arms. Rows of other arms and timepoints are left out.

    Raises
    ------
    ConfigError
        A column, an arm, a timepoint or a negative control that is named does not exist.
    TableError
        A row is given twice, a participant is in two arms, a row names no participant, or a cell is
        no number.
    """
    check_layout(table, layout)
    chosen = table[table[layout.arm].isin([*layout.treated, *layout.control])]
    _check_participants(table, layout, where)
    arms = chosen.groupby(layout.id, sort=True)[layout.arm].first()
    labels = _timepoints(table, layout) if layout.long else (layout.pre, layout.post)
    _check_repeated(chosen, layout, where)
    pre, post, measures = _both(chosen, layout, labels, where, arms.index)
    infinite = (np.isinf(pre) | np.isinf(post)).sum(axis=0)
    pre, post = (np.where(np.isfinite(values), values, np.nan) for values in (pre, post))
    aside = _set_aside(measures, layout)
    judged = [place for place in range(len(measures)) if place not in aside]
    controls = {measures[place]: (pre[:, place], post[:, place]) for place in aside}
    if not layout.long and layout.negative_control:
        name = " → ".join(layout.negative_control)
        controls[name, ""] = _pair(chosen, layout, layout.negative_control, where, arms.index)
    baseline = chosen[chosen[layout.timepoint] == labels[0]] if layout.long else chosen
    return Arranged(
        participants=tuple(map(str, arms.index)),
        treated=arms.isin(layout.treated).to_numpy(dtype=bool),
        measures=tuple(measures[place] for place in judged),
        pre=pre[:, judged],
        post=post[:, judged],
        infinite=infinite[judged],
        covariates=_covariates(baseline, layout, arms.index),
        motion=_motion(chosen, layout, labels, where, arms.index),
        negative_control=controls,
    )


def _check_participants(table: pd.DataFrame, layout: Layout, where: str) -> None:
    """Refuse rows without participant and participants in two arms of the whole table."""
    nameless = table.index[table[layout.id].isna() & table[layout.arm].notna()]
    problems = [
        Problem(f"row {line} names no participant", where, fix=f"fill in '{layout.id}'")
        for line in nameless[:MOST_TOLD]
    ]
    arms = table.dropna(subset=[layout.id, layout.arm]).groupby(layout.id, sort=True)[layout.arm]
    named = arms.unique()
    in_two = named[named.map(len) > 1]
    problems += [
        Problem(
            f"participant '{name}' is in {len(found)} arms: {', '.join(sorted(found))}",
            where,
            fix="give every participant one arm",
        )
        for name, found in in_two.head(MOST_TOLD).items()
    ]
    if problems:
        raise TableError.from_problems(problems)


def _timepoints(table: pd.DataFrame, layout: Layout) -> tuple[str, str]:
    """Find the labels of the timepoints before and after therapy."""
    known = list(table[layout.timepoint].dropna().unique())
    if not layout.pre and not layout.post:
        usual = [pair for pair in USUAL_LABELS if set(pair) <= set(known)]
        if usual:
            return usual[0]
        raise ConfigError(
            f"it is not said which timepoints are before and after therapy: {', '.join(known)}",
            where="--pre, --post",
            fix="name them, for example --pre " + " --post ".join(known[:2]),
        )
    asked = (layout.pre or "pre", layout.post or "post")
    problems = [
        Problem(f"no row is of the timepoint '{label}'", option, fix=did_you_mean(label, known))
        for option, label in zip(("--pre", "--post"), asked, strict=True)
        if label not in known
    ]
    if problems:
        raise ConfigError.from_problems(problems)
    return asked


def _check_repeated(chosen: pd.DataFrame, layout: Layout, where: str) -> None:
    key = [layout.id]
    if layout.long:
        key += [name for name in (layout.timepoint, layout.metric, layout.region) if name]
    repeated = chosen[chosen.duplicated(key) & chosen[key].notna().all(axis=1)]
    hint = "keep one of them"
    if not layout.long:
        hint += "; if every timepoint has a row, name their column with --timepoint"
    problems = [
        Problem(
            f"row {line} repeats " + ", ".join(f"{name}={row[name]}" for name in key),
            where,
            fix=hint,
        )
        for line, row in repeated.head(MOST_TOLD).iterrows()
    ]
    if problems:
        raise TableError.from_problems(problems)


def _both(
    chosen: pd.DataFrame, layout: Layout, labels: tuple[str, str], where: str, who: pd.Index
) -> tuple[Floats, Floats, list[Measure]]:
    """Values before and after, shape (n_participants, n_measures), and what the columns are."""
    if not layout.long:
        pre, post = _pair(chosen, layout, labels, where, who)
        return pre[:, None], post[:, None], [("", "")]
    rows = chosen[chosen[layout.timepoint].isin(labels)]
    long = pd.concat([_stacked(rows, layout, name, where) for name in layout.value_columns])
    named = list(zip(long["metric"], long["region"], strict=True))
    measures = sorted(set(named), key=lambda name: _order(name, layout)) or [("", "")]
    places = {measure: place for place, measure in enumerate(measures)}
    column = np.array([places[name] for name in named], dtype=int)
    arranged = np.full((2, len(who), len(measures)), np.nan)
    when = (long["when"] == labels[1]).to_numpy(dtype=int)
    arranged[when, who.get_indexer(long["who"]), column] = long["value"]
    return arranged[0], arranged[1], measures


def _stacked(rows: pd.DataFrame, layout: Layout, name: str, where: str) -> pd.DataFrame:
    """Rows of one column of values; where there are several, each is a metric of its name."""
    long = pd.DataFrame({"value": numbers(rows[name], where)})
    long["who"], long["when"] = rows[layout.id], rows[layout.timepoint]
    long["metric"] = name if len(layout.value_columns) > 1 else ""
    if layout.metric:
        long["metric"] = rows[layout.metric].fillna("")
    long["region"] = rows[layout.region].fillna("") if layout.region else ""
    return long


def _order(measure: Measure, layout: Layout) -> tuple[int, Measure]:
    """Columns of values as they were named, everything else by name: never by row."""
    metric = measure[0]
    return (layout.value_columns.index(metric) if metric in layout.value_columns else 0, measure)


def _pair(
    chosen: pd.DataFrame, layout: Layout, columns: tuple[str, ...], where: str, who: pd.Index
) -> tuple[Floats, Floats]:
    by_name = chosen.set_index(layout.id)
    found = [
        numbers(chosen[name], where).set_axis(by_name.index).reindex(who).to_numpy(dtype=float)
        for name in columns
    ]
    return found[0], found[1]


def _set_aside(measures: list[Measure], layout: Layout) -> list[int]:
    """Places of the negative controls of a long table: they are not judged themselves."""
    if not layout.long:
        return []
    part = 1 if layout.region else 0
    known = sorted({measure[part] for measure in measures})
    problems = [
        Problem(f"nothing is called '{name}'", "--negative-control", fix=did_you_mean(name, known))
        for name in layout.negative_control
        if name not in known
    ]
    if problems:
        raise ConfigError.from_problems(problems)
    if not set(known) - set(layout.negative_control):
        raise ConfigError("every measure is a negative control", where="--negative-control")
    return [n for n, measure in enumerate(measures) if measure[part] in layout.negative_control]


def _motion(
    chosen: pd.DataFrame, layout: Layout, labels: tuple[str, str], where: str, who: pd.Index
) -> Floats | None:
    """Motion before and after; in a long table the mean over the rows of a timepoint."""
    if not layout.motion:
        return None
    if not layout.long:
        return np.array(_pair(chosen, layout, layout.motion, where, who))
    values = numbers(chosen[layout.motion[0]], where)
    means = values.groupby([chosen[layout.timepoint], chosen[layout.id]]).mean()
    return np.array([means.xs(label).reindex(who).to_numpy(dtype=float) for label in labels])


def _covariates(baseline: pd.DataFrame, layout: Layout, who: pd.Index) -> Floats:
    """Covariates of every participant; the first row before therapy counts."""
    by_name = baseline.drop_duplicates(layout.id).set_index(layout.id).reindex(who)
    columns = [part for name in layout.covariates for part in _coded(by_name[name])]
    return np.array(columns, dtype=float).reshape(len(columns), len(who)).T


def _coded(column: pd.Series) -> list[Floats]:
    """Numbers as they are; text as 0 and 1 for every level but the first."""
    read = pd.to_numeric(column, errors="coerce").astype(float)
    if (read.notna() | column.isna()).all():
        return [np.where(np.isfinite(read), read, np.nan)]
    known = column.notna()
    levels = sorted(column[known].unique())
    return [np.where(known, (column == level).astype(float), np.nan) for level in levels[1:]]
