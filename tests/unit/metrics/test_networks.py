"""Networks: means of Fisher z over edges, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.metrics.network_connectivity import network_connectivity
from brainchange.metrics.networks import with_networks
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.regions import Region, network_edges
from brainchange.study.regions import with_networks as in_networks
from brainchange.study.settings import Settings

GROUPS = {"PCC": "LR", "vmPFC": "LR", "amygdala": "LR", "hippocampus": "L"}
NETWORKS = {
    "default": ("PCC", "vmPFC"),
    "limbic": ("amygdala", "hippocampus"),
    "medial": ("vmPFC", "hippocampus"),
    "subgenual": ("sgACC",),
    "memory": ("hippocampus",),
}
SETTINGS = Settings(metrics=("connectivity", "network_connectivity"), networks=NETWORKS)
REGIONS = in_networks(
    tuple(
        Region(f"{group}_{side}", group, side, "atlas", (f"{group}{side}",))  # type: ignore[arg-type]
        for group, sides in GROUPS.items()
        for side in sides
    ),
    NETWORKS,
)
NAMES = [region.region for region in REGIONS]
EDGES = [(one, other) for place, one in enumerate(NAMES) for other in NAMES[place + 1 :]]
WITHIN_DEFAULT = {
    ("PCC_L", "PCC_R"): 0.9,
    ("PCC_L", "vmPFC_L"): 0.3,
    ("PCC_L", "vmPFC_R"): 0.1,
    ("PCC_R", "vmPFC_L"): 0.2,
    ("PCC_R", "vmPFC_R"): 0.4,
    ("vmPFC_L", "vmPFC_R"): 0.5,
}
PRIMARY = "primary"


def edges(**changes: Any) -> list[dict[str, Any]]:
    """Observations of every edge of one participant at one timepoint."""
    same = {
        "participant_id": "sub-01",
        "arm": "therapy",
        "timepoint": "pre",
        "session_id": "ses-1",
        "task": "rest",
        "specification": PRIMARY,
        "metric": "connectivity",
        "unit": "Fisher z",
        "n_runs": 2,
    } | changes
    return [
        {**same, "region": one, "region_2": other, "value": WITHIN_DEFAULT.get((one, other), 0.0)}
        for one, other in EDGES
    ]


def lacking(rows: list[dict[str, Any]], region: str, reason: str) -> list[dict[str, Any]]:
    """Take the values of the edges of a region away."""
    gone = {"value": None, "n_runs": 0, "flag": reason}
    return [row | gone if region in (row["region"], row["region_2"]) else row for row in rows]


def networks_of(rows: list[dict[str, Any]], settings: Settings = SETTINGS) -> pd.DataFrame:
    table = with_networks(OBSERVATIONS_TABLE.frame(rows), REGIONS, settings, PRIMARY)
    found = table[table["metric"] == "network_connectivity"]
    return found.set_index(["region", "region_2", "timepoint", "specification"])


def cell(table: pd.DataFrame, one: str, other: str, at: str = "pre", under: str = PRIMARY) -> Any:
    return table.loc[(one, other, at, under)]


def test_a_network_is_the_mean_of_its_edges() -> None:
    found = cell(networks_of(edges()), "default", "default")
    assert found["value"] == pytest.approx((0.9 + 0.3 + 0.1 + 0.2 + 0.4 + 0.5) / 6)
    assert (found["n_runs"], found["unit"], found["session_id"]) == (2, "Fisher z", "ses-1")
    assert pd.isna(found["flag"])


def test_a_region_in_both_networks_has_no_edge_with_itself() -> None:
    assert set(network_edges(REGIONS, "default", "medial")) == {
        *(edge for edge in WITHIN_DEFAULT if edge != ("PCC_L", "PCC_R")),
        *((name, "hippocampus_L") for name in ("PCC_L", "PCC_R", "vmPFC_L", "vmPFC_R")),
    }
    found = cell(networks_of(edges()), "default", "medial")
    assert found["value"] == pytest.approx((0.3 + 0.1 + 0.2 + 0.4 + 0.5) / 9)


def test_every_pair_of_networks_has_one_row_and_the_order_of_the_alphabet() -> None:
    found = networks_of(edges())
    names = sorted(NETWORKS)
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place:]]
    assert [index[:2] for index in found.index] == pairs


def test_a_group_without_region_makes_the_network_missing_and_says_why() -> None:
    for pair in (("subgenual", "subgenual"), ("default", "subgenual")):
        found = cell(networks_of(edges()), *pair)
        assert np.isnan(found["value"])
        assert found["flag"] == "no region of the group 'sgACC' is configured"
    alone = cell(networks_of(edges()), "memory", "memory")
    assert alone["flag"] == "there is no edge: it has a single region"


def test_edges_that_one_timepoint_lacks_are_left_out_at_both() -> None:
    post = lacking(edges(timepoint="post"), "PCC_R", "PCC_R: 40 % of its voxels are valid")
    settings = SETTINGS.model_copy(
        update={"coverage": SETTINGS.coverage.model_copy(update={"smallest_share": 0.5})}
    )
    found = networks_of([*edges(), *post], settings)
    for timepoint in ("pre", "post"):
        here = cell(found, "default", "default", timepoint)
        assert here["value"] == pytest.approx((0.3 + 0.1 + 0.5) / 3)
        assert here["flag"].startswith("mean without 3 of 6 edges: ")
    assert "40 % of its voxels" in cell(found, "default", "default", "post")["flag"]


def test_too_few_edges_are_no_mean() -> None:
    rows = lacking(edges(), "PCC_R", "PCC_R: 40 % of its voxels are valid")
    found = cell(networks_of(rows), "default", "default")
    assert np.isnan(found["value"])
    assert found["flag"] == (
        "too few edges are left: 3 of 6 edges: PCC_R: 40 % of its voxels are valid"
    )
    assert found["n_runs"] == 0


def test_a_timepoint_without_any_value_takes_nothing_from_the_other() -> None:
    post = [row | {"value": None, "flag": "no run"} for row in edges(timepoint="post")]
    found = networks_of([*edges(), *post])
    assert cell(found, "default", "default")["value"] == pytest.approx(0.4)
    assert cell(found, "default", "default", "post")["flag"] == "no run"


def test_other_specifications_have_networks_whose_edges_were_all_computed() -> None:
    other = [
        row
        for row in edges(specification="other")
        if (row["region"], row["region_2"]) in WITHIN_DEFAULT
    ]
    found = networks_of([*edges(), *other])
    under = found[found.index.get_level_values("specification") == "other"]
    assert [index[:2] for index in under.index] == [("default", "default")]
    assert under["value"].iloc[0] == pytest.approx(0.4)


def test_participants_do_not_mix() -> None:
    second = [row | {"participant_id": "sub-02", "value": 0.7} for row in edges()]
    table = with_networks(
        OBSERVATIONS_TABLE.frame([*edges(), *lacking(second, "PCC_R", "gone")]),
        REGIONS,
        SETTINGS,
        PRIMARY,
    )
    mine = table[(table["metric"] == "network_connectivity") & (table["region"] == "limbic")]
    mine = mine[mine["region_2"] == "limbic"].set_index("participant_id")["value"]
    assert mine.to_dict() == pytest.approx({"sub-01": 0.0, "sub-02": 0.7})
    assert list(table["participant_id"]) == sorted(table["participant_id"])


def test_a_network_with_one_group_missing_is_that_of_no_region() -> None:
    only = in_networks(REGIONS[:2], NETWORKS)
    assert {name for region in only for name in region.networks} == set()


def test_no_edge_gives_no_mean() -> None:
    found = network_connectivity(np.array([[np.nan, np.nan], [0.2, np.nan]]))
    assert np.isnan(found[0])
    assert found[1] == 0.2
