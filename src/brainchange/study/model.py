"""The model of ``config/studies/<id>.yaml``: one pinned open study."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from brainchange.errors import did_you_mean
from brainchange.study.given import Given
from brainchange.study.people import Participants
from brainchange.study.strict import Direction, Label, Name, Strict, Text
from brainchange.study.tasks import Events, TaskContrast, task_problems

Timepoint = Literal["pre", "mid", "post", "followup"]
SECOND_PERIOD = "_2"
"""Ends the name of a timepoint in the second period of a crossover."""
Design = Literal["parallel", "crossover", "one_session"]
ArmRole = Literal["therapy", "comparison", "untreated", "healthy"]
ArmKind = Literal[
    "cbt", "psychodynamic", "emdr", "dbt", "medication", "exercise", "neurofeedback", "other"
]
ImageKind = Literal[
    "rest",
    "emotion_task",
    "regulation_task",
    "control_task",
    "reward_task",
    "interoception_task",
    "T1w",
    "diffusion",
]
Phenotype = Literal[
    "symptoms",
    "rumination",
    "cognition",
    "performance",
    "gene_expression",
    "bdnf",
    "cortisol",
]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class Repository(Strict):
    """A public git mirror of the dataset or of its derivatives."""

    name: Name
    """Name of the repository; a local clone or bundle of it is called the same."""
    url: Text
    """Address to clone from."""
    ref: Text
    """Tag or commit that pins the snapshot."""
    commit: Commit
    """Commit that `ref` must be, so that a moved tag is noticed."""
    folder: str = ""
    """Folder inside the study folder where its files lie; empty for the study folder itself."""
    files: tuple[Text, ...] = Field(min_length=1)
    """Patterns of the files that are needed (`*` within one folder, `**` across folders, `{a,b}`
    for either)."""
    later: tuple[Text, ...] = ()
    """Patterns of files that nothing here reads yet (diffusion): not in the lock, but looked for
    when it is made, and counted."""


class Folder(Strict):
    """A BIDS dataset on this machine, in place of public mirrors."""

    path: Text
    """Where it is; without a leading `/`, from the folder of the project."""
    files: tuple[Text, ...] = ("**",)
    """Patterns of the files that are needed (`*` within one folder, `**` across folders)."""


class Arm(Strict):
    """What one group of participants got."""

    label: Text
    """Name for figures and text."""
    role: ArmRole
    """therapy, comparison (an active treatment that is no talk therapy), untreated, or healthy."""
    kind: ArmKind = "other"
    """Kind of treatment, where a claim is about it (psychodynamic, EMDR, medication, exercise)."""
    description: str = ""
    """What was done, how often, by whom."""
    sessions: dict[Timepoint, tuple[Label, ...]] = Field(default_factory=dict)
    """Session labels of this arm, where they are not those of the whole study: in a crossover the
    sessions after the treatment that came first, of healthy participants their own visits."""


class Allocation(Strict):
    """How participants came into their arm."""

    randomised: bool
    """Whether chance decided; if not, no verdict is stronger than associational."""
    description: Text
    """How allocation was done, and the source that says so."""


class Images(Strict):
    """Which images are measured, and the parcellation they are measured with."""

    source: Literal["derivatives", "raw"] = "derivatives"
    """derivatives: prepared images are published; raw: they are prepared here, from BIDS."""
    derivatives: str = ""
    """Folder of the prepared images in the study folder; derivatives/fmriprep unless said, and
    derivatives/brainchange where they are prepared here."""
    space: Label = "T1w"
    """The `space-` label of the BOLD images: T1w, or the template they were brought to."""
    resolution: Label | None = None
    """The `res-` label of the BOLD images, where they have one."""
    parcellation: Label = "aparcaseg"
    """The `desc-` label of the parcellation on the same grid; also the atlas in regions.tsv."""
    atlas: Label | None = None
    """Atlas of config/atlases.tsv that is brought to the images, instead of a parcellation of the
    derivatives; needed where images are prepared here."""
    freesurfer: str = ""
    """FreeSurfer's folder of subjects in the study folder (derivatives/fmriprep/sourcedata/
    freesurfer); volumes are then those of its `stats/aseg.stats`. None where it is empty."""
    template: Label = "MNI152NLin2009cAsym"
    """Template of config/templates.tsv that T1w images are registered to in preparation."""
    echoes: Literal["combine"] | Annotated[int, Field(ge=1)] = "combine"
    """What becomes of several echoes of a raw run: combine weights each voxel of every echo by its
    T2* (Posse et al. 1999); a number uses that echo alone."""
    allow_other_template: bool = False
    """Whether an atlas of another template than that of the images may be used, with a caveat."""

    @property
    def segmentation(self) -> str:
        """Name of the parcellation, wherever it is from: its `desc-`, its atlas in regions.tsv."""
        return self.atlas or self.parcellation

    @property
    def template_of_data(self) -> str:
        """Template that positions in the images are known in: their space, or that of the T1w."""
        return self.template if self.space == "T1w" else self.space

    @model_validator(mode="after")
    def _consistent(self) -> Images:
        if self.source == "raw" and not self.atlas:
            raise ValueError("raw images have no parcellation of their own: name an 'atlas'")
        if self.source == "raw" and (self.space != "T1w" or self.resolution):
            raise ValueError("images that are prepared here are in space T1w, without resolution")
        if not self.derivatives:
            prepared_here = self.source == "raw"
            folder = "derivatives/brainchange" if prepared_here else "derivatives/fmriprep"
            object.__setattr__(self, "derivatives", folder)
        return self


class Scan(Strict):
    """Images the study has beside those of rest, or not in every arm at every timepoint."""

    kind: ImageKind
    """What they show; a task by what it asks for (control: n-back, Stroop)."""
    task: Label | None = None
    """Label of the task, for images of rest and of tasks."""
    timepoints: tuple[Timepoint, ...] = ()
    """When they were taken; empty for every timepoint."""
    arms: tuple[Text, ...] = ()
    """In which arms; empty for every arm."""

    @model_validator(mode="after")
    def _task_of_a_task(self) -> Scan:
        if self.task and self.kind in ("T1w", "diffusion"):
            raise ValueError(f"images of the kind '{self.kind}' have no task")
        return self


class Crossover(Strict):
    """Two treatments that everybody got one after the other, in an order that differed."""

    treatment: tuple[Label, ...] = Field(min_length=1)
    """Session labels after the treatment of interest."""
    control: tuple[Label, ...] = Field(min_length=1)
    """Session labels after the treatment it is compared with, in the same order of delays."""
    washout_days: Annotated[float, Field(ge=0)] | None = None
    """Days between the treatments, where they are known."""


class Contrast(Strict):
    """Two sets of arms whose change is compared: treated minus control."""

    label: Text
    """Name for figures and text."""
    treated: tuple[Text, ...] = Field(min_length=1)
    """Arms on the one side."""
    control: tuple[Text, ...] = ()
    """Arms on the other side; none where nobody is compared with: then a change is at most
    CONSISTENT (no control)."""
    primary: bool = False
    """Whether the confirmatory tests are made on this contrast; exactly one is."""
    randomised: bool | None = None
    """Whether chance decided between its two sides, where that differs from `allocation`."""


class Outcome(Strict):
    """A symptom scale in the table of participants, one column a timepoint."""

    label: Text
    """Name for figures and text."""
    columns: dict[Timepoint, Text]
    """Column of each timepoint."""
    unit: Text = "points"
    """Unit of the scores."""
    measures: Phenotype = "symptoms"
    """What it measures, where a claim is about it (rumination, cognition, cortisol)."""
    better: Direction
    """Direction of improvement."""
    minimum: float
    """Lowest possible score; a 50 % rule makes sense only where it is 0."""
    maximum: float
    """Highest possible score; a value outside the range is set aside and told."""
    reliability: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Published test-retest reliability, for the reliable change index; without it, that of the
    untreated arm."""


