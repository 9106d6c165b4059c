"""Whether a run is good enough, and the decisions that say so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from brainchange.imaging.confounds import Confounds
from brainchange.imaging.denoise import Nuisance
from brainchange.sources.bids import Run
from brainchange.sources.run_decisions import decision
from brainchange.study.decisions import Decision
from brainchange.study.settings import Censoring, Settings


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
        *judge_what_is_left(run, nuisance, settings.censoring),
    ]


def judge_what_is_left(run: Run, nuisance: Nuisance, rules: Censoring) -> list[Decision]:
    """Judge what censoring and nuisance regression leave of a run.

    Parameters
    ----------
    run : Run
        Which run.
    nuisance : Nuisance
        Design and kept volumes.
    rules : Censoring
        Fewest volumes (Parkes et al. 2018; Power et al. 2014) and degrees of freedom.

    Returns
    -------
    list of dict
        Decisions about the run, ``excluded`` or ``caution``.
    """
    volumes = list(_too_few_volumes(run, nuisance, rules))
    return volumes or list(_too_few_degrees_of_freedom(run, nuisance, rules))


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


def _too_few_volumes(run: Run, nuisance: Nuisance, rules: Censoring) -> Iterator[Decision]:
    for action, threshold, key in (
        ("excluded", rules.fewest_volumes, "fewest_volumes"),
        ("caution", rules.caution_volumes, "caution_volumes"),
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


def _too_few_degrees_of_freedom(
    run: Run, nuisance: Nuisance, rules: Censoring
) -> Iterator[Decision]:
    left = nuisance.residual_degrees_of_freedom
    threshold = rules.caution_degrees_of_freedom
    if left < threshold:
        yield decision(
            run,
            "caution",
            f"nuisance regression leaves {left} degrees of freedom, fewer than {threshold}",
            value=left,
            threshold=threshold,
            unit="degrees of freedom",
            config_key="censoring.caution_degrees_of_freedom",
        )
