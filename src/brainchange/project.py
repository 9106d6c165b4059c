"""Everything that is configured, read and checked as a whole, before any job."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brainchange.errors import ConfigError, Problem, did_you_mean
from brainchange.imaging.atlas_labels import label_problems, missing_files
from brainchange.metrics.given_names import given_problems
from brainchange.metrics.registry import computed_metrics, contrasted_metrics, metrics
from brainchange.project_folder import require_study
from brainchange.study.atlases import ATLASES, AtlasSource, choose_atlas, read_atlases
from brainchange.study.claims import Claim, Claims
from brainchange.study.lines import with_lines
from brainchange.study.model import Study
from brainchange.study.regions import (
    Region,
    groups_and_networks,
    read_regions,
    regions_of_atlas,
    with_networks,
)
from brainchange.study.settings import Regressors, Scrubbing, Settings
from brainchange.study.strict import parse, read_yaml
from brainchange.study.templates import TEMPLATES, TemplateSource, choose_template, read_templates
from brainchange.study.testability import Judged, judge_claims
from brainchange.study.undecided import undecided

CONFIG = "config/config.yaml"
REGIONS = "config/regions.tsv"
CLAIMS = "config/claims.yaml"
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


def study_names(root: Path) -> list[str]:
    """Names of the studies that have a file in ``config/studies/``."""
    return sorted(path.stem for path in (root / "config" / "studies").glob("*.yaml"))


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
    settings, study, claims = Settings(), None, None
    regions: tuple[Region, ...] = ()
    chosen: tuple[Region, ...] = ()
    atlases: tuple[AtlasSource, ...] | None = None
    templates: tuple[TemplateSource, ...] | None = None
    with _collected(problems):
        atlases = read_atlases(root / ATLASES)
    with _collected(problems):
        templates = read_templates(root / TEMPLATES)
    with _collected(problems):
        settings, wrong = _settings(_merged(read_yaml(root / CONFIG), overrides or {}))
        problems.extend(wrong)
    with _collected(problems):
        regions = read_regions(root / REGIONS)
    with _collected(problems):
        claims = parse(Claims, read_yaml(root / CLAIMS), CLAIMS)
    with _collected(problems):
        study = read_study(root, settings.study)
    problems.extend(_settings_problems(settings))
    if regions:
        problems.extend(_network_problems(settings, regions))
    if atlases is not None:
        problems.extend(missing_files(atlases, root, ATLASES))
        problems.extend(label_problems(regions, atlases, root, REGIONS))
    if regions and study:
        with _collected(problems):
            named = study.images.segmentation
            chosen = regions_of_atlas(regions, named, settings.regions, f"{CONFIG}: regions")
            chosen = with_networks(chosen, settings.networks)
    if regions and study and study.task_contrasts:
        problems.extend(_seed_problems(settings, regions))
    atlas, template = None, None
    if study:
        atlas, template = _for_images(study, atlases, templates, problems)
    if study and study.observations and chosen:
        where = f"config/studies/{study.id}.yaml"
        problems.extend(given_problems(study.observations, chosen, where))
    if claims and regions:
        problems.extend(_claim_problems(claims, regions, settings))
    if claims and study:
        problems.extend(_task_claim_problems(study, claims))
    if problems or not (study and claims):
        raise ConfigError.from_problems(with_lines(problems, root))
    return Project(root, settings, study, chosen, claims, atlas, template, regions)


def read_study(root: Path, name: str) -> Study:
    """Read and check one study file.

    Raises
    ------
    ConfigError
        There is no such study, its file does not fit the model or still has questions, or it has
        another id.
    """
    require_study(root, name)
    where = f"config/studies/{name}.yaml"
    with _nothing_open(root / where, where):
        study = parse(Study, read_yaml(root / where), where)
    if study.id != name:
        raise ConfigError(
            f"the study calls itself '{study.id}'", where=f"{where}: id", fix=f"write 'id: {name}'"
        )
    return study


def _for_images(
    study: Study,
    atlases: tuple[AtlasSource, ...] | None,
    templates: tuple[TemplateSource, ...] | None,
    problems: list[Problem],
) -> tuple[AtlasSource | None, TemplateSource | None]:
    """Choose atlas and template of a study; none where their table is wrong, which is told."""
    images, where = study.images, f"config/studies/{study.id}.yaml"
    atlas, template = None, None
    with _collected(problems):
        if images.atlas and atlases is not None:
            atlas = choose_atlas(atlases, images, where)
    with _collected(problems):
        if images.source == "raw" and templates is not None:
            template = choose_template(templates, images.template, f"{where}: images.template")
    return atlas, template


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


def _settings_problems(settings: Settings) -> list[Problem]:
    known = metrics()
    problems = [
        Problem(f"there is no metric '{name}'", f"{CONFIG}: {key}", fix=did_you_mean(name, known))
        for key, names in (
            ("metrics", settings.metrics),
            ("alternatives.metrics", settings.alternatives.metrics),
        )
        for name in names
        if name not in known
    ]
    twice = sorted({name for name in settings.metrics if settings.metrics.count(name) > 1})
    problems += [
        Problem(f"metric '{name}' is given twice", f"{CONFIG}: metrics", fix="keep one of them")
        for name in twice
    ]
    problems += _alternative_problems(settings)
    if settings.frequency.low >= settings.frequency.high:
        problems.append(Problem("low is not below high", f"{CONFIG}: frequency", fix="swap them"))
    return problems


def _network_problems(settings: Settings, regions: tuple[Region, ...]) -> Iterator[Problem]:
    """Tell of networks of groups that do not exist, and of names that mean something else."""
    groups = dict.fromkeys(region.group for region in regions)
    names = {*groups, *(region.region for region in regions)}
    for network, members in settings.networks.items():
        place = f"{CONFIG}: networks.{network}"
        if network in names:
            yield Problem(f"'{network}' is also a region or group", place, fix="rename the network")
        for group in dict.fromkeys(members):
            if group not in groups:
                yield Problem(
                    f"no region belongs to the group '{group}'",
                    place,
                    f"it is mistyped, or its regions are not in {REGIONS}",
                    did_you_mean(group, groups),
                )
    known = metrics()
    for name in settings.metrics:
        of = known[name].of if name in known else ""
        if of and of not in settings.metrics:
            yield Problem(
                f"the metric '{name}' is made from '{of}', which is not computed",
                f"{CONFIG}: metrics",
                fix=f"add {of}, or leave {name} out",
            )


def _seed_problems(settings: Settings, regions: tuple[Region, ...]) -> Iterator[Problem]:
    groups = dict.fromkeys(region.group for region in regions)
    if settings.task.seeds not in groups:
        yield Problem(
            f"no region belongs to the group '{settings.task.seeds}'",
            f"{CONFIG}: task.seeds",
            fix=did_you_mean(settings.task.seeds, groups),
        )


def _alternative_problems(settings: Settings) -> Iterator[Problem]:
    """Tell of an alternative that has the name of the primary choice and is another."""
    pairs: tuple[tuple[str, Regressors | Scrubbing, Sequence[Regressors | Scrubbing]], ...] = (
        ("denoising", settings.denoising, settings.alternatives.denoising),
        ("censoring", settings.censoring, settings.alternatives.censoring),
    )
    for key, primary, others in pairs:
        for other in others:
            told = other.model_dump()
            if other.name == primary.name and told != primary.model_dump(include=set(told)):
                yield Problem(
                    f"'{other.name}' is also the name of the primary {key}, which differs from it",
                    f"{CONFIG}: alternatives.{key}",
                    fix="rename one of them",
                )


def _claim_problems(
    claims: Claims, regions: tuple[Region, ...], settings: Settings
) -> list[Problem]:
    groups = {region.group for region in regions}
    networks = tuple(settings.networks)
    return [p for claim in claims.claims for p in _problems_of_claim(claim, groups, networks)]


def _problems_of_claim(
    claim: Claim, groups: Collection[str], networks: Collection[str]
) -> Iterator[Problem]:
    """Tell names that do not exist; what is merely not computed is told for each study."""
    place = f"{CLAIMS}: claim {claim.id}"
    declared = {name: metric for metric in metrics().values() for name in metric.produced}
    metric = declared.get(claim.metric or "")
    if claim.metric and metric is None:
        hint = did_you_mean(claim.metric, declared)
        yield Problem(f"there is no metric '{claim.metric}'", place, "a typing error", hint)
    elif metric and metric.per not in _fitting(claim):
        yield Problem(
            f"the metric '{claim.metric}' has one value a {metric.per}",
            place,
            fix="use 'pairs' for a metric of pairs, 'groups' for a metric of regions, 'networks' "
            "for a metric of networks",
        )
    predictors = claim.predictors
    if predictors and (of := declared.get(predictors.metric)) is None:
        hint = did_you_mean(predictors.metric, declared)
        yield Problem(f"there is no metric '{predictors.metric}'", place, "a typing error", hint)
    elif predictors and of and of.per != "pair":
        yield Problem(f"the metric '{predictors.metric}' is none of pairs", place)
    for network in (*claim.named_networks, *(predictors.networks if predictors else ())):
        if network not in networks:
            yield Problem(
                f"there is no network '{network}'",
                place,
                f"it is mistyped, or not among the networks of {CONFIG}",
                did_you_mean(network, networks),
            )
    for group in (*claim.named_groups, *(predictors.groups if predictors else ())):
        if group not in groups:
            yield Problem(
                f"no region belongs to the group '{group}'",
                place,
                f"it is mistyped, or its regions are not in {REGIONS}",
                did_you_mean(group, groups),
            )


def _fitting(claim: Claim) -> tuple[str, ...]:
    """Say what a metric must have one value of, for what the claim names."""
    if claim.pairs:
        return "pair", "seed"
    return ("network",) if claim.networks else ("region",)


def _task_claim_problems(study: Study, claims: Claims) -> Iterator[Problem]:
    """Tell of claims that task contrasts name and that cannot be tested with them."""
    known = {claim.id: claim for claim in claims.claims}
    for name, contrast in study.task_contrasts.items():
        place = f"config/studies/{study.id}.yaml: task_contrasts.{name}.claims"
        for claim in contrast.claims:
            if claim not in known:
                yield Problem(f"there is no claim '{claim}'", place, fix=did_you_mean(claim, known))
            elif known[claim].metric and known[claim].metric not in contrasted_metrics():
                yield Problem(
                    f"claim '{claim}' is about the metric '{known[claim].metric}', which belongs "
                    "to no contrast of conditions",
                    place,
                    fix=f"name claims about {', '.join(sorted(contrasted_metrics()))}",
                )
