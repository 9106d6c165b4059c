"""Habituation: early minus late, by blocks."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.imaging.denoise import cosine_basis
from brainchange.imaging.events import Events
from brainchange.imaging.task_design import FrameTimes, condition_regressors
from brainchange.metrics.activation import activation
from brainchange.metrics.habituation import habituation, in_halves
from brainchange.metrics.layout import ContrastOfTask
from brainchange.metrics.task_signals import TaskSignals

N, TR = 200, 2.0
TIMES = FrameTimes(N, TR, 1.0)
CONTRASTS = (
    ContrastOfTask("fear - shape", "t", (("fear", 1.0), ("shape", -1.0))),
    ContrastOfTask("fear", "t", (("fear", 1.0),)),
)


def events_of(*rows: tuple[str, float, float]) -> Events:
    names = tuple(dict.fromkeys(name for name, _, _ in rows))
    return Events(
        names,
        np.array([names.index(name) for name, _, _ in rows]),
        np.array([onset for _, onset, _ in rows]),
        np.array([length for _, _, length in rows]),
        np.arange(len(rows)) + 2,
    )


def blocks(n: int = 16) -> Events:
    """Alternating blocks, each of three events of 3 s."""
    return events_of(
        *(
            (("fear", "shape")[block % 2], 8 + 24 * block + 4 * event, 3.0)
            for block in range(n)
            for event in range(3)
        )
    )


def signals(events: Events, raw: np.ndarray) -> TaskSignals:
    return TaskSignals(
        raw=raw,
        nuisance=np.hstack([np.ones((N, 1)), cosine_basis(N, TR, 128.0)]),
        kept=np.ones(N, dtype=bool),
        events=events,
        times=TIMES,
        contrasts=CONTRASTS,
    )


def planted(early: float, late: float, noise: float = 0.05, seed: int = 0) -> TaskSignals:
    """Two regions: the first responds to fear, early in the run and late; the second does not."""
    events = blocks()
    first = events.onset < events.onset[len(events.onset) // 2]
    response = [condition_regressors(events.chosen(when), TIMES)[:, 0] for when in (first, ~first)]
    rng = np.random.default_rng(seed)
    percent = np.column_stack([early * response[0] + late * response[1], np.zeros(N)])
    percent += rng.normal(0, noise, percent.shape)
    return signals(events, 1000 * (1 + percent / 100))


@pytest.mark.parametrize(("early", "late"), [(1.0, 0.2), (0.5, 0.5), (0.0, 1.0)])
def test_early_minus_late_is_found(early: float, late: float) -> None:
    found = habituation(planted(early, late)).numbers
    assert found[:, 0] == pytest.approx(early - late, abs=0.15)
    assert found[:, 1] == pytest.approx(0.0, abs=0.15)


def test_the_mean_of_both_halves_is_the_activation() -> None:
    whole = activation(planted(1.0, 0.2, noise=0.01)).numbers
    assert whole[:, 0] == pytest.approx(0.6, abs=0.02)


def test_halves_are_of_blocks_and_a_middle_one_belongs_to_neither() -> None:
    events = events_of(
        ("a", 0, 1), ("a", 2, 1), ("a", 10, 1), ("b", 14, 1), ("a", 16, 1), ("b", 30, 1)
    )
    halves, n_blocks = in_halves(events)
    assert n_blocks.tolist() == [3, 2]
    assert [halves.conditions[place] for place in halves.of_condition] == [
        "a (early)",
        "a (early)",
        "a (middle)",
        "b (early)",
        "a (late)",
        "b (late)",
    ]


def test_events_far_apart_are_blocks_of_their_own() -> None:
    halves, n_blocks = in_halves(events_of(*(("a", 10.0 * place, 2.0) for place in range(6))))
    assert n_blocks.tolist() == [6]
    assert halves.of_condition.tolist() == [0, 0, 0, 1, 1, 1]


def test_another_event_between_ends_a_block() -> None:
    halves, n_blocks = in_halves(events_of(("a", 0, 1), ("b", 1.5, 0.2), ("a", 2, 1)))
    assert n_blocks.tolist() == [2, 1]
    assert halves.of_condition.tolist() == [0, 5, 2]


def test_a_condition_of_one_block_has_no_halves() -> None:
    events = events_of(*(("fear", 20.0 + 2 * place, 1.0) for place in range(9)), ("shape", 80, 8))
    raw = 1000 + np.random.default_rng(0).normal(size=(N, 2))
    found = habituation(signals(events, raw))
    assert found.numbers.size == 0
    assert found.reasons["fear"] == "the condition 'fear' has one block in the run, not two halves"
