"""Speed and memory of reading a run, as ratios to decompression and to nilearn in the same process.

The images are noise in a box that fills half of the grid (the field of view of the scan in the grid
of the anatomical image) and zero outside, as those of fMRIPrep; the brain in it is brighter. They
compress to a third, as the runs of ds003007 do to about a half. Times are processor times with one
thread for matrix products, as in a job of the workflow.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import igzip
from threadpoolctl import threadpool_limits

from brainchange.imaging.nifti import read_label_image, read_volumes
from brainchange.imaging.parcellation import packaged_labels, region_voxels
from brainchange.imaging.signals import region_means
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import measure_participant
from brainchange.sources.bids import PreparedFiles, Run
from brainchange.study.model import Images
from brainchange.study.regions import read_regions
from brainchange.study.settings import Settings

REGIONS = read_regions(Path(__file__).resolve().parents[1] / "config" / "regions.tsv")
CASES = (
    ((112, 112, 25, 100), (2.0, 2.0, 5.0), "int16"),
    ((112, 112, 25, 100), (2.0, 2.0, 5.0), "float32"),
    ((97, 115, 97, 200), (2.0, 2.0, 2.0), "int16"),
    ((97, 115, 97, 200), (2.0, 2.0, 2.0), "float32"),
)
REPETITIONS = 5
LARGEST_RATIO, SMALLEST_GAIN, LARGEST_MEGABYTES, LARGEST_METRICS_RATIO = 1.2, 8.0, 350.0, 5.0
BASE = "sub-01/ses-pre/func/sub-01_ses-pre_task-rest"

Row = dict[str, Any]


def rows() -> Iterator[Row]:
    """Measure every case: name, value, unit, bar, and whether the bar holds."""
    for shape, zooms, dtype in CASES:
        name = f"{'x'.join(map(str, shape))}_{dtype}"
        with tempfile.TemporaryDirectory() as folder:
            files = publish(Path(folder), shape, zooms, dtype)
            yield from _case(name, Path(folder), files)


def extract(folder: Path, files: PreparedFiles) -> np.ndarray:
    """Read the voxels of all configured regions and average each region, as the masker does."""
    parcellation = read_label_image(folder / files.parcellation)
    regions = region_voxels(
        parcellation.values,
        parcellation.affine,
        REGIONS,
        packaged_labels("aparcaseg"),
        files.parcellation,
    )
    voxels = np.unique(np.concatenate([region.voxels for region in regions]))
    volumes = read_volumes(folder / files.bold, voxels)
    return region_means(volumes, [np.searchsorted(voxels, region.voxels) for region in regions])


def decompress(path: Path) -> int:
    """Decompress a file with ISA-L and throw the bytes away."""
    piece, total = bytearray(1 << 18), 0
    with igzip.open(path, "rb") as stream:
        while got := stream.readinto(piece):
            total += got
    return total


def _case(name: str, folder: Path, files: PreparedFiles) -> Iterator[Row]:
    plain, ours = _interleaved(
        lambda: decompress(folder / files.bold), lambda: extract(folder, files)
    )
    yield _row(f"{name}: extraction / decompression", ours / plain, "ratio", "<=", LARGEST_RATIO)
    importlib.import_module("nilearn.maskers")
    theirs = _seconds(lambda: _with_nilearn(folder, files))
    yield _row(f"{name}: nilearn / extraction", theirs / ours, "ratio", ">=", SMALLEST_GAIN)
    yield _row(
        f"{name}: peak memory of extraction", _peak(folder, files), "MB", "<=", LARGEST_MEGABYTES
    )
    with threadpool_limits(1):
        plain, metrics = _interleaved(
            lambda: decompress(folder / files.bold), lambda: _measure(folder, files), repetitions=3
        )
    yield _row(
        f"{name}: all metrics / decompression", metrics / plain, "ratio", "<=",
        LARGEST_METRICS_RATIO,
    )  # fmt: skip


def _row(name: str, value: float, unit: str, sense: str, bar: float) -> Row:
    holds = value <= bar if sense == "<=" else value >= bar
    return {"name": name, "value": value, "unit": unit, "bar": f"{sense} {bar:g}", "holds": holds}


def _seconds(work: Callable[[], object]) -> float:
    """Processor time of a piece of work: a busy machine changes it little."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _interleaved(
    first: Callable[[], object], second: Callable[[], object], repetitions: int = REPETITIONS
) -> tuple[float, float]:
    """Shortest time of two pieces of work in turn, so that a busy machine slows both."""
    pairs = [(_seconds(first), _seconds(second)) for _ in range(repetitions)]
    return min(a for a, _ in pairs), min(b for _, b in pairs)


def _with_nilearn(folder: Path, files: PreparedFiles) -> np.ndarray:
    from nilearn.maskers import NiftiLabelsMasker  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        masker = NiftiLabelsMasker(
            str(folder / files.parcellation), standardize=None, resampling_target=None
        )
        return masker.fit_transform(str(folder / files.bold))


