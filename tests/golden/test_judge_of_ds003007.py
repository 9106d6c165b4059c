"""One-off judgements of the real symptom table of ds003007."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainchange.any_table import read_any_table
from brainchange.inference.arranged import arrange
from brainchange.inference.judge import Judgement, judge
from brainchange.inference.judge_case import Question
from brainchange.inference.one_off_table import Layout
from brainchange.study.settings import Settings

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def judged(shared: Path):
    """Judge a scale of the table, treated arms against no treatment."""
    path = shared / "openneuro" / "ds003007" / "participants.tsv"
    table = read_any_table(path)

    def ask(scale: str, *treated: str) -> Judgement:
        names = {"pre": f"{scale}_ses-pre", "post": f"{scale}_ses-post"}
        control = ("depr_no_treatment",)
        layout = Layout("participant_id", "group", treated, control, **names)
        question = Question(treated, control, direction="down")
        return judge(arrange(table, layout, path.name), question, Settings())[0]

    return ask


def test_depression_after_therapy_is_inconclusive(judged):
    found = judged("BDI", "depr_cbt")
    assert found.verdict.outcome == "INCONCLUSIVE"
    assert found.numbers["n"] == {"treated": 5, "control": 14}
    assert found.numbers["dppc2"] == pytest.approx(-0.544, abs=5e-4)
    assert found.numbers["dppc2_ci"] == pytest.approx([-1.36, 0.27], abs=5e-3)
    assert found.numbers["p_permutation"] == pytest.approx(0.166, abs=5e-4)
    assert found.numbers["p_permutation_floor"] == pytest.approx(1 / 11628)
    assert found.numbers["p_welch"] == pytest.approx(0.162, abs=1e-3)
    assert found.numbers["ancova"]["estimate"] == pytest.approx(-4.75, abs=5e-3)
    assert found.numbers["ancova"]["se_hc3"] == pytest.approx(5.19, abs=5e-3)
    assert found.numbers["minimum_detectable_effect"] == pytest.approx(1.55, abs=5e-3)


def test_the_four_estimators_stand_side_by_side(judged):
    found = judged("BDI", "depr_cbt", "depr_nfb")
    assert list(found.numbers["estimators"].values()) == pytest.approx(
        [-5.95, -5.80, -2.81, -2.34], abs=5e-3
    )
    assert found.numbers["dppc2"] == pytest.approx(-0.545, abs=5e-4)
    assert found.numbers["bayes_factor_10"] == pytest.approx(0.777, abs=1e-3)
    assert found.verdict.outcome == "INCONCLUSIVE"


def test_a_scale_that_controls_never_filled_in_gets_no_control(judged):
    found = judged("MADRS", "depr_cbt")
    assert found.verdict.outcome == "CONSISTENT (no control)"
    assert found.numbers["p_permutation"] == pytest.approx(0.03125)
    assert judged("MADRS", "depr_nfb").verdict.outcome == "NOT TESTED"


def test_a_change_significant_in_one_arm_only_is_no_difference(judged):
    """Zung after CBT: t = −8.9 within the arm, −0.7 points against no treatment."""
    found = judged("Zung_SDS", "depr_cbt")
    assert found.numbers["change_difference"] == pytest.approx(-0.71, abs=5e-3)
    assert found.verdict.outcome == "INCONCLUSIVE"


def test_estimators_of_different_sign_are_told(judged):
    found = judged("Zung_SDS", "depr_nfb")
    assert found.verdict.outcome == "INCONCLUSIVE"
    assert any("the estimators disagree in sign" in reason for reason in found.verdict.reasons)
