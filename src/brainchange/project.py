"""Everything that is configured, read and checked as a whole, before any job."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brainchange.errors import ConfigError, Problem
from brainchange.imaging.atlas_labels import label_problems, missing_files
from brainchange.metrics.given_names import given_problems
from brainchange.metrics.registry import computed_metrics, contrasted_metrics
from brainchange.project_folder import CLAIMS, CONFIG, REGIONS, require_study, study_file
from brainchange.project_problems import (
    claim_problems,
    network_problems,
    seed_problems,
    settings_problems,
    task_claim_problems,
)
from brainchange.study.atlases import ATLASES, AtlasSource, choose_atlas, read_atlases
from brainchange.study.claims import Claims
from brainchange.study.lines import with_lines
from brainchange.study.model import Study
from brainchange.study.regions import (
    Region,
    groups_and_networks,
    read_regions,
    regions_of_atlas,
    with_networks,
)
from brainchange.study.settings import Settings
from brainchange.study.strict import parse, read_yaml
from brainchange.study.templates import TEMPLATES, TemplateSource, choose_template, read_templates
from brainchange.study.testability import Judged, judge_claims
from brainchange.study.undecided import undecided

FREESURFER_ATLAS = "aparcaseg"
"""Atlas of config/regions.tsv whose labels are FreeSurfer's names."""


@dataclass(frozen=True)
class Project:
    """The configuration of one analysis.

    Attributes
    ----------
    root : Path
        Folder with `config/`, `data/` and `results/`.
    settings : Settings
        `config/config.yaml`, with what the command line overrides.
    study : Study
        The study that is analysed.
    regions : tuple of Region
        The regions analysed, in order, with their labels in the study's atlas.
    claims : Claims
        The claims.
    atlas : AtlasSource or None
        The atlas that is brought to the images, in the template chosen for them; None where the
        study measures a parcellation of its derivatives.
    template : TemplateSource or None
        The template that raw images are registered to; None where derivatives are measured.
    known_regions : tuple of Region
        Every row of `config/regions.tsv`.
    """

    root: Path
    settings: Settings
    study: Study
    regions: tuple[Region, ...]
    claims: Claims
    atlas: AtlasSource | None = None
    template: TemplateSource | None = None
    known_regions: tuple[Region, ...] = ()

    @property
    def measured_regions(self) -> tuple[Region, ...]:
        """The regions as images are measured in them: another network measures none again."""
        return tuple(replace(region, networks=()) for region in self.regions)

    @property
    def freesurfer_regions(self) -> tuple[Region, ...]:
        """The regions with FreeSurfer's names of their structures; none where it has no such."""
        named = {r.region: r for r in self.known_regions if r.atlas == FREESURFER_ATLAS}
        return tuple(
            replace(region, labels=(), midline_distance=None)
            if region.region not in named
            else replace(named[region.region], networks=())
            for region in self.regions
        )

    @property
    def lock_path(self) -> Path:
        """Where the lock of the study is."""
        return self.root / "data" / "locks" / f"{self.study.id}.tsv"

    @property
    def study_folder(self) -> Path:
        """Where the fetched files of the study are."""
        return self.root / "data" / "studies" / self.study.id

    def judged_claims(
        self,
        arm_sizes: Mapping[str, int] | None = None,
        computed: Collection[str] | None = None,
    ) -> tuple[Judged, ...]:
        """Judge what the study can say about each claim.

        Parameters
        ----------
        arm_sizes : mapping of str to int, optional
            Participants of each arm, where they are known.
        computed : collection of str, optional
            Metrics there are values of; those of the settings unless said.
        """
        return judge_claims(
            self.claims,
            self.study,
            computed=computed_metrics(self.settings.metrics) if computed is None else computed,
            groups=groups_and_networks(self.regions),
            arm_sizes=arm_sizes,
            contrasted=contrasted_metrics(),
        )


def load_project(root: Path, overrides: Mapping[str, Any] | None = None) -> Project:
    """Read and check the configuration.

    Parameters
    ----------
    root : Path
        Folder of the project.
    overrides : mapping, optional
        Values that replace those of ``config/config.yaml`` (of the command line).

    Raises
    ------
    ConfigError
        All problems of all files at once.
    """
    problems: list[Problem] = []
    read = _read(root, overrides or {}, problems)
    settings, study, claims = read.settings, read.study, read.claims
    problems.extend(settings_problems(settings))
    if read.regions:
        problems.extend(network_problems(settings, read.regions))
    if read.atlases is not None:
        problems.extend(missing_files(read.atlases, root, ATLASES))
        problems.extend(label_problems(read.regions, read.atlases, root, REGIONS))
    chosen = _chosen_regions(read, problems)
    if read.regions and study and study.task_contrasts:
        problems.extend(seed_problems(settings, read.regions))
    atlas, template = _chosen_images(read, problems)
    if study and study.observations and chosen:
        problems.extend(given_problems(study.observations, chosen, study_file(study.id)))
    if claims and read.regions:
        problems.extend(claim_problems(claims, read.regions, settings))
    if claims and study:
        problems.extend(task_claim_problems(study, claims))
    if problems or not (study and claims):
        raise ConfigError.from_problems(with_lines(problems, root))
    return Project(root, settings, study, chosen, claims, atlas, template, read.regions)


