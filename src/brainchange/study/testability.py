"""What a study can say about each claim, and why it cannot say more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from brainchange.study.claims import Claim, Claims, Requirement, ToldBy, nothing_of
from brainchange.study.model import ImageKind, Study
from brainchange.study.people import Fact

State = Literal["testable", "caveat", "not_testable"]
Barrier = Literal[
    "none",
    "mri",
    "arm",
    "images",
    "timepoint",
    "column",
    "allocation",
    "proxy",
    "participants",
    "control",
    "measurement",
]
Found = tuple[Barrier, str]

ARMS = {
    "cbt": "cognitive behavioural therapy",
    "psychodynamic": "psychodynamic therapy",
    "emdr": "EMDR",
    "dbt": "dialectical behaviour therapy",
    "medication": "medication",
    "exercise": "exercise",
    "neurofeedback": "neurofeedback",
    "other": "another treatment",
}
"""Kinds of arms in words."""
TALK_THERAPIES = frozenset({"cbt", "psychodynamic", "emdr", "dbt"})
IMAGES: Mapping[ImageKind, str] = {
    "rest": "fMRI at rest",
    "emotion_task": "fMRI of an emotion task",
    "regulation_task": "fMRI of an emotion-regulation task",
    "control_task": "fMRI of a cognitive-control task",
    "reward_task": "fMRI of a reward task",
    "interoception_task": "fMRI of an interoception task",
    "T1w": "T1w images",
    "diffusion": "diffusion images",
}
"""Kinds of images in words."""
COLUMNS: Mapping[str, str] = {
    "symptoms": "symptoms",
    "rumination": "rumination",
    "cognition": "cognitive tests",
    "performance": "performance in the task",
    "gene_expression": "gene expression",
    "bdnf": "BDNF",
    "cortisol": "cortisol",
    "relapse": "relapse",
    "dose": "the number of sessions",
    "age": "age",
    "sex": "sex",
}
"""What a column holds, in words."""
TOLD: Mapping[ToldBy, str] = {
    "prediction": "it is a prediction, not an effect: see prediction.tsv",
    "durability": "it is about what lasts, not an effect: see durability.tsv",
    "omnibus": "it is about what therapies share, not an effect: see omnibus.tsv",
    "regions": "it is about all regions together: see p_max_t in effects.tsv",
    "brain_symptom": "it is a correlation, not an effect: see brain_symptom.tsv",
}
"""Where a claim is told that is no effect."""


@dataclass(frozen=True)
class Judged:
    """What a study can say about one claim.

    Attributes
    ----------
    claim : Claim
        The claim.
    state : str
        testable, caveat (only as a proxy, or only described) or not_testable.
    barriers : tuple of (str, str)
        What stands against a test, each with the reason in words; the gravest first.
    """

    claim: Claim
    state: State
    barriers: tuple[Found, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether it is a measure of the inference; without a control arm, within the treated."""
        return all(barrier == "control" for barrier, _ in self.barriers)

    @property
    def barrier(self) -> Barrier:
        """The gravest barrier."""
        return self.barriers[0][0] if self.barriers else "none"

    @property
    def reason(self) -> str:
        """All reasons in words; empty where it is tested."""
        return "; ".join(reason for _, reason in self.barriers)


def judge_claims(
    claims: Claims,
    study: Study,
    *,
    computed: Collection[str],
    groups: Collection[str],
    arm_sizes: Mapping[str, int] | None,
    contrasted: Collection[str] = (),
) -> tuple[Judged, ...]:
    """Judge for each claim whether a study can tell.

    Parameters
    ----------
    claims : Claims
        The claims.
    study : Study
        Arms, roles, images, timepoints, outcomes. A claim is judged in the primary contrast.
    computed : collection of str
        Names of the metrics that are computed.
    groups : collection of str
        Groups of the configured regions.
    arm_sizes : mapping of str to int or None
        Participants of each arm; where they are not known yet, none is taken as given.
    contrasted : collection of str
        Names of the metrics with a value for each task contrast.

    Returns
    -------
    tuple of Judged
        One for each claim, in order.
    """
    return tuple(
        _judge(
            claim,
            study,
            arm_sizes,
            tuple(
                _unmeasured(claim, study, computed, groups, by_contrast=claim.metric in contrasted)
            ),
        )
        for claim in claims.claims
    )


