"""A metric is one file: adding it is enough to see it everywhere."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import brainchange.metrics
from brainchange.errors import BrainchangeError
from brainchange.metrics.registry import chosen_metrics, metrics

NEW_METRIC = '''
"""Standard deviation of the signal."""
import numpy as np
from brainchange.metrics.registry import Metric

def variability(signals):
    return np.std(signals.denoised, axis=0)

METRIC = Metric(
    name="{name}", label="Variability", unit="a.u.", level="signal", per="region",
    needs=("rest",), description="Standard deviation", source="none", function=variability,
    largest={largest},
)
'''


@pytest.fixture
def new_metric(tmp_path, monkeypatch):
    """Add a metric in one file, as if it lay in the package."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setattr(
        brainchange.metrics, "__path__", [*brainchange.metrics.__path__, str(folder)]
    )
    added = []

    def add(name, module, largest="float('inf')"):
        (folder / f"{module}.py").write_text(NEW_METRIC.format(name=name, largest=largest))
        added.append(f"brainchange.metrics.{module}")

    yield add
    for name in added:
        sys.modules.pop(name, None)


def test_the_metrics_of_the_primary_analysis_are_found():
    assert list(metrics()) == [
        "activation",
        "activation_t",
        "alff",
        "connectivity",
        "falff",
        "gppi",
        "habituation",
        "intracranial_volume",
        "kept_volumes",
        "mean_framewise_displacement",
        "network_connectivity",
        "partial_connectivity",
        "reho",
        "tsnr",
        "volume",
        "volume_change",
    ]
    assert metrics()["falff"].produced == ("falff", "falff_z")
    assert metrics()["falff"].unit_of("falff") == "ratio"
    assert metrics()["falff"].unit_of("falff_z") == "SD over the brain"


def test_every_metric_says_what_it_is():
    for metric in metrics().values():
        assert metric.description
        assert metric.source
        assert metric.unit
        assert metric.needs
        assert metric.level != "run" or metric.per == "run"
        assert metric.per != "run" or metric.level in ("run", "anat")


def test_a_metric_in_one_file_is_known_measured_and_observed(tiny, new_metric):
    new_metric("variability", "variability")
    assert metrics()["variability"].produced == ("variability",)
    tiny.add("ses-pre")
    measured = tiny.measure(metrics=("variability",))
    found = tiny.observed(measured, metric="variability", timepoint="pre")
    assert list(found["region"]) == [region.region for region in tiny.regions]
    np.testing.assert_allclose(found["value"], measured.runs[0].signals.denoised.std(axis=0))
    assert set(found["unit"]) == {"a.u."}


def test_a_value_outside_the_range_of_its_metric_is_missing(tiny, new_metric):
    new_metric("bounded", "bounded", largest="0.5")
    tiny.add("ses-pre")
    found = tiny.observed(tiny.measure(metrics=("bounded",)), timepoint="pre")
    assert found["value"].isna().all()
    assert set(found["flag"]) == {"the value is outside -inf to 0.5"}


def test_two_metrics_of_one_name(new_metric):
    new_metric("falff_z", "other")
    with pytest.raises(BrainchangeError, match="two metrics are called 'falff_z'") as caught:
        metrics()
    assert "src/brainchange/metrics/other.py" in str(caught.value)


def test_an_unknown_metric_is_told_with_the_closest():
    with pytest.raises(BrainchangeError, match="there is no metric 'reeho'") as caught:
        chosen_metrics(("reeho",))
    assert "Did you mean 'reho'?" in str(caught.value)
    assert [m.name for m in chosen_metrics(("tsnr", "alff", "tsnr"))] == ["tsnr", "alff"]


def test_the_registry_needs_no_heavy_package():
    code = (
        "import sys; from brainchange.metrics.registry import metrics; metrics(); "
        "sys.exit(any(n in sys.modules for n in "
        "('nilearn', 'scipy.stats', 'matplotlib', 'sklearn', 'statsmodels')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
