"""Values in columns or in rows, as rows: who, when, metric, regions, value, unit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from brainchange.any_table import MOST_TOLD, numbers
from brainchange.errors import Problem, TableError, did_you_mean
from brainchange.metrics.given_names import KnownMetric, known_metrics, place_problem, places_of
from brainchange.metrics.given_table import WHEN, WHO, column_names, given_of, refuse_repeated
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.decisions import Decision
from brainchange.study.model import Study
from brainchange.study.regions import Region

INFINITE = "the value is infinite"


def values_in_columns(
    table: pd.DataFrame, study: Study, regions: tuple[Region, ...], where: str
) -> pd.DataFrame:
    """Read values in columns as rows: who, when, metric, places, value, unit."""
    given = given_of(study)
    metrics = known_metrics(given)
    parts = []
    for values in given.measures:
        unit = values.unit or metrics[values.metric].unit
        for (one, other), column in values.places:
            for timepoint, name in column_names(column, study).items():
                read = numbers(table[name], where)
                when = timepoint or table[WHEN]
                frame = pd.DataFrame({WHO: table[WHO], WHEN: when, "value": read})
                parts += [
                    frame.assign(metric=values.metric, region=first, region_2=second, unit=unit)
                    for first, second in places_of(one, other, metrics[values.metric], regions)
                ]
    if not parts:
        return _nothing()
    return pd.concat(parts, ignore_index=True)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(
        {name: [] for name in (WHO, WHEN, "value", "metric", "region", "region_2", "unit")}
    )


def values_in_rows(
    table: pd.DataFrame, study: Study, regions: tuple[Region, ...], where: str
) -> pd.DataFrame:
    """Read a table with one row a value."""
    given = given_of(study)
    metrics = known_metrics(given)
    long = pd.DataFrame({name: table.get(name) for name in OBSERVATIONS_TABLE.names}, dtype=object)
    long[WHO], long[WHEN] = table[WHO], table[WHEN]
    long[["region", "region_2"]] = long[["region", "region_2"]].fillna("")
    long["value"] = numbers(table["value"], where)
    long = _primary(long, study, where)
    key = [WHO, WHEN, "task", "metric", "condition", "region", "region_2"]
    refuse_repeated(long, key, where)
    _check_rows(long, metrics, regions, where)
    long["unit"] = long["unit"].fillna(long["metric"].map(lambda name: metrics[name].unit))
    keys = long[["metric", "region", "region_2"]].drop_duplicates().itertuples(index=False)
    placed = {tuple(k): places_of(k[1], k[2], metrics[k[0]], regions) for k in keys}
    found = [placed[k] for k in zip(long["metric"], long["region"], long["region_2"], strict=True)]
    long = long.assign(places=found).explode("places", ignore_index=True)
    long["region"] = [place[0] for place in long["places"]]
    long["region_2"] = [place[1] for place in long["places"]]
    return long.drop(columns="places")


def _primary(long: pd.DataFrame, study: Study, where: str) -> pd.DataFrame:
    """Keep the primary specification where a table has several."""
    wanted, names = given_of(study).specification, list(long["specification"].dropna().unique())
    if wanted and wanted not in names:
        raise TableError(
            f"no row is of the specification '{wanted}'",
            where=where,
            fix=did_you_mean(wanted, names),
        )
    if len(names) > 1 and not wanted:
        raise TableError(
            f"the table has several specifications: {', '.join(map(str, names))}",
            where=where,
            fix="say in observations.specification which is primary",
        )
    return long[long["specification"] == wanted] if wanted else long


def _check_rows(
    long: pd.DataFrame, metrics: Mapping[str, KnownMetric], regions: tuple[Region, ...], where: str
) -> None:
    """Refuse metrics, regions and units that cannot be."""
    problems = []
    distinct = long.drop_duplicates(["metric", "region", "region_2", "unit"])
    for line, row in distinct.iterrows():
        problem = place_problem(row["metric"], (row["region"], row["region_2"]), metrics, regions)
        unit = row["unit"]
        if problem is None and unit and unit != metrics[row["metric"]].unit:
            problem = Problem(
                f"the metric '{row['metric']}' is in '{metrics[row['metric']].unit}', not '{unit}'",
                fix="convert the values, or leave the unit out if it is only written differently",
            )
        if problem is not None:
            problems.append(
                Problem(f"row {line}: {problem.what}", where, problem.cause, problem.fix)
            )
    if problems:
        raise TableError.from_problems(problems[:MOST_TOLD])


def without_impossible(
    long: pd.DataFrame, metrics: Mapping[str, KnownMetric]
) -> tuple[pd.DataFrame, list[Decision]]:
    """Set aside infinite values and those outside the range of their metric."""
    values = long["value"].to_numpy(dtype=float)
    low = long["metric"].map(lambda name: metrics[name].smallest).to_numpy(dtype=float)
    high = long["metric"].map(lambda name: metrics[name].largest).to_numpy(dtype=float)
    infinite = np.isinf(values)
    outside = np.isfinite(values) & ((values < low) | (values > high))
    flags = np.where(infinite, INFINITE, "")
    flags = np.where(outside, "the value is outside the range of the metric", flags)
    told = long.get("flag")
    if told is not None:
        flags = np.where(flags == "", told.fillna(""), flags)
    kept = long.assign(value=np.where(infinite | outside, np.nan, values), flag=flags)
    wrong = kept[infinite | outside]
    return kept, [_set_aside(row) for row in wrong.to_dict("records")]


def _set_aside(row: Mapping[str, object]) -> Decision:
    region = "–".join(filter(None, (str(row["region"]), str(row["region_2"]))))
    return {
        "scope": "region" if region else "measure",
        "participant_id": row[WHO],
        "name": region or row["metric"],
        "action": "excluded",
        "reason": f"{row[WHEN]} value of {row['metric']}: {row['flag']}",
        "config_key": "observations.measures",
    }
