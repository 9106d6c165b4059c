"""What the tables of a dataset hold: columns that may be arms, scales, covariates; and who."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from brainchange.sources.dataset import Dataset, Table
from brainchange.sources.survey import natural
from brainchange.study.given import full_label

Use = Literal["arm", "scale", "covariate", "flag", "fact", "other"]
ID, SESSION = "participant_id", "session_id"
MOST_ARMS = 8
FEWEST_SCORES = 4
MISSING = frozenset({"n/a", "", "nan", "na", "none"})

_ARM = re.compile(
    r"(?:^|_)(?:group|arm|condition|treat|interven|therap|alloc|random|infusion|abmt)",
    re.IGNORECASE,
)
_COVARIATE = re.compile(r"(?:^|_)(?:scanner|site|cohort|center|centre|coil|batch)", re.IGNORECASE)
_FACT = re.compile(
    r"^(?:sex|gender|age|race|ethnic|income|education|hand|edinburgh|iq|wasi|bmi|weight|height|"
    r"days?_|date|subject|acq_|datasharing)|_(?:date|iq|complete)$|_iq_",
    re.IGNORECASE,
)
_TIMED = re.compile(
    r"(?:^|[_\-. ])(?:ses-?)?(pre(?:[-_]?treatment)?|post(?:[-_]?treatment)?|baseline|base|bl|"
    r"mid(?:[-_]?treatment)?|follow[-_]?up|fu\d*|screening|[a-z]{0,3}\d{1,3})(?=$|[_\-. ])",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"(?:^|_)(?:tot|total|sum|score)(?:$|_)", re.IGNORECASE)
_SEXES = frozenset({"m", "f", "male", "female"})
_FLAGS = frozenset({"0", "1", "0.0", "1.0", "yes", "no", "true", "false"})
MANY_COLUMNS = 30


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    table, name : str
        Path of the table, and the name.
    use : str
        What it may be: an arm, a scale, a covariate of measuring, a flag, a fact, or other.
    levels : mapping of str to int
        Value → rows with it, missing cells left out.
    n_missing : int
        Rows without a value.
    label : str
        What its sidecar says it is.
    labels_of_levels : mapping of str to str
        What its sidecar says of its values.
    """

    table: str
    name: str
    use: Use
    levels: Mapping[str, int]
    n_missing: int = 0
    label: str = ""
    labels_of_levels: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Scale:
    """Scores of one scale at several times.

    Attributes
    ----------
    table, name : str
        Path of the table, and the name without the time.
    columns : mapping of str to str
        Time as it is written → column; where every session has a row, session → that column.
    by_session : bool
        Whether every session has a row of its own.
    n_scored : mapping of str to int
        Time → participants with a score.
    label : str
        What its sidecar says it is.
    """

    table: str
    name: str
    columns: Mapping[str, str]
    by_session: bool
    n_scored: Mapping[str, int]
    label: str = ""


