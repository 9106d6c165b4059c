"""What a study file says about its participants: their tables, ids, arms and covariates."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from brainchange.study.strict import Name, Strict, Text

Fact = Literal["relapse", "dose", "age", "sex"]
PARTICIPANT = "{participant}"
"""Stands in a path for the label of the participant, where everybody has a file."""
JOINT = "-"
"""Stands between the values of columns that are joined to one."""
NOTHING = "none"
"""Stands for a missing value where columns are joined."""


class Table(Strict):
    """A further table about participants: a phenotype file, or one of everybody's sessions."""

    path: Text
    """Path in the study folder; `{participant}` in it stands for the label (`sub-01`) where
    everybody has a file."""
    id_column: Text = "participant_id"
    """Column with the participant; not needed where everybody has a file."""
    session_column: str = ""
    """Column of the session, where every session has a row. A column `score` then becomes one a
    session (`score_ses-b0`) and one a timepoint (`score_pre`), and keeps its name where it is the
    same in all sessions of a participant."""
    columns: tuple[Text, ...] = ()
    """Columns that are used; all of them unless said."""


class Covariate(Strict):
    """A column at equal values of which arms are compared once more."""

    column: Text
    """The column, of any of the tables."""
    kind: Literal["category", "number"] = "category"
    """Whether its cells are names (cohort, scanner) or numbers (age)."""


class Participants(Strict):
    """Where the table of participants is and which of its columns are used."""

    table: Text = "participants.tsv"
    """Path in the study folder. Of a study that starts from a table of values: from the folder of
    the project, and that table itself unless said."""
    id_column: Text = "participant_id"
    """Column with the participant's label (`sub-01`)."""
    drop_leading_zeros: bool = False
    """Whether labels in tables have leading zeros that those of folders lack (`sub-020131` is the
    folder `sub-20131`)."""
    tables: tuple[Table, ...] = ()
    """Further tables, joined to the first by participant."""
    made: dict[Text, tuple[Text, ...]] = Field(default_factory=dict)
    """Columns made of others, values joined by `-`, with `none` for a missing one: `arm: [group,
    infusion_1]` gives `MDD-d`."""
    arm_column: Text
    """Column that says which arm a participant is in."""
    columns: dict[Fact, Text] = Field(default_factory=dict)
    """Columns that some claims need and that have no timepoint (`dose: n_sessions`)."""
    covariates: dict[Name, Covariate] = Field(default_factory=dict)
    """Covariates that must be used (cohort, scanner): a difference that is lost at equal values of
    them is not supported."""
