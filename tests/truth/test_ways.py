"""The three ways to a prepared run lead to the same region signals.

(a) derivatives in T1w space with a parcellation of the participant's own, (b) derivatives in the
space of the template with an atlas of it, (c) raw images prepared here. (a) and (b) are made with
the truth, so (c) is held against what preparation cannot know.
"""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.imaging.atlas import Atlas
from brainchange.imaging.parcellate import parcellate, write_label_table
from brainchange.simulate.raw.prepared import write_prepared_run
from brainchange.sources.bids import prepared_runs
from brainchange.study.model import Images
from made_up.known import CASES, KEYS, Prepared, measure
from made_up.raw import simulation_of

pytestmark = pytest.mark.slow
OWN = Images(derivatives="derivatives/own")
TEMPLATE = Images(
    derivatives="derivatives/template",
    space="MNI152NLin2009aSym",
    resolution="2",
    atlas="simulated",
)


@pytest.fixture(scope="module")
def signals(prepared: Prepared, atlas: Atlas) -> dict[str, np.ndarray]:
    """Denoised signals of the regions at rest by way, (n_volumes, n_regions)."""
    folder, truth = prepared.folder, prepared.truths["rest"]
    files = {"c": (prepared.files["rest"], None)}
    for way, images in (("a", OWN), ("b", TEMPLATE)):
        paths = write_prepared_run(
            folder, truth, KEYS["rest"], simulation=simulation_of(CASES["rest"]), images=images
        )
        found, decisions = prepared_runs(paths, images, ["rest"])
        assert not decisions
        files[way] = (found[0], images)
    write_label_table(atlas.labels, folder / OWN.derivatives / "desc-aparcaseg_dseg.tsv")
    mni = files["b"][0]
    parcellate(atlas, folder / mni.bold, folder / mni.parcellation)
    regions = prepared.project.regions
    measured = {
        way: measure(prepared, run, regions, ("tsnr",), images)
        for way, (run, images) in files.items()
    }
    for way, one in measured.items():
        assert not one.excluded, (way, one.excluded)
        assert not one.unusable, (way, one.unusable)
    return {way: one.runs[0].signals.denoised_rows for way, one in measured.items()}


def correlations(signals: dict[str, np.ndarray], first: str, second: str) -> np.ndarray:
    """Correlation of the signals of every region by two ways, (n_regions,)."""
    one, other = signals[first], signals[second]
    # A way that finds more volumes before the steady state has fewer at the start.
    length = min(len(one), len(other))
    one, other = one[-length:], other[-length:]
    kept = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    pairs = zip(one[kept].T, other[kept].T, strict=True)
    return np.array([np.corrcoef(x, y)[0, 1] for x, y in pairs])


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("a", "c"), ("b", "c")])
def test_regions_have_the_same_signals_by_every_way(
    signals: dict[str, np.ndarray], first: str, second: str
) -> None:
    assert correlations(signals, first, second).min() >= 0.95
