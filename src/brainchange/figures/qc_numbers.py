"""Numbers of the quality of a run, and the sentences that tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from brainchange.figures.numbers import number, plural
from brainchange.figures.qc_anatomy import AnatomyFiles
from brainchange.figures.qc_run import RunImages, readable, volumes_exist
from brainchange.figures.qc_sidecar import finite, told
from brainchange.study.decisions import Decision
from brainchange.study.settings import Preparation

Row = dict[str, Any]
REGISTRATION = (
    ("mask_overlap", "MaskDice", "smallest_mask_overlap"),
    ("boundary_agreement", "BoundaryAgreement", "smallest_boundary_agreement"),
    (
        "registration_distance",
        "DistanceFromOtherStartsMillimetres",
        "largest_registration_distance",
    ),
)
"""Column, its name in the sidecar of a run, and the setting that is its gate."""


def of_motion(run: RunImages) -> Row:
    """Motion, censoring and signal-to-noise ratio; empty where the run cannot be read."""
    if not volumes_exist(run) or readable(run):
        return {}
    analysed = run.confounds.framewise_displacement[run.nuisance.n_dummies :]
    known = analysed[np.isfinite(analysed)]
    return {
        "n_volumes": int(run.nuisance.kept.size),
        "n_censored": int((~run.nuisance.kept).sum()),
        "fd_mean": float(known.mean()) if known.size else None,
        "fd_max": float(known.max()) if known.size else None,
        "tsnr": finite(run.signal_to_noise()),
    }


def of_coverage(coverage: pd.DataFrame, key: str) -> Row:
    """Least covered region of a run; empty where nothing was measured.

    Parameters
    ----------
    coverage : pandas.DataFrame
        Columns of ``COVERAGE_TABLE``.
    key : str
        The run.
    """
    own = coverage[coverage["run"] == key].reset_index(drop=True)
    if own.empty:
        return {}
    shares = own["share"].astype(float)
    row: Row = {"n_unusable": int((~own["usable"].astype(bool)).sum())}
    if shares.notna().any():
        lowest = int(shares.idxmin())
        row |= {"coverage": float(shares[lowest]), "coverage_region": own["region"][lowest]}
    return row


def of_registration(
    run: RunImages,
    anatomy: AnatomyFiles,
    gates: Preparation,
    decisions: Sequence[Decision],
) -> Row:
    """How registrations went, and their gates.

    Parameters
    ----------
    run, anatomy
        A run and the T1w image it was registered to here.
    gates : Preparation
        Settings.
    decisions : sequence of dict
        A run that a gate left out has no sidecar; the decision holds the value.
    """
    found = told(run.path(run.files.sidecar)).get("Coregistration", {})
    failed = {
        row.get("config_key"): row.get("value")
        for row in decisions
        if row["action"] == "excluded" and row.get("run") == run.files.run.key
    }
    row: Row = {}
    for column, name, setting in REGISTRATION:
        row[column] = finite(found.get(name, failed.get(f"preparation.{setting}")))
        row[f"{column}_gate"] = float(getattr(gates, setting))
    return {
        **row,
        "template_similarity": finite(anatomy.quality.get("similarity")),
        "template_similarity_gate": gates.anatomy.smallest_similarity,
    }


def say_anatomy(anatomy: AnatomyFiles) -> str:
    """Volumes of a T1w image in words."""
    names = (("brain", "brain"), ("grey matter", "grey"), ("white matter", "white"))
    volumes = [
        f"{name} {number(value, 0)} ml"
        for name, key in names
        if (value := finite(anatomy.quality.get(key))) is not None
    ]
    return f"Volumes: {', '.join(volumes)}" if volumes else "Volumes are not known"


def say_template(anatomy: AnatomyFiles, gates: Preparation) -> str:
    """How a T1w image fits the template, in words."""
    found, least = anatomy.quality, gates.anatomy
    return (
        f"Similarity {_said(found.get('similarity'))} (gate {number(least.smallest_similarity)}), "
        f"overlap of the brains {_said(found.get('mask_overlap'))} (gate "
        f"{number(least.smallest_mask_overlap)})"
    )


def say_registration(row: Row) -> str:
    """How a BOLD image fits the T1w image, in words."""
    return (
        f"Overlap of the brain masks (Dice) {_said(row['mask_overlap'])} (gate "
        f"{number(row['mask_overlap_gate'])}), agreement at the white-matter boundary "
        f"{_said(row['boundary_agreement'])} (gate {number(row['boundary_agreement_gate'])}), "
        f"distance between registrations {_said(row['registration_distance'])} mm (gate "
        f"{number(row['registration_distance_gate'])} mm)"
    )


def say_coverage(row: Row, n_regions: int) -> str:
    """Which regions are covered, in words."""
    if "n_unusable" not in row:
        return f"{plural(n_regions, 'region')}; coverage was not measured"
    usable = f"{n_regions - row['n_unusable']} of {plural(n_regions, 'region')} usable"
    if "coverage" not in row:
        return usable
    share = f"{100 * row['coverage']:.0f}\u00a0%"
    return f"{usable}; least covered: {row['coverage_region']}, {share} of its voxels"


def say_motion(row: Row) -> str:
    """Motion and signal of a run, in words."""
    if "n_volumes" not in row:
        return "Motion is not known"
    said = f"{row['n_censored']} of {row['n_volumes']} analysed volumes censored"
    if row["fd_mean"] is not None:
        ends = f"mean {number(row['fd_mean'])} mm, largest {number(row['fd_max'])} mm"
        said += f"; framewise displacement {ends}"
    return said if row["tsnr"] is None else f"{said}; median tSNR {number(row['tsnr'], 0)}"


def _said(value: object) -> str:
    known = finite(value)
    return "not known" if known is None else number(known)
