"""The chain behind a verdict in words: plain for a clinician, with the numbers beside."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from brainchange.cli.judge_text import COLOURS
from brainchange.explain.files import files_by_kind
from brainchange.figures.numbers import interval, number, p_value, places, plural
from brainchange.files import human_bytes
from brainchange.inference.estimators import NAMES

Record = Mapping[str, Any]
MARKS = {True: "✓", False: "✗", None: "–"}
MOST_FILES, MOST_MEMBERS = 3, 8
LEADS = {
    "ancova": "difference at equal values before (analysis of covariance, HC3)",
    "change_score": "difference in change (Welch)",
}
METHODS = {"exact": "exact", "monte_carlo": "Monte Carlo", "freedman_lane": "Freedman–Lane"}


def render(record: Record, width: int = 0) -> list[Text]:
    """Tell the chain from the claim down to the dataset.

    Parameters
    ----------
    record : mapping
        Of :func:`brainchange.explain.chain.explain`.
    width : int
        Where lines are broken; 0 for nowhere.

    Returns
    -------
    list of rich.text.Text
        One part a step: claim, verdict, effect, values, files, dataset.
    """
    verdict, contrast = record["verdict"]["verdict"], record["contrast"]
    title = f"{record['claim']['id']} in {record['study']['id']}: {contrast['label']}"
    parts = {
        "Claim": _claim(record),
        "Verdict": _verdict(record),
        "Effect": _effect(record),
        "Values": _values(record),
        "Files": _files(record),
        "Dataset": _dataset(record),
    }
    told = [Text(title, style="bold")]
    for name, lines in parts.items():
        found = [row for line in lines for row in _wrapped(line, width)]
        if found:
            told += [Text(), Text(name, style="bold")]
            style = COLOURS.get(verdict, "bold") if name == "Verdict" else ""
            told += [Text(found[0], style=style), *map(Text, found[1:])]
    return told


def _wrapped(line: str, width: int) -> list[str]:
    """Break a line; what follows a sign stands under its text."""
    mark, tab, rest = line.partition("\t")
    first = f"  {mark} " if tab else "  "
    text = rest if tab else line
    if not width:
        return [first + text]
    later = " " * len(first)
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
    )


def _claim(record: Record) -> Iterator[str]:
    claim = record["claim"]
    if not claim["quote"]:
        yield f"{claim['about']}, a scale of the study: {claim['direction']} is better"
        return
    yield f"“{claim['quote']}” ({claim['article']})"
    start = "tested as" if record["effect"] else "about"
    yield f"{start}: {claim['about']} ({claim['family']})"
    if claim["note"]:
        yield claim["note"]
    if claim["contradicts"]:
        yield f"the article says the opposite in {', '.join(claim['contradicts'])}"


def _verdict(record: Record) -> Iterator[str]:
    verdict = record["verdict"]
    yield verdict["verdict"]
    yield verdict["meaning"]
    held = {rule["consequence"]: rule["held"] for rule in record["rules"] if rule["consequence"]}
    for reason in verdict["reasons"]:
        yield f"{MARKS[held.get(reason)]}\t{reason}"
    if verdict["remark"]:
        yield f"!\t{verdict['remark']}"
    if verdict["needed"]:
        yield f"what would tell: {verdict['needed']}"


def _effect(record: Record) -> Iterator[str]:
    effect, contrast = record["effect"], record["contrast"]
    if effect is None or effect["lead_difference"] is None:
        if record["verdict"]["difference"] is not None:
            yield from _within(record)
        return
    unit = effect["unit"] or ""
    low, high = effect["lead_ci_low"], effect["lead_ci_high"]
    digits = places(*(end for end in (low, high) if end is not None))
    treated, control = (" or ".join(contrast[side]) for side in ("treated", "control"))
    value = effect["lead_difference"]
    size, more = number(abs(value), digits), "higher" if value > 0 else "lower"
    what = "At equal values before, the mean after"
    what = what if effect["lead_estimator"] == "ancova" else "The mean change (post − pre)"
    yield f"{what} was {size} {unit} {more} in {treated} than in {control}."
    yield f"{_named(LEADS[effect['lead_estimator']])}{_signed(value, digits)} {unit}" + (
        f", 95 % interval {interval(low, high, digits)}" if low is not None else ""
    )
    yield from _numbers(effect, digits)


def _within(record: Record) -> Iterator[str]:
    verdict = record["verdict"]
    unit = verdict["unit"] or ""
    digits = places(*(v for v in (verdict["ci_low"], verdict["ci_high"]) if v is not None))
    yield (
        f"The mean change (post − pre) was {_signed(verdict['difference'], digits)} {unit}; nobody "
        "was compared with."
    )


def _numbers(effect: Record, digits: int) -> Iterator[str]:
    """Everything a statistician asks for; what is not defined is left out."""
    method = METHODS.get(effect["lead_method"] or "", "")
    if effect["lead_p"] is not None:
        adjusted = (
            f", adjusted {p_value(effect['p_adjusted'])} ({effect['adjustment']}, "
            f"{effect['family_size']} tests)"
            if effect["p_adjusted"] is not None
            else ", not adjusted"
        )
        floor = f"smallest possible {effect['lead_p_floor']:.2g}"
        yield f"{_named('permutation')}{p_value(effect['lead_p'])} ({method}; {floor}){adjusted}"
    if effect["dppc2"] is not None:
        ends = interval(effect["dppc2_ci_low"], effect["dppc2_ci_high"])
        yield f"{_named('in SDs before (dppc2)')}{_signed(effect['dppc2'], 2)} {ends}"
    four = [
        f"{text} {_signed(effect[name], digits)}"
        for name, text in NAMES.items()
        if effect[name] is not None
    ]
    if four:
        yield f"{_named('estimators')}{', '.join(four)}"
    if effect["bayes_factor_10"] is not None:
        ceiling = number(effect["bayes_factor_01_ceiling"], 1)
        yield (
            f"{_named('Bayes factor, difference')}{effect['bayes_factor_10']:.3g} (for none at "
            f"most {ceiling} was possible)"
        )
    if effect["tost_p"] is not None:
        bound = number(effect["equivalence_bound"], digits)
        yield f"{_named('equivalence')}{p_value(effect['tost_p'])} within ± {bound}"
    if effect["minimum_detectable_difference"] is not None:
        smallest = number(effect["minimum_detectable_difference"], digits)
        yield f"{_named('found with 80 % power')}± {smallest}"


def _values(record: Record) -> Iterator[str]:
    observed, arms = record["observations"], record["arms"]
    if observed is None:
        return
    if observed["members"]:
        shown = ", ".join(observed["members"][:MOST_MEMBERS])
        more = len(observed["members"]) - MOST_MEMBERS
        yield (
            f"{observed['metric']} ({observed['unit']}), mean of {len(observed['members'])}: "
            f"{shown}{f' and {more} more' if more > 0 else ''}"
        )
        yield (
            f"{observed['n_values']} values of {observed['n_participants']} participants; "
            f"{', '.join(observed['specifications'])}"
        )
    for arm in arms:
        if arm["mean_pre"] is None:
            yield f"{arm['arm_label']}: no change of {arm['n_arm']} enrolled"
            continue
        spread = [v for v in (arm["ci_low"], arm["ci_high"]) if v is not None]
        digits = places(*spread) if spread else 2
        ends = f" {interval(spread[0], spread[1], digits)}" if len(spread) == 2 else ""
        yield (
            f"{arm['arm_label']}: {arm['n_both']} of {arm['n_arm']}, mean "
            f"{number(arm['mean_pre'], digits)} → {number(arm['mean_post'], digits)}, change "
            f"{_signed(arm['change'], digits)}{ends}"
        )
    yield f"each participant: {record['results']}/changes.tsv; each value: {observed['table']}"


def _files(record: Record) -> Iterator[str]:
    files = record["files"]
    if not files:
        return
    size = human_bytes(sum(file["size_bytes"] or 0 for file in files))
    kinds = ", ".join(f"{count} {end}" for end, count, _ in files_by_kind(files)[:5])
    yield f"{plural(len(files), 'file')}, {size}: {kinds}"
    for file in sorted(files, key=lambda file: -(file["size_bytes"] or 0))[:MOST_FILES]:
        yield f"{file['path']}  {file['checksum']}"
    lock = record["sources"]["lock"]
    if lock:
        yield f"all of them: {lock} ({record['sources']['lock_checksum']})"


def _dataset(record: Record) -> Iterator[str]:
    study = record["study"]
    doi = f", doi:{study['doi']}" if study["doi"] else ""
    yield f"{study['id']}, version {study['version']}{doi}, {study['license']}"
    yield study["citation"]
    for one in record["sources"]["repositories"]:
        yield f"{one['url']} at {one['commit']}"
    if study["simulated"]:
        yield "Simulated data: they say nothing about therapy."


def _named(name: str) -> str:
    return f"{name}: "


def _signed(value: float | None, digits: int) -> str:
    return "not defined" if value is None else number(value, digits, sign=True)
