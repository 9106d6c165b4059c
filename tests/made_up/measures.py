"""What is measured in a made-up study, and its values in every participant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from made_up.study import MadeUp

GROUPS = ("dlPFC", "vlPFC", "vmPFC", "dmPFC", "OFC", "ACC", "PCC", "insula", "amygdala")


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