def measured_claims(judged: Sequence[Judged]) -> tuple[Claim, ...]:
    """Choose the claims that become measures: those the study can tell and that are measured."""
    return tuple(one.claim for one in judged if one.measured)


def _judge(
    claim: Claim, study: Study, arm_sizes: Mapping[str, int] | None, unmeasured: tuple[Found, ...]
) -> Judged:
    against = tuple(_against(claim, study))
    if against:
        return Judged(claim, "not_testable", against)
    weak = tuple(_weak(claim, study, arm_sizes))
    alone = () if weak or unmeasured else tuple(_uncontrolled(claim, study))
    return Judged(claim, "caveat" if weak or alone else "testable", weak or unmeasured or alone)


def _against(claim: Claim, study: Study) -> Iterator[Found]:
    """Say what makes a test impossible."""
    needs = claim.requires
    if claim.mri == "blind" and needs.column is None:
        yield "mri", "MRI cannot show it"
        return
    if claim.mri == "blind" and not _has_column(needs, study):
        yield "mri", f"MRI cannot show it, and no column holds {_column_of(needs)}"
        return
    yield from (("arm", reason) for reason in _missing_arms(needs, study))
    absent = [timepoint for timepoint in needs.timepoints if timepoint not in study.timepoints]
    if absent:
        said = {"pre": "no scan before therapy", "post": "no scan after therapy"}
        yield "timepoint", said.get(absent[0], "no follow-up")
    yield from (("images", reason) for reason in _missing_images(needs, study))
    if not _has_column(needs, study):
        yield "column", f"no column holds {_column_of(needs)}"
    if needs.randomised and not study.randomised:
        yield "allocation", "arms were not randomised"


def _weak(claim: Claim, study: Study, arm_sizes: Mapping[str, int] | None) -> Iterator[Found]:
    """Say why a test would not tell much."""
    if claim.mri == "conditional":
        yield "proxy", claim.note.removesuffix(".") or "only a proxy of it can be measured"
    fewest = claim.requires.participants
    if not fewest:
        return
    needed = f"{fewest} participants are needed in each group compared"
    if arm_sizes is None:
        yield "participants", f"{needed}; they are counted when the data are here"
        return
    for arms in _groups_compared(claim.requires, study):
        found = sum(arm_sizes.get(arm, 0) for arm in arms)
        if found < fewest:
            names = " and ".join(study.arms[arm].label for arm in arms)
            yield "participants", f"{needed} for more than a description, {names} has {found}"


def _uncontrolled(claim: Claim, study: Study) -> Iterator[Found]:
    """Say that nobody is compared with: the change of the treated is described all the same."""
    contrast = study.contrasts[study.primary_contrast]
    if "control" in claim.requires.arms and not contrast.control:
        yield "control", "no control arm: only the change of the treated is described"


def _unmeasured(
    claim: Claim,
    study: Study,
    computed: Collection[str],
    groups: Collection[str],
    *,
    by_contrast: bool,
) -> Iterator[Found]:
    """Say why nothing is computed although the study could tell."""
    named = (*claim.named_groups, *claim.named_networks)
    absent = [name for name in named if name not in groups]
    if claim.mri == "blind":
        yield "measurement", "the column tells it, not MRI: see the outcomes of the study"
    elif claim.table:
        yield "measurement", TOLD[claim.table]
    elif claim.metric is None:
        yield "measurement", "nothing measures it here yet"
    elif claim.metric not in computed:
        yield "measurement", f"the metric '{claim.metric}' is not computed"
    elif absent:
        yield "measurement", nothing_of(absent[0], claim)
    elif reason := _unfit_task(claim, study, by_contrast=by_contrast):
        yield "measurement", reason


def _unfit_task(claim: Claim, study: Study, *, by_contrast: bool) -> str:
    """Say why no task that is analysed measures a claim; empty where one does."""
    wanted = [kind for kind in claim.requires.images if kind not in ("T1w", "diffusion")]
    name = study.task_contrast_of(claim.id)
    if by_contrast and name is None:
        return "no task contrast of the study names it"
    if not by_contrast or name is None:
        lacking = wanted and study.task_of(wanted) is None
        return f"{IMAGES[wanted[0]]} is not among the tasks that are analysed" if lacking else ""
    task = study.task_contrasts[name].task
    if not wanted or study.kind_of_task(task) in wanted:
        return ""
    needed = " or ".join(IMAGES[kind] for kind in wanted)
    return f"its task contrast '{name}' is of the task '{task}', which is not said to be {needed}"


