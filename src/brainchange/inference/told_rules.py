"""Rules of claims that no single effect tells: what predicts, what lasts, what therapies share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

import pandas as pd

from brainchange.inference.multiplicity import holm
from brainchange.inference.prediction_schema import FEWEST_FOR_VERDICT
from brainchange.inference.verdict_rules import Rule
from brainchange.inference.verdict_text import Outcome, amount, p_text
from brainchange.study.claims import Claim

Row = Mapping[Any, Any]
STRONG = ("SUPPORTED", "SUPPORTED (associational)", "CONTRADICTED")
"""Verdicts that say that something changed."""


@dataclass(frozen=True)
class Asked:
    """One claim in one contrast, and what it is told from.

    Attributes
    ----------
    claim : Claim
        The claim.
    contrast : str
        Name of the contrast.
    table : pandas.DataFrame
        The table that tells it.
    others : mapping of str to str
        Verdicts of the claims that are told by effects, in this contrast.
    randomised : bool
        Whether chance decided who came into which arm.
    alpha : float
        Level of the tests.
    directions : mapping of str to str
        Direction of claims (said by the article) and of scales (better), where there is one.
    """

    claim: Claim
    contrast: str
    table: pd.DataFrame
    others: Mapping[str, str]
    randomised: bool
    alpha: float
    directions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A verdict with its rules, and the cells of its row."""

    outcome: Outcome
    rules: tuple[Rule, ...]
    cells: dict[str, Any] = field(default_factory=dict)


def what_predicts(asked: Asked) -> Told:
    """Decide whether the brain before therapy predicts who gets better.

    Parameters
    ----------
    asked : Asked
        With ``PREDICTION_TABLE``.

    Returns
    -------
    Told
        SUGGESTIVE where the brain adds to the prediction of a scale, p adjusted after Holm for
        every prediction of the study; else INCONCLUSIVE. NOT TESTED below 40 treated participants
        (Poldrack et al. 2020, JAMA Psychiatry 77:534).
    """
    everything = asked.table.assign(p_adjusted=holm(asked.table["p_gain"]))
    rows = everything[everything["measure"] == asked.claim.id].to_dict("records")
    tested = [row for row in rows if isfinite(row["p_gain"])]
    n = max((int(row["n"]) for row in rows), default=0)
    gate = Rule(
        "gate_predicted",
        "Were enough treated participants predicted?",
        float(n),
        float(FEWEST_FOR_VERDICT),
        bool(tested),
        "" if tested else _why_not_predicted(rows),
    )
    if not tested:
        return Told("NOT TESTED", (gate,))
    best = min(tested, key=lambda row: (row["p_adjusted"], -row["q2_gain"]))
    found = _gain(best, asked.alpha)
    elsewhere = "it was not tried in participants of another study"
    rules = (gate, found, Rule("elsewhere", "Does it hold elsewhere?", nan, nan, None, elsewhere))
    cells = {
        "estimator": "prediction",
        "n_treated": int(best["n"]),
        "difference": best["q2_gain"],
        "unit": "Q²",
        "p": best["p_gain"],
        "p_adjusted": best["p_adjusted"],
        "p_floor": 1 / (int(best["n_permutations"]) + 1),
        "family_size": int(everything["p_adjusted"].notna().sum()),
        "needed": None,
    }
    return Told("SUGGESTIVE" if found.held else "INCONCLUSIVE", rules, cells)


def _why_not_predicted(rows: Sequence[Row]) -> str:
    flags = [str(row["flag"]) for row in rows if not pd.isna(row["flag"])]
    return flags[0] if flags else "no scale of symptoms is predicted"


def _gain(row: Row, alpha: float) -> Rule:
    p, gain = float(row["p_adjusted"]), float(row["q2_gain"])
    held = p < alpha and gain > 0 and row["q2_both"] > 0
    text = (
        f"with the brain Q² of {row['outcome_label']} is {amount(row['q2_both'])}, "
        f"{amount(abs(gain))} {'more' if gain > 0 else 'less'} than from clinical data alone "
        f"({p_text(p)} adjusted for all predictions, n = {int(row['n'])})"
    )
    if not held:
        text += ": that nothing was gained here does not show that nothing can be"
    return Rule("primary_test", "Does the brain add to the prediction?", p, alpha, held, text)


