"""The model of ``config/config.yaml``: which study, and how it is analysed. Science only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from brainchange.study.strict import Name, Strict, Text

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Sources(Strict):
    """Where files are fetched from."""

    mirrors: dict[Text, Text] = Field(default_factory=dict)
    """Start of an address → what replaces it (a folder, `file://…`, an institute's mirror)."""
    connections: Annotated[int, Field(ge=1, le=32)] = 4
    """Files fetched at once."""
    timeout: Positive = 30.0
    """Seconds without a byte after which a connection is given up."""
    retries: Count = 4
    """How often a failed download is tried again (waiting longer each time)."""


class Regressors(Strict):
    """Which nuisance signals are regressed out."""

    name: Name = "motion12-wm-csf"
    """Name of the specification in tables and reports."""
    motion_parameters: Literal[6, 12, 24] = 12
    """6 rigid parameters; 12 with their derivatives; 24 with the squares of both."""
    white_matter: bool = True
    """Regress out the mean signal of white matter."""
    csf: bool = True
    """Regress out the mean signal of cerebrospinal fluid."""
    global_signal: bool = False
    """Regress out the global signal (shifts the sign of connectivity; never primary)."""
    mean_signal_parameters: Literal[1, 4] = 1
    """1: these mean signals; 4: with their derivatives and the squares of both."""
    anatomical_components: Count = 0
    """Principal components of white matter and fluid to regress out (aCompCor)."""


class Denoising(Regressors):
    """Nuisance regression: one design, one step, applied to region signals."""

    high_pass_period: Positive = 128.0
    """Slowest period kept, in seconds (cosine basis in the same design)."""
    dummy_volumes: Count = 4
    """Volumes dropped at the start; more if the confounds mark more as non-steady state."""


class Scrubbing(Strict):
    """Volumes left out because of motion."""

    name: Name = "fd0.5"
    """Name of the choice in tables and reports."""
    framewise_displacement: Positive | None = 0.5
    """A volume is left out above this Power framewise displacement, in mm; null for none."""
    standardised_dvars: Positive | None = 1.5
    """A volume is left out above this standardised DVARS; null for none."""
    shortest_segment: Annotated[int, Field(ge=1)] = 5
    """Kept stretches shorter than this many volumes are left out too."""


class Censoring(Scrubbing):
    """Volumes left out because of motion, and runs left out because too little remains."""

    fewest_volumes: Annotated[int, Field(ge=1)] = 60
    """A run with fewer kept volumes is left out."""
    caution_volumes: Annotated[int, Field(ge=1)] = 80
    """A run with fewer kept volumes is marked with caution."""
    caution_degrees_of_freedom: Annotated[int, Field(ge=1)] = 15
    """A run with fewer degrees of freedom after nuisance regression is marked with caution."""
    largest_mean_displacement: Positive = 0.5
    """A run with a larger mean framewise displacement is left out, in mm."""
    largest_displacement: Positive = 3.0
    """A run with a larger translation from its first volume is left out, in mm."""


class Alternatives(Strict):
    """Other defensible analyses of the same signals: every denoising with every censoring."""

    denoising: tuple[Regressors, ...] = (
        Regressors(name="motion24-wm-csf", motion_parameters=24),
        Regressors(
            name="motion24-wm-csf-gs",
            motion_parameters=24,
            global_signal=True,
            mean_signal_parameters=4,
        ),
        Regressors(
            name="acompcor5-motion24",
            motion_parameters=24,
            white_matter=False,
            csf=False,
            anatomical_components=5,
        ),
    )
    """Denoising besides the primary one; high-pass filter and dummy volumes are those of it."""
    censoring: tuple[Scrubbing, ...] = (
        Scrubbing(name="uncensored", framewise_displacement=None, standardised_dvars=None),
        Scrubbing(name="fd0.2", framewise_displacement=0.2),
    )
    """Censoring besides the primary one; which runs are used is decided by the primary one, and a
    run that keeps too few volumes under another lacks only its values."""
    metrics: tuple[Text, ...] = ("connectivity", "falff", "activation")
    """Metrics computed under them. Those of voxels take the other denoising, not the other
    censoring. Of pairs of regions only those are kept that a claim or a network names."""

    @model_validator(mode="after")
    def _named_once(self) -> Alternatives:
        for key, choices in (("denoising", self.denoising), ("censoring", self.censoring)):
            names = [choice.name for choice in choices]
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"'{name}' is given twice in '{key}'")
        return self


class Coverage(Strict):
    """Which voxels count, and which regions are usable."""

    smallest_share: Share = 0.7
    """A region is usable if this share of its voxels is valid in every session."""
    smallest_intensity: Share = 0.2
    """A voxel is valid above this share of the median brain intensity."""
    smallest_tsnr: Annotated[float, Field(ge=0)] = 20.0
    """A voxel is valid above this temporal signal-to-noise ratio."""
    caution_tsnr: Annotated[float, Field(ge=0)] = 40.0
    """A region with a smaller mean temporal signal-to-noise ratio is marked with caution."""


class Frequency(Strict):
    """Band of the amplitude metrics."""

    low: Positive = 0.01
    """Lower edge of the low-frequency band, in Hz."""
    high: Positive = 0.08
    """Upper edge of the low-frequency band, in Hz."""


class Task(Strict):
    """Activation and task-dependent connectivity, for tasks with `task_contrasts`."""

    noise: Literal["ar1", "ols"] = "ar1"
    """Noise of region signals: autoregressive of order 1, or independent between volumes."""
    seeds: Text = "amygdala"
    """Group of regions that are the seeds of task-dependent connectivity (gppi)."""