@dataclass
class _Read:
    """The files of the configuration, each by itself; None or nothing where one has problems."""

    settings: Settings
    atlases: tuple[AtlasSource, ...] | None = None
    templates: tuple[TemplateSource, ...] | None = None
    regions: tuple[Region, ...] = ()
    claims: Claims | None = None
    study: Study | None = None


def _read(root: Path, overrides: Mapping[str, Any], problems: list[Problem]) -> _Read:
    """Read every file; what is wrong with one goes on the list and hides nothing of the others."""
    read = _Read(Settings())
    with _collected(problems):
        read.atlases = read_atlases(root / ATLASES)
    with _collected(problems):
        read.templates = read_templates(root / TEMPLATES)
    with _collected(problems):
        read.settings, wrong = _settings(_merged(read_yaml(root / CONFIG), overrides))
        problems.extend(wrong)
    with _collected(problems):
        read.regions = read_regions(root / REGIONS)
    with _collected(problems):
        read.claims = parse(Claims, read_yaml(root / CLAIMS), CLAIMS)
    with _collected(problems):
        read.study = read_study(root, read.settings.study)
    return read


def _chosen_regions(read: _Read, problems: list[Problem]) -> tuple[Region, ...]:
    """Choose the regions that are analysed, with their labels in the study's atlas."""
    chosen: tuple[Region, ...] = ()
    if read.regions and read.study:
        named, asked = read.study.images.segmentation, read.settings.regions
        with _collected(problems):
            chosen = regions_of_atlas(read.regions, named, asked, f"{CONFIG}: regions")
            chosen = with_networks(chosen, read.settings.networks)
    return chosen


def _chosen_images(
    read: _Read, problems: list[Problem]
) -> tuple[AtlasSource | None, TemplateSource | None]:
    """Choose atlas and template of a study; none where their table is wrong, which is told."""
    atlas, template = None, None
    if read.study:
        images, where = read.study.images, study_file(read.study.id)
        with _collected(problems):
            if images.atlas and read.atlases is not None:
                atlas = choose_atlas(read.atlases, images, where)
        with _collected(problems):
            if images.source == "raw" and read.templates is not None:
                place = f"{where}: images.template"
                template = choose_template(read.templates, images.template, place)
    return atlas, template


def read_study(root: Path, name: str) -> Study:
    """Read and check one study file.

    Raises
    ------
    ConfigError
        There is no such study, its file does not fit the model or still has questions, or it has
        another id.
    """
    require_study(root, name)
    where = study_file(name)
    with _nothing_open(root / where, where):
        study = parse(Study, read_yaml(root / where), where)
    if study.id != name:
        raise ConfigError(
            f"the study calls itself '{study.id}'", where=f"{where}: id", fix=f"write 'id: {name}'"
        )
    return study


@contextmanager
def _nothing_open(path: Path, where: str) -> Iterator[None]:
    """Tell what a person has still to decide about a study, beside what else is wrong with it."""
    problems: list[Problem] = []
    with _collected(problems):
        yield
    if path.is_file():
        problems = undecided(path.read_text("utf-8", errors="replace"), where, problems) or problems
    if problems:
        raise ConfigError.from_problems(problems)


@contextmanager
def _collected(problems: list[Problem]) -> Iterator[None]:
    """Put the problems of a configuration error on the list and go on."""
    try:
        yield
    except ConfigError as error:
        problems.extend(error.problems)


def _settings(values: Mapping[str, Any]) -> tuple[Settings, tuple[Problem, ...]]:
    """Parse the settings; what is wrong is told, and the rest still serves to check other files."""
    try:
        return parse(Settings, dict(values), CONFIG), ()
    except ConfigError as error:
        sound = {key: value for key, value in values.items() if _is_sound(key, value)}
        return parse(Settings, sound, CONFIG), error.problems


def _is_sound(key: str, value: object) -> bool:
    try:
        parse(Settings, {key: value}, CONFIG)
    except ConfigError:
        return False
    return True


def _merged(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for key, value in overrides.items():
        inner = merged.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return merged
