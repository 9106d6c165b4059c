"""All tables about the participants of a study as one: a row each, in the labels of the folders.

Datasets keep scores beside the table of participants: in phenotype files with a row a participant
or a row a session, in one file a participant, under labels written otherwise than those of folders.
Whatever they do, what comes out here has a row a participant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from brainchange.errors import TableError, did_you_mean
from brainchange.files import inside
from brainchange.sources.git_annex import key_of_link, key_of_pointer
from brainchange.study.decisions import Decision
from brainchange.study.given import full_label
from brainchange.study.model import Study
from brainchange.study.people import JOINT, NOTHING, PARTICIPANT, Table
from brainchange.tables import read_tsv

LARGEST_POINTER_BYTES = 512


@dataclass(frozen=True)
class People:
    """What the tables of a study say about its participants.

    Attributes
    ----------
    table : pandas.DataFrame
        Text or None, rows as in the table of participants; columns of all tables.
    decisions : tuple of dict
        Rows of ``DECISIONS_TABLE``: tables that are not there, labels only one of them knows.
    """

    table: pd.DataFrame
    decisions: tuple[Decision, ...] = ()


def read_people(study: Study, folder: Path) -> People:
    """Read the table of participants and join to it the others that the study names.

    Parameters
    ----------
    study : Study
        Names the tables and their columns.
    folder : Path
        The study folder.

    Returns
    -------
    People
        A table that is not there leaves its columns empty, with a decision. Told are a participant
        whom only a further table has, and one of whom (and of whose session) it has several rows:
        cells on which these differ are missing.

    Raises
    ------
    TableError
        The table of participants is missing, or still a pointer of git-annex; a table does not have
        its columns of participant and session, or one that is named.
    """
    named = study.participants
    path = inside(folder, named.table)
    _require_content(path)
    table = _with_labels(read_tsv(path), named.id_column, study, str(path))
    decisions: list[Decision] = []
    by_session: list[pd.DataFrame] = []
    for further in named.tables:
        read, told = _read(further, study, folder, _labels(table, study))
        decisions += told
        if read is None:
            continue
        table = _joined(table, _steady(read, further), study)
        if further.session_column:
            by_session.append(read)
            table = _joined(table, _by_session(read), study)
    for column, parts in named.made.items():
        table[column] = _joint(table, parts)
    for read in by_session:
        table = _joined(table, _by_timepoint(read, table, study), study)
    return People(_with_all_columns(table, study), tuple(decisions))


def _labels(table: pd.DataFrame, study: Study) -> list[str]:
    return [full_label(cell) for cell in table[study.participants.id_column].dropna()]


def _require_content(path: Path) -> None:
    """Refuse a file that git-annex stands in for: it holds no table yet."""
    if path.is_symlink() and not path.exists():
        pointer = key_of_link(str(path.readlink()))
    elif path.is_file() and path.stat().st_size <= LARGEST_POINTER_BYTES:
        pointer = key_of_pointer(path.read_bytes())
    else:
        return
    if pointer:
        raise TableError(
            "the table is a pointer of git-annex, not the table",
            where=str(path),
            cause="the dataset was cloned without the content of its large files",
            fix="get it with: datalad get, or: brainchange fetch STUDY",
        )


def _with_labels(table: pd.DataFrame, column: str, study: Study, where: str) -> pd.DataFrame:
    """Write labels of participants as folders do."""
    if column not in table.columns:
        return table
    table = table.copy()
    known = table[column].notna()
    labels = [full_label(cell) for cell in table.loc[known, column]]
    if study.participants.drop_leading_zeros:
        labels = [f"sub-{label.removeprefix('sub-').lstrip('0')}" for label in labels]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice and len(set(table.loc[known, column])) == len(labels):
            raise TableError(
                f"without leading zeros two participants are {', '.join(twice)}", where=where
            )
    table.loc[known, column] = labels
    return table


def _read(
    further: Table, study: Study, folder: Path, labels: Sequence[str]
) -> tuple[pd.DataFrame | None, list[Decision]]:
    """Read a further table; indexed by participant, the column of the session called session."""
    if PARTICIPANT in further.path:
        parts, missing = _of_everybody(further, folder, labels)
        told = [_absent(further, name) for name in missing]
        if not parts:
            return None, [_absent(further)]
        table = pd.concat(parts, ignore_index=True)
    else:
        try:
            path = inside(folder, further.path)
            _require_content(path)
            table = read_tsv(path)
        except TableError as error:
            return None, [_absent(further, reason=error.reason)]
        _require(table, further.id_column, further)
        table = _with_labels(table, further.id_column, study, further.path)
        table[further.id_column] = [
            full_label(cell) if pd.notna(cell) else None for cell in table[further.id_column]
        ]
        told = _strangers(table[further.id_column], labels, further)
    if further.session_column:
        _require(table, further.session_column, further)
        table = table.rename(columns={further.session_column: "session"})
    for column in further.columns:
        _require(table, column, further)
    table = table[table[further.id_column].notna()]
    keys = [further.id_column, *(["session"] if further.session_column else [])]
    columns = further.columns or [name for name in table.columns if name not in keys]
    table, twice = _once(table[[*keys, *columns]], keys, further)
    return table.set_index(further.id_column).rename_axis("participant"), [*told, *twice]


def _once(
    table: pd.DataFrame, keys: list[str], further: Table
) -> tuple[pd.DataFrame, list[Decision]]:
    """Have one row a participant (and session): cells on which several rows differ are missing."""
    again = table.duplicated(keys, keep=False)
    if not again.any():
        return table, []
    by_key = table[again].groupby(keys, sort=True, dropna=False)
    merged = by_key.first().where(by_key.nunique(dropna=False) < 2)
    decisions: list[Decision] = []
    for key, rows in by_key:
        name, *session = key if isinstance(key, tuple) else (key,)
        decisions.append(
            {
                "scope": "session" if session else "participant",
                "participant_id": str(name),
                "session_id": str(session[0]) if session else None,
                "action": "caution",
                "reason": f"{further.path} has {len(rows)} rows of it: cells on which they differ "
                "are not used",
                "config_key": "participants.tables",
            }
        )
    return pd.concat([table[~again], merged.reset_index()], ignore_index=True), decisions


def _of_everybody(
    further: Table, folder: Path, labels: Sequence[str]
) -> tuple[list[pd.DataFrame], list[str]]:
    found, missing = [], []
    for label in labels:
        path = inside(folder, further.path.replace(PARTICIPANT, label))
        if path.is_file():
            found.append(read_tsv(path).assign(**{further.id_column: label}))
        else:
            missing.append(label)
    return found, missing


def _require(table: pd.DataFrame, column: str, further: Table) -> None:
    if column not in table.columns and column != table.index.name:
        hint = did_you_mean(column, map(str, table.columns))
        raise TableError(f"the table has no column '{column}'", where=further.path, fix=hint)


def _steady(read: pd.DataFrame, further: Table) -> pd.DataFrame:
    """Keep what does not change: of a table by session, cells that are one in all sessions."""
    if not further.session_column:
        return read
    plain = read.drop(columns="session")
    by_name = plain.groupby(level=0)
    kinds = by_name.nunique()
    return by_name.first().where(kinds < 2).astype(object)


def _by_session(read: pd.DataFrame) -> pd.DataFrame:
    """Give each session a column of its own: ``score_ses-b0``."""
    frames = [
        rows.drop(columns="session").add_suffix(f"_{_session(label)}")
        for label, rows in read.groupby("session", sort=True)
    ]
    return pd.concat(frames, axis=1) if frames else read.drop(columns="session")


def _session(label: object) -> str:
    text = str(label)
    return text if text.startswith("ses-") else f"ses-{text}"


def _by_timepoint(read: pd.DataFrame, table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Give each timepoint a column: ``score_pre``, from the sessions of the participant's arm."""
    arm_column = study.participants.arm_column
    arms = table[arm_column] if arm_column in table.columns else pd.Series(None, table.index)
    arm_of = dict(zip(table[study.participants.id_column], arms, strict=True))
    columns = [name for name in read.columns if name != "session"]
    rows = {
        str(name): dict(_cells(own, study.sessions_of(arm_of.get(name)), columns))
        for name, own in read.groupby(level=0)
    }
    return pd.DataFrame.from_dict(rows, orient="index", dtype=object)