def what_lasts(asked: Asked) -> Told:
    """Decide whether what changed stays changed.

    Parameters
    ----------
    asked : Asked
        With ``DURABILITY_TABLE``.

    Returns
    -------
    Told
        Of the claims with an effect after therapy. All kept: SUPPORTED where each of them has a
        strong verdict after therapy (associational without randomisation), else SUGGESTIVE, as it
        is where only some are known to be kept and none is lost. All lost: CONTRADICTED, again
        only after strong verdicts. Anything else is INCONCLUSIVE; NOT TESTED where there was
        nothing to keep.
    """
    table = asked.table
    mine = table[(table["contrast"] == asked.contrast) & (table["kind"] == "claim")]
    mine = mine[(mine["interval"] == "followup-post") & mine["lasting"].notna()]
    state = dict(zip(mine["measure"], mine["lasting"], strict=True))
    asked_of = {name: said for name, said in state.items() if said != "nothing to keep"}
    gate = Rule(
        "gate_changed",
        "Was there a change after therapy that could last?",
        float(len(asked_of)),
        1.0,
        bool(asked_of),
        "" if asked_of else "no claim shows a change after therapy, so nothing could last",
    )
    if not asked_of:
        return Told("NOT TESTED", (gate,))
    groups = {
        word: [name for name, said in asked_of.items() if said == word]
        for word in ("kept", "lost", "cannot tell")
    }
    strong = all(asked.others.get(name, "").startswith(STRONG) for name in asked_of)
    rules = (gate, *_lasting_rules(groups, strong), _chance(asked))
    sizes = mine[mine["measure"].isin(list(asked_of))]
    cells = {
        "estimator": "durability",
        "n_treated": int(sizes["n_treated"].min()),
        "n_control": int(sizes["n_control"].min()),
        "needed": None,
    }
    return Told(_lasting(groups, strong=strong, randomised=asked.randomised), rules, cells)


def _lasting_rules(groups: Mapping[str, list[str]], strong: bool) -> tuple[Rule, ...]:
    n = sum(map(len, groups.values()))
    told = "; ".join(f"{word}: {', '.join(names)}" for word, names in groups.items() if names)
    kept = Rule(
        "kept",
        "Is every change still there at follow-up, and the treated as they were after therapy?",
        len(groups["kept"]) / n,
        1.0,
        len(groups["kept"]) == n,
        f"from after therapy to follow-up — {told}",
    )
    firm = Rule(
        "changed_firmly",
        "Is the change after therapy itself beyond doubt?",
        float(strong),
        1.0,
        strong,
        "" if strong else "the change after therapy is itself not beyond doubt",
    )
    return kept, firm


def _chance(asked: Asked) -> Rule:
    text = "" if asked.randomised else "the arms were not randomised: it is an association"
    held = asked.randomised
    return Rule("randomised", "Were the arms randomised?", float(held), 1.0, held, text)


def _lasting(groups: Mapping[str, list[str]], *, strong: bool, randomised: bool) -> Outcome:
    kept, lost, unknown = (bool(groups[word]) for word in ("kept", "lost", "cannot tell"))
    if kept and not lost:
        if unknown or not strong:
            return "SUGGESTIVE"
        return "SUPPORTED" if randomised else "SUPPORTED (associational)"
    if lost and not (kept or unknown) and strong:
        return "CONTRADICTED"
    return "INCONCLUSIVE"


def what_therapies_share(asked: Asked) -> Told:
    """Decide whether therapies change the brain in different ways, and share a core.

    Parameters
    ----------
    asked : Asked
        With ``OMNIBUS_TABLE``.

    Returns
    -------
    Told
        SUGGESTIVE where a claim differs between therapies (adjusted p of Welch's F) and a claim is
        shared by all (conjunction of the therapies against control, adjusted after Holm); else
        INCONCLUSIVE. Head motion and negative controls have no counterpart here.
    """
    table = asked.table
    rows = table[(table["among"] == "therapies") & (table["kind"] == "claim")]
    rows = rows.assign(p_all=holm(rows["p_shared"])).to_dict("records")
    tested = [row for row in rows if isfinite(row["p_permutation"])]
    gate = Rule(
        "gate_therapies",
        "Could a claim be compared between two therapies?",
        float(len(tested)),
        1.0,
        bool(tested),
        "" if tested else "fewer than two therapies have enough participants with both values",
    )
    if not tested:
        return Told("NOT TESTED", (gate,))
    differ = _any_below(tested, "p_adjusted", "differ", asked.alpha)
    shared = _any_below(tested, "p_all", "shared", asked.alpha)
    unchecked = "head motion and negative controls were not compared between therapies"
    rules = (
        gate,
        differ,
        shared,
        Rule("safeguards", "Is it the brain?", nan, nan, None, unchecked),
    )
    outcome: Outcome = "SUGGESTIVE" if differ.held and shared.held else "INCONCLUSIVE"
    return Told(outcome, rules, {"estimator": "omnibus", "p": differ.value, "needed": None})


def _any_below(rows: Sequence[Row], column: str, name: str, alpha: float) -> Rule:
    values = {row["measure"]: float(row[column]) for row in rows if isfinite(row[column])}
    found = [measure for measure, p in values.items() if p < alpha]
    smallest = min(values.values(), default=nan)
    held = bool(found) if values else None
    asked, there, none = {
        "differ": (
            "Does a claim change differently in the therapies?",
            "therapies differ in",
            "no difference between therapies was found, which does not show that there is none",
        ),
        "shared": (
            "Is a claim changed by every therapy against control?",
            "every therapy changes",
            "no change that all therapies share was found",
        ),
    }[name]
    least = f" (smallest {p_text(smallest)})" if isfinite(smallest) else ""
    text = f"{there} {', '.join(found)}{least}" if found else f"{none}{least}"
    return Rule(name, asked, smallest, alpha, held, text)
