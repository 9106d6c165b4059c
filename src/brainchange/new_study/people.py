"""Who takes part: tables of participants, arms, and what the README says of allocation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from brainchange.new_study.described import NewStudy
from brainchange.new_study.text import asked, comment, counted, plain, quoted, shortened
from brainchange.sources.survey_tables import Column, DatasetTable, folders_of, is_sex
from brainchange.study.given import full_label

_NAMES_TOLD = 5
_README_LINES_TOLD = 6
_README_WORDS = ("random", "session", "visit", "allocat", "assigned", "timepoint", "time point")


def participants(new: NewStudy) -> Iterator[str]:
    """Write the table of participants, and what is in all tables."""
    yield from (comment(line) for line in _tables_told(new))
    yield "participants:"
    if any(_has_zeros(table, new.survey.participants) for table in new.tables):
        yield "  drop_leading_zeros: true"
    yield from _joined(new)
    others = [_candidate(column) for column in new.arms if column is not new.arm]
    if new.arm is None:
        known = f" Candidates: {'; '.join(others)}." if others else ""
        yield f"  arm_column:  {asked(f'which column says the arm?{known}')}"
    else:
        told = f"is this the arm? Others: {'; '.join(others)}" if others else ""
        told += f". Or columns joined: made: {{arm: [{new.arm.name}, …]}}" if others else ""
        yield f"  # {_candidate(new.arm)}"
        yield from (f"  {asked(one)}" for one in _orders(new.arms))
        yield f"  arm_column: {quoted(new.arm.name)}{'  ' + asked(told) if told else ''}"
    facts = dict(_facts(new))
    if facts:
        mixed = [f"{name} for {fact}" for fact, name in facts.items() if _names_other(fact, name)]
        if mixed:
            yield f"  # By what they hold, not by their names: the column {', '.join(mixed)}."
        inside = ", ".join(f"{fact}: {quoted(name)}" for fact, name in facts.items())
        yield f"  columns: {{{inside}}}"
    covariates = list(_covariates(new))
    if covariates:
        yield "  covariates:"
        yield from covariates


def _orders(arms: Sequence[Column]) -> Iterator[str]:
    """Ask about numbered columns with the same values: treatments one after the other."""
    for first, second in combinations(arms, 2):
        stem = first.name.rstrip("0123456789")
        numbered = stem != first.name and stem == second.name.rstrip("0123456789")
        if numbered and set(first.levels) == set(second.levels):
            yield (
                f"{first.name} and {second.name} hold the same values: did everybody get both "
                "treatments, in an order that differs (design: crossover)?"
            )


def _joined(new: NewStudy) -> Iterator[str]:
    """Write the further tables that hold scales, covariates, or the arm."""
    if new.joined:
        yield "  tables:"
    for table, columns in new.joined:
        path = table.path.replace("sub-*", "{participant}")
        session = ", session_column: session_id" if table.by_session else ""
        yield f"    - path: {quoted(path)}" if session else f"    - {{path: {quoted(path)}}}"
        if session:
            yield "      session_column: session_id"
            yield f"      columns: [{', '.join(map(quoted, columns))}]"


def _covariates(new: NewStudy) -> Iterator[str]:
    """Write what differs between scanners, sites and cohorts; it must be held equal."""
    for table in new.tables:
        for column in table.columns:
            if column.use == "covariate" and len(column.levels) > 1:
                name = f"{column.name}_pre" if table.by_session else column.name
                yield f"    {quoted(column.name.lower())}: {{column: {quoted(name)}}}"


def _has_zeros(table: DatasetTable, folders: frozenset[str]) -> bool:
    """Whether identifiers in a table have zeros at the front that folders lack."""
    found = folders_of(table.participants, folders)
    return any(full_label(written) != folder for written, folder in found.items())


def _tables_told(new: NewStudy) -> Iterator[str]:
    """Tell which tables there are, and whether their participants are those with folders."""
    folders = new.survey.participants
    yield f"Participants with a folder: {len(folders)}."
    for table in new.tables:
        if table.annexed:
            yield (
                f"{table.path}: its content is annexed, so that its {len(table.columns)} columns "
                "are known from its sidecar alone until it is fetched."
            )
            continue
        rows = f"{len(table.table.rows)} rows, " if table.by_session else ""
        yield f"{table.path}: {rows}{len(table.participants)} participants."
        yield from _identifiers_told(table, folders)
    for column in (c for table in new.tables for c in table.columns if c.use == "covariate"):
        yield f"A covariate of measuring: {_candidate(column)}."


def _identifiers_told(table: DatasetTable, folders: frozenset[str]) -> Iterator[str]:
    found = folders_of(table.participants, folders)
    unlike = {written: folder for written, folder in found.items() if written != folder}
    if unlike:
        written, folder = min(unlike.items())
        yield (
            f"  {len(unlike)} identifiers are written otherwise than their folders "
            f"({shortened(written, 40)} in the table, {folder})."
        )
    without = sorted(table.participants - set(found))
    if without:
        yield f"  {counted(without, _NAMES_TOLD)} in the table, without a folder."
    unlisted = sorted(folders - set(found.values()))
    if unlisted:
        yield f"  {counted(unlisted, _NAMES_TOLD)} with a folder, not in the table."


def _candidate(column: Column) -> str:
    levels = ", ".join(f"{shortened(level, 40)} {n}" for level, n in column.levels.items())
    missing = f", n/a {column.n_missing}" if column.n_missing else ""
    place = "" if column.table == "participants.tsv" else f" in {column.table}"
    return f"{shortened(column.name, 60)}{place} ({levels or 'not here yet'}{missing})"


def _facts(new: NewStudy) -> Iterator[tuple[str, str]]:
    """Name the columns of age and sex; by their cells, for some tables mix their names up."""
    columns = new.of_participants.columns if new.of_participants else ()
    known = [column for column in columns if column.use == "fact" and column.levels]
    sexes = [column for column in known if is_sex(column.levels)]
    ages = [c for c in known if c.name.lower() in ("age", "sex", "gender") and c not in sexes]
    yield from (("age", column.name) for column in ages[:1])
    yield from (("sex", column.name) for column in sexes[:1])


def _names_other(fact: str, name: str) -> bool:
    """Whether a column is called by the name of the other fact."""
    return name.lower() in ({"sex", "gender"} if fact == "age" else {"age"})


def arms(new: NewStudy) -> Iterator[str]:
    """Write the arms with their sizes, and ask how participants came into them."""
    labels = (new.arm.labels_of_levels if new.arm else None) or {}
    counted_here = new.arm.levels if new.arm else {}
    levels = counted_here or dict.fromkeys(labels, 0)
    question = asked("which arms are there, and what is each: label and role?")
    yield "arms:" if levels else f"arms:  {question}"
    for level, n in levels.items():
        complete = [
            f"{len(members & new.complete(task))} with {task.label} before and after"
            for task in new.survey.tasks
            if (members := new.members.get(level, frozenset())) and "post" in new.timepoints.labels
        ]
        sizes = f"{n} participants{': ' if complete else ''}{', '.join(complete)}"
        yield f"  # {sizes if counted_here else 'not counted: the table is annexed'}"
        yield f"  {quoted(level)}:"
        yield f"    label: {quoted(shortened(labels.get(level) or level, 60))}"
        yield f"    role:  {asked('therapy, comparison, untreated or healthy?')}"
    yield from (comment(line) for line in _readme(new))
    yield "allocation:"
    yield f"  randomised:  {asked('did chance decide about arms (true), or not (false)?')}"
    yield f"  description:  {asked('how was it decided, and which source says so?')}"


def _readme(new: NewStudy) -> Iterator[str]:
    """Quote the lines of the README that may tell of allocation and sessions."""
    dataset = new.survey.dataset
    names = [path for path in dataset.texts if path.lower().startswith("readme")]
    lines = [plain(line) for name in names for line in dataset.text(name).splitlines()]
    told = [line for line in lines if any(word in line.lower() for word in _README_WORDS)]
    if told:
        yield "The README says:"
    yield from (f"  {shortened(line, 160)}" for line in told[:_README_LINES_TOLD])
