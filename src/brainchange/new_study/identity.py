"""What a dataset is called, how it is cited, and where its files are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from brainchange.new_study.described import NewStudy
from brainchange.new_study.text import asked, comment, plain, quoted, shortened
from brainchange.sources.dataset import Dataset
from brainchange.study.undecided import MARK

_RESOLVER = "https://doi.org/"
_DOI = re.compile(r"10\.\d{4,9}/[A-Za-z0-9._;()/:-]+")
_LONGEST = {"title": 200, "license": 100, "citation": 1000}
_DERIVED = "_space-T1w_desc-aparcaseg_dseg.nii.gz"


def identity(new: NewStudy) -> Iterator[str]:
    """Write what the study is called and how it is cited."""
    dataset = new.survey.dataset
    told = dataset.json("dataset_description.json")
    pinned = f", commit {dataset.repository.commit[:12]}" if dataset.repository else ""
    yield "# yaml-language-server: $schema=../schemas/study.schema.json"
    yield comment(
        f"Made by `brainchange new study` from what {dataset.name}{pinned} says of itself:"
    )
    yield "# values were read there or guessed from names. A comment that begins with"
    yield f"# {MARK.removesuffix(':')} and a colon is a question the dataset does not answer: write"
    yield f"# the answer and delete the comment. `brainchange check {new.id}` lists what is open."
    yield f"id: {quoted(new.id)}"
    yield from _said("title", told.get("Name"), "what is the study, in a line?")
    version = dataset.version or (dataset.repository.ref if dataset.repository else "")
    yield from _said("version", version, "which version of the dataset is it?")
    doi = plain(told.get("DatasetDOI", "")).removeprefix("doi:").removeprefix(_RESOLVER)
    if _DOI.fullmatch(doi):
        yield f"doi: {quoted(doi)}"
    yield from _said("license", told.get("License"), "under which licence are the data?")
    authors = told.get("Authors") if isinstance(told.get("Authors"), list) else []
    cited = ", ".join(map(plain, authors or ()))
    acknowledge = shortened(told.get("HowToAcknowledge") or "the dataset does not say", 300)
    yield comment(f"How to acknowledge: {acknowledge}")
    called = " ".join(filter(None, (dataset.name, version)))
    title = plain(told.get("Name", "")).rstrip(".")
    citation = f"{cited}. {title}. {called}." if cited else ""
    yield from _said("citation", citation, "how are the data cited?")


def _said(key: str, value: object, question: str) -> Iterator[str]:
    told = shortened(value, _LONGEST.get(key, 100)) if value else ""
    yield f"{key}: {quoted(told)}" if told else f"{key}:  {asked(question)}"


def repositories(new: NewStudy) -> Iterator[str]:
    """Write where the files are, and which of them are needed."""
    if new.folder is not None:
        yield f"folder: {{path: {quoted(str(new.folder))}}}"
        return
    yield "repositories:"
    derived = _usable(new.derivatives)
    yield from _repository(new.survey.dataset, _raw_patterns(new, with_images=not derived))
    if derived:
        yield from _repository(derived, _derived_patterns(derived), "derivatives/fmriprep")


def _repository(dataset: Dataset, patterns: Sequence[str], folder: str = "") -> Iterator[str]:
    pinned = dataset.repository
    if pinned is None:
        return
    yield f"  - name: {quoted(pinned.name)}"
    yield f"    url: {quoted(pinned.url)}"
    yield f"    ref: {quoted(pinned.ref)}"
    yield f"    commit: {quoted(pinned.commit)}"
    if folder:
        yield f"    folder: {folder}"
    yield "    files:"
    yield from (f"      - {quoted(pattern)}" for pattern in patterns)


def _raw_patterns(new: NewStudy, *, with_images: bool) -> list[str]:
    """Patterns of the files that are needed: tables, sidecars at the top, images of the tasks."""
    sizes = new.survey.dataset.sizes
    tops = [path for path in sizes if "/" not in path and path.endswith((".tsv", ".json"))]
    patterns = [*tops, *(["phenotype/*"] if any(p.startswith("phenotype/") for p in sizes) else [])]
    if any(path.startswith("sub-") and path.endswith("_sessions.tsv") for path in sizes):
        patterns.append("sub-*/sub-*_sessions.tsv")
    if any(path.endswith("_events.tsv") for path in sizes):
        patterns.append("sub-*/**/*_events.tsv")
    if not with_images:
        return patterns
    for task in new.survey.tasks:
        patterns += [f"sub-*/**/*_task-{task.label}_*bold.nii*"]
    if new.survey.anatomy:
        patterns.append("sub-*/**/anat/*_T1w.nii*")
    sidecars = any(path.startswith("sub-") and path.endswith("_bold.json") for path in sizes)
    return [*patterns, *(["sub-*/**/*_bold.json"] if sidecars else [])]


def _usable(derivatives: Dataset | None) -> Dataset | None:
    """Keep derivatives that hold prepared images with a parcellation of the participant's own."""
    found = derivatives and any(path.endswith(_DERIVED) for path in derivatives.sizes)
    return derivatives if found else None


def _derived_patterns(derivatives: Dataset) -> list[str]:
    needed = (
        "space-T1w_desc-preproc_bold.nii.gz",
        "space-T1w_desc-preproc_bold.json",
        "space-T1w_desc-brain_mask.nii.gz",
        "space-T1w_desc-aparcaseg_dseg.nii.gz",
        "desc-confounds_timeseries.tsv",
        "desc-confounds_timeseries.json",
    )
    tops = ("dataset_description.json", "desc-aparcaseg_dseg.tsv")
    return [
        *(path for path in tops if path in derivatives.sizes),
        *(
            f"sub-*/**/*_{ending}"
            for ending in needed
            if any(path.endswith(f"_{ending}") for path in derivatives.sizes)
        ),
    ]


def images(new: NewStudy) -> Iterator[str]:
    """Write whether prepared images are used, or raw ones are prepared here."""
    inside = any(path.startswith("derivatives/") for path in new.survey.dataset.sizes)
    if inside:
        yield comment("The dataset has a folder 'derivatives'.")
    if _usable(new.derivatives):
        yield "images: {derivatives: derivatives/fmriprep, space: T1w, parcellation: aparcaseg}"
        return
    if new.derivatives:
        yield comment("Its public fMRIPrep derivatives hold no prepared images with aparcaseg.")
    else:
        yield comment("No public fMRIPrep derivatives were found; images are prepared here.")
    yield comment("Atlases: brainchange list atlases.")
    yield "images: {source: raw, atlas: HarvardOxford}"