@dataclass(frozen=True)
class DatasetTable:
    """A table of participants or sessions, and what its columns may be.

    Attributes
    ----------
    path : str
        Path; with ``*`` where every participant has one of its own.
    table : Table
        Its rows; none where its content is not here.
    columns : tuple of Column
        Its columns but the identifiers.
    annexed : bool
        Whether its content must be fetched before anything is known but its sidecar.
    """

    path: str
    table: Table
    columns: tuple[Column, ...]
    annexed: bool = False

    @property
    def by_session(self) -> bool:
        """Whether every session has a row of its own."""
        return SESSION in self.table.names

    @cached_property
    def participants(self) -> frozenset[str]:
        """Identifiers of participants in it, as they are written."""
        return frozenset(row[ID] for row in self.table.rows if row.get(ID, "n/a") != "n/a")

    @cached_property
    def scales(self) -> tuple[Scale, ...]:
        """Scales with the times they were scored at."""
        scored = [column for column in self.columns if column.use == "scale"]
        return tuple(self._long(scored) if self.by_session else self._wide(scored))

    def _long(self, columns: Sequence[Column]) -> Iterator[Scale]:
        totals = [column for column in columns if _TOTAL.search(column.name)]
        for column in totals if len(columns) > MANY_COLUMNS and totals else columns:
            rows = [row for row in self.table.rows if row[column.name].lower() not in MISSING]
            counts = Counter(row[SESSION].removeprefix("ses-") for row in rows)
            times = {time: counts[time] for time in sorted(counts, key=natural) if time != "n/a"}
            names = dict.fromkeys(times, column.name)
            yield Scale(self.path, column.name, names, True, times, column.label)

    def _wide(self, columns: Sequence[Column]) -> Iterator[Scale]:
        grouped: dict[str, dict[str, Column]] = {}
        for column in columns:
            stem, time = without_time(column.name)
            grouped.setdefault(stem, {})[time] = column
        for stem, times in map(_named_whole, grouped.items()):
            names = {time: column.name for time, column in times.items()}
            scored = {time: sum(column.levels.values()) for time, column in times.items()}
            label = next((c.label for c in times.values() if c.label), "")
            yield Scale(self.path, stem, names, False, scored, label)


def _named_whole(group: tuple[str, dict[str, Column]]) -> tuple[str, dict[str, Column]]:
    """Take a number that occurs once for a part of the name: TAS-26."""
    (time, column), *others = group[1].items()
    return group if others or not time.isdigit() else (column.name, {"": column})


def dataset_tables(dataset: Dataset) -> tuple[DatasetTable, ...]:
    """Read the tables of participants, of phenotypes, and of sessions, in this order.

    A table whose content is annexed has the columns its sidecar names, without rows.
    """
    paths = [path for path in dataset.sizes if _is_table(path)]
    paths.sort(key=lambda path: (path != "participants.tsv", path.startswith("phenotype/"), path))
    found = [_read(dataset, path) for path in paths]
    return tuple(table for table in [*found, _of_participants(dataset)] if table)


def without_time(name: str) -> tuple[str, str]:
    """Split the name of a column into what is measured and when; no time where none is named.

    >>> without_time("BDI_ses-pre")
    ('BDI', 'pre')
    """
    found = list(_TIMED.finditer(name))
    words = [one for one in found if not one[1][-1].isdigit()]
    timed = next(iter(words or found[-1:]), None)
    if timed is None or timed.span() == (0, len(name)):
        return name, ""
    return (name[: timed.start()] + name[timed.end() :]).strip("_-. "), timed[1].lower()


def arm_candidates(tables: Sequence[DatasetTable]) -> list[Column]:
    """Columns that may say which arm a participant is in, the likeliest first."""
    found = [column for table in tables for column in table.columns if column.use == "arm"]
    return sorted(found, key=lambda column: (not _ARM.search(column.name), _place(column)))


def folders_of(participants: Collection[str], folders: Collection[str]) -> dict[str, str]:
    """Find the folder of each participant of a table, where tables write labels otherwise.

    Labels are the same, or the same without zeros at the front (``sub-020131``, ``sub-20131``).

    Returns
    -------
    dict of str to str
        Participant as the table writes it → folder; those without a folder are left out.
    """
    bare = {_bare(folder): folder for folder in folders}
    found = {
        one: full_label(one) if full_label(one) in folders else bare.get(_bare(one), "")
        for one in participants
    }
    return {one: folder for one, folder in found.items() if folder}


def is_sex(levels: Collection[str]) -> bool:
    """Whether values are those of a column of sexes."""
    return bool(levels) and {level.lower() for level in levels} <= _SEXES


def _bare(label: str) -> str:
    return label.removeprefix("sub-").lstrip("0")


def _place(column: Column) -> tuple[bool, bool]:
    return column.table != "participants.tsv", not column.levels


