"""Region signals and connectivity as files of a BIDS derivative dataset.

Names follow the proposal for derivatives of functional connectivity (BEP 17: ``seg-<label>``,
``_timeseries.tsv``, ``_relmat.tsv``), which the BIDS validator does not know yet; ``.bidsignore``
says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.files import write_text
from brainchange.metrics.measured import MeasuredRun, ParticipantMeasurement
from brainchange.sources.bids import Run, derivative_name
from brainchange.study.model import Images, Study
from brainchange.study.settings import Settings
from brainchange.tables import write_tsv

BIDS_VERSION = "1.10.0"
PREPARED = "prepared"
"""Name of the link to the study folder in ``bids:prepared:…`` addresses."""

BIDSIGNORE = (
    "*_timeseries.tsv",
    "*_timeseries.json",
    "*_relmat.tsv",
    "*_relmat.json",
    "/*.tsv",
    "/*.json",
    "!/dataset_description.json",
    "/*.html",
    "/measured",
    "/figures",
    "/quality",
    "/brain",
)
"""What in the folder of results is no BIDS: names of a proposal, and tables of the whole study."""
PARTICIPANTS = ("!/participants.tsv", "!/participants.json")
"""The table of participants is BIDS where everybody in it has a folder, which BIDS asks for."""


def write_dataset_description(
    folder: Path, study: Study, study_folder: Path | None, version: str
) -> None:
    """Write what makes a folder of results a BIDS derivative dataset.

    Parameters
    ----------
    folder : Path
        ``results/<study>``.
    study : Study
        Title, licence, DOI and version.
    study_folder : Path or None
        Where the prepared images are; the link to it is relative. None where there are none.
    version : str
        Of this program.
    """
    source: dict[str, str] = {"Version": study.version}
    if study.doi:
        source["DOI"] = f"doi:{study.doi}"
        source["URL"] = f"https://doi.org/{study.doi}"
    description: dict[str, Any] = {
        "Name": f"Region measures of {study.id}: {study.title}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "License": study.license,
        "HowToAcknowledge": study.citation,
        "GeneratedBy": [
            {
                "Name": "brainchange",
                "Version": version,
                "Description": "Measures of regions, effects of therapy and verdicts; code and "
                "configuration are in code/",
            }
        ],
        "SourceDatasets": [source],
    }
    if study_folder is not None:
        description["DatasetLinks"] = {PREPARED: _relative(study_folder, folder)}
    write_text(folder / "dataset_description.json", _json(description))
    ignored = BIDSIGNORE + (PARTICIPANTS if _all_have_folders(folder) else ())
    write_text(folder / ".bidsignore", "\n".join(ignored) + "\n")
    write_text(folder / "README.md", _readme(study))


def _all_have_folders(folder: Path) -> bool:
    table = folder / "participants.tsv"
    if not table.is_file():
        return False
    with table.open(encoding="utf-8") as lines:
        header, *rows = (line.rstrip("\n").split("\t") for line in lines)
    named = {row[0] for row in rows}
    return header[0] == "participant_id" and named == {one.name for one in folder.glob("sub-*")}


def write_derivatives(
    measurement: ParticipantMeasurement, folder: Path, images: Images, settings: Settings
) -> tuple[Path, ...]:
    """Write region signals and connectivity of every measured run of a participant.

    Parameters
    ----------
    measurement : ParticipantMeasurement
        What was measured.
    folder : Path
        ``results/<study>``; files go to ``sub-XX/ses-YY/func/`` in it.
    images : Images
        Space and parcellation, for the names.
    settings : Settings
        Parameters for the sidecars.

    Returns
    -------
    tuple of Path
        The files: ``desc-raw_timeseries`` and ``desc-denoised_timeseries`` with one row an
        analysed volume and one column a region (a censored volume is ``n/a``), and where
        connectivity is measured ``desc-denoised_relmat``, each with its JSON sidecar.
    """
    written: list[Path] = []
    for run in measurement.runs:
        for description, frame, sidecar in _tables(run, measurement, settings):
            path = folder / derivative_path(run.run, images, description)
            write_tsv(frame, path)
            write_text(path.with_suffix(".json"), _json(sidecar))
            written += [path, path.with_suffix(".json")]
    return tuple(written)


def derivative_path(run: Run, images: Images, description: str) -> str:
    """Say where a table of a run is in the folder of results.

    Parameters
    ----------
    run : Run
        Which run.
    images : Images
        Space and parcellation, for the name.
    description : str
        ``raw_timeseries``, ``denoised_timeseries`` or ``denoised_relmat``.
    """
    described, _, suffix = description.rpartition("_")
    name = derivative_name(
        run,
        suffix=suffix,
        extension=".tsv",
        space=images.space,
        seg=images.segmentation,
        desc=described,
    )
    return f"{run.folder}/{name}"


def _tables(
    run: MeasuredRun, measurement: ParticipantMeasurement, settings: Settings
) -> list[tuple[str, pd.DataFrame, dict[str, Any]]]:
    """Tables of one run: description and suffix, frame, sidecar."""
    names = [region.region for region in measurement.regions]
    raw_sidecar = _signal_sidecar(run, measurement, "Mean of the valid voxels", "arbitrary")
    denoised_sidecar = _signal_sidecar(
        run, measurement, "Residual of the nuisance regression", "arbitrary"
    )
    denoised_sidecar |= _denoising(run, settings)
    tables = [
        ("raw_timeseries", _frame(run.signals.raw, names), raw_sidecar),
        ("denoised_timeseries", _frame(run.signals.denoised_rows, names), denoised_sidecar),
    ]
    matrix = run.computed.get("connectivity")
    if matrix is not None:
        sidecar = {
            "Description": "Connectivity of every pair of regions; rows in the order of columns",
            "Measure": "Fisher z of the Pearson correlation (empirical covariance)",
            "Units": "Fisher z",
            "Sources": _sources(run),
            **_denoising(run, settings),
        }
        tables.append(("denoised_relmat", _frame(matrix, names), sidecar))
    return tables


def _frame(values: npt.NDArray[np.float64], names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(values, columns=pd.Index(names))


def _signal_sidecar(
    run: MeasuredRun, measurement: ParticipantMeasurement, what: str, unit: str
) -> dict[str, Any]:
    columns = {
        region.region: {
            "Description": f"{what}: {', '.join(region.labels)}"
            + (f" ({lost})" if (lost := measurement.unusable.get(region.region)) else ""),
            "Units": unit,
        }
        for region in measurement.regions
    }
    return {
        "SamplingFrequency": 1 / run.repetition_time,
        "RepetitionTime": run.repetition_time,
        "NumberOfVolumesDiscardedByUser": run.n_dummies,
        "Sources": _sources(run),
        **columns,
    }


def _denoising(run: MeasuredRun, settings: Settings) -> dict[str, Any]:
    return {
        "Specification": settings.denoising.name,
        "Denoising": settings.denoising.model_dump(mode="json"),
        "Censoring": settings.censoring.model_dump(mode="json"),
        "NumberOfVolumesKept": int(run.signals.kept.sum()),
        "NumberOfRegressors": run.n_regressors,
        "ResidualDegreesOfFreedom": run.signals.residual_degrees_of_freedom,
    }


def _sources(run: MeasuredRun) -> list[str]:
    files = run.files
    used = (files.bold, files.brain_mask, files.parcellation, files.confounds)
    return [f"bids:{PREPARED}:{path}" for path in used]


def _relative(target: Path, start: Path) -> str:
    return Path(os.path.relpath(target.resolve(), start.resolve())).as_posix()


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _readme(study: Study) -> str:
    told = "These are simulated data.\n\n" if study.simulated else ""
    return (
        f"# {study.title}\n\n{told}"
        f"Region signals, connectivity and effects computed by brainchange from {study.id} "
        f"(version {study.version}).\n\n{study.citation}\n"
    )