class Inference(Strict):
    """Tests and thresholds; `methods` in the report states them."""

    smallest_effect_of_interest: Positive = 0.5
    """Equivalence bound, in pre-therapy standard deviations."""
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Level of the family-wise error."""
    permutations: Annotated[int, Field(ge=999)] = 9999
    """Monte-Carlo permutations where complete enumeration is too large."""
    exact_up_to: Annotated[int, Field(ge=1)] = 2_000_000
    """Arrangements up to which the permutation test is complete."""
    fewest_participants: Annotated[int, Field(ge=2)] = 5
    """Arms with fewer participants with both timepoints are described, not tested."""
    prediction_repeats: Annotated[int, Field(ge=1)] = 20
    """Repeats of five-fold cross-validation where the brain is to predict who gets better."""
    prediction_permutations: Annotated[int, Field(ge=99)] = 999
    """Permutations of the whole prediction."""


class AnatomyPreparation(Strict):
    """Preparation of the T1w image, and when it is of no use."""

    registration_voxel_size: Annotated[float, Field(ge=1, le=4)] = 2.0
    """Size of the voxels at which T1w image and template are compared, in mm."""
    smallest_similarity: Share = 0.5
    """A participant is left out if the T1w image warped to the template correlates less with it
    within the brain."""
    smallest_mask_overlap: Share = 0.9
    """A participant is left out if the brain mask of the T1w image and that of the warped template
    overlap less (Dice coefficient)."""
    smallest_brain: Positive = 700.0
    """A participant is left out if its brain mask is smaller, in ml."""
    largest_brain: Positive = 2200.0
    """A participant is left out if its brain mask is larger, in ml."""


class Multiverse(Strict):
    """Other defensible analyses of the values that `alternatives` yields."""

    models: Annotated[
        tuple[Literal["change_score", "ancova", "mixed_model"], ...], Field(min_length=1)
    ] = ("change_score", "ancova", "mixed_model")
    """How change is compared between arms."""
    covariates: Annotated[tuple[Literal["none", "motion"], ...], Field(min_length=1)] = (
        "none",
        "motion",
    )
    """What is held equal: nothing, or head motion (mean framewise displacement)."""
    permutations: Annotated[int, Field(ge=199)] = 999
    """Random arrangements of the arms, each the same for every specification."""


class Preparation(Strict):
    """Preparation of raw images (`images.source: raw` of a study); derivatives ignore it."""

    anatomy: AnatomyPreparation = AnatomyPreparation()
    """The T1w image."""
    slice_timing: Literal["auto", "on", "off"] = "auto"
    """Correct for the time at which each slice was acquired: auto corrects runs with events whose
    sidecar gives SliceTiming. Quote "on" and "off"."""
    smallest_mask_overlap: Share = 0.85
    """A run is left out if the brain masks of its BOLD reference and of the T1w image overlap less
    (Dice coefficient)."""
    smallest_boundary_agreement: Share = 0.7
    """A run is left out if its BOLD image gets brighter from white to grey matter at a smaller
    share of their boundary in the T1w image (0.5 is chance)."""
    largest_registration_distance: Positive = 3.0
    """A run is left out if its registration to the T1w image ends further away when it is begun
    elsewhere, in mm."""


class Settings(Strict):
    """What `config/config.yaml` says."""

    study: Name = "demo"
    """Study to analyse: the name of a file in config/studies/."""
    seed: Count = 20261123
    """Seed of everything random; seeds of units derive from it and their names."""
    regions: tuple[Text, ...] = ()
    """Regions to analyse, in this order; empty for all of regions.tsv."""
    networks: dict[Name, tuple[Text, ...]] = Field(
        default_factory=lambda: {
            "default": ("PCC", "vmPFC", "dmPFC"),
            "control": ("dlPFC", "vlPFC"),
            "salience": ("insula", "ACC"),
            "PFC": ("vmPFC", "dmPFC", "dlPFC", "ACC"),
            "limbic": ("amygdala", "hippocampus"),
            "subgenual": ("sgACC",),
            "sensory": ("calcarine", "precentral", "transverse_temporal"),
        }
    )
    """Networks by name, as groups of regions; connectivity is averaged within and between them."""
    only_participants: tuple[Text, ...] = ()
    """Participants to analyse (sub-01); empty for all. The others are told as left out."""
    metrics: tuple[Text, ...] = (
        "connectivity",
        "network_connectivity",
        "alff",
        "falff",
        "tsnr",
        "mean_framewise_displacement",
        "kept_volumes",
        "activation",
        "activation_t",
        "habituation",
        "gppi",
        "volume",
        "volume_change",
    )
    """Metrics to compute (`brainchange list metrics`)."""
    sources: Sources = Sources()
    """Where files are fetched from."""
    preparation: Preparation = Preparation()
    """Preparation of raw images."""
    denoising: Denoising = Denoising()
    """Nuisance regression."""
    censoring: Censoring = Censoring()
    """Volumes and runs left out because of motion."""
    alternatives: Alternatives = Alternatives()
    """Other defensible analyses, to see how much a result depends on the choice."""
    coverage: Coverage = Coverage()
    """Which voxels count, and which regions are usable."""
    frequency: Frequency = Frequency()
    """Band of the amplitude metrics."""
    task: Task = Task()
    """Activation and task-dependent connectivity."""
    inference: Inference = Inference()
    """Tests and thresholds."""
    multiverse: Multiverse = Multiverse()
    """Other defensible analyses of these values."""

    def only(self, *names: str) -> Settings:
        """Keep the named keys and give all others their default.

        A step of the workflow declares what it reads with this, so that an edit of another key
        does not run it again.
        """
        return Settings(**{name: getattr(self, name) for name in names})
