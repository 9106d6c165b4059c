"""How a study starts from a table of values that were measured elsewhere, in place of images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, model_validator

from brainchange.study.strict import Name, Strict, Text

GIVEN = "given"
"""Name of the set of analysis choices where a table does not say it."""
PLACEHOLDER = "{timepoint}"
"""Stands in a column's name for the label of the timepoint."""
GivenTimepoint = Literal["pre", "post", "followup"]
Columns = Text | dict[GivenTimepoint, Text]


class GivenMetric(Strict):
    """A metric that only the table has."""

    label: Text
    """Name for figures and text."""
    unit: Text
    """Unit of its values."""
    per: Literal["region", "pair", "run"] = "region"
    """What one value belongs to: a region, a pair of regions, or the whole brain (run)."""


class GivenPair(Strict):
    """A column with a value of two regions."""

    regions: tuple[Text, Text]
    """The two regions, or groups of regions."""
    column: Columns
    """Its column, or one column a timepoint."""


class GivenValues(Strict):
    """Columns that hold one metric."""

    metric: Name
    """Metric (`brainchange list metrics`), or one of `metrics` below."""
    unit: str = ""
    """Unit of the values; the unit of the metric unless said, and it must be that."""
    regions: dict[Text, Columns] = Field(default_factory=dict)
    """Region (or group, for a value of both sides) → its column. Where one row is a participant, a
    column a timepoint (`{pre: HL_pre, post: HL_post}`) or a name with `{timepoint}` in it."""
    pairs: tuple[GivenPair, ...] = ()
    """Columns of pairs of regions."""
    column: Columns | None = None
    """The column of a value of the whole brain (head motion)."""

    @property
    def places(self) -> Iterator[tuple[tuple[str, str], Columns]]:
        """Region and second region (empty where there is none) of every column."""
        yield from (((region, ""), column) for region, column in self.regions.items())
        yield from ((pair.regions, pair.column) for pair in self.pairs)
        if self.column is not None:
            yield ("", ""), self.column

    @model_validator(mode="after")
    def _something(self) -> GivenValues:
        if not any(True for _ in self.places):
            raise ValueError("it names no column: give 'regions', 'pairs' or 'column'")
        return self


class Given(Strict):
    """A table of values, and which of its columns holds what."""

    table: Text
    """TSV or CSV; without a leading `/`, from the folder of the project."""
    layout: Literal["columns", "rows"] = "columns"
    """columns: a row a participant (or participant and session), values in columns that `measures`
    names; rows: a row a value, in the columns of observations.tsv."""
    id_column: str = ""
    """Column with the participant; that of `participants` unless said."""
    id_pattern: str = ""
    """Regular expression for cells that hold more than the participant: named groups participant
    and, where it is in there, session (`(?P<participant>sub-\\w+)_ses-(?P<session>\\w+)`)."""
    timepoint_column: str = ""
    """Column of the session or timepoint, where every one has a row of its own."""
    measures: tuple[GivenValues, ...] = ()
    """What is measured; none for a study of symptoms alone."""
    metrics: dict[Name, GivenMetric] = Field(default_factory=dict)
    """Metrics that brainchange does not know."""
    specification: str = ""
    """Which set of analysis choices is primary, where a table in rows has several."""
    description: str = ""
    """How the values came about: program, version, parameters, source."""

    @property
    def by_session(self) -> bool:
        """Whether every participant and session has a row of its own."""
        return bool(self.timepoint_column) or "(?P<session>" in self.id_pattern

    @model_validator(mode="after")
    def _consistent(self) -> Given:
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        if self.layout == "rows" and (self.measures or self.timepoint_column):
            yield "a table in rows has no 'measures' and no 'timepoint_column'"
        if self.id_pattern:
            yield from _pattern_problems(self.id_pattern)
        if self.layout == "rows":
            return
        for values in self.measures:
            for _, column in values.places:
                yield from self._column_problems(column)

    def _column_problems(self, column: Columns) -> Iterator[str]:
        many = isinstance(column, Mapping) or PLACEHOLDER in column
        if self.by_session and many:
            yield f"where every session has a row, {column!r} is the name of one column"
        if not self.by_session and not many:
            yield (
                f"the column '{column}' has no timepoint: write '{column}_{PLACEHOLDER}', or one "
                "column a timepoint; or name the 'timepoint_column'"
            )


def _pattern_problems(pattern: str) -> Iterator[str]:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        yield f"id_pattern is no regular expression ({error})"
        return
    if "participant" not in groups:
        yield "id_pattern has no group (?P<participant>…)"


def full_label(cell: object) -> str:
    """Give a participant's full BIDS label: ``sub-`` is added where a table leaves it out."""
    text = str(cell)
    return text if text.startswith("sub-") else f"sub-{text}"