def _cells(
    own: pd.DataFrame, sessions: Mapping[str, Sequence[str]], columns: Sequence[str]
) -> Iterator[tuple[str, object]]:
    """Cells of one participant by timepoint: of several sessions the first that the study names."""
    names = [_session(label).removeprefix("ses-") for label in own["session"]]
    labelled = dict(zip(names, own.to_dict("records"), strict=True))
    for timepoint, labels in sessions.items():
        row = next((labelled[label] for label in labels if label in labelled), None)
        for column in columns:
            yield f"{column}_{timepoint}", None if row is None else row[column]


def _joined(table: pd.DataFrame, more: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add columns that the table does not have yet; missing is None."""
    key = study.participants.id_column
    new = more[[column for column in more.columns if column not in table.columns]]
    joined = table.join(new, on=key)
    return joined.astype(object).where(joined.notna(), None)


def _joint(table: pd.DataFrame, parts: Sequence[str]) -> list[str]:
    for part in parts:
        if part not in table.columns:
            raise TableError(f"no table has the column '{part}'", where="participants.made")
    cells = table[list(parts)].where(table[list(parts)].notna(), NOTHING)
    return [JOINT.join(map(str, row)) for row in cells.itertuples(index=False)]


def _with_all_columns(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Have every column that outcomes and covariates name, empty where its table is not there."""
    if not study.participants.tables:
        return table
    named = [
        *(column for one in study.outcomes.values() for column in one.columns.values()),
        *study.participants.columns.values(),
        *(one.column for one in study.participants.covariates.values()),
    ]
    absent = [column for column in dict.fromkeys(named) if column not in table.columns]
    return table.assign(**dict.fromkeys(absent)) if absent else table


def _strangers(named: pd.Series, labels: Sequence[str], further: Table) -> list[Decision]:
    known = set(labels)
    return [
        {
            "scope": "participant",
            "participant_id": name,
            "action": "excluded",
            "reason": f"{further.path} names the participant, the table of participants does not",
            "config_key": "participants.tables",
        }
        for name in sorted(set(named.dropna()) - known)
    ]


def _absent(further: Table, participant: str | None = None, reason: str = "") -> Decision:
    return {
        "scope": "outcome",
        "participant_id": participant,
        "name": further.path,
        "action": "excluded",
        "reason": reason or "the table does not exist",
        "config_key": "participants.tables",
    }
