"""Every pair of regions: means, difference and motion as scipy and the hand give them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brainchange.study.regions import Region

Maker = Callable[..., Any]
PAIR = {"metric": "connectivity", "region": "amygdala_L", "region_2": "vmPFC_R"}


def placed(made: Any) -> Any:
    """Put the left amygdala 3 mm to the right and 4 mm behind the right vmPFC; no other centre."""
    centres = {"amygdala_L": (-20.0, -4.0, 0.0), "vmPFC_R": (-23.0, 0.0, 0.0)}
    regions = tuple(
        dataclasses.replace(region, centre=centres.get(region.region)) for region in made.regions
    )
    return dataclasses.replace(made, regions=regions)


def cells(made: Any, timepoint: str, **where: str) -> pd.Series:
    told = made.observations
    keep = np.logical_and.reduce([told[k] == v for k, v in where.items()])
    return told[keep & (told["timepoint"] == timepoint)].set_index("participant_id")["value"]


@pytest.fixture(scope="module")
def made(made_up: Maker) -> Any:
    return placed(made_up(6, seed=4))


@pytest.fixture(scope="module")
def row(made: Any) -> pd.Series:
    return made.infer().edges.set_index(["region", "region_2"]).loc[("amygdala_L", "vmPFC_R")]


def test_every_pair_comes_once_in_the_order_of_the_regions(made: Any) -> None:
    edges = made.infer().edges
    names = [region.region for region in made.regions]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    assert list(zip(edges["region"], edges["region_2"], strict=True)) == pairs


def test_the_difference_and_its_interval_are_those_of_scipy(made: Any, row: pd.Series) -> None:
    pre, post = cells(made, "pre", **PAIR), cells(made, "post", **PAIR)
    arm = made.participants.set_index("participant_id")["group"].reindex(pre.index)
    change = post - pre
    test = stats.ttest_ind(change[arm == "therapy"], change[arm == "waiting"], equal_var=False)
    ends = test.confidence_interval(0.95)
    assert row["difference"] == pytest.approx(
        change[arm == "therapy"].mean() - change[arm == "waiting"].mean()
    )
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((ends.low, ends.high))
    assert row["pre_treated"] == pytest.approx(pre[arm == "therapy"].mean())
    assert row["post_control"] == pytest.approx(post[arm == "waiting"].mean())


def test_p_is_adjusted_over_all_pairs_as_scipy_does(made: Any) -> None:
    edges = made.infer().edges
    told = stats.false_discovery_control(edges["p_permutation"])
    np.testing.assert_allclose(edges["p_adjusted"], told)


def test_motion_is_correlated_over_all_participants_before_therapy(
    made: Any, row: pd.Series
) -> None:
    motion = cells(made, "pre", metric="mean_framewise_displacement")
    assert row["n_motion"] == 18
    expected = stats.pearsonr(cells(made, "pre", **PAIR), motion).statistic
    assert row["motion_correlation"] == pytest.approx(expected)


def test_distance_is_between_centres_and_missing_where_one_is_not_named(made: Any) -> None:
    edges = made.infer().edges.set_index(["region", "region_2"])["distance"]
    assert edges["amygdala_L", "vmPFC_R"] == pytest.approx(5)
    assert edges.drop(("amygdala_L", "vmPFC_R")).isna().all()


def test_swapping_the_arms_turns_every_difference(made: Any) -> None:
    contrast = made.study.contrasts["therapy_vs_waiting"]
    swapped = contrast.model_copy(update={"treated": contrast.control, "control": contrast.treated})
    study = made.study.model_copy(
        update={"contrasts": made.study.contrasts | {"therapy_vs_waiting": swapped}}
    )
    one, other = made.infer().edges, made.infer(study=study).edges
    np.testing.assert_allclose(other["difference"], -one["difference"])
    np.testing.assert_allclose(other["p_permutation"], one["p_permutation"])


def test_a_region_that_was_not_measured_leaves_its_pairs_out(made: Any) -> None:
    more = (*made.regions, Region("insula_L", "insula", "L", "atlas", ("9",)))
    assert len(made.infer(regions=more).edges) == 10


def test_without_connectivity_there_is_no_pair(made: Any) -> None:
    assert made.without(metric="connectivity").infer().edges.empty
