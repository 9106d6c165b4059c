"""What a made-up study loses: participants, regions, runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from brainchange.study.model import Study
from made_up.measures import GROUPS
from made_up.study import MadeUp


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
