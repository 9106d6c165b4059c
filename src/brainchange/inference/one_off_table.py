"""Any table as participants × measures before and after therapy, for a one-off judgement."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from brainchange.errors import ConfigError, Problem, did_you_mean

USUAL_LABELS = (("pre", "post"), ("ses-pre", "ses-post"), ("before", "after"))
"""Timepoints that need not be named."""


@dataclass(frozen=True)
class Layout:
    """Which column of a table holds what.

    Attributes
    ----------
    id, arm : str
        Columns of participant and arm.
    treated, control : tuple of str
        Arms to compare; no control judges the change of the treated arm alone.
    pre, post : str
        Wide table: the columns of the value before and after. Long table: the labels of the
        timepoints; empty for the usual ones.
    timepoint : str
        Long table: column of the timepoint; empty for a wide table.
    value_columns : tuple of str
        Long table: column of the value, or several columns, each a metric.
    metric, region : str
        Long table: columns that tell measures apart; empty where there are none.
    covariates : tuple of str
        Columns; in a long table the value before therapy counts.
    motion : tuple of str
        Head motion. Wide table: columns before and after. Long table: one column.
    negative_control : tuple of str
        Wide table: columns before and after. Long table: regions (or metrics).
    """

    id: str
    arm: str
    treated: tuple[str, ...]
    control: tuple[str, ...] = ()
    pre: str = ""
    post: str = ""
    timepoint: str = ""
    value_columns: tuple[str, ...] = ()
    metric: str = ""
    region: str = ""
    covariates: tuple[str, ...] = ()
    motion: tuple[str, ...] = ()
    negative_control: tuple[str, ...] = ()

    @property
    def long(self) -> bool:
        """Whether every timepoint has a row of its own."""
        return bool(self.timepoint)

    @property
    def grouped(self) -> bool:
        """Whether the table tells measures apart."""
        return bool(self.metric or self.region) or len(self.value_columns) > 1

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is named → the option that names it."""
        wide = {self.pre: "--pre", self.post: "--post"}
        long = {
            self.timepoint: "--timepoint",
            **dict.fromkeys(self.value_columns, "--value"),
            self.metric: "--metric",
            self.region: "--region",
        }
        named = {self.id: "--id", self.arm: "--arm"} | (long if self.long else wide)
        named |= dict.fromkeys(self.covariates, "--covariate")
        named |= dict.fromkeys(self.motion, "--motion")
        if not self.long:
            named |= dict.fromkeys(self.negative_control, "--negative-control")
        return {column: option for column, option in named.items() if column}


def check_layout(table: pd.DataFrame, layout: Layout) -> None:
    """Check that every column and arm that is named exists.

    Parameters
    ----------
    table : pandas.DataFrame
        Text or None, of :func:`read_any_table`.
    layout : Layout
        What the columns mean.

    Raises
    ------
    ConfigError
        A column or an arm does not exist (with the closest names), or options contradict each
        other. All problems at once.
    """
    known = [str(name) for name in table.columns]
    problems = [
        Problem(f"the table has no column '{column}'", option, fix=did_you_mean(column, known))
        for column, option in layout.columns.items()
        if column not in known
    ]
    problems += _contradictions(layout)
    if layout.arm in known:
        problems += _unknown_arms(table, layout)
    if problems:
        raise ConfigError.from_problems(problems)


def _unknown_arms(table: pd.DataFrame, layout: Layout) -> list[Problem]:
    arms = sorted(table[layout.arm].dropna().unique())
    return [
        Problem(f"no participant is in the arm '{arm}'", option, fix=did_you_mean(arm, arms))
        for option, named in (("--treated", layout.treated), ("--control", layout.control))
        for arm in named
        if arm not in arms
    ]


def _contradictions(layout: Layout) -> list[Problem]:
    problems = _of_long(layout) if layout.long else _of_wide(layout)
    if both := sorted(set(layout.treated) & set(layout.control)):
        problems.append(Problem(f"the arm '{both[0]}' is both treated and control", "--control"))
    if layout.pre and layout.pre == layout.post:
        problems.append(Problem(f"'{layout.pre}' is named as before and as after", "--post"))
    return problems


def _of_long(layout: Layout) -> list[Problem]:
    problems = []
    if not layout.value_columns:
        problems.append(Problem("a long table needs the column of its values", "--value"))
    if layout.metric and len(layout.value_columns) > 1:
        text = "with --metric there is one column of values"
        problems.append(Problem(text, "--value", fix="leave out --metric or all but one --value"))
    if len(layout.motion) > 1:
        problems.append(Problem("a long table has one column of motion", "--motion"))
    if layout.negative_control and not layout.grouped:
        text = "it needs --region, --metric or several --value"
        problems.append(Problem(text, "--negative-control"))
    return problems


def _of_wide(layout: Layout) -> list[Problem]:
    problems = []
    if not (layout.pre and layout.post):
        problems.append(
            Problem(
                "it is not said where the values before and after therapy are",
                "--pre, --post",
                fix="name two columns with --pre and --post, or the columns of a long table "
                "with --timepoint and --value",
            )
        )
    if layout.value_columns or layout.metric or layout.region:
        text = "--value, --metric and --region are for long tables"
        problems.append(Problem(text, "--timepoint", fix="name the column of the timepoints"))
    pairs = {"--motion": layout.motion, "--negative-control": layout.negative_control}
    return problems + [
        Problem("a wide table needs two columns: before and after", option, fix="give both")
        for option, named in pairs.items()
        if len(named) not in (0, 2)
    ]
