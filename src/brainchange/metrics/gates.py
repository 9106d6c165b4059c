"""Whether a run is good enough, and the decisions that say so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import numpy as np

from brainchange.errors import BrainchangeError
from brainchange.imaging.confounds import Confounds
from brainchange.imaging.denoise import Nuisance
from brainchange.sources.bids import Run
from brainchange.study.decisions import Decision
from brainchange.study.settings import Settings


def decision(run: Run, action: str, reason: str, *, scope: str = "run", **more: Any) -> Decision:  # noqa: ANN401
    """Make a row of ``DECISIONS_TABLE`` about a run.

    Parameters
    ----------
    run : Run
        Which run.
    action : {'excluded', 'degraded', 'caution'}
        What was done.
    reason : str
        Why.
    scope : str
        What kind of thing the decision is about.
    **more
        ``name``, ``value``, ``threshold``, ``unit``, ``config_key``.
    """
    return {
        "scope": scope,
        "participant_id": run.participant,
        "session_id": run.session,
        "run": run.key,
        "action": action,
        "reason": reason,
        **more,
    }


def left_out(run: Run, error: BrainchangeError) -> Decision:
    """Make the decision that leaves a run out because one of its files cannot be used.

    Parameters
    ----------
    run : Run
        Which run.
    error : BrainchangeError
        What is wrong; the reason names the file without its folder and the name of the run, which
        other columns tell.
    """
    of_run = re.compile(rf"\S*{re.escape(run.key)}_")
    told: dict[str, list[str]] = {}
    for problem in error.problems:
        name = of_run.sub("", PurePath(problem.where).name)
        told.setdefault(name, []).append(of_run.sub("", " ".join(problem.what.split())))
    reasons = [": ".join(filter(None, (name, "; ".join(what)))) for name, what in told.items()]
    return decision(run, "excluded", "; ".join(reasons))


def judge_motion(
    run: Run, confounds: Confounds, nuisance: Nuisance, settings: Settings
) -> list[Decision]:
    """Judge the motion of a run against the thresholds of ``settings.censoring``.

    A run is left out for too large a mean framewise displacement (mm), too large a translation (mm;
    Euclidean length, rotations not counted) from the first analysed volume, or too few kept volumes
    (Parkes et al. 2018; Power et al. 2014).

    Parameters
    ----------
    run : Run
        Which run.
    confounds : Confounds
        Of all volumes.
    nuisance : Nuisance
        Dummies and kept volumes.
    settings : Settings
        Thresholds.

    Returns
    -------
    list of dict
        Decisions; the run is left out if one of them is about the run and says ``excluded``.
    """
    return [
        *_dropped_at_the_start(run, nuisance, settings),
        *_censored(run, nuisance),
        *_too_much_motion(run, confounds, nuisance, settings),
        *_too_few_volumes(run, nuisance, settings),
    ]


def exclusion(decisions: list[Decision]) -> str:
    """Reasons why a run is left out; empty where it is not."""
    return "; ".join(
        str(row["reason"])
        for row in decisions
        if row["scope"] == "run" and row["action"] == "excluded"
    )


def cautions(decisions: list[Decision]) -> str:
    """Reasons why the values of a run are weak; empty where they are not."""
    return "; ".join(
        str(row["reason"])
        for row in decisions
        if row["scope"] == "run" and row["action"] == "caution"
    )


def _dropped_at_the_start(run: Run, nuisance: Nuisance, settings: Settings) -> Iterator[Decision]:
    planned = settings.denoising.dummy_volumes
    if nuisance.n_dummies > planned:
        yield decision(
            run,
            "excluded",
            f"the first {nuisance.n_dummies} volumes are not in steady state",
            scope="volume",
            value=nuisance.n_dummies,
            threshold=planned,
            unit="volumes",
            config_key="denoising.dummy_volumes",
        )


def _censored(run: Run, nuisance: Nuisance) -> Iterator[Decision]:
    n_analysed = nuisance.kept.size
    n_censored = n_analysed - nuisance.n_kept
    if n_censored:
        yield decision(
            run,
            "excluded",
            f"motion censors {n_censored} of {n_analysed} volumes",
            scope="volume",
            value=n_censored,
            unit="volumes",
            config_key="censoring",
        )


def _too_much_motion(
    run: Run, confounds: Confounds, nuisance: Nuisance, settings: Settings
) -> Iterator[Decision]:
    analysed = slice(nuisance.n_dummies, None)
    displacement = confounds.framewise_displacement[analysed]
    known = displacement[np.isfinite(displacement)]
    translation = confounds.motion[analysed, :3]
    farthest = float(np.linalg.norm(translation - translation[0], axis=1).max())
    mean = float(known.mean()) if known.size else 0.0
    for what, value, threshold, key in (
        (
            "mean framewise displacement",
            mean,
            settings.censoring.largest_mean_displacement,
            "largest_mean_displacement",
        ),
        (
            "translation of the head from the first analysed volume",
            farthest,
            settings.censoring.largest_displacement,
            "largest_displacement",
        ),
    ):
        if value > threshold:
            yield decision(
                run,
                "excluded",
                f"{what} {value:.2f} mm is above {threshold:g} mm",
                value=value,
                threshold=threshold,
                unit="mm",
                config_key=f"censoring.{key}",
            )


def _too_few_volumes(run: Run, nuisance: Nuisance, settings: Settings) -> Iterator[Decision]:
    for action, threshold, key in (
        ("excluded", settings.censoring.fewest_volumes, "fewest_volumes"),
        ("caution", settings.censoring.caution_volumes, "caution_volumes"),
    ):
        if nuisance.n_kept < threshold:
            yield decision(
                run,
                action,
                f"{nuisance.n_kept} volumes are kept, fewer than {threshold}",
                value=nuisance.n_kept,
                threshold=threshold,
                unit="volumes",
                config_key=f"censoring.{key}",
            )
            return
