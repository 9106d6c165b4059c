"""The demo as it is shipped: what was planted is found, what was not stays null."""

from __future__ import annotations

import json
import re
import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from brainchange.cli import app

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(root, tmp_path_factory, workflow_in):
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(root / "config", folder / "config")
    workflow = workflow_in(folder)
    workflow.run("--cores", "2")
    return folder


def read(path):
    return pd.read_csv(path, sep="\t")


@pytest.fixture(scope="module")
def effects(demo):
    return read(demo / "results" / "demo" / "effects.tsv")


@pytest.fixture(scope="module")
def truth(demo):
    return read(demo / "data" / "published" / "demo" / "truth.tsv")


def test_every_planted_effect_is_found_with_its_sign(effects, truth):
    expected = truth[truth["kind"] == "expected"]
    assert set(expected["name"]) == {"T2", "A2"}
    for row in expected.itertuples():
        found = effects[(effects["measure"] == row.name) & (effects["contrast"] == row.arm)].iloc[0]
        assert found["difference"] * float(row.quantity) > 0, row.name
        assert found["p_adjusted"] < 0.05, row.name
        assert found["ci_low"] * found["ci_high"] > 0, row.name


def test_claims_without_a_planted_effect_stay_null(effects, truth):
    planted = truth.loc[truth["kind"] == "expected", ["name", "arm"]].to_numpy().tolist()
    # These share regions with what was planted and move in part.
    planted += [["H3", "therapy_vs_untreated"], ["L1", "therapy_vs_untreated"]]
    claims = effects[effects["kind"] == "claim"]
    nulls = claims[
        [pair not in planted for pair in claims[["measure", "contrast"]].to_numpy().tolist()]
    ]
    assert len(nulls) == 8
    assert (nulls["p_adjusted"] > 0.05).all()
    assert (nulls["ci_low"] < 0).all()
    assert (nulls["ci_high"] > 0).all()


def test_only_the_confirmatory_claims_of_rest_are_adjusted_together(effects):
    family = effects[effects["primary"] & (effects["family"] == "confirmatory")]
    assert set(family["measure"]) == {"P2", "P3", "A2", "T2"}
    assert set(family["family_size"]) == {4}


def test_every_claim_of_the_article_is_tested_or_says_why_not(demo, effects):
    claims = read(demo / "results" / "demo" / "claims.tsv")
    assert len(claims) == 51
    tested = set(effects.loc[effects["kind"] == "claim", "measure"])
    assert set(claims.loc[claims["measured"], "claim"]) == tested
    assert claims.loc[~claims["measured"], "reason"].notna().all()


def test_the_verdicts_on_the_confirmatory_claims_follow_what_was_planted(demo):
    verdicts = read(demo / "results" / "demo" / "verdicts.tsv")
    assert len(verdicts) == 2 * (51 + 1)
    assert verdicts["verdict"].notna().all()
    primary = verdicts[verdicts["primary"]].set_index("measure")
    expected = {"P2": "INCONCLUSIVE", "P3": "INCONCLUSIVE", "A2": "SUGGESTIVE", "T2": "SUPPORTED"}
    assert {name: primary.loc[name, "verdict"] for name in expected} == expected
    assert (primary["verdict"] == "NOT TESTABLE WITH MRI").sum() == 10
    others = verdicts[~verdicts["primary"] & verdicts["estimator"].notna()]
    assert set(others["verdict"]) == {"INCONCLUSIVE"}
    trace = json.loads((demo / "results" / "demo" / "verdict_trace.json").read_text())
    assert [one["verdict"] for one in trace] == verdicts["verdict"].tolist()


def test_negative_controls_and_data_quality_show_no_difference(effects):
    quiet = effects[effects["kind"].isin(["negative_control", "quality"])]
    assert len(quiet) == 26
    assert (quiet["p_permutation"] > 0.05).all()


def test_symptoms_change_as_planted(demo, truth):
    """Planted means of change are within the interval of each arm."""
    within = read(demo / "results" / "demo" / "within.tsv").set_index(["measure", "arm"])
    planted = truth[truth["kind"] == "symptom"]
    assert len(planted) == 3
    for row in planted.itertuples():
        found = within.loc[(row.name, row.arm)]
        assert found["ci_low"] < float(row.quantity) < found["ci_high"]


def test_every_planted_exception_is_told(demo, truth):
    decisions = read(demo / "results" / "demo" / "decisions.tsv")
    scopes = {
        "lost session": "session",
        "moving run": "run",
        "lost view": "region",
        "missing score": "outcome",
    }
    exceptions = truth[truth["kind"] == "exception"]
    assert set(exceptions["name"]) == set(scopes)
    for row in exceptions.itertuples():
        told = decisions[decisions["participant_id"] == row.participant_id]
        assert scopes[row.name] in set(told["scope"]), row.participant_id


def test_attrition_adds_up(demo):
    attrition = read(demo / "results" / "demo" / "attrition.tsv")
    enrolled = attrition[attrition["step"] == attrition["step"].iloc[0]]
    assert enrolled["n"].sum() == 30


def test_every_figure_and_the_page_say_simulated(demo):
    folder = demo / "results" / "demo"
    figures = read(folder / "figures" / "figures.tsv")
    assert len(figures) >= 10
    for name in figures["name"]:
        assert "SIMULATED DATA" in (folder / "figures" / f"{name}.svg").read_text(), name
        assert (folder / "figures" / f"{name}.png").stat().st_size > 5000
    page = (folder / "report.html").read_text()
    assert "SIMULATED DATA" in page
    assert len(page) < 10_000_000


def test_the_page_opens_on_a_phone_without_error_or_network(demo, browser):
    heard: list[str] = []
    page = browser.new_context(viewport={"width": 360, "height": 800}).new_page()
    page.on("console", lambda said: heard.append(said.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda asked: heard.append(asked.url))
    address = (demo / "results" / "demo" / "report.html").as_uri()
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    assert "connectivity between prefrontal cortex and limbic system" in page.inner_text(".minute")
    assert [word for word in heard if not word.startswith("data:")] == [address]


def test_the_tutorial_shows_what_explain_says_of_the_demo(demo, root, monkeypatch):
    tutorial = (root / "docs" / "tutorial.md").read_text(encoding="utf-8")
    shown = re.search(r"```text\n(T2 in demo.*?)```", tutorial, re.DOTALL)[1]
    monkeypatch.chdir(demo)
    said = CliRunner().invoke(app, ["explain", "demo", "T2"]).stdout.splitlines()
    assert [line for line in shown.splitlines() if line not in said] == []
    other = CliRunner().invoke(app, ["explain", "demo", "P2"]).stdout
    assert "\n  INCONCLUSIVE\n" in other
