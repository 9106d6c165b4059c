"""Effects of the real tables of ds003007 equal those computed independently from the same files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from brainchange.inference.infer import Inferred, infer
from brainchange.inference.verdicts import verdicts_table
from brainchange.metrics.given import read_given
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import read_regions
from brainchange.study.settings import Settings
from brainchange.study.strict import parse, read_yaml
from brainchange.tables import read_tsv

pytestmark = pytest.mark.shared
REL = 1e-6
SETTINGS = Settings()


@pytest.fixture(scope="module")
def gold(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "gold" / "symptoms_ds003007.json").read_text())
    return found["scales"]


@pytest.fixture(scope="module")
def inferred(root: Path, shared: Path) -> Inferred:
    """Effects from the participants table and the MRIQC measurements of every run."""
    config = root / "config"
    every = read_regions(config / "regions.tsv")
    regions = tuple(region for region in every if region.atlas == "aparcaseg")
    mriqc = shared / "openneuro-derivatives" / "ds003007-mriqc"
    return infer(
        parse(Study, read_yaml(config / "studies" / "ds003007.yaml"), "study"),
        parse(Claims, read_yaml(config / "claims.yaml"), "claims"),
        regions,
        SETTINGS,
        observations=mriqc_observations(mriqc, [region.region for region in regions]),
        participants=read_tsv(shared / "openneuro" / "ds003007" / "participants.tsv"),
    )


def mriqc_observations(folder: Path, regions: list[str]) -> pd.DataFrame:
    """One row a run; the tSNR of the whole brain stands for that of every region."""
    runs = read_tsv(folder / "iqms_compiled.tsv")
    runs = runs[runs["suffix"] == "bold"]
    return OBSERVATIONS_TABLE.frame(
        {
            "participant_id": run["participant_id"],
            "timepoint": run["session_id"].removeprefix("ses-"),
            "session_id": run["session_id"],
            "task": "rest",
            "specification": SETTINGS.denoising.name,
            "metric": metric,
            "region": region,
            "value": run[column],
            "unit": unit,
            "n_runs": 1,
        }
        for run in runs.to_dict("records")
        for metric, column, unit, region in (
            ("mean_framewise_displacement", "fd_mean", "mm", None),
            *(("tsnr", "tsnr", "1", region) for region in regions),
        )
    )


def row(table: pd.DataFrame, **where: str) -> dict[str, Any]:
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return dict(table.iloc[0])


@pytest.mark.parametrize("scale", ["BDI", "MADRS"])
@pytest.mark.parametrize("arm", ["depr_cbt", "depr_nfb", "depr_no_treatment"])
def test_change_of_symptoms_within_arms(
    scale: str, arm: str, inferred: Inferred, gold: dict[str, Any]
) -> None:
    found, expected = row(inferred.within, measure=scale, arm=arm), gold[scale]["arms"][arm]
    assert found["n_arm"] == expected["n_enrolled"]
    assert (found["n_pre"], found["n_post"]) == (expected["n_pre"], expected["n_post"])
    assert found["n_both"] == expected["n_both"]
    if not expected["n_both"]:
        assert pd.isna(found["change"])
        assert found["flag"] == "no participant has both values"
        return
    complete = expected["completers"]
    names = {
        "mean_pre": "pre_mean",
        "sd_pre": "pre_sd",
        "mean_post": "post_mean",
        "sd_post": "post_sd",
        "change": "change_mean",
        "sd_change": "change_sd",
        "correlation": "r_prepost",
        "d_z": "d_z",
        "g_av": "g_av_Jexact_n_minus_1",
    }
    for name, other in names.items():
        assert found[name] == pytest.approx(complete[other], rel=REL), name
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(complete["change_ci95"], rel=REL)
    interval = complete["d_av_ci95_AlginaKeselman"]
    assert (found["g_av_ci_low"], found["g_av_ci_high"]) == pytest.approx(interval, rel=REL)
    if found["n_both"] >= SETTINGS.inference.fewest_participants:
        assert found["p_sign_flip"] == pytest.approx(complete["p_signflip_exact"], rel=REL)
    else:
        assert "described, not tested" in found["flag"]
        assert pd.isna(found["p_sign_flip"])


@pytest.mark.parametrize(
    ("contrast", "name"),
    [
        ("cbt_vs_untreated", "depr_cbt_minus_no_treatment"),
        ("nfb_vs_untreated", "depr_nfb_minus_no_treatment"),
        ("treated_vs_untreated", "treated_cbt_plus_nfb_minus_no_treatment"),
    ],
)
def test_difference_in_change_of_depression(
    contrast: str, name: str, inferred: Inferred, gold: dict[str, Any]
) -> None:
    found = row(inferred.effects, measure="BDI", contrast=contrast)
    expected = gold["BDI"]["contrasts"][name]
    morris, comparison = expected["dppc2"], expected["welch_on_change"]
    assert (found["n_treated"], found["n_control"]) == (morris["nT"], morris["nC"])
    assert found["difference"] == pytest.approx(morris["raw_diff_of_changes"], rel=REL)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(comparison["ci95"], rel=REL)
    assert found["df"] == pytest.approx(comparison["df"], rel=REL)
    assert found["p_welch"] == pytest.approx(comparison["p_two_sided"], rel=REL)
    assert found["dppc2"] == pytest.approx(morris["dppc2"], rel=REL)
    assert found["dppc2_se"] == pytest.approx(morris["se"], rel=REL)
    interval = (found["dppc2_ci_low"], found["dppc2_ci_high"])
    assert interval == pytest.approx(morris["ci95_normal"], rel=REL)
    adjusted = expected["ancova"]
    assert found["ancova"] == pytest.approx(adjusted["b_arm"], rel=REL)
    assert found["ancova_se_hc3"] == pytest.approx(adjusted["se_hc3"], rel=REL)
    assert found["ancova_p"] == pytest.approx(adjusted["p_hc3_t"], rel=REL)
    assert found["bayes_factor_10"] == pytest.approx(expected["BF10_JZS_student_R"], rel=REL)
    assert found["equivalence_bound"] == pytest.approx(0.5 * morris["sd_pre_pooled"], rel=REL)
    assert found["tost_p"] > 0.05
    p = comparison["p_perm_exact_studentised"]
    if comparison["n_perm_exact"] <= SETTINGS.inference.exact_up_to:
        assert found["permutation_method"] == "exact"
        assert found["p_permutation"] == pytest.approx(p, rel=REL)
        assert found["p_floor"] == pytest.approx(1 / comparison["n_perm_exact"], rel=REL)
    else:
        assert found["permutation_method"] == "monte_carlo"
        assert found["p_permutation"] == pytest.approx(p, abs=0.015)


@pytest.mark.parametrize(
    ("contrast", "name"),
    [
        ("cbt_vs_untreated", "depr_cbt_minus_no_treatment"),
        ("nfb_vs_untreated", "depr_nfb_minus_no_treatment"),
        ("treated_vs_untreated", "treated_cbt_plus_nfb_minus_no_treatment"),
    ],
)
def test_mixed_model_of_depression(
    contrast: str, name: str, inferred: Inferred, gold: dict[str, Any]
) -> None:
    found = row(inferred.effects, measure="BDI", contrast=contrast)
    expected = gold["BDI"]["contrasts"][name]["lmm_all_available_R"]
    assert found["n_treated_any"] + found["n_control_any"] == expected["n_subj"]
    for column, other in (
        ("mixed_model", "b_armxtime"),
        ("mixed_model_se_unadjusted", "se_unadjusted"),
        ("mixed_model_se", "se_KR"),
        ("mixed_model_df", "df_KR"),
        ("mixed_model_p", "p_KR"),
    ):
        assert found[column] == pytest.approx(expected[other], rel=REL), column


def test_four_estimators_of_depression(inferred: Inferred, gold: dict[str, Any]) -> None:
    """Treated participants start 7.6 points higher, so the estimators are far apart."""
    found = row(inferred.effects, measure="BDI", contrast="treated_vs_untreated")
    names = ("difference", "mixed_model", "ancova", "constrained_baseline")
    expected = (-5.95, -5.80, -2.81, -2.34)
    assert tuple(found[name] for name in names) == pytest.approx(expected, abs=0.005)
    assert found["estimators_agree"]
    whole = gold["BDI"]["contrasts"]["treated_cbt_plus_nfb_minus_no_treatment"]["clda_reml"]
    assert found["constrained_baseline"] == pytest.approx(whole["b_time_x_arm"], rel=REL)
    assert found["constrained_baseline_se_unadjusted"] == pytest.approx(whole["se"], rel=REL)


def test_a_scale_without_control_has_no_effect(inferred: Inferred) -> None:
    found = row(inferred.effects, measure="MADRS", contrast="cbt_vs_untreated")
    assert found["flag"] == "no control participant has both values: no comparison"
    numbers = ("difference", "ci_low", "dppc2", "p_welch", "p_permutation")
    assert all(pd.isna(found[number]) for number in numbers)
    told = inferred.decisions[inferred.decisions["name"] == "MADRS"]["reason"]
    reason = "no participant of the arm 'depr_no_treatment' has a value at pre or post"
    assert reason in set(told)


@pytest.mark.parametrize(
    ("measure", "arm", "expected"),
    [
        ("mean_framewise_displacement", "depr_cbt", (8, 0.027, 1.86)),
        ("mean_framewise_displacement", "depr_nfb", (6, -0.001, -0.12)),
        ("mean_framewise_displacement", "depr_no_treatment", (15, 0.005, 0.62)),
        ("tsnr", "depr_cbt", (8, -7.0, -1.65)),
        ("tsnr", "depr_nfb", (6, -7.8, -1.93)),
        ("tsnr", "depr_no_treatment", (15, -1.5, -0.45)),
    ],
)
def test_motion_and_tsnr_of_the_real_runs(
    measure: str, arm: str, expected: tuple[int, float, float], inferred: Inferred
) -> None:
    found = row(inferred.within, measure=measure, arm=arm)
    n, change, t = expected
    assert found["n_both"] == n
    assert found["change"] == pytest.approx(change, abs=0.05 if measure == "tsnr" else 0.0005)
    assert found["d_z"] * n**0.5 == pytest.approx(t, abs=0.005)


def test_no_null_of_the_flagship_could_be_evidence_of_absence(inferred: Inferred) -> None:
    """8 v 15: no equivalence below 0.75 SD, no Bayes factor against an effect above 2.55."""
    found = row(
        inferred.effects, measure="mean_framewise_displacement", contrast="cbt_vs_untreated"
    )
    assert (found["n_treated"], found["n_control"]) == (8, 15)
    assert found["smallest_equivalence_bound"] == pytest.approx(0.75, abs=0.005)
    assert found["bayes_factor_01_ceiling"] == pytest.approx(1 / 0.391668924215957, rel=REL)
    assert found["minimum_detectable_effect"] == pytest.approx(1.29, abs=0.005)


def test_every_participant_is_counted(inferred: Inferred) -> None:
    counts = inferred.attrition.pivot_table(index="step", columns="arm", values="n")
    arms = ["depr_cbt", "depr_nfb", "depr_no_treatment"]
    assert counts.loc["enrolled", arms].tolist() == [8, 6, 15]
    assert counts.loc["files_both", arms].tolist() == [8, 6, 15]
    assert counts.loc["outcome_BDI", arms].tolist() == [5, 6, 14]
    assert counts.loc["outcome_MADRS", arms].tolist() == [6, 3, 0]


def test_a_study_from_the_table_alone_is_inconclusive_about_symptoms(
    root: Path, shared: Path
) -> None:
    """The same verdict as of a one-off judgement, through a study file without images."""
    config = root / "config"
    table = shared / "openneuro" / "ds003007" / "participants.tsv"
    whole = read_yaml(config / "studies" / "ds003007.yaml")
    given = {"source": "observations", "observations": {"table": str(table)}}
    kept = {key: value for key, value in whole.items() if key not in ("repositories", "images")}
    study = parse(Study, kept | given, "study")
    tables = read_given(study, (), config)
    found = infer(
        study,
        parse(Claims, read_yaml(config / "claims.yaml"), "claims"),
        (),
        SETTINGS,
        observations=tables.observations,
        participants=tables.participants,
    )
    verdicts = verdicts_table(found.verdicts)
    scale = row(verdicts, measure="BDI", contrast="cbt_vs_untreated")
    assert scale["verdict"] == "INCONCLUSIVE"
    assert (scale["n_treated"], scale["n_control"]) == (5, 14)
    assert scale["dppc2"] == pytest.approx(-0.544, abs=5e-4)
    assert scale["p"] == pytest.approx(0.166, abs=5e-4)
    other = row(verdicts, measure="MADRS", contrast="cbt_vs_untreated")
    assert other["verdict"] == "CONSISTENT (no control)"
    claims = verdicts[verdicts["kind"] == "claim"]
    assert set(claims["verdict"]) == {"NOT TESTED", "NOT TESTABLE WITH MRI"}