def _measure(folder: Path, files: PreparedFiles) -> None:
    layout = StudyLayout(Images(derivatives=""), (("pre", ("pre",)),), ("rest",))
    measured = measure_participant(
        "sub-01",
        [files],
        folder,
        layout=layout,
        regions=REGIONS,
        settings=Settings(),
    )
    if not measured.runs:
        raise RuntimeError(measured.decisions)


def _peak(folder: Path, files: PreparedFiles) -> float:
    """Peak memory in MB of a process that extracts one run."""
    done = subprocess.run(
        [sys.executable, __file__, str(folder), json.dumps(files.paths)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def own_peak_megabytes() -> float:
    """Peak memory of this process; ``ru_maxrss`` would count the parent's before ``exec``."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return float(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000
    import resource  # noqa: PLC0415

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def publish(
    folder: Path, shape: tuple[int, ...], zooms: tuple[float, ...], dtype: str
) -> PreparedFiles:
    """Write a prepared run with every configured region."""
    (folder / BASE).parent.mkdir(parents=True)
    files = _names()
    affine = np.diag([*zooms, 1.0])
    affine[:3, 3] = -0.5 * np.array(zooms) * np.array(shape[:3])
    grid = np.indices(shape[:3], dtype=np.float32)
    radius = sum(((grid[i] / shape[i] - 0.5) / 0.375) ** 2 for i in range(3))
    brain = radius < 1
    nib.save(nib.Nifti1Image(brain.astype("uint8"), affine), folder / files.brain_mask)
    nib.save(nib.Nifti1Image(_labels(brain, grid[0]), affine), folder / files.parcellation)
    _write_bold(folder / files.bold, brain, affine, shape[3], dtype)
    _write_tables(folder, files, shape[3])
    return files


def _names() -> PreparedFiles:
    return PreparedFiles(
        run=Run("sub-01", "ses-pre", "rest"),
        bold=f"{BASE}_space-T1w_desc-preproc_bold.nii.gz",
        brain_mask=f"{BASE}_space-T1w_desc-brain_mask.nii.gz",
        parcellation=f"{BASE}_space-T1w_desc-aparcaseg_dseg.nii.gz",
        confounds=f"{BASE}_desc-confounds_timeseries.tsv",
        sidecar=f"{BASE}_space-T1w_desc-preproc_bold.json",
    )


def _labels(brain: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Fill each half of the brain with the labels of its side, slab by slab."""
    known = packaged_labels("aparcaseg")
    labels = np.zeros(brain.shape, np.int16)
    middle = brain.shape[0] / 2
    for starts, half in ((("Left-", "ctx-lh-"), x < middle), (("Right-", "ctx-rh-"), x >= middle)):
        numbers = [number for name, number in known.items() if name.startswith(starts)]
        inside = np.flatnonzero(brain & half)
        for number, voxels in zip(numbers, np.array_split(inside, len(numbers)), strict=True):
            labels.flat[voxels] = number
    return labels


def _write_bold(
    path: Path, brain: np.ndarray, affine: np.ndarray, n_volumes: int, dtype: str
) -> None:
    rng = np.random.default_rng(1)
    seen = np.zeros(brain.shape, dtype=bool)
    seen[tuple(slice(round(0.1 * n), round(0.9 * n)) for n in brain.shape)] = True
    header = nib.Nifti1Image(np.zeros((*brain.shape, 1), dtype), affine).header
    header.set_data_shape((*brain.shape, n_volumes))
    header.set_zooms((*header.get_zooms()[:3], 2.5))
    header["magic"], header["vox_offset"] = b"n+1", 352
    with igzip.open(path, "wb", compresslevel=2) as stream:
        stream.write(header.binaryblock + bytes(4))
        level = np.select([brain, seen], [np.float32(1000), np.float32(60)])
        spread = np.select([brain, seen], [np.float32(20), np.float32(15)])
        for _ in range(n_volumes):
            volume = level + spread * rng.standard_normal(brain.shape, dtype=np.float32)
            stream.write(volume.astype(dtype).tobytes(order="F"))


def _write_tables(folder: Path, files: PreparedFiles, n_volumes: int) -> None:
    rng = np.random.default_rng(2)
    names = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
    names += ["white_matter", "csf", "std_dvars", "framewise_displacement"]
    values = rng.normal(0, 1e-3, (n_volumes, len(names)))
    values += np.array([0] * 6 + [1, 1, 1, 0.1])
    lines = ["\t".join(names)] + ["\t".join(f"{v:.6g}" for v in row) for row in values]
    (folder / files.confounds).write_text("\n".join(lines) + "\n")
    (folder / files.sidecar).write_text(json.dumps({"RepetitionTime": 2.5}))


if __name__ == "__main__":
    paths = json.loads(sys.argv[2])
    extract(Path(sys.argv[1]), PreparedFiles(Run("sub-01", "ses-pre", "rest"), *paths))
    print(own_peak_megabytes())
