"""Results of made-up studies of any size, for the tests of figures and report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brainchange.figures.drawing import FigureInput
from brainchange.inference.schemas import (
    ATTRITION_TABLE,
    CHANGES_TABLE,
    EFFECTS_TABLE,
    WITHIN_TABLE,
)
from brainchange.metrics.observations import COVERAGE_TABLE
from brainchange.study.claims import Claims
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.study.model import Study
from brainchange.study.settings import Settings

ROLES = ("therapy", "comparison", "untreated", "therapy", "comparison", "healthy")
LABELS = ("Talk therapy", "Exercise", "Untreated", "Group therapy", "Reading", "Healthy")
GROUPS = ("dlPFC", "vlPFC", "vmPFC", "dmPFC", "OFC", "ACC", "PCC", "insula", "amygdala")


@dataclass(frozen=True)
class MadeUp:
    """How large the made-up study is.

    Attributes
    ----------
    counts : tuple of int
        Participants of each arm.
    n_groups : int
        Groups of regions.
    arm_labels : tuple of str
        Names of the arms for people.
    randomised, simulated : bool
        What the study file says.
    """

    counts: tuple[int, ...] = (10, 10, 10)
    n_groups: int = 14
    arm_labels: tuple[str, ...] = LABELS
    randomised: bool = True
    simulated: bool = True


MakeUp = Callable[[MadeUp], FigureInput]


@pytest.fixture(scope="session")
def make_up() -> MakeUp:
    """Make configuration and tables of a made-up study."""
    return made_up


@pytest.fixture(scope="session")
def made_up_size() -> type[MadeUp]:
    """Say how large the made-up study is."""
    return MadeUp


@lru_cache(maxsize=16)
def made_up(size: MadeUp) -> FigureInput:
    """Make configuration and tables of a made-up study; deterministic."""
    random = np.random.default_rng(len(size.counts) * 1000 + sum(size.counts))
    study, claims = study_of(size), claims_of()
    changes = pd.concat(
        [changes_of(measure, size, random) for measure in measures_of(size)], ignore_index=True
    )
    within, effects = [], []
    for measure in measures_of(size):
        rows = changes[(changes["kind"] == measure["kind"])]
        rows = rows[rows["measure"] == measure["measure"]]
        within += [within_row(measure, rows, arm, study) for arm in study.arms]
        effects += [effect_row(measure, rows, name, study) for name in study.contrasts]
    return FigureInput(
        study=study,
        settings=Settings(),
        claims=claims,
        tables={
            "changes": CHANGES_TABLE.frame(changes),
            "within": WITHIN_TABLE.frame(within),
            "effects": EFFECTS_TABLE.frame(effects),
            "attrition": ATTRITION_TABLE.frame(attrition_rows(size, study)),
            "coverage": COVERAGE_TABLE.frame(coverage_of(size, random)),
            "decisions": DECISIONS_TABLE.frame(decision_rows()),
        },
    )


def study_of(size: MadeUp) -> Study:
    names = [f"arm{place}" for place in range(len(size.counts))]
    arms = {
        name: {"label": size.arm_labels[place], "role": ROLES[place], "description": "16 sessions"}
        for place, name in enumerate(names)
    }
    control = names[2] if len(names) > 2 else names[-1]
    treated = [name for name in names if name != control] or names
    contrasts = {
        f"{name}_vs_{control}": {
            "label": f"{arms[name]['label']} − {arms[control]['label']}",
            "treated": (name,),
            "control": (control,) if control != name else ("arm0",),
            "primary": place == 0,
        }
        for place, name in enumerate(treated)
        if name != control
    }
    if not contrasts:
        arms["none"] = {"label": "Untreated", "role": "untreated", "description": ""}
        contrasts = {
            "only": {"label": "none", "treated": ("arm0",), "control": ("none",), "primary": True}
        }
    return Study.model_validate(
        {
            "id": "demo",
            "title": "Simulated study with planted effects (no real participant)",
            "version": "1",
            "doi": "" if size.simulated else "10.18112/openneuro.ds003007.v1.0.1",
            "license": "CC0",
            "citation": "Bezmaternykh DD, Melnikov ME. Two sessions of resting state.",
            "simulated": size.simulated,
            "repositories": () if size.simulated else (repository(),),
            "participants": {"arm_column": "group"},
            "arms": arms,
            "allocation": {"randomised": size.randomised, "description": "By drawing lots."},
            "timepoints": {"pre": ("pre",), "post": ("post",)},
            "tasks": ("rest",),
            "contrasts": contrasts,
            "outcomes": {
                "BDI": {
                    "label": "Beck Depression Inventory",
                    "columns": {"pre": "BDI_ses-pre", "post": "BDI_ses-post"},
                    "better": "down",
                    "minimum": 0.0,
                    "maximum": 63.0,
                }
            },
            "caveats": ({"id": "short", "text": "Connectivity is unreliable at 250 s."},),
        }
    )


def repository() -> dict[str, Any]:
    return {
        "name": "ds003007",
        "url": "https://github.com/OpenNeuroDatasets/ds003007.git",
        "ref": "1.0.1",
        "commit": "06e11fafc6ba8f7012ad3ef3ecc790ee9ed6ee17",
        "files": ("participants.tsv",),
    }


def claims_of() -> Claims:
    quote = "strengthen pathways between the prefrontal cortex and limbic system"
    rows = (
        ("P2", "increased activity in the prefrontal cortex", "falff_z", "up"),
        ("A2", "calm the amygdala, the brain's fear center", "falff_z", "down"),
        ("T2", quote, "connectivity", "up"),
    )
    return Claims.model_validate(
        {
            "article": "The Neuro-Link: How Talk Therapy Works as a Brain Workout",
            "claims": tuple(
                {
                    "id": name,
                    "quote": said,
                    "construct": "connectivity between prefrontal cortex and limbic system goes up"
                    if metric == "connectivity"
                    else "spontaneous activity changes",
                    "metric": metric,
                    "direction": direction,
                    "family": "confirmatory",
                    "note": "Published studies disagree in sign.",
                }
                | (
                    {"pairs": (("vmPFC", "amygdala"),)}
                    if metric == "connectivity"
                    else {"groups": ("amygdala",)}
                )
                for name, said, metric, direction in rows
            ),
        }
    )


def measures_of(size: MadeUp) -> Sequence[dict[str, Any]]:
    claims = [
        measure("P2", "claim", "falff_z", "z", "confirmatory", direction="up", shift=0.0),
        measure("A2", "claim", "falff_z", "z", "confirmatory", direction="down", shift=-0.5),
        measure(
            "T2", "claim", "connectivity", "Fisher z", "confirmatory", direction="up", shift=0.35
        ),
        measure(
            "BDI",
            "outcome",
            "BDI",
            "points",
            "outcome",
            direction="down",
            mean=20,
            deviation=8,
            shift=-8,
        ),
    ]
    quality = [
        measure("mean_framewise_displacement", "quality", "mean_framewise_displacement", "mm"),
        measure("kept_volumes", "quality", "kept_volumes", "volumes", mean=90, deviation=8),
        measure("tsnr", "quality", "tsnr", "ratio", mean=60, deviation=8),
    ]
    names = [GROUPS[g] if g < len(GROUPS) else f"region_{g}" for g in range(size.n_groups)]
    controls = {"calcarine", "precentral", *names[-2:]}
    regions = [
        measure(
            f"{metric}_{name}",
            "negative_control" if name in controls else "region",
            metric,
            "z",
            "exploratory",
            label=f"{name}, {metric.replace(chr(95), chr(32))}",
        )
        for metric in ("alff_z", "falff_z")
        for name in names
    ]
    return [*claims, *quality, *regions]


def measure(
    name: str,
    kind: str,
    metric: str,
    unit: str,
    family: str = "quality",
    *,
    direction: str | None = None,
    mean: float = 0.3,
    deviation: float = 0.2,
    shift: float = 0.0,
    label: str = "",
) -> dict[str, Any]:
    return {
        "measure": name,
        "kind": kind,
        "metric": metric,
        "unit": unit,
        "family": family,
        "direction": direction,
        "label": label or f"{name}: spontaneous activity of the prefrontal cortex",
        "mean": mean,
        "deviation": deviation,
        "shift": shift,
    }


def changes_of(measure: dict[str, Any], size: MadeUp, random: Any) -> pd.DataFrame:
    rows, serial = [], 0
    for place, count in enumerate(size.counts):
        trait = random.normal(measure["mean"], measure["deviation"], count)
        noise = measure["deviation"] * 0.5
        pre = trait + random.normal(0, noise, count)
        post = trait + random.normal(0, noise, count) + (measure["shift"] if place == 0 else 0)
        for one in range(count):
            serial += 1
            missing = one == 3 and place == 1
            rows.append(
                {
                    "measure": measure["measure"],
                    "kind": measure["kind"],
                    "participant_id": f"sub-{serial:02d}",
                    "arm": f"arm{place}",
                    "pre": pre[one],
                    "post": np.nan if missing else post[one],
                    "change": np.nan if missing else post[one] - pre[one],
                    "unit": measure["unit"],
                    "flag": "no session after therapy" if missing else None,
                }
            )
    return pd.DataFrame(rows)


def within_row(
    measure: dict[str, Any], rows: pd.DataFrame, arm: str, study: Study
) -> dict[str, Any]:
    mine = rows[rows["arm"] == arm]
    both = mine.dropna(subset=["change"])
    n = len(both)
    change, deviation = both["change"].mean(), both["change"].std()
    half = stats.t.ppf(0.975, n - 1) * deviation / np.sqrt(n) if n > 1 else np.nan
    return {
        **{k: measure[k] for k in ("measure", "kind", "label", "metric", "unit")},
        "arm": arm,
        "arm_label": study.arms[arm].label,
        "n_arm": len(mine),
        "n_pre": mine["pre"].notna().sum(),
        "n_post": mine["post"].notna().sum(),
        "n_both": n,
        "mean_pre": both["pre"].mean(),
        "sd_pre": both["pre"].std(),
        "mean_post": both["post"].mean(),
        "sd_post": both["post"].std(),
        "change": change,
        "ci_low": change - half,
        "ci_high": change + half,
        "sd_change": deviation,
        "g_av": change / both["pre"].std() if n > 1 else np.nan,
        "p_sign_flip": 0.04,
        "p_floor": 2.0 ** (1 - n) if n else np.nan,
        "flag": None if n > 1 else "fewer than 2 participants",
    }


def effect_row(
    measure: dict[str, Any], rows: pd.DataFrame, name: str, study: Study
) -> dict[str, Any]:
    contrast = study.contrasts[name]
    both = rows.dropna(subset=["change"])
    sides = [both[both["arm"].isin(s)] for s in (contrast.treated, contrast.control)]
    n1, n0 = len(sides[0]), len(sides[1])
    fixed = {
        **{k: measure[k] for k in ("measure", "kind", "label", "metric", "unit", "direction")},
        "family": measure["family"] if contrast.primary else "exploratory",
        "contrast": name,
        "contrast_label": contrast.label,
        "primary": contrast.primary,
        "n_treated": n1,
        "n_control": n0,
        "adjustment": "holm" if measure["family"] == "confirmatory" else "none",
    }
    if min(n1, n0) < 2:
        return fixed | {"flag": f"described, not tested: {min(n1, n0)} in one arm"}
    deltas = [side["change"].to_numpy() for side in sides]
    test = stats.ttest_ind(*deltas, equal_var=False)
    ends = test.confidence_interval(0.95)
    deviation = np.sqrt((sides[0]["pre"].var() + sides[1]["pre"].var()) / 2)
    difference = deltas[0].mean() - deltas[1].mean()
    equivalence = test.confidence_interval(0.9)
    error = (ends.high - ends.low) / 4 / deviation
    return fixed | {
        "difference": difference,
        "ci_low": ends.low,
        "ci_high": ends.high,
        "df": test.df,
        "p_welch": test.pvalue,
        "dppc2": difference / deviation,
        "dppc2_se": error,
        "dppc2_ci_low": difference / deviation - 1.96 * error,
        "dppc2_ci_high": difference / deviation + 1.96 * error,
        "tost_ci_low": equivalence.low / deviation,
        "tost_ci_high": equivalence.high / deviation,
        "p_permutation": test.pvalue,
        "p_floor": 1.1e-5,
        "permutation_method": "exact",
        "n_permutations": 92378,
        "p_adjusted": min(1.0, 3 * test.pvalue),
        "family_size": 3,
        "minimum_detectable_effect": 1.3,
        "minimum_detectable_difference": 1.3 * np.std(deltas[1], ddof=1),
    }


def attrition_rows(size: MadeUp, study: Study) -> list[dict[str, Any]]:
    steps = (
        ("enrolled", "Enrolled", 0),
        ("files_pre", "With files before therapy", 0),
        ("files_post", "With files after therapy", 1),
        ("files_both", "With files of both timepoints", 1),
        ("usable_both", "With usable images of both timepoints", 2),
        ("outcome_BDI", "With Beck Depression Inventory of both timepoints", 1),
    )
    return [
        {
            "arm": arm,
            "arm_label": study.arms[arm].label,
            "step": step,
            "label": label,
            "n": max(count - lost, 0),
        }
        for arm, count in zip(study.arms, size.counts, strict=False)
        for step, label, lost in steps
    ]


def coverage_of(size: MadeUp, random: Any) -> pd.DataFrame:
    names = [GROUPS[g] if g < len(GROUPS) else f"region_{g}" for g in range(size.n_groups)]
    rows = []
    for serial in range(sum(size.counts)):
        for session in ("ses-pre", "ses-post"):
            for name in names:
                share = float(np.clip(random.normal(0.95, 0.07), 0.3, 1))
                if name == "amygdala" and serial == 4:
                    share = 0.45
                rows.append(
                    {
                        "participant_id": f"sub-{serial + 1:02d}",
                        "session_id": session,
                        "run": f"sub-{serial + 1:02d}_{session}_task-rest",
                        "region": name,
                        "n_voxels": 100,
                        "n_valid_run": int(100 * share),
                        "n_valid": int(100 * share),
                        "share": share,
                        "usable": share >= 0.7,
                        "tsnr": 60 * share,
                    }
                )
    return pd.DataFrame(rows)


def decision_rows() -> list[dict[str, Any]]:
    return [
        {
            "scope": "run",
            "participant_id": "sub-07",
            "session_id": "ses-post",
            "run": "sub-07_ses-post_task-rest",
            "action": "excluded",
            "reason": "mean framewise displacement is above the limit",
            "value": 0.83,
            "threshold": 0.5,
            "unit": "mm",
            "config_key": "censoring.largest_mean_displacement",
        },
        {
            "scope": "region",
            "participant_id": "sub-05",
            "name": "amygdala_L",
            "action": "excluded",
            "reason": "too few valid voxels in the sessions together",
            "value": 0.45,
            "threshold": 0.7,
            "unit": "share",
            "config_key": "coverage.smallest_share",
        },
    ]
