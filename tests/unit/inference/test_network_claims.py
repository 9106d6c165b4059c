"""A claim about networks, from planted edges to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.infer import Inferred, infer
from brainchange.inference.verdicts import verdicts_table
from brainchange.metrics.networks import with_networks
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.regions import with_networks as in_networks
from brainchange.study.settings import Settings
from brainchange.study.strict import parse, read_yaml

CLAIMS = parse(
    Claims, read_yaml(Path(__file__).parents[3] / "config" / "claims.yaml"), "config/claims.yaml"
)
SETTINGS = Settings()
PRIMARY = SETTINGS.denoising.name
TARGETS = ("dlPFC", "vlPFC", "PCC", "vmPFC", "dmPFC", "sgACC")
CONTROLS = ("calcarine", "precentral", "transverse_temporal")
CONTROL_UP, SUBGENUAL_DOWN = 0.4, -0.3
"""What therapy adds to edges within the control network, and from subgenual to default."""


def regions_of(*groups: str) -> tuple[Region, ...]:
    role = dict.fromkeys(CONTROLS, "negative_control")
    found = tuple(
        Region(
            f"{group}_{side}",
            group,
            side,
            "atlas",
            (f"{group}_{side}",),
            role=role.get(group, "target"),
        )  # type: ignore[arg-type]
        for group in groups
        for side in "LR"
    )
    return in_networks(found, SETTINGS.networks)


REGIONS = regions_of(*TARGETS, *CONTROLS)


def planted(one: Region, other: Region) -> float:
    if {one.group, other.group} <= {"dlPFC", "vlPFC"}:
        return CONTROL_UP
    if "sgACC" in (one.group, other.group) and {one.group, other.group} & {"PCC", "vmPFC", "dmPFC"}:
        return SUBGENUAL_DOWN
    return 0.0


def rows(number: int, arm: str, rng: np.random.Generator) -> list[dict[str, Any]]:
    pairs = [(a, b) for place, a in enumerate(REGIONS) for b in REGIONS[place + 1 :]]
    trait, person = rng.normal(0, 0.3, len(pairs)), rng.normal(0, 0.2)
    return [
        {
            "participant_id": f"sub-{number:02d}",
            "arm": arm,
            "timepoint": timepoint,
            "session_id": f"ses-{timepoint}",
            "task": "rest",
            "specification": PRIMARY,
            "metric": "connectivity",
            "region": one.region,
            "region_2": other.region,
            "value": trait[place]
            + person
            + 0.2 * rng.normal()
            + (planted(one, other) if arm == "therapy" and timepoint == "post" else 0.0),
            "unit": "Fisher z",
            "n_runs": 1,
        }
        for timepoint in ("pre", "post")
        for place, (one, other) in enumerate(pairs)
    ]


def study() -> Study:
    return Study.model_validate(
        {
            "id": "made-up",
            "title": "A made-up study",
            "version": "1",
            "license": "CC0",
            "citation": "Nobody (2026)",
            "simulated": True,
            "participants": {"arm_column": "group"},
            "arms": {
                "therapy": {"label": "CBT", "role": "therapy", "kind": "cbt"},
                "waiting": {"label": "Untreated", "role": "untreated"},
            },
            "allocation": {"randomised": True, "description": "By chance."},
            "timepoints": {"pre": ("pre",), "post": ("post",)},
            "tasks": ("rest",),
            "contrasts": {
                "main": {
                    "label": "CBT − untreated",
                    "treated": ("therapy",),
                    "control": ("waiting",),
                    "primary": True,
                }
            },
        }
    )


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    arms = ["therapy", "waiting"] * 20
    found = [row for number, arm in enumerate(arms) for row in rows(number + 1, arm, rng)]
    return with_networks(OBSERVATIONS_TABLE.frame(found), REGIONS, SETTINGS, PRIMARY)


def inferred(table: pd.DataFrame, regions: tuple[Region, ...] = REGIONS) -> Inferred:
    who = table.drop_duplicates("participant_id")
    people = pd.DataFrame(
        {"participant_id": who["participant_id"], "group": who["arm"]}, dtype=object
    )
    return infer(study(), CLAIMS, regions, SETTINGS, observations=table, participants=people)


@pytest.fixture(scope="module")
def told(table: pd.DataFrame) -> Inferred:
    return inferred(table)


def effect(found: Inferred, name: str) -> Any:
    [row] = found.effects[found.effects["measure"] == name].to_dict("records")
    return row


def test_the_composite_is_one_mean_minus_the_other(table: pd.DataFrame, told: Inferred) -> None:
    [row] = [
        row
        for row in told.changes.to_dict("records")
        if (row["measure"], row["participant_id"]) == ("P4", "sub-03")
    ]
    edges = table[(table["metric"] == "connectivity") & (table["participant_id"] == "sub-03")]
    first, second = (edges[side].str.rsplit("_", n=1).str[0] for side in ("region", "region_2"))
    control = first.isin(["dlPFC", "vlPFC"]) & second.isin(["dlPFC", "vlPFC"])
    default = ["PCC", "vmPFC", "dmPFC"]
    subgenual = ((first == "sgACC") & second.isin(default)) | (
        (second == "sgACC") & first.isin(default)
    )
    at = edges["timepoint"] == "post"
    assert int((control & at).sum()) == 6
    assert int((subgenual & at).sum()) == 12
    by_hand = edges.loc[control & at, "value"].mean() - edges.loc[subgenual & at, "value"].mean()
    assert row["post"] == pytest.approx(by_hand)


def test_what_was_planted_in_the_networks_is_found_and_judged(told: Inferred) -> None:
    whole = effect(told, "P4")
    assert whole["difference"] == pytest.approx(CONTROL_UP - SUBGENUAL_DOWN, abs=0.1)
    parts = [
        effect(told, f"network_connectivity_{name}")["difference"]
        for name in ("control", "default_subgenual")
    ]
    assert parts == pytest.approx([CONTROL_UP, SUBGENUAL_DOWN], abs=0.1)
    assert whole["difference"] == pytest.approx(parts[0] - parts[1])
    verdict = verdicts_table(told.verdicts).set_index("measure")["verdict"]["P4"]
    assert verdict in ("SUPPORTED", "SUGGESTIVE")


def test_networks_of_control_regions_are_the_negative_control(told: Inferred) -> None:
    control = effect(told, "network_connectivity_sensory")
    assert control["kind"] == "negative_control"
    assert abs(control["difference"]) < 0.15


def test_an_atlas_without_subgenual_cingulate_cannot_tell(table: pd.DataFrame) -> None:
    regions = regions_of(*(group for group in TARGETS if group != "sgACC"), *CONTROLS)
    claims = inferred(table, regions).claims.set_index("claim")
    assert claims["reason"]["P4"] == "no region of the network 'subgenual' is configured"
    assert not claims["measured"]["P4"]
