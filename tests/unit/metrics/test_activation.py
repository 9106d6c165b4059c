"""Activation by a task: planted responses are found, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma

from brainchange.metrics.alternatives import alternative_tables
from brainchange.metrics.derivatives import write_derivatives
from brainchange.metrics.gather import gather, participant_tables
from brainchange.study.settings import (
    Alternatives,
    Censoring,
    Denoising,
    Regressors,
    Scrubbing,
    Task,
)

TR, N, DUMMIES = 2.0, 124, 4
TASK = {
    "tasks": ("faces",),
    "task_contrasts": {
        "fear": {"task": "faces", "formula": "fear - shape", "label": "fear against shapes"},
        "any": {"task": "faces", "formula": "(fear + shape)/2", "label": "anything"},
    },
}
BLOCKS = [(12 + 20 * place, 12.0, ("fear", "shape")[place % 2]) for place in range(11)]
CORRECTED = {"RepetitionTime": TR, "SliceTimingCorrected": True, "StartTime": 1.0}


def single_events(seed=5):
    """Events of 1 s every 4 to 8 s in random order."""
    rng = np.random.default_rng(seed)
    onsets = 9 + np.cumsum(rng.uniform(4, 8, 36))
    kinds = rng.permutation(["fear", "shape"] * 18)
    return [(onset, 1.0, kind) for onset, kind in zip(onsets, kinds, strict=True)]


def as_table(events):
    lines = ["onset\tduration\ttrial_type"]
    return "\n".join([*lines, *(f"{on:.6f}\t{length}\t{kind}" for on, length, kind in events)])


def response(events, kind, n_volumes=N, reference=1.0, step=0.01):
    """Expected response in volumes, from the formula of the canonical HRF, by fine integration."""
    time = np.arange(0, 32, step)
    hrf = gamma.pdf(time, 6) - gamma.pdf(time, 16) / 6
    hrf /= hrf.sum()
    fine = np.zeros(int(n_volumes * TR / step))
    for onset, length, name in events:
        if name == kind:
            fine[round(onset / step) : round((onset + length) / step)] += 1
    convolved = np.convolve(fine, hrf)
    return convolved[((np.arange(n_volumes) * TR + reference) / step).astype(int)]


def image_with(tiny, activity, seed=1, noise=4.0, correlation=0.0):
    """Brain of 1000 with noise; activity in percent by label, (n_volumes,)."""
    rng = np.random.default_rng(seed)
    n_volumes = len(next(iter(activity.values())))
    image = rng.normal(0, noise, (*tiny.mask().shape, n_volumes))
    for volume in range(1, n_volumes):
        image[..., volume] += correlation * image[..., volume - 1]
    image += 1000
    for label, percent in activity.items():
        image[tiny.boxes[label]] += 10 * percent
    return (image * tiny.mask()[..., np.newaxis]).astype(np.float32)


def planted(tiny, events, left=1.2, right=0.5, **kwargs):
    """Left amygdala: fear 1.2 %; left hippocampus: both 0.5 %; all else silent."""
    fear, shape = (response(events, kind) for kind in ("fear", "shape"))
    activity = {18: left * fear, 17: right * (fear + shape)}
    return image_with(tiny, activity, **kwargs)


@pytest.fixture
def faces(tiny):
    tiny.changes = TASK
    tiny.settings = tiny.settings.model_copy(
        update={"metrics": ("activation", "activation_t", "kept_volumes")}
    )
    return tiny


def add(faces, events=BLOCKS, image=None, **kwargs):
    image = planted(faces, events) if image is None else image
    kwargs.setdefault("sidecar", CORRECTED)
    faces.add(task="faces", image=image, events=as_table(events), **kwargs)
    return faces


def values(faces, metric="activation", measured=None, **settings):
    table = faces.observed(measured or faces.measure(**settings), metric=metric, timepoint="pre")
    return table.set_index(["condition", "region"])["value"]


@pytest.mark.parametrize("events", [BLOCKS, single_events()], ids=["blocks", "events"])
@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_a_planted_response_is_found_and_silence_is_not(faces, events, correlation):
    image = planted(faces, events, noise=1.0, correlation=correlation)
    measured = add(faces, events, image=image).measure()
    found, t = (values(faces, name, measured) for name in ("activation", "activation_t"))
    truth = {
        ("fear", "amygdala_L"): 1.2,
        ("any", "amygdala_L"): 0.6,
        ("any", "hippocampus_L"): 0.5,
        ("fear", "hippocampus_L"): 0.0,
    }
    error = found / t
    for place in found.index:
        assert abs(found[place] - truth.get(place, 0.0)) < 4.5 * error[place], place
    assert found["fear", "amygdala_L"] == pytest.approx(1.2, rel=0.1)
    assert t["fear", "amygdala_L"] > 10


def test_a_row_a_contrast_and_region_and_none_without_a_condition_of_other_metrics(faces):
    add(faces)
    table = faces.observed(faces.measure())
    of_task = table[table["metric"] == "activation"]
    assert len(of_task) == 2 * 2 * 4
    assert list(dict.fromkeys(of_task["condition"])) == ["fear", "any"]
    assert set(of_task["unit"]) == {"percent signal change"}
    assert table.loc[table["metric"] == "kept_volumes", "condition"].isna().all()
    missing = of_task[of_task["timepoint"] == "post"]
    assert missing["value"].isna().all()
    assert set(missing["flag"]) == {"no run of task faces at post"}


def test_percent_signal_change_does_not_depend_on_the_scale_of_the_image(faces):
    image = planted(faces, BLOCKS)
    one = values(add(faces, image=image))
    faces.runs.clear()
    other = values(add(faces, image=image * 7.5))
    np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)


def test_percent_signal_change_does_not_depend_on_the_length_of_events(faces):
    long = [(12 + 30 * place, 18.0, ("fear", "shape")[place % 2]) for place in range(7)]
    short = [(12 + 15 * place, 3.0, ("fear", "shape")[place % 2]) for place in range(14)]
    for events in (long, short):
        faces.runs.clear()
        image = planted(faces, events, noise=0.5)
        assert values(add(faces, events, image=image))["fear", "amygdala_L"] == pytest.approx(
            1.2, rel=0.03
        )


def test_events_without_duration_count_as_events_of_one_second(faces):
    instant = [(onset, 0.0, kind) for onset, _, kind in single_events()]
    image = planted(faces, single_events(), noise=0.5)
    measured = add(faces, instant, image=image).measure()
    assert values(faces, measured=measured)["fear", "amygdala_L"] == pytest.approx(1.2, rel=0.06)
    told = [row for row in measured.decisions if row["scope"] == "event"]
    assert [row["action"] for row in told] == ["caution"]
    assert "have no duration" in faces.observed(measured, metric="activation")["flag"].iloc[0]


def test_dropped_volumes_do_not_shift_the_events(faces):
    image = planted(faces, BLOCKS, noise=0.5)
    few = values(add(faces, image=image))
    denoising = faces.settings.denoising.model_copy(update={"dummy_volumes": 12})
    many = values(faces, denoising=denoising)
    assert few["fear", "amygdala_L"] == pytest.approx(1.2, rel=0.02)
    assert many["fear", "amygdala_L"] == pytest.approx(1.2, rel=0.02)


def test_slice_timing_moves_the_model(faces):
    """A response seen at 1 s of each volume fits best where the sidecar says 1 s."""
    image = planted(faces, single_events(), noise=2.0)
    t = {}
    for start in (0.0, 1.0, 2.0):
        faces.runs.clear()
        add(faces, single_events(), image=image, sidecar=CORRECTED | {"StartTime": start})
        t[start] = values(faces, "activation_t")["fear", "amygdala_L"]
    assert t[1.0] > max(t[0.0], t[2.0])


@pytest.mark.parametrize(
    ("sidecar", "told"),
    [
        ({"SliceTimingCorrected": False}, "slices were not corrected"),
        ({}, "does not say to which time slices were corrected: taken as the middle"),
        ({"StartTime": 7}, "(StartTime is '7'): taken as the middle of the volume, 1 s"),
        ({"StartTime": "1"}, "(StartTime is '1')"),
    ],
)
def test_an_unknown_slice_time_is_the_middle_and_is_told(faces, sidecar, told):
    image = planted(faces, BLOCKS, noise=0.5)
    measured = add(faces, image=image, sidecar={"RepetitionTime": TR} | sidecar).measure()
    assert values(faces, measured=measured)["fear", "amygdala_L"] == pytest.approx(1.2, rel=0.02)
    observed = faces.observed(measured, timepoint="pre").set_index("metric")
    assert told in observed.loc["activation", "flag"].iloc[0]
    assert pd.isna(observed.loc["kept_volumes", "flag"])
    assert told in faces.reason(measured)


def spoil(table, volumes):
    table.loc[volumes, "framewise_displacement"] = 0.6
    return table


@pytest.mark.parametrize("noise", ["ols", "ar1"])
def test_what_is_in_a_censored_volume_changes_nothing(faces, noise):
    spoiled = [30, 31, 70]
    image = planted(faces, BLOCKS)
    found = []
    for factor in (1.0, 1.3):
        faces.runs.clear()
        image[..., spoiled] *= factor
        add(faces, image=image, table=spoil(faces.confounds(N), spoiled))
        found.append(values(faces, task=Task(noise=noise)))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)


def test_censoring_of_a_whole_condition_makes_its_contrasts_missing(faces):
    """Every event of fear is spoiled by motion; the shapes remain."""
    fear = [(onset, 2.0, "fear") for onset in (50, 130, 210)]
    events = [*fear, *((onset, 12.0, "shape") for onset in (10, 90, 170))]
    hidden = [v for onset, *_ in fear for v in range(onset // 2, onset // 2 + 14)]
    faces.changes = TASK | {
        "task_contrasts": TASK["task_contrasts"]
        | {"shape": {"task": "faces", "formula": "shape", "label": "shapes"}}
    }
    table = spoil(faces.confounds(N), hidden)
    measured = add(faces, events, table=table).measure()
    found = values(faces, measured=measured)
    assert found["fear"].isna().all()
    assert found["any"].isna().all()
    assert found["shape"].notna().all()
    flags = faces.observed(measured, metric="activation", condition="fear")["flag"]
    assert flags.iloc[0].startswith("motion censors too much of its conditions")
    told = [row["name"] for row in measured.decisions if row.get("config_key") == "task_contrasts"]
    assert told == ["fear", "any"]


def test_a_condition_that_does_not_occur_makes_its_contrast_missing(faces):
    events = [(onset, length, "fear") for onset, length, _ in BLOCKS[::2]]
    faces.changes = TASK | {
        "task_contrasts": TASK["task_contrasts"]
        | {"alone": {"task": "faces", "formula": "fear", "label": "fear"}}
    }
    measured = add(faces, events).measure()
    found = values(faces, measured=measured)
    assert found["fear"].isna().all()
    assert found["alone"].notna().all()
    flags = faces.observed(measured, metric="activation_t", condition="fear")["flag"]
    assert "the condition 'shape' does not occur in the run" in flags.iloc[0]
    assert "condition 'shape' does not occur" in faces.reason(measured)


def test_a_mistyped_condition_is_told_with_the_likely_one(faces):
    faces.changes = TASK | {
        "task_contrasts": {"fear": {"task": "faces", "formula": "feer - shape", "label": "x"}}
    }
    measured = add(faces).measure()
    assert "Did you mean 'fear'?" in faces.reason(measured)


def test_conditions_that_cannot_be_told_apart_make_their_contrast_missing(faces):
    events = [(on, length, kind) for on, length, _ in BLOCKS for kind in ("fear", "shape")]
    measured = add(faces, events).measure()
    found = values(faces, measured=measured)
    assert found["fear"].isna().all()
    assert found["any"].notna().all()
    assert "do not tell its conditions from each other" in faces.reason(measured)


def test_a_condition_without_end_is_not_told_from_the_baseline(faces):
    measured = add(faces, [(-40, 500.0, "fear"), *BLOCKS[1::2]]).measure()
    assert values(faces, measured=measured)["fear"].isna().all()


def test_a_run_without_events_is_told_and_its_other_values_stay(faces):
    faces.add(task="faces", image=planted(faces, BLOCKS))
    measured = faces.measure()
    table = faces.observed(measured, timepoint="pre").set_index("metric")
    assert table.loc["activation", "value"].isna().all()
    assert set(table.loc["activation", "flag"]) == {"no table of events holds for the run"}
    assert table.loc["kept_volumes", "value"] == 120
    [told] = [row for row in measured.decisions if row["scope"] == "event"]
    assert told["reason"] == "no activation: no table of events holds for the run"


def test_events_that_cannot_be_read_are_told_and_other_values_stay(faces):
    measured = add(faces, [(1e6, 2.0, "fear")], image=planted(faces, BLOCKS)).measure()
    table = faces.observed(measured, timepoint="pre").set_index("metric")
    reason = table.loc["activation", "flag"].iloc[0]
    assert reason.startswith("the table has no event that can be used")
    assert "begin after the end of the run" in reason
    assert table.loc["kept_volumes", "value"] == 120


def test_a_region_that_is_lost_is_missing_and_no_other(faces):
    labels = faces.labels()
    labels[faces.boxes[18]] = 0
    measured = add(faces, labels=labels).measure()
    found = values(faces, measured=measured)
    assert np.isnan(found["fear", "amygdala_L"])
    assert found.drop("amygdala_L", level="region").notna().all()


def test_noise_between_quick_volumes_is_told(faces):
    measured = add(faces, sidecar=CORRECTED | {"RepetitionTime": 1.2}).measure()
    assert "noise is correlated beyond the one before" in faces.reason(measured)
    quiet = faces.measure(task=Task(noise="ols"))
    assert "noise is correlated" not in faces.reason(quiet)


def test_runs_of_one_timepoint_are_averaged(faces):
    for run, size in (("1", 1.0), ("2", 2.0)):
        image = planted(faces, BLOCKS, left=size, noise=0.5)
        add(faces, image=image, run=run)
    table = faces.observed(faces.measure(), metric="activation", timepoint="pre")
    value = table.set_index(["condition", "region"]).loc[("fear", "amygdala_L")]
    assert value["value"] == pytest.approx(1.5, rel=0.02)
    assert value["n_runs"] == 2


def test_a_task_without_contrasts_has_no_rows_of_activation(faces):
    faces.changes = {"tasks": ("faces", "rest"), "task_contrasts": TASK["task_contrasts"]}
    add(faces)
    faces.add("ses-pre", seed=1)
    table = faces.observed(faces.measure())
    assert set(table.loc[table["metric"] == "activation", "task"]) == {"faces"}
    assert set(table.loc[table["metric"] == "kept_volumes", "task"]) == {"faces", "rest"}


def under(faces, alternatives, results):
    """Measure, and compute activation under the other specifications from what was written."""
    settings = faces.settings.model_copy(update={"alternatives": alternatives})
    measured = faces.measure(alternatives=alternatives)
    write_derivatives(measured, results, faces.layout.images, settings)
    tables = gather([participant_tables(measured, faces.layout)], {"sub-01": "a"})
    found = alternative_tables(
        tables.observations,
        {"sub-01": faces.runs},
        results=results,
        folder=faces.folder,
        layout=faces.layout,
        regions=faces.regions,
        settings=settings,
        edges=(),
    )
    return measured, found.observations


def test_a_specification_gives_the_same_activation_as_if_it_were_the_primary(faces, tmp_path):
    """24 motion parameters and stricter censoring, from the written signals and from the image."""
    table = spoil(faces.confounds(N), [33, 34, 80])
    table.loc[[50, 51], "framewise_displacement"] = 0.3
    alternatives = Alternatives(
        denoising=(Regressors(name="motion24-wm-csf", motion_parameters=24),),
        censoring=(Scrubbing(name="fd0.2", framewise_displacement=0.2),),
        metrics=("activation",),
    )
    add(faces, table=table)
    _, found = under(faces, alternatives, tmp_path / "results")
    assert set(found["specification"]) == {
        "motion12-wm-csf+fd0.2",
        "motion24-wm-csf",
        "motion24-wm-csf+fd0.2",
    }
    assert set(found["metric"]) == {"activation"}
    other = found[found["specification"] == "motion24-wm-csf+fd0.2"]
    other = other[other["timepoint"] == "pre"].set_index(["condition", "region"])["value"]
    direct = values(
        faces,
        denoising=Denoising(name="x", motion_parameters=24),
        censoring=Censoring(framewise_displacement=0.2),
    )
    np.testing.assert_allclose(other.loc[direct.index], direct, atol=1e-6)
    assert np.abs(other - values(faces)).max() > 1e-3
    missing = found[found["timepoint"] == "post"]
    assert set(missing["flag"]) == {"no run of task faces at post"}


def test_a_contrast_that_one_specification_cannot_show_is_missing_under_it_alone(faces, tmp_path):
    """Without censoring all can be seen; the primary hides one condition."""
    fear = [(onset, 2.0, "fear") for onset in (50, 130, 210)]
    events = [*fear, *((onset, 12.0, "shape") for onset in (10, 90, 170))]
    table = faces.confounds(N)
    hidden = [v for onset, *_ in fear for v in range(onset // 2, onset // 2 + 14)]
    table.loc[hidden, "framewise_displacement"] = 0.3
    alternatives = Alternatives(
        denoising=(),
        censoring=(Scrubbing(name="fd0.2", framewise_displacement=0.2),),
        metrics=("activation",),
    )
    add(faces, events, table=table)
    measured, found = under(faces, alternatives, tmp_path / "results")
    assert values(faces, measured=measured).notna().all()
    here = found[found["timepoint"] == "pre"].set_index("condition")
    assert here.loc["fear", "value"].isna().all()
    assert here.loc["fear", "flag"].iloc[0].startswith("motion censors too much")
