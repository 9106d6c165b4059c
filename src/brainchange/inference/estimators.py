"""Four estimators of a difference in change, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign, nan

from brainchange.inference.mixed_model import Arm, ModelEffect, constrained_baseline, mixed_model

NAMES = {
    "difference": "change score",
    "mixed_model": "mixed model",
    "ancova": "analysis of covariance",
    "constrained_baseline": "constrained baseline",
}
"""The columns of the estimators, and what they are called in text."""
Cell = float | bool | str | None


def four_estimators(
    treated: Arm, control: Arm, *, difference: float, ancova: float, tested: bool
) -> dict[str, Cell]:
    """Fit both models of all values and compare them with the estimators of complete pairs.

    Parameters
    ----------
    treated, control : tuple of two numpy.ndarray, shape (n_arm,)
        Values before and after of all participants of either arm; NaN where missing.
    difference, ancova : float
        Difference in mean change and difference adjusted for the value before, of participants
        with both values; NaN where they are not defined.
    tested : bool
        Whether the arms are large enough for tests; if not, estimates and errors only.

    Returns
    -------
    dict
        Columns of ``EFFECTS_TABLE``. Agreement in sign is missing where fewer than two of the
        estimators are defined.

    Notes
    -----
    Where arms were not randomised, change score and analysis of covariance bracket the truth if
    either parallel trends or ignorability given the value before holds (Ding and Li 2019, Political
    Analysis 27:605); where they differ in sign, the sign is not known.
    """
    fits = {
        "mixed_model": mixed_model(treated, control),
        "constrained_baseline": constrained_baseline(treated, control),
    }
    cells: dict[str, Cell] = {
        "n_treated_any": fits["mixed_model"].n_treated,
        "n_control_any": fits["mixed_model"].n_control,
    }
    for name, fit in fits.items():
        low, high = fit.interval()
        cells |= {
            name: fit.estimate,
            f"{name}_ci_low": low,
            f"{name}_ci_high": high,
            f"{name}_se": fit.standard_error,
            f"{name}_se_unadjusted": fit.unadjusted_error,
            f"{name}_df": fit.df,
            f"{name}_p": fit.p if tested else nan,
        }
    estimates = {"difference": difference, "ancova": ancova} | {
        name: fit.estimate for name, fit in fits.items()
    }
    signs = {name: copysign(1, value) for name, value in estimates.items() if abs(value) > 0}
    notes = [disagreement(estimates), *_problems(fits)]
    return cells | {
        "estimators_agree": len(set(signs.values())) == 1 if len(signs) > 1 else None,
        "estimators_note": "; ".join(filter(None, notes)) or None,
    }


def disagreement(estimates: Mapping[str, float]) -> str:
    """Say which estimators differ in sign.

    Parameters
    ----------
    estimates : mapping of str to float
        Estimates by the column they stand in; NaN where not defined.

    Returns
    -------
    str
        Empty where none do.
    """
    above = [text for name, text in NAMES.items() if estimates[name] > 0]
    below = [text for name, text in NAMES.items() if estimates[name] < 0]
    if not (above and below):
        return ""
    return (
        f"the estimators differ in sign ({_listed(above)} above 0, {_listed(below)} below): these "
        "data do not tell the direction"
    )


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _problems(fits: Mapping[str, ModelEffect]) -> list[str]:
    problems = [fit.problem for fit in fits.values()]
    if len(set(problems)) == 1:
        return problems[:1]
    return [f"{NAMES[name]}: {fit.problem}" for name, fit in fits.items() if fit.problem]
