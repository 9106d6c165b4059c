"""How exactly growth that is planted in a real T1w image is measured, from images to percent.

The T1w image beside the project (0.7 mm) is prepared, and Harvard-Oxford brought to it. Two scans
of 1 mm are made of it, the second with the head turned and shifted and with both hippocampi grown
by a known share (:mod:`brainchange.simulate.growth`: each is sampled once and has noise of its own,
as much as the image itself has at this resolution). The volumes are measured as in the workflow:
rigid registration, halfway space, displacement. Without the images there is nothing to measure,
and no row. What is prepared already in a folder that is given is not prepared again.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.imaging.atlas import Atlas, LabelledImage
from brainchange.imaging.nifti import Image, read_image, read_label_image
from brainchange.imaging.nifti_write import write_image
from brainchange.imaging.parcellate import parcellate
from brainchange.imaging.parcellation import read_labels
from brainchange.imaging.prepare.anatomy import prepare_anatomy
from brainchange.imaging.prepare.anatomy_files import anatomy_files
from brainchange.imaging.template import have_template
from brainchange.imaging.volume.percent import symmetric_percent_change
from brainchange.metrics.anatomy import Anatomy, volumes_of_images
from brainchange.simulate.growth import grow, labels_on, scan
from brainchange.study.regions import Region, read_regions
from brainchange.study.settings import Settings
from brainchange.study.templates import choose_template, read_templates

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
REAL = SHARED / "real" / "splithalf"
T1W = "sub-01/ses-pre/anat/sub-01_ses-pre_T1w.nii.gz"
ATLAS = SHARED / "atlases" / "harvard_oxford_lateralised_maxprob25_2mm.nii.gz"
GROWN, STILL = "hippocampus", ("amygdala", "calcarine", "precentral", "transverse_temporal")
PLANTED, NOISE = (0.0, 2.0, 5.0), 0.006
MOST_OFF, MOST_UNEQUAL = 0.5, 0.1
TURN, SHIFT = (0.03, -0.02, 0.025), (1.3, -0.7, 0.9)
"""How the head lies differently in the second scan, in radians and mm."""

FloatArray = npt.NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True)
class Head:
    """The head that is scanned, its labels and its brain on a grid of 1 mm."""

    t1w: Image
    labels: Image
    brain: Image
    regions: tuple[Region, ...]
    numbers: Mapping[str, int]

    def mask(self, group: str) -> npt.NDArray[np.bool_]:
        """Both sides of a group of regions."""
        wanted = [
            self.numbers[label] for r in self.regions if r.group == group for label in r.labels
        ]
        return np.isin(self.labels.values, wanted)


def rows(folder: Path | None = None) -> Iterator[Row]:
    """Measure planted growth: name, value, unit, bar, and whether the bar holds."""
    if not REAL.is_dir():
        return
    with tempfile.TemporaryDirectory() as temporary:
        head = _head(folder or Path(temporary))
        for percent in PLANTED:
            found = _measured(head, percent, Path(temporary))
            for region, value in found.items():
                wanted = percent if region.startswith(GROWN) else 0.0
                name = f"volume: {percent:g} % planted, {region}"
                yield _row(name, value, wanted, MOST_OFF)
        swapped = _measured(head, PLANTED[-1], Path(temporary), swapped=True)
        for region, value in swapped.items():
            yield _row(
                f"volume: {percent:g} % swapped, {region}", value, -found[region], MOST_UNEQUAL
            )


def _row(name: str, value: float, wanted: float, most: float) -> Row:
    bar = f"{wanted:.2f} ± {most:g}"
    return {"name": name, "value": value, "unit": "percent", "bar": bar,
            "holds": abs(value - wanted) <= most}  # fmt: skip


def _head(folder: Path) -> Head:
    """Prepare the T1w image, and bring the atlas to it."""
    settings = Settings()
    known = read_templates(ROOT / "config" / "templates.tsv")
    source = choose_template(known, "MNI152NLin2009aSym", "the benchmark")
    out = folder / "derivatives"
    files = anatomy_files(T1W, source.template, out)
    if not files.t1w.is_file():
        template = have_template(source, folder, settings.sources)
        prepare_anatomy(T1W, REAL, template, out, settings.preparation, seed=settings.seed)
    numbers = read_labels(ATLAS.with_suffix("").with_suffix(".tsv"))
    image = read_label_image(ATLAS)
    atlas = Atlas(
        "HarvardOxford", "MNI152NLin6Asym", LabelledImage(image.values, image.affine, numbers)
    )
    on_t1w = folder / "labels.nii.gz"
    parcellate(atlas, files.t1w, on_t1w, files.from_template)
    regions = [r for r in read_regions(ROOT / "config" / "regions.tsv") if r.atlas == atlas.name]
    brain = read_label_image(files.brain_mask)
    grid = _grid(brain, np.eye(4))
    return Head(
        t1w=read_image(REAL / T1W),
        labels=labels_on(read_label_image(on_t1w), grid, position=np.eye(4)),
        brain=labels_on(brain, grid, position=np.eye(4)),
        regions=tuple(r for r in regions if r.group in (GROWN, *STILL)),
        numbers=numbers,
    )


def _grid(brain: Image, position: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """Make a grid of 1 mm around a brain that lies elsewhere."""
    there = np.argwhere(brain.values > 0)
    world = position @ brain.affine @ np.vstack([there.T, np.ones(len(there))])
    low, high = np.floor(world[:3].min(axis=1)) - 14, np.ceil(world[:3].max(axis=1)) + 14
    affine = np.eye(4)
    affine[:3, 3] = low
    return affine, tuple(int(n) for n in high - low)


def _measured(
    head: Head, percent: float, folder: Path, *, swapped: bool = False
) -> dict[str, float]:
    """Scan twice, and measure the change of every region in percent."""
    growth = grow(head.mask(GROWN), head.labels.affine, percent) if percent else None
    position, rng = _position(), np.random.default_rng(20)
    grids = _grid(head.brain, np.eye(4)), _grid(head.brain, position)
    first = scan(head.t1w, grids[0], position=np.eye(4), noise=NOISE, rng=rng)
    second = scan(head.t1w, grids[1], position=position, growth=growth, noise=NOISE, rng=rng)
    labels, brain = head.labels, head.brain
    if swapped:
        first, second = second, first
        labels = labels_on(labels, _fine(head, position), position=position, growth=growth)
        brain = labels_on(brain, grids[1], position=position)
    images = {"t1w": first, "other": second, "brain": brain, "labels": labels}
    paths = {name: folder / f"{name}.nii.gz" for name in images}
    for name, image in images.items():
        kind = np.dtype("<i2") if name in ("brain", "labels") else np.dtype("<f4")
        write_image(paths[name], image.values.astype(kind).T, image.affine)
    others = (("post", paths["other"]),)
    anatomy = Anatomy("pre", paths["t1w"], paths["brain"], paths["labels"], others)
    measured = volumes_of_images(anatomy, head.regions, head.numbers, seed=1)
    change = symmetric_percent_change(*measured.volumes)
    found = {r.region: float(value) for r, value in zip(head.regions, change, strict=True)}
    near = (GROWN, STILL[0])
    return {name: v for name, v in found.items() if not swapped or name.startswith(near)}


def _fine(head: Head, position: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """Make a grid of half a mm around what has grown, and the amygdala, in the second scan.

    On larger voxels the rim of a grown region would be lost. It begins a quarter of a mm before, so
    that every voxel of the labels holds eight.
    """
    near = head.mask(GROWN) | head.mask(STILL[0])
    affine, shape = _grid(Image(near, head.labels.affine), position)
    affine[:3, :3] *= 0.5
    affine[:3, 3] -= 0.25
    return affine, tuple(2 * n for n in shape)


def _position() -> FloatArray:
    """Turn and shift the head a little."""
    x, y, z = TURN
    turn = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    whole = np.eye(4)
    # Rodrigues' formula.
    angle = float(np.linalg.norm(TURN))
    whole[:3, :3] += np.sin(angle) / angle * turn + (1 - np.cos(angle)) / angle**2 * turn @ turn
    whole[:3, 3] = SHIFT
    return whole


if __name__ == "__main__":
    for row in rows(Path(sys.argv[1]) if len(sys.argv) > 1 else None):
        sys.stdout.write(f"{row['name']}\t{row['value']:.2f}\t{row['bar']}\t{row['holds']}\n")
        sys.stdout.flush()
