"""Other specifications: the same signals, denoised and censored in another way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainchange.imaging.denoise import cosine_basis
from brainchange.metrics.alternatives import alternative_tables
from brainchange.metrics.derivatives import write_derivatives
from brainchange.metrics.gather import gather, participant_tables, with_more
from brainchange.study.settings import Alternatives, Censoring, Regressors, Scrubbing, Settings

DEFAULT = Settings().alternatives
EDGES = (("amygdala_L", "amygdala_R"), ("amygdala_L", "hippocampus_L"))


@pytest.fixture
def confounds(tiny):
    def make(seed=0):
        rng = np.random.default_rng(seed + 77)
        table = tiny.confounds(seed=seed)
        extra = {"global_signal": rng.normal(800, 1, len(table))}
        extra |= {f"a_comp_cor_{n:02d}": rng.normal(0, 0.1, len(table)) for n in range(5)}
        return table.assign(**extra)

    return make


@pytest.fixture
def under(tiny, tmp_path):
    """Measure, write the signals, and compute every other specification from them."""

    def compute(edges=EDGES, **changes):
        settings = tiny.settings.model_copy(update={"alternatives": DEFAULT, **changes})
        measured = tiny.measure(**{"alternatives": DEFAULT, **changes})
        results = tmp_path / "results"
        write_derivatives(measured, results, tiny.layout.images, settings)
        tables = gather([participant_tables(measured, tiny.layout)], {"sub-01": "a"})
        found = alternative_tables(
            tables.observations,
            {"sub-01": tiny.runs},
            results=results,
            folder=tiny.folder,
            layout=tiny.layout,
            regions=tiny.regions,
            settings=settings,
            edges=edges,
        )
        return measured, tables, found

    return compute


def of(found, name, **where):
    table = found.observations
    for column, wanted in {"specification": name, **where}.items():
        table = table[table[column] == wanted]
    return table


def test_connectivity_is_that_of_least_squares_on_the_columns_of_fmriprep(tiny, confounds, under):
    """24 motion parameters, white matter, CSF and cosines; FD above 0.2 mm censored."""
    table = confounds()
    table.loc[[30, 31, 60], "framewise_displacement"] = 0.3
    tiny.add(table=table)
    measured, _, found = under()
    kept = np.ones(96, bool)
    kept[[26, 27, 56]] = False
    motion = table.iloc[:, :6].to_numpy()
    change = np.diff(motion, axis=0, prepend=motion[:1])
    motion = np.hstack([motion, change, motion**2, change**2])[4:]
    tissue = table[["white_matter", "csf"]].to_numpy()[4:]
    design = np.hstack([np.ones((96, 1)), motion, tissue, cosine_basis(96, 2.0, 128.0)])[kept]
    signals = measured.runs[0].signals.raw[kept]
    scaled = design / np.linalg.norm(design, axis=0)
    left = signals - scaled @ np.linalg.lstsq(scaled, signals, rcond=None)[0]
    expected = np.arctanh(np.corrcoef(left.T)[0, [1, 2]])
    rows = of(found, "motion24-wm-csf+fd0.2", timepoint="pre")
    np.testing.assert_allclose(rows["value"], expected, rtol=1e-7)
    row = found.specifications.set_index("specification").loc["motion24-wm-csf+fd0.2"]
    assert row["n_kept"] == 93
    assert row["residual_degrees_of_freedom"] == 93 - design.shape[1]


def test_only_pairs_that_are_asked_for_are_kept(tiny, confounds, under):
    tiny.add(table=confounds())
    _, tables, found = under()
    table = found.observations
    assert set(table["metric"]) == {"connectivity"}
    assert len(table) == 11 * 2 * len(EDGES)
    assert set(zip(table["region"], table["region_2"], strict=True)) == set(EDGES)
    assert (table.groupby("specification")["value"].count() == len(EDGES)).all()
    assert set(table["arm"]) == {"a"}
    more = with_more(tables, found.observations, found.decisions).observations
    assert len(more) == len(table) + len(tables.observations)


def test_what_is_missing_under_the_primary_specification_is_missing_under_all(
    tiny, confounds, under
):
    tiny.add(table=confounds())
    _, _, found = under()
    lost = of(found, "motion24-wm-csf", timepoint="post")
    assert lost["value"].isna().all()
    assert set(lost["flag"]) == {"no run of task rest at post"}
    assert set(lost["n_runs"]) == {0}
    assert found.decisions == ()


def test_a_run_without_a_column_lacks_only_the_specification_that_needs_it(tiny, under):
    tiny.add()
    _, tables, found = under()
    values = found.observations[found.observations["timepoint"] == "pre"]
    there = values.dropna(subset="value")["specification"].unique()
    assert set(there) == {
        *(f"motion12-wm-csf+{name}" for name in ("uncensored", "fd0.2")),
        *(f"motion24-wm-csf{name}" for name in ("", "+uncensored", "+fd0.2")),
    }
    flags = of(found, "motion24-wm-csf-gs", timepoint="pre")["flag"]
    assert flags.str.contains("column 'global_signal' is missing").all()
    reasons = {row["name"]: row["reason"] for row in found.decisions}
    assert set(reasons) == {
        "motion24-wm-csf-gs, motion24-wm-csf-gs+uncensored, motion24-wm-csf-gs+fd0.2",
        "acompcor5-motion24, acompcor5-motion24+uncensored, acompcor5-motion24+fd0.2",
    }
    assert all(row["run"] == "sub-01_ses-pre_task-rest" for row in found.decisions)
    voxels = tables.observations.query("metric == 'falff' and timepoint == 'pre'")
    there = voxels.dropna(subset="value")["specification"].unique()
    assert set(there) == {"motion12-wm-csf", "motion24-wm-csf"}
    lost = voxels[voxels["specification"] == "acompcor5-motion24"]
    assert lost["flag"].str.contains("column 'a_comp_cor_00' is missing").all()


def test_a_run_that_strict_censoring_empties_lacks_only_strict_specifications(
    tiny, confounds, under
):
    table = confounds()
    table.loc[10:60, "framewise_displacement"] = 0.3
    tiny.add(table=table)
    _, _, found = under()
    strict = found.observations["specification"].str.endswith("+fd0.2")
    pre = found.observations["timepoint"] == "pre"
    assert found.observations.loc[pre & strict, "value"].isna().all()
    assert found.observations.loc[pre & ~strict, "value"].notna().all()
    assert set(found.observations.loc[pre & strict, "flag"]) == {
        "45 volumes are kept, fewer than 60"
    }
    assert [row["reason"] for row in found.decisions] == ["45 volumes are kept, fewer than 60"]
    used = found.specifications.set_index("specification")["used"]
    assert used["motion12-wm-csf"]
    assert not used["motion12-wm-csf+fd0.2"]


def test_few_degrees_of_freedom_are_a_caution_of_that_specification(tiny, confounds, under):
    tiny.add(image=tiny.bold(n_volumes=60), table=confounds().iloc[:60])
    few = Censoring(fewest_volumes=20, caution_volumes=20)
    _, tables, found = under(censoring=few)
    left = found.specifications.set_index("specification")["residual_degrees_of_freedom"]
    assert left["motion12-wm-csf"] == 56 - 1 - 12 - 2 - 1
    assert left["motion24-wm-csf-gs"] == 56 - 1 - 36 - 1
    flags = of(found, "motion24-wm-csf", timepoint="pre")["flag"]
    assert flags.isna().all()
    more = Censoring(fewest_volumes=20, caution_volumes=20, caution_degrees_of_freedom=20)
    _, tables, found = under(censoring=more)
    flags = of(found, "motion24-wm-csf-gs", timepoint="pre")["flag"]
    assert set(flags) == {"nuisance regression leaves 18 degrees of freedom, fewer than 20"}
    assert of(found, "motion12-wm-csf+uncensored", timepoint="pre")["flag"].isna().all()
    primary = tables.observations.query("specification == 'motion12-wm-csf' and value.notna()")
    assert primary["flag"].isna().all()


def test_a_caution_of_the_primary_censoring_is_none_of_another(tiny, confounds, under):
    table = confounds()
    table.loc[10:40, "framewise_displacement"] = 0.6
    tiny.add(table=table)
    _, tables, found = under()
    primary = tables.observations.query("metric == 'connectivity' and timepoint == 'pre'")
    assert set(primary["flag"]) == {"65 volumes are kept, fewer than 80"}
    assert of(found, "motion12-wm-csf+uncensored", timepoint="pre")["flag"].isna().all()
    assert set(of(found, "motion12-wm-csf+fd0.2", timepoint="pre")["flag"]) == {
        "65 volumes are kept, fewer than 80"
    }


def test_too_many_regressors_for_the_volumes_are_told(tiny, confounds, under):
    tiny.add(image=tiny.bold(n_volumes=40), table=confounds().iloc[:40])
    few = Censoring(fewest_volumes=5, caution_volumes=5)
    _, _, found = under(censoring=few)
    flags = of(found, "motion24-wm-csf-gs", timepoint="pre")["flag"]
    assert flags.str.contains("36 kept volumes cannot carry 36 nuisance regressors").all()


def test_fractional_alff_under_another_denoising_is_that_of_it_as_primary(tiny, confounds):
    """The other designs share one transformation; alone, each is transformed by itself."""
    tiny.add(table=confounds())
    together = tiny.observed(tiny.measure(alternatives=DEFAULT), metric="falff_z", timepoint="pre")
    for other in DEFAULT.denoising:
        chosen = Settings().denoising.model_copy(update=other.model_dump())
        alone = tiny.observed(tiny.measure(denoising=chosen), metric="falff_z", timepoint="pre")
        found = together[together["specification"] == other.name]
        np.testing.assert_allclose(found["value"], alone["value"], rtol=1e-9, atol=1e-9)
        primary = together["value"].iloc[: len(found)]
        assert np.abs(found["value"].to_numpy() - primary.to_numpy()).max() > 1e-3


def test_alternatives_change_nothing_of_the_primary_specification(tiny, confounds):
    tiny.add(table=confounds())
    with_others = tiny.observed(tiny.measure(alternatives=DEFAULT), specification="motion12-wm-csf")
    alone = tiny.observed(tiny.measure())
    pd.testing.assert_frame_equal(with_others.reset_index(drop=True), alone)


def test_several_runs_of_a_timepoint_are_averaged(tiny, confounds, under):
    spoiled = confounds(2)
    spoiled.loc[10:60, "framewise_displacement"] = 0.3
    tiny.add(seed=1, run="1", table=confounds(1))
    tiny.add(seed=2, run="2", table=spoiled)
    _, _, found = under()
    free = of(found, "motion24-wm-csf", timepoint="pre")
    assert set(free["n_runs"]) == {2}
    strict = of(found, "motion24-wm-csf+fd0.2", timepoint="pre")
    assert set(strict["n_runs"]) == {1}
    assert strict["flag"].str.contains("45 volumes are kept, fewer than 60").all()
    tiny.runs.pop()
    _, _, first = under()
    np.testing.assert_allclose(
        strict["value"], of(first, "motion24-wm-csf+fd0.2", timepoint="pre")["value"]
    )


def test_metrics_and_grid_are_those_of_the_configuration(tiny, confounds, under):
    tiny.add(table=confounds())
    own = Alternatives(
        denoising=(Regressors(name="six", motion_parameters=6),),
        censoring=(Scrubbing(name="fd0.3", framewise_displacement=0.3),),
        metrics=("alff",),
    )
    _, tables, found = under(alternatives=own)
    assert found.observations.empty
    assert set(tables.observations.query("specification == 'six'")["metric"]) == {"alff", "alff_z"}
    assert set(found.specifications["specification"]) == {
        "motion12-wm-csf",
        "motion12-wm-csf+fd0.3",
        "six",
        "six+fd0.3",
    }
