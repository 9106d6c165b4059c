"""Way (b): runs in an MNI space, measured with an atlas that is brought to them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from brainchange.imaging.nifti_write import write_image
from brainchange.imaging.parcellate import parcellate, write_region_dataset
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import measure_participant
from brainchange.sources.bids import PARCELLATIONS, prepared_runs
from brainchange.study.model import Images
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.tables import write_tsv
from made_up.atlas import ATLAS, TEMPLATE, made_up_atlas, regions

N_VOLUMES = 80
SHAPE = (50, 60, 48)
AFFINE = np.array([[4.0, 0, 0, -97], [0, 4, 0, -133], [0, 0, 4, -71], [0, 0, 0, 1]])
MEDIAL = Region(
    "dmPFC_L", "dmPFC", "L", ATLAS, ("Left_Paracingulate_Gyrus",), 6.0, centre=(-9, 40, 24)
)


@pytest.fixture
def run(tmp_path, tiny):
    """A run of fMRIPrep in a template: each region has a signal of its own, the medial part too."""
    images = Images(space=TEMPLATE, resolution="2", atlas=ATLAS)
    folder = tmp_path / "derivatives/fmriprep/sub-01/ses-pre/func"
    stem = f"sub-01_ses-pre_task-rest_space-{TEMPLATE}_res-2"
    points = np.moveaxis(np.indices(SHAPE), 0, -1) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    brain = (((points - [0, -18, 5]) / [76, 96, 80]) ** 2).sum(axis=-1) <= 1
    random = np.random.default_rng(5)
    # Region by the nearest centre, drawn without the atlas, so that the test knows the truth.
    own = (*regions(), MEDIAL)
    planted = random.normal(0, 12, (N_VOLUMES, len(own)))
    data = random.normal(1000, 6, (N_VOLUMES, *SHAPE))
    for column, region in enumerate(own):
        near = np.linalg.norm(points - np.array(region.centre), axis=-1) < 25
        near &= np.sign(points[..., 0]) == np.sign(region.centre[0])
        if region.midline_distance:
            near &= np.abs(points[..., 0]) <= region.midline_distance
        others = [o.centre for o in own if o is not region]
        for other in others:
            nearer = np.linalg.norm(points - np.array(other), axis=-1)
            near &= nearer > np.linalg.norm(points - np.array(region.centre), axis=-1)
        data[:, near] += planted[:, [column]]
    folder.mkdir(parents=True)
    write_image(
        folder / f"{stem}_desc-preproc_bold.nii.gz",
        (data * brain).round().astype("<i2").transpose(0, 3, 2, 1),
        AFFINE,
        2.0,
    )
    write_image(folder / f"{stem}_desc-brain_mask.nii.gz", brain.astype(np.uint8).T, AFFINE)
    sidecar = folder / f"{stem}_desc-preproc_bold.json"
    sidecar.write_text(json.dumps({"RepetitionTime": 2.0}))
    confounds = folder / "sub-01_ses-pre_task-rest_desc-confounds_timeseries.tsv"
    write_tsv(tiny.confounds(N_VOLUMES), confounds)
    paths = [str(p.relative_to(tmp_path)) for p in folder.iterdir()]
    [files], _ = prepared_runs(paths, images, ["rest"])
    return tmp_path, images, files, planted


def test_region_signals_of_a_run_in_template_space_are_those_planted(run):
    folder, images, files, planted = run
    atlas = made_up_atlas()
    assert files.space == TEMPLATE
    assert parcellate(atlas, folder / files.bold, folder / files.parcellation) == ()
    write_region_dataset(folder / PARCELLATIONS, atlas, "1.0")
    layout = StudyLayout(images, (("pre", ("pre",)),), ("rest",))
    measured = measure_participant(
        "sub-01",
        [files],
        folder,
        layout=layout,
        regions=(*regions(), MEDIAL),
        settings=Settings(metrics=("connectivity",)),
    )
    [one] = measured.runs
    signals, n_dummies = one.signals.raw, one.n_dummies
    assert not np.isnan(signals).any()
    for column, truth in enumerate(planted[n_dummies:].T):
        assert np.corrcoef(signals[:, column], truth)[0, 1] > 0.97
    medial = next(row for row in measured.coverage if row["region"] == "dmPFC_L")
    whole = np.asarray(atlas.image.values == atlas.labels[MEDIAL.labels[0]]).sum() * 8 / 64
    assert 0 < medial["n_voxels"] < 0.75 * whole
