"""Quality of runs as MRIQC measured it: its table of groups, read as observations.

A table has one row a run: MRIQC's own ``group_bold.tsv`` names it in ``bids_name``, collections of
its JSON files in ``path``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from brainchange.errors import TableError
from brainchange.sources.bids import parse_name
from brainchange.tables import read_tsv

WHOLE_BRAIN = "brain"
"""Name of the region of a signal-to-noise ratio over the whole brain."""
MEASURES = {
    "fd_mean": ("mean_framewise_displacement", "mm", None),
    "tsnr": ("tsnr", "1", WHOLE_BRAIN),
}
"""Column of MRIQC → metric, unit and region of an observation."""
NAMES = ("bids_name", "path")


def mriqc_runs(path: Path) -> pd.DataFrame:
    """Read head motion and signal-to-noise ratio of every BOLD run.

    Parameters
    ----------
    path : Path
        MRIQC's ``group_bold.tsv``, or a table of its JSON files with the columns ``path``,
        ``fd_mean`` and ``tsnr``. Rows of other images are passed over.

    Returns
    -------
    pandas.DataFrame
        One row a run and metric: ``participant_id`` (``sub-01``), ``session_id`` (``ses-pre`` or
        None), ``task`` (label in the name of the file), ``metric``, ``value``, ``unit``,
        ``region``. Of several echoes the first.

    Raises
    ------
    TableError
        The table does not name its runs, or has neither measure.
    """
    table = read_tsv(path)
    named = next((column for column in NAMES if column in table.columns), None)
    measured = [column for column in MEASURES if column in table.columns]
    if named is None or not measured:
        raise TableError(
            f"the table needs a column {' or '.join(NAMES)}, and fd_mean or tsnr",
            where=str(path),
            cause="it is no table of MRIQC about BOLD runs",
        )
    rows = [row for run in table.to_dict("records") for row in _of_run(run, named, measured)]
    found = pd.DataFrame(rows, columns=[*_KEYS, "metric", "value", "unit", "region"])
    return found.drop_duplicates(subset=[*_KEYS, "metric"], ignore_index=True)


_KEYS = ("participant_id", "session_id", "task", "run")


def _of_run(run: dict[Any, Any], named: str, measured: list[str]) -> Iterator[dict[str, object]]:
    name = PurePosixPath(str(run[named])).name
    parsed = parse_name(name if "." in name else f"{name}.nii.gz")
    if parsed is None or parsed.suffix != "bold" or "task" not in parsed.entities:
        return
    entities = parsed.entities
    session = entities.get("ses")
    for column in measured:
        metric, unit, region = MEASURES[column]
        yield {
            "participant_id": f"sub-{entities['sub']}",
            "session_id": f"ses-{session}" if session else None,
            "task": entities["task"],
            "run": entities.get("run"),
            "metric": metric,
            "value": pd.to_numeric(run[column], errors="coerce"),
            "unit": unit,
            "region": region,
        }
