"""What tables of studies say before any image is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from brainchange.all_studies.preview import CHANGES_IN_ARMS, DIFFERENCES, named_files, preview
from brainchange.cli import app
from brainchange.errors import ConfigError, TableError
from brainchange.figures.study_forest import study_forest
from brainchange.inference.crossover import CROSSOVER_TABLE
from brainchange.sources.mriqc import mriqc_runs

ROOT = Path(__file__).parents[3]
PATIENTS = "ANX-1+ANX--1+ANX-none"


def row(table: pd.DataFrame, **where: str) -> dict[str, Any]:
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1, where
    return dict(table.iloc[0])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the committed studies and locks; its results are its own."""
    folder: Path = tmp_path_factory.mktemp("preview")
    for name in ("config", "data"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def real(project: Path, shared: Path) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    derived = shared / "openneuro-derivatives"
    quality = {
        name: derived / f"{name}-mriqc" / "iqms_compiled.tsv" for name in ("ds003007", "ds003357")
    }
    _, notes = preview(project, tables=shared / "openneuro", quality=quality)
    folder = project / "results" / "preview"
    within = CHANGES_IN_ARMS.read(folder / "changes_in_arms.tsv")
    return within, DIFFERENCES.read(folder / "differences.tsv"), notes


@pytest.mark.shared
def test_anxiety_of_the_41_patients_scanned_twice_falls_from_14_9_to_9_4(real: Any) -> None:
    found = row(real[0], study="ds006303", measure="PARS", arm=PATIENTS, who="scanned_twice")
    assert (found["n_arm"], found["n_both"]) == (44, 41)
    assert round(found["mean_pre"], 1) == 14.9
    assert round(found["mean_post"], 1) == 9.4
    assert round(found["change"], 2) == -5.44


@pytest.mark.shared
@pytest.mark.parametrize(
    ("measure", "arm", "n", "change", "t"),
    [
        ("mean_framewise_displacement", "depr_cbt", 8, 0.027, 1.86),
        ("mean_framewise_displacement", "depr_nfb", 6, -0.001, -0.12),
        ("mean_framewise_displacement", "depr_no_treatment", 15, 0.005, 0.62),
        ("tsnr", "depr_cbt", 8, -7.0, -1.65),
        ("tsnr", "depr_nfb", 6, -7.8, -1.93),
        ("tsnr", "depr_no_treatment", 15, -1.5, -0.45),
    ],
)
def test_quality_changes_as_published(  # noqa: PLR0917
    real: Any, measure: str, arm: str, n: int, change: float, t: float
) -> None:
    """Means and one-sample t, computed from the same tables by others."""
    found = row(real[0], study="ds003007", measure=measure, arm=arm, who="all")
    assert found["n_both"] == n
    assert found["change"] == pytest.approx(change, abs=0.051 if measure == "tsnr" else 0.00051)
    error = found["sd_change"] / found["n_both"] ** 0.5
    assert found["change"] / error == pytest.approx(t, abs=0.0051)


@pytest.mark.shared
def test_head_motion_of_ds003357_changes_as_published(real: Any) -> None:
    of = real[0][(real[0]["study"] == "ds003357") & (real[0]["metric"] == "tsnr")]
    assert sorted(of["n_both"]) == [15, 17]
    moved = real[0][
        (real[0]["study"] == "ds003357") & (real[0]["measure"] == "mean_framewise_displacement")
    ]
    assert sorted(moved["change"].round(3)) == [-0.007, 0.007]


@pytest.mark.shared
def test_a_study_whose_tables_are_not_there_is_told_and_stops_nobody(real: Any) -> None:
    """The phenotype tables of ds006577 are annexed: they come with a fetch."""
    assert any(note.startswith("ds006577: ") for note in real[2])
    assert {"ds003007", "ds003357", "ds004627", "ds005917", "ds006303"} <= set(real[0]["study"])


@pytest.mark.shared
def test_symptoms_between_arms_are_those_of_the_study_itself(real: Any) -> None:
    found = row(real[1], study="ds003007", measure="BDI", contrast="cbt_vs_untreated")
    assert found["dppc2"] == pytest.approx(-0.5435, abs=5e-5)


@pytest.mark.shared
def test_the_page_shows_every_difference_and_stands_alone(real: Any, project: Path) -> None:
    page = (project / "results/preview/preview.html").read_text()
    shown = page.split('id="differences-table"')[1].split("</table>")[0]
    assert shown.count("<tr>") - 1 == real[1]["ci_low"].notna().sum()
    assert "What do published tables tell, before any image?" in page
    assert 'download="differences.tsv"' in page
    assert page.count('<figure id="figure-studies">') == 1
    assert ">nan" not in page
    assert page.count("<script>") == 2
    assert "Too few participants for an interval: PARS" in page
    assert "(61 vs 1 participants)" in page


def test_without_any_table_it_says_what_to_do(project: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--tables"):
        preview(project, ["ds003007"], tables=tmp_path)
    with pytest.raises(ConfigError, match="Did you mean 'ds003007'"):
        preview(project, ["ds003077"])


def test_files_are_named_with_their_study(tmp_path: Path) -> None:
    path = tmp_path / "group_bold.tsv"
    path.write_text("bids_name\tfd_mean\n")
    assert named_files([f"ds003007={path}"]) == {"ds003007": path}
    for wrong in (str(path), "ds003007=/nowhere.tsv"):
        result = CliRunner().invoke(app, ["preview", "ds003007", "--mriqc", wrong])
        assert result.exit_code != 0
        with pytest.raises(ConfigError, match="--mriqc"):
            named_files([wrong])


def test_the_table_of_mriqc_names_runs_by_bids_name(tmp_path: Path) -> None:
    path = tmp_path / "group_bold.tsv"
    path.write_text(
        "bids_name\tfd_mean\ttsnr\n"
        "sub-01_ses-pre_task-rest_bold\t0.1\t50\n"
        "sub-01_ses-pre_task-rest_echo-2_bold\t0.3\t40\n"
        "sub-02_task-rest_run-2_bold\tn/a\t60\n"
        "not a run\t1\t1\n"
    )
    found = mriqc_runs(path)
    assert found["participant_id"].tolist() == ["sub-01", "sub-01", "sub-02", "sub-02"]
    assert found["session_id"].tolist()[:2] == ["ses-pre", "ses-pre"]
    assert found["value"].tolist()[:2] == [0.1, 50]
    assert pd.isna(found["value"][2])
    assert pd.isna(found["region"][0])
    assert found["region"][1] == "brain"
    path.write_text("name\tx\n1\t2\n")
    with pytest.raises(TableError, match="bids_name or path"):
        mriqc_runs(path)


@pytest.mark.shared
def test_every_mark_of_the_forest_is_a_row_of_its_table(real: Any) -> None:
    within, effects, _ = real
    drawing = study_forest(within[within["who"] == "all"], effects)
    shown = within[(within["who"] == "all") & within["g_av"].notna()]
    kinds = effects["kind"].isin(["outcome", "quality"]) & effects["dppc2"].notna()
    assert len(drawing.table) == len(shown) + kinds.sum()
    assert "Beck Depression Inventory" in drawing.alternative


@pytest.mark.shared
def test_both_treatments_of_the_crossover_are_compared_within_participants(
    real: Any, project: Path
) -> None:
    """MADRS two days after ketamine − after saline in the 24 patients with both: −6.75 points."""
    assert len(real[0])
    table = CROSSOVER_TABLE.read(project / "results" / "preview" / "crossover.tsv")
    found = table.iloc[0]
    assert (found["study"], found["measure"], found["sessions"]) == (
        "ds005917", "MADRS", "d2 / p2"
    )  # fmt: skip
    assert (found["n_treatment_first"], found["n_control_first"]) == (12, 12)
    assert found["effect"] == pytest.approx(-6.75)
    assert found["ci_high"] < 0
