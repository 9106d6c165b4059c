"""Configuration of a made-up study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region

ROLES = ("therapy", "comparison", "untreated", "therapy", "comparison", "healthy")
LABELS = ("Talk therapy", "Exercise", "Untreated", "Group therapy", "Reading", "Healthy")


REGIONS = tuple(
    Region(f"{group}_{side}", group, side, "aparcaseg", (f"{side}-{group}",), centre=(x, y, z))
    for group, (beside, y, z) in {
        "vmPFC": (6.0, 44.0, -14.0),
        "amygdala": (24.0, -4.0, -18.0),
    }.items()
    for side, x in (("L", -beside), ("R", beside))
)


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
