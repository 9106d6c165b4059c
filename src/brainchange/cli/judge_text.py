"""A one-off judgement in plain words for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from rich.console import RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from brainchange.inference.judge import Judgement
from brainchange.inference.judge_case import Question
from brainchange.inference.one_off_table import Layout
from brainchange.inference.verdict_text import NAMES

COLOURS = {
    "SUPPORTED": "bold green",
    "SUPPORTED (associational)": "green",
    "SUGGESTIVE": "yellow",
    "CONTRADICTED": "bold red",
    "NO MEANINGFUL EFFECT": "bold blue",
    "CONSISTENT (no control)": "yellow",
    "NOT CONSISTENT (no control)": "red",
}

METHODS = {"exact": "exact", "monte_carlo": "Monte Carlo", "freedman_lane": "Freedman–Lane"}


def render(judgement: Judgement, question: Question, layout: Layout) -> list[RenderableType]:
    """Say what was found, what may be said of it, and why.

    Parameters
    ----------
    judgement : Judgement
        What was found.
    question : Question
        What was asked.
    layout : Layout
        Names of the columns.

    Returns
    -------
    list of rich renderables
        Title, verdict, reasons, numbers, flags.
    """
    verdict = judgement.verdict
    colour = COLOURS.get(verdict.outcome, "bold")
    return [
        Text(_title(judgement, question, layout), style="bold"),
        Text(verdict.outcome, style=colour),
        *_bullets([(_mark(reason, judgement), reason) for reason in verdict.reasons]),
        Padding(_numbers(judgement, question), (1, 0, 1, 2)),
        *_bullets([("!", flag) for flag in judgement.flags]),
        Text(),
    ]


def summarise(judgements: Sequence[Judgement]) -> Table:
    """Set several judgements side by side, one a row.

    Parameters
    ----------
    judgements : sequence of Judgement
        What was found.

    Returns
    -------
    rich.table.Table
        Measure, effect, adjusted p and verdict.
    """
    columns = ("measure", "dppc2 [95 %]", "p adjusted", "verdict")
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for one in judgements:
        found, outcome = one.numbers, one.verdict.outcome
        table.add_row(
            escape(_measure(one)),
            _interval(found["dppc2"], found["dppc2_ci"]),
            _number(found["p_adjusted"]) if _known(found["p_adjusted"]) else "not tested",
            Text(outcome, style=COLOURS.get(outcome, "")),
        )
    return table


def _measure(judgement: Judgement) -> str:
    return " · ".join(part for part in (judgement.metric, judgement.region) if part)


def _mark(reason: str, judgement: Judgement) -> str:
    """Say by a sign whether the rule behind a reason holds, does not, or was not asked."""
    held = {rule.consequence: rule.held for rule in judgement.verdict.trace}
    return {True: "✓", False: "✗"}.get(held.get(reason), "–")  # type: ignore[arg-type]


def _bullets(lines: list[tuple[str, str]]) -> Iterator[RenderableType]:
    for mark, line in lines:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=3, justify="right")
        grid.add_column(overflow="fold")
        grid.add_row(mark, escape(line))
        yield grid


def _title(judgement: Judgement, question: Question, layout: Layout) -> str:
    wide = f"{layout.post} − {layout.pre}"
    measure = _measure(judgement) or ("".join(layout.value_columns) if layout.long else wide)
    treated = " + ".join(question.treated)
    if not question.control:
        return f"{measure}: change in {treated}, no control"
    return f"{measure}: change in {treated} − change in {' + '.join(question.control)}"


def _numbers(judgement: Judgement, question: Question) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", max_width=28)
    table.add_column(overflow="fold")
    for name, text in _rows(judgement, question):
        table.add_row(name, escape(text))
    return table


def _rows(judgement: Judgement, question: Question) -> Iterator[tuple[str, str]]:
    found = judgement.numbers
    compared = bool(question.control) and found["n"]["control"] > 0
    for side in ("treated", "control"):
        if arm := found[side]:
            total = found["n_in_table"][side]
            change = f"{_interval(arm['change'], arm['change_ci'])}   " if arm["n"] else ""
            yield f"change, {side}", f"{change}({arm['n']} of {total} participants)"
    if compared:
        difference = _interval(found["change_difference"], found["change_difference_ci"])
        yield "difference in change", f"{difference}   (95 % interval, Welch)"
        if adjusted := found["with_covariates"]:
            difference = _interval(adjusted["difference"], adjusted["difference_ci"])
            yield "at equal covariates", f"{difference}   ({', '.join(question.covariates)})"
        if (lead := found["lead"])["estimator"] == "ancova":
            ends = _interval(lead["difference"], lead["difference_ci"])
            yield "at equal values before", f"{ends}   (leads: arms were randomised)"
        yield "in SDs before (dppc2)", _interval(found["dppc2"], found["dppc2_ci"])
    yield from _tests(found)
    if compared:
        named = (f"{NAMES[key]} {_number(value)}" for key, value in found["estimators"].items())
        yield "estimators", " · ".join(named)
        yield from _evidence(found)


def _tests(found: dict[str, object]) -> Iterator[tuple[str, str]]:
    p, floor = found["p_permutation"], found["p_permutation_floor"]
    method = METHODS.get(str(found["p_permutation_method"]), "")
    text = f"{_number(p)}   ({method}; smallest possible {_number(floor)})"
    yield "p, permutation", text if _known(p) else "not tested"
    lead = found["lead"]
    if isinstance(lead, dict) and lead["estimator"] == "ancova":
        floor = _number(lead["p_permutation_floor"])
        value = _number(lead["p_permutation"])
        yield "p, at equal values before", f"{value}   (Freedman–Lane; smallest possible {floor})"
    if found["family_size"] != 1 and _known(found["p_adjusted"]):
        size = found["family_size"]
        yield "p, adjusted", f"{_number(found['p_adjusted'])}   (Holm, {size} tests)"


def _evidence(found: dict[str, object]) -> Iterator[tuple[str, str]]:
    bound, feasible = (
        _number(found[key]) for key in ("equivalence_bound", "smallest_equivalence_bound")
    )
    yield "p, Welch", _number(found["p_welch"])
    yield "p, equivalence", f"{_number(found['tost_p'])}   (within ± {bound}, half an SD before)"
    yield "smallest feasible bound", f"± {feasible} SDs of change, for arms of this size"
    ceiling = _number(found["bayes_factor_01_ceiling"])
    yield (
        "Bayes factor, difference",
        f"{_number(found['bayes_factor_10'])}   (for none at most {ceiling} was possible)",
    )
    smallest = _number(found["minimum_detectable_effect"])
    yield "smallest detectable effect", f"{smallest} SDs of change   (80 % power, two-sided 0.05)"
    if motion := found["motion"]:
        yield "p, head motion differs", _number(motion["p_welch"])  # type: ignore[index]


def _known(value: object) -> bool:
    return isinstance(value, float | int) and isfinite(value)


def _number(value: object) -> str:
    if not _known(value):
        return "not defined"
    number = float(value)  # type: ignore[arg-type]
    text = f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"
    return text.replace("-", "−")


def _interval(value: object, ends: list[float]) -> str:
    if not _known(ends[0]):
        return _number(value)
    return f"{_number(value)} [{_number(ends[0])}, {_number(ends[1])}]"
