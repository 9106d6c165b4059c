"""Questions in a study file."""

from __future__ import annotations

from brainchange.errors import Problem
from brainchange.study.undecided import questions, undecided

TEXT = """\
arms:
  HV:
    role:  # TO DECIDE: healthy?
allocation:
  randomised: true
# TO DECIDE: which arms?
contrasts:
  - {kind: , task: x}  # TO DECIDE: which kind?
title: "# TO DECIDED"
"""


def test_a_question_belongs_to_the_key_of_its_line_or_of_the_next() -> None:
    assert [(q.line, q.key, q.text) for q in questions(TEXT)] == [
        (3, "arms.HV.role", "healthy?"),
        (6, "contrasts", "which arms?"),
        (8, "contrasts", "which kind?"),
    ]


def test_what_is_wrong_beside_is_still_told() -> None:
    wrong = [
        Problem("None is not allowed", "s.yaml: arms.HV.role"),
        Problem("unknown key 'alocation'", "s.yaml: alocation"),
    ]
    told = undecided(TEXT, "s.yaml", wrong)
    assert [problem.what for problem in told][-1] == "unknown key 'alocation'"
    assert len(told) == 4
    assert undecided("id: x", "s.yaml", wrong) == []
