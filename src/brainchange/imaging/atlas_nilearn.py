"""Atlases that nilearn fetches.

nilearn is imported where it is needed, because that takes two seconds; what was fetched once is
read without it (:mod:`brainchange.imaging.atlas_cache`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.filebasedimages import ImageFileError

from brainchange.errors import ConfigError, FetchError
from brainchange.imaging.atlas import labelled_image
from brainchange.imaging.atlas_parts import Part
from brainchange.imaging.nifti import read_label_image
from brainchange.study.atlases import ATLASES, Component

Options = Mapping[str, Any]
_UNKNOWN_TEMPLATE = "MNI?"
_NITRC = "https://www.nitrc.org/frs/download.php"
_SCHAEFER = (
    "https://raw.githubusercontent.com/ThomasYeoLab/CBIG/"
    "v0.14.3-Update_Yeo2011_Schaefer2018_labelname/stable_projects/brain_parcellation/"
    "Schaefer2018_LocalGlobal/Parcellations/MNI"
)


@dataclass(frozen=True)
class _Fetcher:
    """What a fetcher of nilearn reads, so that it can be put there by hand.

    Attributes
    ----------
    address : str
        What is to be fetched: an archive, or a folder of files.
    folder : callable
        Folder below the one of the atlas, from the arguments.
    files : callable
        Files in it, from the arguments; the image is the first.
    """

    address: Callable[[Options], str]
    folder: Callable[[Options], str]
    files: Callable[[Options], tuple[str, ...]]


def nilearn_part(component: Component, template: str, what: str, folder: Path) -> Part:
    """Get a component from a fetcher of nilearn.

    Parameters
    ----------
    component : Component
        Fetcher and its arguments.
    template : str
        The template it is said to be in.
    what : str
        What is fetched, for messages.
    folder : Path
        Where nilearn keeps its files (``data_dir``).

    Raises
    ------
    FetchError
        nilearn cannot fetch or read its files; the message says which to put where.
    ConfigError
        nilearn says that it is in another template.
    ImageError
        Image and labels do not fit each other.
    """
    options = _typed(component)
    fetcher = _FETCHERS[component.image]
    home = folder / fetcher.folder(options)
    files = tuple(home / name for name in fetcher.files(options))
    try:
        fetched = _fetch(component.image, options, folder)
        values, affine = _image(fetched.maps)
    except _FAILURES as error:
        named = " and ".join(str(file) for file in files)
        raise FetchError(
            f"nilearn could not get {what}",
            where=f"nilearn.datasets.fetch_atlas_{component.image}",
            cause=" ".join(str(error).split()) or type(error).__name__,
            fix=f"fetch {fetcher.address(options)} on a machine with network, and unpack it so "
            f"that these files are there: {named}; a damaged file there must be deleted first",
        ) from None
    _require_template(fetched.template, template, what)
    named_labels = zip(map(int, fetched.lut["index"]), map(str, fetched.lut["name"]), strict=True)
    image = labelled_image(values, affine, named_labels, str(files[0]), component.without)
    return Part(image, tuple(file for file in files if file.is_file()))


def _require_template(told: str, template: str, what: str) -> None:
    """Compare the template of ``atlases.tsv`` with nilearn's, which is not always known there."""
    if told not in (template, _UNKNOWN_TEMPLATE):
        raise ConfigError(
            f"{what} is in the template {told}, says nilearn, not in {template}",
            where=ATLASES,
            fix=f"write {told} in the column 'template'",
        )


def _fetch(name: str, options: Options, folder: Path) -> Any:  # noqa: ANN401
    from nilearn import datasets  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(datasets, f"fetch_atlas_{name}")(data_dir=str(folder), verbose=0, **options)


def _image(maps: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:  # noqa: ANN401
    """Labels and affine of what a fetcher returns: a path, or an image in memory."""
    if isinstance(maps, (str, Path)):
        read = read_label_image(Path(maps))
        return read.values, read.affine
    return np.asanyarray(maps.dataobj), np.asarray(maps.affine, dtype=np.float64)


def _typed(component: Component) -> dict[str, Any]:
    """Arguments with the type nilearn wants: truth values, whole numbers, or text."""
    truth = {"true": True, "false": False}
    return {
        name: truth.get(text.lower(), int(text) if text.isdigit() else text)
        for name, text in component.options
    }


def _harvard_oxford(options: Options) -> tuple[str, ...]:
    name = str(options["atlas_name"])
    if options.get("symmetric_split"):
        name = name.replace("cort-max", "cortl-max")
    kind = "Subcortical" if name.startswith("sub-") else "Cortical"
    side = "-Lateralized" if name.startswith("cortl") else ""
    return (
        f"HarvardOxford/HarvardOxford-{name}.nii.gz",
        f"HarvardOxford-{kind}{side}.xml",
    )


def _aal(options: Options) -> tuple[str, ...]:
    if options.get("version", "3v2") == "3v2":
        return ("AAL3/AAL3v1.nii", "AAL3/AAL3v1.xml")
    return ("aal/atlas/AAL.nii", "aal/atlas/AAL.xml")


def _aal_address(options: Options) -> str:
    if options.get("version", "3v2") == "3v2":
        return "https://www.gin.cnrs.fr/wp-content/uploads/AAL3v2_for_SPM12.tar.gz"
    return "https://www.gin.cnrs.fr/AAL_files/aal_for_SPM12.tar.gz"


def _schaefer(options: Options) -> tuple[str, ...]:
    regions, networks = options.get("n_rois", 400), options.get("yeo_networks", 7)
    stem = f"Schaefer2018_{regions}Parcels_{networks}Networks_order"
    return (f"{stem}_FSLMNI152_{options.get('resolution_mm', 1)}mm.nii.gz", f"{stem}.txt")


def _destrieux(options: Options) -> tuple[str, ...]:
    side = "_lateralized" if options.get("lateralized", True) else ""
    names = (f"rois{side}.nii.gz", f"rois_labels{side}.csv")
    return (*(f"destrieux2009_{name}" for name in names), "destrieux2009.rst")


_FETCHERS: Mapping[str, _Fetcher] = {
    "aal": _Fetcher(_aal_address, lambda o: f"aal_{o.get('version', '3v2')}", _aal),
    "destrieux_2009": _Fetcher(
        lambda _: f"{_NITRC}/11942/destrieux2009.tgz", lambda _: "destrieux_2009", _destrieux
    ),
    "harvard_oxford": _Fetcher(
        lambda _: f"{_NITRC}/9902/HarvardOxford.tgz", lambda _: "fsl/data/atlases", _harvard_oxford
    ),
    "juelich": _Fetcher(
        lambda _: f"{_NITRC}/12096/Juelich.tgz",
        lambda _: "fsl/data/atlases",
        lambda o: (f"Juelich/Juelich-{o['atlas_name']}.nii.gz", "Juelich.xml"),
    ),
    "schaefer_2018": _Fetcher(lambda _: _SCHAEFER, lambda _: "schaefer_2018", _schaefer),
}

# What fetching, unpacking and reading raise; errors of requests are OSError, of XML SyntaxError.
_FAILURES = (OSError, ValueError, SyntaxError, AssertionError, KeyError, EOFError, ImageFileError)
