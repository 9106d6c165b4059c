"""Speed and memory of reading a run, as ratios to decompression and to nilearn.

Extraction is everything from opening the files to the mean signals, (n_volumes, n_regions): header,
brain mask and parcellation, voxels of the configured regions, volumes, means. Decompression is
``isal.igzip`` reading the same file in the size of block that was fastest (256 KiB). nilearn is
given the same regions as an image of labels, its default options, and no mask; its import is not
timed, and its signals must equal ours.

Times are wall-clock times of repetitions in turn; a value is the median of the ratios within the
repetitions, so that a busy machine slows both sides of a ratio. Each case has a process of its own
with one thread for matrix products, as a job of the workflow has. See ``_made_run`` for the images.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from isal import igzip

from _made_run import Case, names, publish, save
from brainchange.imaging.nifti import read_label_image, read_volumes
from brainchange.imaging.parcellation import (
    RegionVoxels,
    in_any_region,
    packaged_labels,
    region_voxels,
)
from brainchange.imaging.signals import region_means
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import measure_participant
from brainchange.metrics.registry import metrics
from brainchange.sources.bids import PreparedFiles
from brainchange.study.model import Images
from brainchange.study.regions import read_regions
from brainchange.study.settings import Settings

EVERY = read_regions(Path(__file__).resolve().parents[1] / "config" / "regions.tsv")
REGIONS = tuple(region for region in EVERY if region.atlas == "aparcaseg")
IN_T1W = ((112, 112, 25, 100), (2.0, 2.0, 5.0), (220.0, 220.0, 125.0))
IN_TEMPLATE = ((97, 115, 97, 200), (2.0, 2.0, 2.0), (220.0, 220.0, 160.0))
CASES = tuple(
    Case(*grid, dtype) for grid in (IN_T1W, IN_TEMPLATE) for dtype in ("int16", "float32")
)
REPETITIONS, REPETITIONS_OF_SLOW = 9, 3
LARGEST_RATIO, SMALLEST_GAIN, LARGEST_METRICS_RATIO = 1.2, 8.0, 5.0
LARGEST_MEGABYTES, LARGEST_PARTICIPANT_MEGABYTES = 350.0, 500.0
SESSIONS = ("pre", "post")
ALL_METRICS = tuple(m.name for m in metrics().values() if m.level not in ("task", "anat"))
"""Every metric of a run without events, those that are not computed by default included."""
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}

Row = dict[str, Any]


def rows() -> Iterator[Row]:
    """Measure every case: name, value, unit, bar, and whether the bar holds."""
    for number, case in enumerate(CASES):
        with tempfile.TemporaryDirectory() as folder:
            sessions = SESSIONS if case is CASES[-1] else SESSIONS[:1]
            publish(Path(folder), case, sessions)
            for what in ("speed", "memory", "memory_of_metrics")[: 1 + len(sessions)]:
                yield from _in_process(what, number, folder)


def extract(folder: Path, files: PreparedFiles) -> npt.NDArray[np.float64]:
    """Mean signals of the configured regions, (n_volumes, n_regions)."""
    found, n_voxels = _regions(folder, files)
    voxels = np.flatnonzero(in_any_region(found, n_voxels))
    volumes = read_volumes(folder / files.bold, voxels)
    return region_means(volumes, [np.searchsorted(voxels, region.voxels) for region in found])


def decompress(path: Path) -> None:
    """Decompress a file with ISA-L and throw the bytes away."""
    with igzip.open(path, "rb") as stream:
        while stream.read(1 << 18):
            pass


def _regions(folder: Path, files: PreparedFiles) -> tuple[list[RegionVoxels], int]:
    """Voxels of each configured region that lie in the brain mask, and voxels of the grid."""
    brain = read_label_image(folder / files.brain_mask).values.ravel(order="F") != 0
    parcellation = read_label_image(folder / files.parcellation)
    found = region_voxels(
        parcellation.values,
        parcellation.affine,
        REGIONS,
        packaged_labels("aparcaseg"),
        files.parcellation,
    )
    masked = [RegionVoxels(r.region, r.voxels[brain[r.voxels]]) for r in found]
    return masked, parcellation.values.size


def _speed(folder: Path, files: PreparedFiles, case: Case) -> Iterator[Row]:
    bold, labels = folder / files.bold, folder / "labels.nii.gz"
    plain, ours = _interleaved(
        lambda: decompress(bold), lambda: extract(folder, files), REPETITIONS
    )
    yield _row(
        f"{case.name}: extraction / decompression", _ratio(ours, plain), "ratio", "<=",
        LARGEST_RATIO,
    )  # fmt: skip
    _write_labels(labels, folder, files, case)
    importlib.import_module("nilearn.maskers")
    np.testing.assert_allclose(_with_nilearn(labels, bold), extract(folder, files), rtol=1e-5)
    ours, theirs = _interleaved(
        lambda: extract(folder, files), lambda: _with_nilearn(labels, bold), REPETITIONS_OF_SLOW
    )
    yield _row(
        f"{case.name}: nilearn / extraction", _ratio(theirs, ours), "ratio", ">=", SMALLEST_GAIN
    )
    plain, measured = _interleaved(
        lambda: decompress(bold), lambda: _measure(folder, [files]), REPETITIONS_OF_SLOW
    )
    yield _row(
        f"{case.name}: all metrics / decompression", _ratio(measured, plain), "ratio", "<=",
        LARGEST_METRICS_RATIO,
    )  # fmt: skip


def _row(name: str, value: float, unit: str, sense: str, bar: float) -> Row:
    holds = value <= bar if sense == "<=" else value >= bar
    return {"name": name, "value": value, "unit": unit, "bar": f"{sense} {bar:g}", "holds": holds}


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _interleaved(
    first: Callable[[], object], second: Callable[[], object], repetitions: int
) -> tuple[list[float], list[float]]:
    """Seconds of two pieces of work in turn."""
    pairs = [(_seconds(first), _seconds(second)) for _ in range(repetitions)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _ratio(numerators: list[float], denominators: list[float]) -> float:
    return median(a / b for a, b in zip(numerators, denominators, strict=True))


def _write_labels(path: Path, folder: Path, files: PreparedFiles, case: Case) -> None:
    """Write the configured regions as an image of labels from 1 on."""
    found, n_voxels = _regions(folder, files)
    labels = np.zeros(n_voxels, np.int16)
    for number, region in enumerate(found, start=1):
        labels[region.voxels] = number
    save(path, labels.reshape(case.shape[:3], order="F"), case)


def _with_nilearn(labels: Path, bold: Path) -> npt.NDArray[np.floating]:
    from nilearn.maskers import NiftiLabelsMasker  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NiftiLabelsMasker(str(labels)).fit_transform(str(bold))


def _measure(folder: Path, files: list[PreparedFiles]) -> None:
    timepoints = tuple((session, (session,)) for session in SESSIONS)
    measured = measure_participant(
        "sub-01",
        files,
        folder,
        layout=StudyLayout(Images(derivatives=""), timepoints, ("rest",)),
        regions=REGIONS,
        settings=Settings(metrics=ALL_METRICS),
    )
    if len(measured.runs) < len(files):
        raise RuntimeError(measured.decisions)


def _in_process(what: str, number: int, folder: str) -> list[Row]:
    """Have rows measured in a process of their own."""
    done = subprocess.run(
        [sys.executable, __file__, what, str(number), folder],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | ONE_THREAD,
    )
    measured: list[Row] = json.loads(done.stdout)
    return measured


def own_peak_megabytes() -> float:
    """Peak memory of this process; ``ru_maxrss`` would count the parent's before ``exec``."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return float(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000
    import resource  # noqa: PLC0415

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _memory(folder: Path, files: PreparedFiles, case: Case) -> Iterator[Row]:
    extract(folder, files)
    yield _row(
        f"{case.name}: peak memory of extraction", own_peak_megabytes(), "MB", "<=",
        LARGEST_MEGABYTES,
    )  # fmt: skip


def _memory_of_metrics(folder: Path, files: PreparedFiles, case: Case) -> Iterator[Row]:
    _measure(folder, [files, names(SESSIONS[1])])
    yield _row(
        f"{case.name}: peak memory of all metrics of two runs", own_peak_megabytes(), "MB", "<=",
        LARGEST_PARTICIPANT_MEGABYTES,
    )  # fmt: skip


def main(what: str, number: str, folder: str) -> None:
    """Measure one thing and print its rows as JSON."""
    parts = {"speed": _speed, "memory": _memory, "memory_of_metrics": _memory_of_metrics}
    measured = parts[what](Path(folder), names(SESSIONS[0]), CASES[int(number)])
    print(json.dumps(list(measured)))


if __name__ == "__main__":
    main(*sys.argv[1:])
