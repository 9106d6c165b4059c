"""The command as a user meets it: text, JSON, help and errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from brainchange.cli import app

WIDE = ["--id", "id", "--arm", "group", "--treated", "cbt", "--control", "wait"]
PAIR = ["--pre", "before", "--post", "after"]
KEYS = [
    "n",
    "change_difference",
    "change_difference_ci",
    "dppc2",
    "dppc2_ci",
    "p_permutation",
    "p_permutation_floor",
    "p_welch",
    "ancova",
    "mixed_model",
    "constrained_baseline",
    "bayes_factor_10",
    "tost_p",
    "minimum_detectable_effect",
    "verdict",
    "trace",
]


def run(*arguments: str, columns: int = 100) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["judge", *arguments], env={"COLUMNS": str(columns)})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def wide(tmp_path: Path) -> str:
    """Symptoms of 20 treated participants go down by one and a half standard deviations."""
    rng = np.random.default_rng(2)
    trait = rng.normal(20, 4, 40)
    before, after = trait + rng.normal(0, 2.5, 40), trait + rng.normal(0, 2.5, 40)
    after[:20] -= 7
    rows = [
        f"s{n:02d}\t{'cbt' if n < 20 else 'wait'}\t{before[n]:.2f}\t{after[n]:.2f}\t{20 + n % 7}"
        for n in range(40)
    ]
    path = tmp_path / "scores.tsv"
    path.write_text("\n".join(["id\tgroup\tbefore\tafter\tage", *rows]) + "\n")
    return str(path)


@pytest.fixture
def long(tmp_path: Path) -> str:
    """Two regions of 24 participants, of which one changes with therapy."""
    rng = np.random.default_rng(3)
    rows = []
    for n in range(24):
        for region in ("amygdala", "calcarine"):
            trait = rng.normal()
            for when in ("pre", "post"):
                planted = -1.5 * (n < 12 and when == "post" and region == "amygdala")
                value = trait + 0.5 * rng.normal() + planted
                rows.append(
                    f"s{n:02d},{'cbt' if n < 12 else 'wait'},{when},{region},{value:.3f},.1"
                )
    path = tmp_path / "regions.csv"
    path.write_text("\n".join(["id,group,when,region,value,fd", *rows]) + "\n")
    return str(path)


LONG = [*WIDE, "--timepoint", "when", "--value", "value", "--region", "region"]


def documented() -> set[str]:
    page = (Path(__file__).resolve().parents[3] / "docs" / "judge.md").read_text()
    rows = re.findall(r"^\| (`.+?) \|", page.split("## JSON")[1], flags=re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


def test_json_has_the_documented_keys_and_no_others(wide):
    code, out, _ = run(wide, *WIDE, *PAIR, "--direction", "down", "--covariate", "age", "--json")
    record = json.loads(out)
    assert code == 0
    assert set(record) == documented()
    assert set(KEYS) <= set(record)
    assert record["n"] == {"treated": 20, "control": 20}
    assert set(record["ancova"]) >= {"estimate", "se_hc3", "p"}
    assert set(record["trace"][0]) == {
        "name",
        "asked",
        "value",
        "threshold",
        "held",
        "consequence",
    }


@pytest.mark.parametrize(
    ("option", "verdict"),
    [(["--randomised"], "SUPPORTED"), ([], "SUPPORTED (associational)")],
)
def test_random_arms_support_and_others_associate(wide, option, verdict):
    _, out, _ = run(wide, *WIDE, *PAIR, "--direction", "down", "--json", *option)
    record = json.loads(out)
    assert record["verdict"] == verdict
    assert record["safeguards_not_made"] == ["negative_control", "motion"]
    _, out, _ = run(wide, *WIDE, *PAIR, "--direction", "down", "--from-images", "--json", *option)
    assert json.loads(out)["verdict"] == "SUGGESTIVE"


def test_swapped_columns_flip_the_sign_exactly(wide):
    _, out, _ = run(wide, *WIDE, *PAIR, "--json")
    _, swapped, _ = run(wide, *WIDE, "--pre", "after", "--post", "before", "--json")
    assert json.loads(swapped)["change_difference"] == -json.loads(out)["change_difference"]


def test_the_order_of_rows_changes_nothing(wide):
    header, *rows = Path(wide).read_text().splitlines()
    first = run(wide, *WIDE, *PAIR, "--json")[1]
    Path(wide).write_text("\n".join([header, *reversed(rows)]) + "\n")
    assert run(wide, *WIDE, *PAIR, "--json")[1] == first


def test_a_long_table_gives_a_list_adjusted_together(long):
    code, out, _ = run(long, *LONG, "--direction", "down", "--json")
    records = json.loads(out)
    assert code == 0
    assert [record["region"] for record in records] == ["amygdala", "calcarine"]
    assert [record["family_size"] for record in records] == [2, 2]
    assert records[0]["verdict"] == "SUPPORTED (associational)"
    assert records[1]["verdict"] == "INCONCLUSIVE"
    _, out, _ = run(long, *LONG, "--negative-control", "calcarine", "--json")
    (record,) = json.loads(out)
    assert record["negative_control"]["name"] == "calcarine"


def test_the_order_of_rows_of_a_long_table_changes_nothing(long):
    header, *rows = Path(long).read_text().splitlines()
    first = run(long, *LONG, "--json")[1]
    Path(long).write_text("\n".join([header, *reversed(rows)]) + "\n")
    assert run(long, *LONG, "--json")[1] == first


def test_several_judgements_end_in_one_table(long):
    _, out, _ = run(long, *LONG, "--direction", "down")
    last = [line.split() for line in out.splitlines()[-3:]]
    assert last[0][0] == "measure"
    assert [row[0] for row in last[1:]] == ["amygdala", "calcarine"]
    assert last[2][-1] == "INCONCLUSIVE"


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_the_text_says_effect_test_verdict_and_why_in_any_width(wide, columns):
    code, out, _ = run(wide, *WIDE, *PAIR, "--direction", "down", columns=columns)
    assert code == 0
    assert max(map(len, out.splitlines()[3:])) <= columns
    said = " ".join(out.split())
    for words in (
        "after − before: change in cbt − change in wait",
        "SUPPORTED (associational)",
        "the arms were not randomised: the difference is an association",
        "head motion was not compared",
        "(95 % interval, Welch)",
        "smallest possible",
        "constrained baseline",
        "smallest detectable effect",
        "Bayes factor, difference",
        "p, equivalence",
    ):
        assert words in said, words
    assert "nan" not in said.lower().split()


def test_help_names_every_option_in_words():
    code, out, _ = run("--help", columns=120)
    assert code == 0
    for option in ("--id", "--arm", "--treated", "--control", "--pre", "--post", "--timepoint"):
        assert option in out
    for option in ("--value", "--metric", "--region", "--direction", "--randomised", "--json"):
        assert option in out
    assert "treated − control" in " ".join(out.split())


def test_mistakes_of_the_command_exit_with_2_and_of_the_table_with_3(wide):
    code, _, told = run(wide, *WIDE[:4], "--treated", "cbr", "--control", "wait", *PAIR)
    assert code == 2
    assert "Did you mean 'cbt'?" in told
    Path(wide).write_text(Path(wide).read_text() + "s00\twait\t1\t2\t3\n")
    code, _, told = run(wide, *WIDE, *PAIR)
    assert code == 3
    assert "participant 's00' is in 2 arms: cbt, wait" in told
    assert run("absent.tsv", *WIDE, *PAIR)[0] == 3


def test_a_wide_table_may_bring_its_negative_control_and_its_motion(tmp_path, wide):
    header, *rows = Path(wide).read_text().splitlines()
    rng = np.random.default_rng(5)
    extra = ["\t".join(f"{cell:.3f}" for cell in rng.normal(1, 0.1, 4)) for _ in rows]
    path = tmp_path / "more.tsv"
    lines = [
        f"{row}\t{cells}"
        for row, cells in zip([header, *rows], ["c1\tc2\tm1\tm2", *extra], strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    checks = ["--negative-control", "c1", "--negative-control", "c2", "--motion", "m1"]
    _, out, _ = run(
        str(path),
        *WIDE,
        *PAIR,
        *checks,
        "--motion",
        "m2",
        "--from-images",
        "--randomised",
        "--json",
    )
    record = json.loads(out)
    assert record["verdict"] == "SUPPORTED"
    assert record["safeguards_not_made"] == []
    assert record["negative_control"]["name"] == "c1 → c2"
    assert set(record["motion"]) == {"change_difference", "p_welch", "with_change_in_motion"}
    code, _, told = run(str(path), *WIDE, *PAIR, *checks)
    assert code == 2
    assert "--motion: a wide table needs two columns: before and after" in told


def test_a_long_table_takes_motion_and_covariates_from_its_rows(long):
    _, out, _ = run(long, *LONG, "--covariate", "fd", "--json")
    assert [record["verdict"] for record in json.loads(out)] == ["NOT TESTED"] * 2
    assert "a covariate does not vary" in json.loads(out)[0]["reasons"][0]
    code, _, told = run(long, *LONG, "--motion", "fd", "--motion", "value")
    assert code == 2
    assert "a long table has one column of motion" in told
    code, out, _ = run(long, *LONG, "--motion", "fd", "--json")
    assert code == 0
    assert "motion" in json.loads(out)[0]["safeguards_not_made"]
