"""Effects equal values from independent implementations (numpy by hand, scipy, pingouin, R).

``inference_vectors.json`` and ``symptoms_ds003007.json`` name the implementations of each value.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainchange.inference.between import welch
from brainchange.inference.change import describe_change, sign_flip_test
from brainchange.inference.effect_size import between_effect, pooled_sd, within_effect
from brainchange.inference.multiplicity import benjamini_hochberg, holm
from brainchange.inference.permutation import named_generator, permutation_test

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "inference_vectors.json").read_text())
SYMPTOMS = json.loads((HERE / "symptoms_ds003007.json").read_text())
REL = 1e-6


def exact(values: Any, n_treated: int, limit: int = 2_000_000) -> Any:
    treated = np.arange(len(values)) < n_treated
    return permutation_test(
        np.asarray(values)[:, None],
        treated,
        exact_up_to=limit,
        permutations=999,
        generator=named_generator(1, "unused"),
    )


def signs(change: Any) -> Any:
    return sign_flip_test(
        change[:, None],
        exact_up_to=2_000_000,
        permutations=999,
        generator=named_generator(1, "unused"),
    )


def arrays(inputs: dict[str, list[float]], *names: str) -> tuple[Any, ...]:
    return tuple(np.array(inputs[name], dtype=float) for name in names)


def test_paired_effects() -> None:
    expected = VECTORS["paired_effects"]["expected"]
    pre, post = arrays(VECTORS["paired_effects"]["inputs"], "pre", "post")
    change, effect = describe_change(pre, post), within_effect(pre, post)
    assert change.mean == pytest.approx(expected["mean_change"], rel=REL)
    assert change.sd == pytest.approx(expected["sd_change"], rel=REL)
    assert change.correlation == pytest.approx(expected["r"], rel=REL)
    assert change.t == pytest.approx(expected["t"], rel=REL)
    assert change.p == pytest.approx(expected["p"], rel=REL)
    assert (change.low, change.high) == pytest.approx(expected["ci95_change"], rel=REL)
    assert effect.d_z == pytest.approx(expected["d_z"], rel=REL)
    assert effect.d_av == pytest.approx(expected["d_av"], rel=REL)
    assert effect.g_av == pytest.approx(expected["g_av_J_n_minus_1_exact"], rel=REL)
    interval = expected["d_av_ci95_AlginaKeselman2003"]
    assert (effect.low, effect.high) == pytest.approx(interval, rel=REL)
    assert signs(post - pre).p[0] == pytest.approx(expected["signflip_exact_p"], rel=REL)


def test_two_arm_change() -> None:
    expected = VECTORS["two_arm_change"]["expected"]
    pre_t, post_t, pre_c, post_c = arrays(
        VECTORS["two_arm_change"]["inputs"], "preT", "postT", "preC", "postC"
    )
    raw = welch(post_t - pre_t, post_c - pre_c)
    assert raw.difference == pytest.approx(expected["raw_diff_of_changes"], rel=REL)
    assert raw.t == pytest.approx(expected["welch"]["t"], rel=REL)
    assert raw.df == pytest.approx(expected["welch"]["df"], rel=REL)
    assert raw.p == pytest.approx(expected["welch"]["p"], rel=REL)
    assert (raw.low, raw.high) == pytest.approx(expected["welch"]["ci"], rel=REL)
    effect = between_effect((pre_t, post_t), (pre_c, post_c))
    assert pooled_sd(pre_t, pre_c) == pytest.approx(expected["sd_pre_pooled"], rel=REL)
    assert effect.value == pytest.approx(expected["dppc2"], rel=REL)
    assert effect.standard_error**2 == pytest.approx(expected["dppc2_var_morris_eq25"], rel=REL)
    assert (effect.low, effect.high) == pytest.approx(expected["dppc2_ci95_normal"], rel=REL)
    test = exact(np.concatenate([post_t - pre_t, post_c - pre_c]), len(pre_t))
    assert test.method == "exact"
    assert test.n_permutations == expected["n_perm"]
    studentised = expected["perm_exact_p_studentised_welch_t"]
    assert test.p[0] == pytest.approx(studentised, rel=REL)


@pytest.mark.parametrize("arm", SYMPTOMS["arms"])
def test_depression_within_arms(arm: str) -> None:
    expected = SYMPTOMS["arms"][arm]["expected"]
    pre, post = arrays(SYMPTOMS["arms"][arm], "pre", "post")
    change, effect = describe_change(pre, post), within_effect(pre, post)
    found = {
        "n": change.n,
        "pre_mean": change.mean_pre,
        "pre_sd": change.sd_pre,
        "post_mean": change.mean_post,
        "post_sd": change.sd_post,
        "r_prepost": change.correlation,
        "change_mean": change.mean,
        "change_sd": change.sd,
        "t": change.t,
        "p_two_sided": change.p,
        "p_signflip_exact": signs(post - pre).p[0],
        "d_z": effect.d_z,
        "d_av_cumming": effect.d_av,
        "g_av_Jexact_n_minus_1": effect.g_av,
    }
    assert found == pytest.approx({name: expected[name] for name in found}, rel=REL)
    assert (change.low, change.high) == pytest.approx(expected["change_ci95"], rel=REL)
    interval = expected["d_av_ci95_AlginaKeselman"]
    assert (effect.low, effect.high) == pytest.approx(interval, rel=REL)


@pytest.mark.parametrize("contrast", SYMPTOMS["contrasts"])
def test_depression_between_arms(contrast: str) -> None:
    expected = SYMPTOMS["contrasts"][contrast]["expected"]
    treated, control = (
        arrays(SYMPTOMS["arms"][SYMPTOMS["contrasts"][contrast][side]], "pre", "post")
        for side in ("treated", "control")
    )
    effect = between_effect(treated, control)
    raw = welch(treated[1] - treated[0], control[1] - control[0])
    morris, comparison = expected["dppc2"], expected["welch_on_change"]
    assert effect.value == pytest.approx(morris["dppc2"], rel=REL)
    assert effect.standard_error == pytest.approx(morris["se"], rel=REL)
    assert (effect.low, effect.high) == pytest.approx(morris["ci95_normal"], rel=REL)
    assert raw.difference == pytest.approx(comparison["diff_change_means"], rel=REL)
    assert raw.standard_error == pytest.approx(comparison["se"], rel=REL)
    assert raw.df == pytest.approx(comparison["df"], rel=REL)
    assert raw.p == pytest.approx(comparison["p_two_sided"], rel=REL)
    assert (raw.low, raw.high) == pytest.approx(comparison["ci95"], rel=REL)
    if "p_perm_exact_studentised" in comparison:
        changes = np.concatenate([treated[1] - treated[0], control[1] - control[0]])
        test = exact(changes, treated[0].size, limit=5_000_000)
        assert test.n_permutations == comparison["n_perm_exact"]
        assert test.p[0] == pytest.approx(comparison["p_perm_exact_studentised"], rel=REL)


def test_adjusted_p_values_of_benjamini_and_hochberg_1995() -> None:
    vector = VECTORS["multiplicity_bh1995"]
    p, expected = vector["inputs"]["p"], vector["expected"]
    assert benjamini_hochberg(p) == pytest.approx(expected["BH"], abs=1e-10)
    assert holm(p) == pytest.approx(expected["holm"], abs=1e-10)
    assert (benjamini_hochberg(p) <= 0.05).sum() == expected["n_reject_BH_q05"]
    assert (holm(p) <= 0.05).sum() == expected["n_reject_holm_05"]


def test_a_monte_carlo_p_is_never_zero() -> None:
    vector = VECTORS["permutation_p_phipson_smyth"]
    changes = np.concatenate([np.arange(30) / 100 + 50, np.arange(30) / 100])
    test = permutation_test(
        changes[:, None],
        np.arange(60) < 30,
        exact_up_to=1000,
        permutations=vector["inputs"]["m"],
        generator=named_generator(1, "phipson"),
    )
    assert test.method == "monte_carlo"
    assert test.p[0] == vector["expected"]["p"]
