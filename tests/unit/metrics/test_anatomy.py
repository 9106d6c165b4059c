"""Volumes become observations; what is missing says why."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from nilearn import datasets

from brainchange.metrics.anatomy import (
    Anatomy,
    Known,
    anatomy_tables,
    volumes_of_freesurfer,
    volumes_of_images,
)
from brainchange.metrics.inputs import RegionVolumes
from brainchange.metrics.layout import StudyLayout
from brainchange.study.model import Images
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

LAYOUT = StudyLayout(Images(), (("pre", ("pre",)), ("post", ("post",))), ("rest",))
REGIONS = [
    Region("left", "side", "L", "aparcaseg", ("Left-Hippocampus",)),
    Region("right", "side", "R", "aparcaseg", ("Right-Hippocampus",)),
]
SETTINGS = Settings(metrics=("volume", "volume_change", "connectivity"))


def table(volumes, reason=""):
    made = anatomy_tables(
        "sub-01", Known(volumes, reason), layout=LAYOUT, regions=REGIONS, settings=SETTINGS
    )
    return made.observations, made.decisions


def test_every_metric_region_and_timepoint_has_a_row() -> None:
    volumes = RegionVolumes(("pre", "post"), np.array([[4000.0, 4100.0], [4080.0, 4100.0]]))
    rows, decisions = table(volumes)
    assert len(rows) == 2 * 2 * 2
    assert len(decisions) == 0
    found = rows.set_index(["metric", "timepoint", "region"])["value"]
    assert found["volume", "post", "left"] == 4080
    assert found["volume_change", "pre", "left"] == 0
    assert found["volume_change", "post", "left"] == pytest.approx(100 * 80 / 4040)
    assert found["volume_change", "post", "right"] == 0
    assert set(rows["unit"]) == {"mm3", "percent"}


def test_a_timepoint_without_image_is_missing_with_its_reason() -> None:
    rows, decisions = table(None, "there is one T1w image only")
    assert rows["value"].isna().all()
    assert set(rows["flag"]) == {"there is one T1w image only"}
    assert decisions["action"].tolist() == ["degraded"]


def test_freesurfer_gives_volumes_and_a_structure_it_lacks_is_missing(tmp_path) -> None:
    header = "# ColHeaders Index SegId NVoxels Volume_mm3 StructName\n"
    stats = []
    for timepoint, volume in (("pre", 4000), ("post", 4100)):
        path = tmp_path / f"{timepoint}.stats"
        path.write_text(f"{header}1 17 4000 {volume}.5 Left-Hippocampus\n")
        stats.append((timepoint, path))
    rows, _ = table(volumes_of_freesurfer(stats, REGIONS))
    found = rows[rows["metric"] == "volume"].set_index(["timepoint", "region"])
    assert found.loc[("post", "left"), "value"] == 4100.5
    assert np.isnan(found.loc[("post", "right"), "value"])
    assert found.loc[("post", "right"), "flag"] == "the region has no volume"


@pytest.fixture(scope="module")
def anatomy(tmp_path_factory):
    """The same head twice, the second time with another coil and noise."""
    folder = tmp_path_factory.mktemp("anatomy")
    template = datasets.load_mni152_template(resolution=3)
    brain = datasets.load_mni152_brain_mask(resolution=3)
    values = template.get_fdata(dtype=np.float32)
    noise = 0.01 * np.random.default_rng(0).standard_normal(values.shape)
    labels = np.zeros(values.shape, dtype=np.int16)
    half = values.shape[0] // 2
    labels[half + 6 : half + 12, 30:40, 20:26] = 17
    labels[half - 12 : half - 6, 30:40, 20:26] = 53
    for name, data in (
        ("t1w", values),
        ("second", 700 * np.maximum(values + noise, 0)),
        ("brain", brain.get_fdata().astype(np.uint8)),
        ("labels", labels),
    ):
        image = nib.Nifti1Image(data.astype(np.float32), template.affine)
        nib.save(image, folder / f"{name}.nii.gz")
    paths = [folder / f"{name}.nii.gz" for name in ("t1w", "brain", "labels")]
    return Anatomy("pre", *paths, (("post", folder / "second.nii.gz"),))


def test_a_head_that_did_not_change_has_the_same_volumes(anatomy) -> None:
    labels = {"Left-Hippocampus": 17, "Right-Hippocampus": 53}
    told = []
    found = volumes_of_images(anatomy, REGIONS, labels, seed=1, progress=told.append)
    assert found.timepoints == ("pre", "post")
    assert found.volumes[0] == pytest.approx(6 * 10 * 6 * 27, rel=0.08)
    assert found.volumes[1] == pytest.approx(found.volumes[0], rel=0.01)
    assert told == ["comparing pre and post"]


def stats_at(tmp_path, **heads: tuple[float, float]):
    """A table a timepoint: volume within the skull, and of the left hippocampus."""
    made = []
    for timepoint, (head, volume) in heads.items():
        path = tmp_path / f"{timepoint}.stats"
        path.write_text(
            "# Measure EstimatedTotalIntraCranialVol, eTIV, Estimated Total Volume, "
            f"{head}, mm^3\n# ColHeaders Index SegId NVoxels Volume_mm3 StructName\n"
            f"1 17 4000 {volume} Left-Hippocampus\n"
        )
        made.append((timepoint, path))
    return volumes_of_freesurfer(made, REGIONS)


def test_the_volume_within_the_skull_has_one_value_a_timepoint(tmp_path) -> None:
    volumes = stats_at(tmp_path, pre=(1500000.0, 4000.0), post=(1505000.0, 4080.0))
    settings = Settings(metrics=("volume_change", "intracranial_volume"))
    known = Known(volumes, caution="each session by itself", config_key="images.freesurfer")
    made = anatomy_tables("sub-01", known, layout=LAYOUT, regions=REGIONS, settings=settings)
    rows = made.observations.set_index("metric")
    heads = rows.loc["intracranial_volume"]
    assert heads["value"].tolist() == [1500000.0, 1505000.0]
    assert heads["region"].isna().all()
    change = rows.loc["volume_change"].dropna(subset=["value"])
    assert change["value"].tolist() == [0, pytest.approx(100 * 80 / 4040)]
    assert set(change["flag"]) == {"each session by itself"}
    assert made.decisions["reason"].tolist() == ["each session by itself"]
    assert made.decisions["config_key"].tolist() == ["images.freesurfer"]


def test_a_skull_that_changes_is_told(tmp_path) -> None:
    volumes = stats_at(tmp_path, pre=(1500000.0, 4000.0), post=(1600000.0, 4080.0))
    _, decisions = table(volumes)
    assert decisions["reason"].tolist() == [
        "intracranial volume differs by 6.5 % between timepoints: a segmentation failed, or the "
        "scanner changed"
    ]


def test_without_freesurfer_the_skull_is_not_measured() -> None:
    volumes = RegionVolumes(("pre", "post"), np.array([[4000.0, 1.0], [4080.0, 1.0]]))
    settings = Settings(metrics=("intracranial_volume",))
    made = anatomy_tables(
        "sub-01", Known(volumes), layout=LAYOUT, regions=REGIONS, settings=settings
    )
    assert set(made.observations["flag"]) == {"the head has no volume"}
