"""Derivatives in the space of a template: the atlas is brought to them, and nilearn agrees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nilearn.maskers import NiftiLabelsMasker

from brainchange.errors import ConfigError
from brainchange.imaging.atlas import Atlas
from brainchange.imaging.parcellate import parcellate, write_region_dataset
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import measure_participant
from brainchange.metrics.measured import ParticipantMeasurement
from brainchange.project import Project, read_study
from brainchange.simulate.head import load_template
from brainchange.simulate.model import Simulation, read_simulation
from brainchange.simulate.record import Recording, record_participant
from brainchange.sources.bids import PreparedFiles, Run, prepared_runs
from brainchange.study.atlases import choose_atlas, read_atlases
from brainchange.study.model import Images

IMAGES = Images(space="MNI152NLin2009aSym", resolution="2", atlas="simulated")


@dataclass(frozen=True)
class Measured:
    """A run in the space of the template, and what was measured."""

    folder: Path
    files: PreparedFiles
    result: ParticipantMeasurement


def simulation_with_thick_cortex(root: Path) -> Simulation:
    """The demo with a cortex as thick as that of the atlas."""
    values = read_simulation(root, "demo").model_dump()
    values["anatomy"]["grey_matter_share"] = 0.4
    values["acquisition"]["n_volumes"] = 70
    return Simulation.model_validate(values)


@pytest.fixture(scope="module")
def measured(
    root: Path, project: Project, atlas: Atlas, tmp_path_factory: pytest.TempPathFactory
) -> Measured:
    folder = tmp_path_factory.mktemp("template_space")
    study = read_study(root, "demo").model_copy(update={"images": IMAGES})
    simulation = simulation_with_thick_cortex(root)
    recording = Recording(study, simulation, 1, load_template(), folder)
    record_participant(recording, [Run("sub-01", "ses-pre", "rest")])
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    (files,), decisions = prepared_runs(paths, IMAGES, ["rest"])
    assert not decisions
    assert parcellate(atlas, folder / files.bold, folder / files.parcellation) == ()
    write_region_dataset(folder / "derivatives/brainchange-regions", atlas, "0")
    result = measure_participant(
        "sub-01",
        [files],
        folder,
        layout=StudyLayout.of(study),
        regions=project.regions,
        settings=project.settings,
    )
    return Measured(folder, files, result)


def test_signals_are_those_of_nilearn_with_the_same_atlas(
    measured: Measured, project: Project, atlas: Atlas
) -> None:
    """Nilearn takes the label at the middle of a voxel, we the one with the largest share."""
    image = nib.Nifti1Image(atlas.image.values.astype(np.int16), atlas.image.affine)
    masker = NiftiLabelsMasker(image, resampling_target="data", standardize=None)
    theirs = masker.fit_transform(nib.load(measured.folder / measured.files.bold))
    column = {label: place for place, label in masker.region_ids_.items() if place != "background"}
    ours = measured.result.runs[0].signals.raw
    for region, own in zip(project.regions, ours.T, strict=True):
        if len(region.labels) == 1 and region.midline_distance is None:
            # Ours begin after the first volumes.
            other = theirs[-len(own) :, column[atlas.labels[region.labels[0]]]]
            assert np.corrcoef(own, other)[0, 1] > 0.98, region.region


def test_no_region_and_no_run_is_left_out(measured: Measured) -> None:
    assert not measured.result.excluded
    assert not measured.result.unusable
    assert np.isfinite(measured.result.runs[0].signals.raw).all()


def test_an_atlas_of_another_template_is_refused_unless_allowed(root: Path) -> None:
    known = read_atlases(root / "config" / "atlases.tsv")
    other = IMAGES.model_copy(update={"space": "MNI152NLin2009cAsym"})
    with pytest.raises(ConfigError) as caught:
        choose_atlas(known, other, "here")
    assert "MNI152NLin2009aSym, the images are in MNI152NLin2009cAsym" in str(caught.value)
    allowed = other.model_copy(update={"allow_other_template": True})
    assert choose_atlas(known, allowed, "here").template == "MNI152NLin2009aSym"
