"""A crossover by hand: effect, period and carry-over are told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brainchange.errors import ConfigError
from brainchange.inference.crossover import crossed, crossover_table
from brainchange.inference.measures import Measure
from brainchange.inference.multiplicity import benjamini_hochberg
from brainchange.inference.participants import enrol
from brainchange.inference.prepost import PrePost
from brainchange.project import read_study
from brainchange.study.model import Study
from brainchange.study.strict import parse


def planted(effect: float, period: float, carry: float, seed: int = 1, n: int = 4000):
    """Values after treatment and control, of those with treatment first and second."""
    rng = np.random.default_rng(seed)
    level, noise = rng.normal(20, 5, (2, n)), rng.normal(0, 1, (2, 2, n))
    first = (level[0] + effect + noise[0, 0], level[0] + period + carry + noise[0, 1])
    second = (level[1] + effect + period + noise[1, 0], level[1] + noise[1, 1])
    return first, second


def test_a_planted_effect_and_period_are_found() -> None:
    found = crossed(*planted(effect=-6.0, period=2.0, carry=0.0))
    assert found.effect == pytest.approx(-6, abs=0.05)
    assert found.period == pytest.approx(2, abs=0.05)
    assert found.low < -6 < found.high
    assert found.carry_over_p > 0.01


def test_carry_over_is_seen_in_the_sums_and_biases_the_effect_by_half_of_it() -> None:
    found = crossed(*planted(effect=-6.0, period=0.0, carry=-4.0))
    assert found.carry_over == pytest.approx(-4, abs=0.5)
    assert found.carry_over_p < 1e-6
    assert found.effect == pytest.approx(-6 + 4 / 2, abs=0.05)


def test_the_effect_is_tested_by_the_t_test_of_the_differences_between_the_orders() -> None:
    """Hills and Armitage (1979): half the difference of d = period 1 − period 2."""
    first, second = planted(effect=0.3, period=0.5, carry=0.0, n=12)
    found = crossed(first, second)
    reference = stats.ttest_ind(first[0] - first[1], second[1] - second[0])
    assert found.p == pytest.approx(reference.pvalue)
    interval = reference.confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low / 2, interval.high / 2))


def test_by_hand() -> None:
    """d = −4, −6 and 2, 4: effect (−5 − 3)/2 = −4, period −(−5 + 3)/2 = 1."""
    first = (np.array([6.0, 5.0]), np.array([10.0, 11.0]))
    second = (np.array([8.0, 7.0]), np.array([10.0, 11.0]))
    found = crossed(first, second)
    assert (found.effect, found.period) == (-4.0, 1.0)


def test_an_order_with_one_participant_says_nothing() -> None:
    found = crossed((np.ones(1), np.ones(1)), (np.ones(5), np.ones(5)))
    assert np.isnan([found.effect, found.p, found.carry_over_p]).all()


@pytest.fixture(scope="module")
def crossover(root: Path) -> Study:
    return read_study(root, "ds005917").model_copy(update={"outcomes": {}})


def test_sessions_of_the_second_period_are_those_after_the_other_treatment(
    crossover: Study,
) -> None:
    first, second = crossover.sessions_of("MDD-d"), crossover.sessions_of("MDD-p")
    assert (first["post"], first["post_2"]) == (("d2",), ("p2",))
    assert (second["post"], second["post_2"]) == (("p2",), ("d2",))
    assert (second["followup"], second["followup_2"]) == (("p10",), ("d10",))
    assert set(crossover.sessions_of(None)) == {"pre", "post", "followup"}


def region(name: str) -> Measure:
    return Measure(name, "region", name.capitalize(), "falff_z", "1", "exploratory")


def test_images_are_compared_within_participants_with_period_and_carry_over(
    crossover: Study,
) -> None:
    """The second period of who had ketamine first is saline; of the others it is ketamine."""
    ketamine_first, saline_first = planted(effect=0.3, period=-0.2, carry=0.0, n=20)
    arms = np.array(["MDD-d"] * 20 + ["MDD-p"] * 20)
    names = tuple(f"sub-{place:02d}" for place in range(40))
    amygdala = np.concatenate([ketamine_first[0], saline_first[1]])
    later = np.concatenate([ketamine_first[1], saline_first[0]])
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, (2, 40))
    noise[1, 3] = np.nan
    first, second = np.column_stack([amygdala, noise[0]]), np.column_stack([later, noise[1]])

    def between(timepoints: tuple[str, str]) -> PrePost:
        there = timepoints == ("post", "post_2")
        return PrePost(
            names,
            arms,
            (region("amygdala"), region("insula")),
            first if there else np.full_like(first, np.nan),
            second if there else np.full_like(second, np.nan),
            np.full(first.shape, "", dtype=object),
        )

    people = pd.DataFrame({"participant_id": names, "arm": arms, "age": "30", "sex": "F"})
    table = crossover_table(crossover, enrol(people, crossover), between)
    rows = table[table["group"] == "Ketamine first / Saline first"].set_index("measure")
    assert set(rows["sessions"]) == {"d2 / p2"}
    assert (rows["kind"] == "region").all()
    found, expected = rows.loc["amygdala"], crossed(ketamine_first, saline_first)
    assert found["effect"] == pytest.approx(0.3, abs=0.4)
    assert (found["effect"], found["period"], found["carry_over"]) == pytest.approx(
        (expected.effect, expected.period, expected.carry_over)
    )
    assert (rows["n_treatment_first"] + rows["n_control_first"]).to_dict() == {
        "amygdala": 40,
        "insula": 39,
    }
    assert rows["q"].to_numpy() == pytest.approx(benjamini_hochberg(rows["p"].to_numpy()))
    healthy = table[table["group"] != "Ketamine first / Saline first"]
    assert healthy["flag"].str.startswith("an order has fewer").all()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"treatment": ["d2", "d3"]}, "crossover names the session 'd3', which is of no timepoint"),
        ({"treatment": ["d2"]}, "as many sessions after the treatment as after control"),
    ],
)
def test_a_crossover_whose_sessions_do_not_pair_is_told(
    crossover: Study, changed: dict[str, list[str]], told: str
) -> None:
    values = crossover.model_dump(mode="json", exclude_unset=True)
    values["crossover"] |= changed
    with pytest.raises(ConfigError, match=told):
        parse(Study, values, "study")


def test_a_score_that_is_none_of_its_scale_does_not_count_and_is_told(root: Path) -> None:
    """MADRS goes from 0 to 60; 999 stands for missing in many tables."""
    study = read_study(root, "ds005917")
    arms = ["MDD-d"] * 3 + ["MDD-p"] * 3
    scores = {
        "MADRS_Total_ses-d2": ["10", "12", "999", "11", "9", "n.d."],
        "MADRS_Total_ses-p2": ["20", "21", "22", "19", "23", "20"],
    }
    names = [f"sub-{place}" for place in range(6)]
    cells = dict.fromkeys(columns_of(study), "1")
    people = pd.DataFrame(cells | {"participant_id": names, "arm": arms} | scores)
    table = crossover_table(study, enrol(people, study))
    found = table[(table["measure"] == "MADRS") & (table["n_treatment_first"] > 0)].iloc[0]
    assert (found["n_treatment_first"], found["n_control_first"]) == (2, 2)
    assert found["effect"] == pytest.approx(-10.25)
    assert found["flag"] == "2 cells hold no number on the scale (0 to 60) and do not count"


def columns_of(study: Study) -> list[str]:
    """Columns a table of participants of the study must have."""
    people = study.participants
    scales = (column for one in study.outcomes.values() for column in one.columns.values())
    covariates = (one.column for one in people.covariates.values())
    return [people.id_column, people.arm_column, *people.columns.values(), *covariates, *scales]
