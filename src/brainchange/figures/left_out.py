"""Why participants are left out, counted by arm, for the figure of attrition."""

from __future__ import annotations

import re

import pandas as pd

SCOPES = {
    "participant": "participant",
    "session": "session",
    "run": "run",
    "outcome": "score",
}
"""Kinds of decisions that cost a participant a step, and what each leaves out."""
STEP = "left_out"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def reasons(decisions: pd.DataFrame, changes: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Count participants of every arm by what was left out of them, and why.

    Parameters
    ----------
    decisions : pandas.DataFrame
        ``DECISIONS_TABLE``.
    changes : pandas.DataFrame
        ``CHANGES_TABLE``: says who is in which arm.
    labels : dict of str to str
        Name of every arm for people, in the order of the study file.

    Returns
    -------
    pandas.DataFrame
        Columns of ``ATTRITION_TABLE`` with the step ``left_out``; reasons that differ only in a
        number are one, with ``…`` for it.
    """
    chosen = decisions[
        decisions["scope"].isin(list(SCOPES)) & (decisions["action"] == "excluded")
    ].dropna(subset=["participant_id"])
    arm_of = dict(zip(changes["participant_id"], changes["arm"], strict=True))
    told = pd.DataFrame(
        {
            "participant_id": chosen["participant_id"],
            "arm": chosen["participant_id"].map(arm_of).fillna(""),
            "what": chosen["scope"].map(SCOPES),
            "reason": chosen["reason"],
            "alike": chosen["reason"].str.replace(_NUMBER, "…", regex=True),
        }
    )
    rows = [
        {
            "arm": arm or "n/a",
            "arm_label": labels.get(str(arm), "Not in an arm"),
            "step": STEP,
            "label": f"{what}: {_said(mine)}",
            "n": mine.loc[mine["arm"] == arm, "participant_id"].nunique(),
        }
        for (what, _), mine in told.groupby(["what", "alike"], sort=False)
        for arm in (*labels, "")
        if (mine["arm"] == arm).any()
    ]
    return pd.DataFrame(rows, columns=["arm", "arm_label", "step", "label", "n"])


def _said(mine: pd.DataFrame) -> str:
    """One reason in its own words; several that differ in a number with ``…`` for it."""
    same = (mine["reason"] == mine["reason"].iloc[0]).all()
    return str(mine["reason" if same else "alike"].iloc[0])