def _missing_arms(needs: Requirement, study: Study) -> Iterator[str]:
    contrast = study.contrasts[study.primary_contrast]
    treated = [study.arms[arm] for arm in contrast.treated]
    if not any(arm.role == "therapy" for arm in treated):
        yield "no arm of the primary contrast had talk therapy"
    for need in needs.arms:
        yield from _missing_arm(need, study)
    therapies = [arm for arm in study.arms.values() if arm.role == "therapy"]
    if len(therapies) < needs.therapies and needs.therapies > 1:
        yield f"{needs.therapies} arms of talk therapy are needed, there is {len(therapies)}"


def _missing_arm(need: str, study: Study) -> Iterator[str]:
    contrast = study.contrasts[study.primary_contrast]
    if need == "control" and not contrast.control:
        return
    if need == "control":
        roles = {study.arms[arm].role for arm in contrast.control}
        if not roles & {"untreated", "comparison"}:
            yield "no control arm"
    elif need == "healthy":
        if not any(arm.role == "healthy" for arm in study.arms.values()):
            yield "no healthy participants"
    elif need in TALK_THERAPIES:
        if not all(study.arms[arm].kind == need for arm in contrast.treated):
            yield f"the treated arm of the primary contrast did not have {ARMS[need]}"
    elif not _arms_of_kind(need, study):
        yield f"no arm with {ARMS[need]}"


def _missing_images(needs: Requirement, study: Study) -> Iterator[str]:
    """Say which images are missing; timepoints the study does not have are told elsewhere."""
    times = [timepoint for timepoint in needs.timepoints if timepoint in study.timepoints]
    wanted = {(t, arm) for t in times for side in _sides(needs, study) for arm in side}
    gaps = {kind: wanted - study.scanned(kind) for kind in needs.images}
    if not needs.images or not all(gaps.values()):
        return
    some = [kind for kind in needs.images if study.scanned(kind)]
    if not some:
        yield "no " + ", no ".join(IMAGES[kind] for kind in needs.images)
        return
    missing = [
        f"{study.arms[arm].label} ({timepoint})"
        for arm in study.arms
        for timepoint in times
        if (timepoint, arm) in gaps[some[0]]
    ]
    yield f"no {IMAGES[some[0]]} of {', '.join(missing)}"


def _sides(needs: Requirement, study: Study) -> list[tuple[str, ...]]:
    """List the groups of arms in which images are needed."""
    contrast = study.contrasts[study.primary_contrast]
    sides = [contrast.treated]
    if "control" in needs.arms:
        sides.append(contrast.control)
    return sides + [_arms_of_kind(need, study) for need in needs.arms if need in ARMS]


def _groups_compared(needs: Requirement, study: Study) -> list[tuple[str, ...]]:
    """List the groups of arms that must be large enough: the treated, and those they need."""
    if needs.therapies > 1:
        return [(name,) for name, arm in study.arms.items() if arm.role == "therapy"]
    others = [n for n in needs.arms if n in ARMS and n not in TALK_THERAPIES]
    treated = study.contrasts[study.primary_contrast].treated
    return [treated, *(_arms_of_kind(need, study) for need in others)]


def _arms_of_kind(kind: str, study: Study) -> tuple[str, ...]:
    return tuple(name for name, arm in study.arms.items() if arm.kind == kind)


def _has_column(needs: Requirement, study: Study) -> bool:
    """Whether a scale measures it at every timepoint needed, or a column holds it."""
    if needs.column is None or needs.column in study.participants.columns:
        return True
    return any(
        outcome.measures == needs.column and set(needs.timepoints) <= set(outcome.columns)
        for outcome in study.outcomes.values()
    )


def _column_of(needs: Requirement) -> str:
    if needs.column is None:
        return ""
    once = needs.column in get_args(Fact)
    return COLUMNS[needs.column] + ("" if once else f" at {', '.join(needs.timepoints)}")