def _is_table(path: str) -> bool:
    known = path in ("participants.tsv", "sessions.tsv") or path.startswith("phenotype/")
    return known and path.endswith(".tsv")


def _read(dataset: Dataset, path: str) -> DatasetTable:
    sidecar = dataset.json(path.removesuffix(".tsv") + ".json")
    table = dataset.table(path)
    if table is not None:
        return DatasetTable(path, table, _columns(path, table, sidecar))
    names = tuple(name for name in sidecar if name != "MeasurementToolMetadata")
    empty = Table(names, ())
    return DatasetTable(path, empty, _columns(path, empty, sidecar), annexed=True)


def _of_participants(dataset: Dataset) -> DatasetTable | None:
    """Put the tables of sessions that every participant has into one."""
    own = re.compile(r"(sub-[A-Za-z0-9]+)/\1_sessions\.tsv")
    rows: list[Mapping[str, str]] = []
    names: dict[str, None] = {ID: None}
    sidecar: dict[str, Any] = {}
    for path in dataset.sizes:
        found = own.fullmatch(path)
        table = dataset.table(path) if found else None
        if found and table:
            names.update(dict.fromkeys(table.names))
            rows += [{**row, ID: found[1]} for row in table.rows]
            sidecar = sidecar or dataset.json(path.removesuffix(".tsv") + ".json")
    if not rows:
        return None
    whole = Table(tuple(names), tuple({**dict.fromkeys(names, "n/a"), **row} for row in rows))
    path = "sub-*/sub-*_sessions.tsv"
    return DatasetTable(path, whole, _columns(path, whole, sidecar))


def _columns(path: str, table: Table, sidecar: Mapping[str, Any]) -> tuple[Column, ...]:
    names = [name for name in table.names if name not in (ID, SESSION)]
    return tuple(_column(path, name, table, sidecar.get(name)) for name in names)


def _column(path: str, name: str, table: Table, told: object) -> Column:
    described: Mapping[str, Any] = told if isinstance(told, dict) else {}
    levels = described.get("Levels")
    labels = {str(k): str(v) for k, v in levels.items()} if isinstance(levels, dict) else {}
    cells = _cells(name, table)
    counts = Counter(cell for cell in cells if cell.lower() not in MISSING)
    label = str(described.get("LongName") or described.get("Description") or "")
    ordered = {level: counts[level] for level in sorted(counts, key=lambda c: (-counts[c], c))}
    use = _use(name, counts, labels) if table.rows else _use_unseen(name, labels)
    return Column(path, name, use, ordered, len(cells) - sum(counts.values()), label, labels)


def _cells(name: str, table: Table) -> list[str]:
    """Cells of a column; of a table by session every value of a participant once."""
    if SESSION not in table.names:
        return [row[name] for row in table.rows]
    return [cell for _, cell in dict.fromkeys((row.get(ID, ""), row[name]) for row in table.rows)]


def _use(name: str, counts: Mapping[str, int], labels: Mapping[str, str]) -> Use:
    levels = {level.lower() for level in counts}
    numeric = bool(counts) and all(_is_number(level) for level in counts)
    if _FACT.search(name) or is_sex(counts):
        return "fact"
    if _COVARIATE.search(name):
        return "covariate"
    if levels <= _FLAGS:
        return "flag"
    few = 2 <= len(counts) <= MOST_ARMS and sum(counts.values()) > len(counts)
    if few and not without_time(name)[1].isalpha() and (not numeric or labels):
        return "arm"
    if few and _ARM.search(name):
        return "arm"
    return "scale" if numeric and len(counts) >= FEWEST_SCORES else "other"


def _use_unseen(name: str, labels: Mapping[str, str]) -> Use:
    """Tell what a column may be whose cells are not here."""
    if _FACT.search(name):
        return "fact"
    if _ARM.match(name) and 2 <= len(labels) <= MOST_ARMS:
        return "arm"
    return "scale" if _TOTAL.search(name) else "other"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