class Caveat(Strict):
    """A known trap of the study that readers of its results must know."""

    id: Name
    """Short name."""
    text: Text
    """The trap and what follows from it, for the report."""
    weakens: bool = False
    """Whether no verdict it bears on may be SUPPORTED: it then counts as a threat to the effect."""
    contrasts: tuple[Name, ...] = ()
    """Contrasts it bears on; empty for every one."""
    measures: tuple[Literal["claim", "outcome"], ...] = ("claim", "outcome")
    """Whether it bears on what images show (claim), on symptom scales (outcome), or on both."""


class Study(Strict):
    """One pinned open dataset with arms and timepoints."""

    id: Name
    """Accession number; the name of the file, of the lock and of the result folder."""
    title: Text
    """What the study is, in a line."""
    version: Text
    """Snapshot of the dataset."""
    doi: str = ""
    """DOI of the snapshot."""
    license: Text
    """Licence of the data."""
    citation: Text
    """How to cite the data."""
    simulated: bool = False
    """Whether the data are made by `config/simulations/<id>.yaml`; said on every figure."""
    source: Literal["images", "observations"] = "images"
    """images: regions are measured here; observations: values come from a table."""
    observations: Given | None = None
    """The table, for the source observations."""
    repositories: tuple[Repository, ...] = ()
    """Git mirrors the lock is made from; none for a simulated study."""
    folder: Folder | None = None
    """A BIDS dataset on this machine the lock is made from, in place of repositories."""
    design: Design = "parallel"
    """parallel: every participant got one arm; crossover: every participant got several treatments,
    one after the other; one_session: nobody was scanned twice, and no change can be told."""
    crossover: Crossover | None = None
    """Sessions after either treatment, for the design crossover. Arms are then the orders, and what
    images show is compared in the first period, before anything could carry over."""
    participants: Participants
    """The table of participants."""
    arms: dict[str, Arm] = Field(min_length=1)
    """Arms by their label in the table of participants."""
    allocation: Allocation
    """How participants came into their arm."""
    timepoints: dict[Timepoint, tuple[Label, ...]]
    """Session labels (without `ses-`) of each timepoint; the first one stands in the names of
    columns of a table of values. An empty list: files without a session."""
    tasks: tuple[Label, ...] = Field(min_length=1)
    """Task labels (without `task-`) that are analysed; one that begins with rest is rest. Values
    from a table are of the first; write `none` where they are of no functional images."""
    task_labels: dict[Label, tuple[Label, ...]] = Field(default_factory=dict)
    """Labels in the names of files, for a task that they call differently (by cohort): `TAU: [TAU1,
    TAU2]`."""
    several_sessions: Literal["mean", "first"] = "mean"
    """What is done where a participant has several sessions of one timepoint: their mean, or the
    first in the order in which `timepoints` names them."""
    scans: tuple[Scan, ...] = ()
    """Images of other kinds, and where images of a kind are missing; says what can be tested."""
    images: Images = Images()
    """Which prepared images are used."""
    events: Events = Events()
    """How the tables of events of its tasks are read."""
    task_contrasts: dict[Name, TaskContrast] = Field(default_factory=dict)
    """Contrasts of the conditions of a task by name."""
    contrasts: dict[Name, Contrast] = Field(min_length=1)
    """Comparisons of arms by name."""
    outcomes: dict[Name, Outcome] = Field(default_factory=dict)
    """Symptom scales by name."""
    caveats: tuple[Caveat, ...] = ()
    """Known traps, told in the report."""

    @property
    def primary_contrast(self) -> str:
        """Name of the contrast on which confirmatory tests are made."""
        return next(name for name, contrast in self.contrasts.items() if contrast.primary)

    @property
    def randomised(self) -> bool:
        """Whether chance decided between the sides of the primary contrast."""
        return self.is_randomised(self.primary_contrast)

    @property
    def timepoint_of_session(self) -> dict[str, Timepoint]:
        """Timepoint of each session label."""
        return {label: t for t, labels in self.timepoints.items() for label in labels or ("",)}

    @property
    def task_of_label(self) -> dict[str, str]:
        """Task of each label in the names of files."""
        return {label: task for task in self.tasks for label in self.task_labels.get(task, (task,))}

    def sessions_of(self, arm: str | None) -> dict[str, tuple[str, ...]]:
        """Session labels of each timepoint for the participants of an arm.

        Of a crossover also those of the second period: ``post_2`` is as long after the second
        treatment as ``post`` is after the first.
        """
        own = self.arms[arm].sessions if arm in self.arms else {}
        first = {str(name): own.get(name, labels) for name, labels in self.timepoints.items()}
        return first | self._second_period(own)

    def _second_period(
        self, own: Mapping[Timepoint, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        if self.crossover is None:
            return {}
        pairs = dict(zip(self.crossover.treatment, self.crossover.control, strict=True))
        pairs |= {control: treatment for treatment, control in pairs.items()}
        found = {
            f"{name}{SECOND_PERIOD}": tuple(pairs[label] for label in labels if label in pairs)
            for name, labels in own.items()
        }
        return {name: labels for name, labels in found.items() if labels}

    def is_randomised(self, contrast: str) -> bool:
        """Whether chance decided between the sides of a contrast; never of ill and healthy."""
        compared = self.contrasts[contrast]
        sides = [
            {self.arms[arm].role == "healthy" for arm in side}
            for side in (compared.treated, compared.control)
        ]
        if sides[1] and True in sides[0] ^ sides[1]:
            return False
        if compared.randomised is None:
            return self.allocation.randomised
        return compared.randomised

    def known_traps(self, contrast: str, kind: str) -> tuple[Caveat, ...]:
        """Caveats that weaken what may be said of a kind of measure in a contrast."""
        return tuple(
            one
            for one in self.caveats
            if one.weakens and kind in one.measures and contrast in (one.contrasts or (contrast,))
        )

    def kind_of_task(self, task: str) -> ImageKind | None:
        """Say what a task asks for: as a scan declares it; a label like `rest` explains itself."""
        declared = {scan.task: scan.kind for scan in self.scans if scan.task}
        return declared.get(task) or ("rest" if task.startswith("rest") else None)

    def task_of(self, kinds: Collection[ImageKind]) -> str | None:
        """Find the first task of one of these kinds; the first of all where no kind is asked."""
        wanted = [task for task in self.tasks if not kinds or self.kind_of_task(task) in kinds]
        return next(iter(wanted), None)

    def task_contrast_of(self, claim: str) -> str | None:
        """Name the task contrast that a claim is tested with; None where none names it."""
        named = (name for name, one in self.task_contrasts.items() if claim in one.claims)
        return next(named, None)

    def scanned(self, kind: ImageKind) -> frozenset[tuple[Timepoint, str]]:
        """Say at which timepoints and in which arms there are images of a kind."""
        scans = [scan for scan in self.scans if scan.kind == kind]
        declared = {scan.task for scan in self.scans}
        if any(self.kind_of_task(task) == kind and task not in declared for task in self.tasks):
            scans.append(Scan(kind=kind))
        return frozenset(
            (timepoint, arm)
            for scan in scans
            for timepoint in scan.timepoints or tuple(self.timepoints)
            for arm in scan.arms or tuple(self.arms)
        )

    @model_validator(mode="after")
    def _consistent(self) -> Study:
        problems = [
            *self._scan_problems(),
            *self._timepoint_problems(),
            *self._contrast_problems(),
            *self._outcome_problems(),
            *self._naming_problems(),
            *task_problems(self.task_contrasts, self.events, self.tasks),
        ]
        problems += self._origin_problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _origin_problems(self) -> list[str]:
        if (self.source == "observations") != (self.observations is not None):
            return ["'source: observations' and the key 'observations' belong together"]
        if self.observations is not None:
            named = [key for key in ("repositories", "folder") if getattr(self, key)]
            named += ["simulated"] * self.simulated
            return [f"a study that starts from a table has no '{key}'" for key in named]
        if self.repositories and self.folder:
            return ["a study has either 'repositories' or a 'folder'"]
        if not (self.simulated or self.repositories or self.folder):
            return ["a study that is not simulated needs 'repositories' or a 'folder'"]
        return []

    def _timepoint_problems(self) -> list[str]:
        needed = ("pre",) if self.design == "one_session" else ("pre", "post")
        missing = [t for t in needed if t not in self.timepoints]
        labels = [label for labels in self.timepoints.values() for label in labels]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        return [f"timepoint '{t}' is missing" for t in missing] + [
            f"session '{label}' belongs to two timepoints" for label in twice
        ]

    def _scan_problems(self) -> list[str]:
        named = [
            (scan.kind, what, name, known)
            for scan in self.scans
            for what, names, known in (
                ("arm", scan.arms, tuple(self.arms)),
                ("timepoint", scan.timepoints, tuple(self.timepoints)),
                ("task", (scan.task,) if scan.task else (), self.tasks),
            )
            for name in names
            if name not in known
        ]
        return [
            f"the scan '{kind}' names the {what} '{name}', which the study does not have. "
            f"{did_you_mean(name, known)}"
            for kind, what, name, known in named
        ]

    def _contrast_problems(self) -> list[str]:
        problems = []
        for name, contrast in self.contrasts.items():
            sides = (*contrast.treated, *contrast.control)
            problems += [
                f"contrast '{name}' names the arm '{arm}', which 'arms' does not have "
                f"(it has {', '.join(self.arms)})"
                for arm in sides
                if arm not in self.arms
            ]
            both = sorted(set(contrast.treated) & set(contrast.control))
            problems += [f"contrast '{name}' has the arm '{arm}' on both sides" for arm in both]
        if sum(contrast.primary for contrast in self.contrasts.values()) != 1:
            problems.append("exactly one contrast must say 'primary: true'")
        return problems

    def _naming_problems(self) -> list[str]:
        """Tell of arms, tasks and caveats that name what the study does not have."""
        problems = []
        if (self.design == "crossover") != (self.crossover is not None):
            problems.append("'design: crossover' and the key 'crossover' belong together")
        problems += self._crossover_problems()
        problems += [
            f"the arm '{name}' names the session '{label}', which is not one of the timepoint "
            f"'{timepoint}'. {did_you_mean(label, self.timepoints.get(timepoint, ()))}"
            for name, arm in self.arms.items()
            for timepoint, labels in arm.sessions.items()
            for label in labels
            if label not in self.timepoints.get(timepoint, ())
        ]
        problems += [
            f"task_labels names the task '{task}'. {did_you_mean(task, self.tasks)}"
            for task in self.task_labels
            if task not in self.tasks
        ]
        problems += [
            f"caveat '{one.id}' names the contrast '{name}'. {did_you_mean(name, self.contrasts)}"
            for one in self.caveats
            for name in one.contrasts
            if name not in self.contrasts
        ]
        return problems

    def _crossover_problems(self) -> list[str]:
        if self.crossover is None:
            return []
        sides = (self.crossover.treatment, self.crossover.control)
        known = tuple(self.timepoint_of_session)
        problems = [
            f"crossover names the session '{label}', which is of no timepoint. "
            f"{did_you_mean(label, known)}"
            for label in (*sides[0], *sides[1])
            if label not in known
        ]
        if len(sides[0]) != len(sides[1]):
            problems.append("crossover needs as many sessions after the treatment as after control")
        return problems

    def _outcome_problems(self) -> list[str]:
        return [
            f"outcome '{name}': minimum {outcome.minimum:g} is not below {outcome.maximum:g}"
            for name, outcome in self.outcomes.items()
            if outcome.minimum >= outcome.maximum
        ]
