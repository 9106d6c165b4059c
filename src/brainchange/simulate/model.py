"""The model of ``config/simulations/<id>.yaml``: every number of a simulated study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from brainchange.errors import ConfigError, did_you_mean
from brainchange.simulate.raw.model import Raw
from brainchange.simulate.structures import Anatomy
from brainchange.study.model import Timepoint
from brainchange.study.settings import Count, Positive, Share
from brainchange.study.strict import Direction, Name, Strict, Text, parse, read_yaml

Participant = Annotated[str, Field(pattern=r"^sub-[A-Za-z0-9]+$")]
NotNegative = Annotated[float, Field(ge=0)]


class Age(Strict):
    """Age of the participants, in years; drawn evenly."""

    minimum: Positive = 20
    """Youngest."""
    maximum: Positive = 50
    """Oldest."""


class Symptom(Strict):
    """A symptom scale: a score before, and a change that depends on the arm alone."""

    mean: float
    """Mean score before."""
    standard_deviation: Positive
    """Standard deviation between participants before."""
    change: dict[str, float]
    """Mean change (post − pre) of each arm; other timepoints get the same change."""
    change_standard_deviation: NotNegative
    """Standard deviation of the change between participants."""


class Acquisition(Strict):
    """What the simulated scanner does."""

    n_volumes: Annotated[int, Field(ge=20)] = 100
    """Volumes of a run."""
    repetition_time: Positive = 2.5
    """Time between volumes, in s."""
    echo_time: Positive = 0.035
    """Echo time, in s; only told in the sidecar."""
    voxel_size: Positive = 4.0
    """Edge of the cubic voxels, in mm."""
    margin: NotNegative = 6.0
    """Space around the head in the image, in mm."""
    non_steady_state_volumes: Count = 1
    """Volumes at the start that are brighter because magnetisation has not settled."""
    non_steady_state_excess: NotNegative = 0.15
    """Excess of the first volume over the settled intensity, as a share of it."""
    grey_matter_intensity: Positive = 1000
    """Mean intensity of grey matter, in arbitrary units."""
    white_matter_intensity: Positive = 850
    """Mean intensity of white matter, in arbitrary units."""
    csf_intensity: Positive = 1150
    """Mean intensity of cerebrospinal fluid, in arbitrary units."""
    bias: Share = 0.15
    """Largest deviation of the intensity by the receive field, as a share."""


class Neural(Strict):
    """Signals of the regions; amplitudes are percent of the mean intensity."""

    amplitude: Positive = 0.9
    """Standard deviation of the neural signal of grey matter, in percent."""
    corner_frequency: Positive = 0.06
    """Frequency above which the spectrum falls, in Hz."""
    exponent: Positive = 4.0
    """How steeply the amplitude spectrum falls: 1 / (1 + (f / corner)^exponent)."""
    bilateral: Share = 0.45
    """Weight of what a label shares with its other side (a share of its standard deviation)."""
    loadings: dict[Name, dict[Text, Share]]
    """Source → label → weight of the source in the signal of the label, on both sides."""
    participant_loading: NotNegative = 0.05
    """Standard deviation of a loading between participants."""
    session_loading: NotNegative = 0.03
    """Standard deviation of a loading between sessions of a participant."""
    participant_amplitude: NotNegative = 0.08
    """Standard deviation of the logarithm of an amplitude between participants."""
    session_amplitude: NotNegative = 0.04
    """The same between sessions of a participant."""


class Noise(Strict):
    """What else moves the signal; amplitudes are percent of the mean intensity."""

    thermal: NotNegative = 1.2
    """Standard deviation of white noise of the scanner, in percent of grey matter."""
    autocorrelated: NotNegative = 0.5
    """Standard deviation of first-order autoregressive noise of each voxel, in percent."""
    autocorrelation: Annotated[float, Field(ge=0, lt=1)] = 0.4
    """Correlation of that noise with itself one volume later."""
    drift: NotNegative = 1.0
    """Standard deviation over voxels of the largest slow drift, in percent."""
    global_component: NotNegative = 0.25
    """Standard deviation of what all tissue shares (carbon dioxide), in percent."""
    respiration: NotNegative = 0.3
    """Amplitude of breathing where there is fluid, in percent."""
    respiration_frequency: Positive = 0.28
    """Breathing rate, in Hz; aliased by the repetition time."""
    pulsation: NotNegative = 0.8
    """Amplitude of the pulse where there is fluid, in percent."""
    pulsation_frequency: Positive = 1.08
    """Heart rate, in Hz; aliased by the repetition time."""
    rate_variation: Share = 0.08
    """Standard deviation of both rates between runs, as a share."""


class Motion(Strict):
    """How heads move."""

    translation: NotNegative = 0.05
    """Standard deviation of the step of each translation from volume to volume, in mm."""
    rotation: NotNegative = 0.0005
    """Standard deviation of the step of each rotation, in rad."""
    persistence: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """How much of a displacement remains after a volume (below 1, so that heads come back)."""
    participant: NotNegative = 0.25
    """Standard deviation of the logarithm of a participant's motion."""
    spikes: NotNegative = 1.5
    """Mean number of sudden movements in a run."""
    spike_translation: NotNegative = 0.5
    """Standard deviation of each translation of a sudden movement, in mm."""
    spike_rotation: NotNegative = 0.006
    """Standard deviation of each rotation of a sudden movement, in rad."""
    estimate_translation: NotNegative = 0.01
    """Error of the estimated translations, in mm: what realignment leaves over."""
    estimate_rotation: NotNegative = 0.0002
    """Error of the estimated rotations, in rad."""
    spin_history: NotNegative = 2.0
    """Loss of signal after a movement, in percent per mm of framewise displacement."""


class Effect(Strict):
    """A planted change of a generative parameter in one arm at one timepoint."""

    id: Name
    """Short name, for the table of truth."""
    arm: Text
    """Arm that changes."""
    timepoint: Timepoint
    """Timepoint that differs from `pre`."""
    parameter: Literal["loading", "amplitude", "activation"]
    """loading: weight of a source in the signal; amplitude: its standard deviation; activation:
    height of the response to a condition (raw images only)."""
    source: str = ""
    """Source whose loading changes, or condition whose response does; empty for an amplitude."""
    labels: tuple[Text, ...] = Field(min_length=1)
    """Labels that change, on both sides, named without side."""
    change: float
    """What is added to a loading or to a response (in percent of the mean intensity); the share by
    which an amplitude changes (−0.4: to 60 %)."""

    @model_validator(mode="after")
    def _source_where_needed(self) -> Effect:
        if bool(self.source) != (self.parameter != "amplitude"):
            raise ValueError(
                "a 'source' belongs to the parameters loading and activation and to no other"
            )
        return self


class Expectation(Strict):
    """What an analysis should find, because it was planted; claims of other regions are null."""

    claim: Name
    """Claim of config/claims.yaml."""
    contrast: Name
    """Contrast of the study."""
    direction: Direction
    """Sign of the difference in change."""


class Exceptional(Strict):
    """Something that goes wrong for one participant at one timepoint."""

    participant: Participant
    """Who."""
    timepoint: Timepoint
    """When."""


class LostSession(Exceptional):
    """A participant who did not come."""


class MovingRun(Exceptional):
    """A run in which a participant moves much more than the others."""

    spikes: Positive
    """Mean number of sudden movements in the run."""
    factor: Positive
    """Factor on all steps."""


class LostView(Exceptional):
    """A run whose lowest slices were not acquired, so that part of a structure is missing."""

    structure: Text
    """Structure, named without side."""
    share: Share
    """Share of its voxels that lies below the lowest slice."""


class MissingScore(Exceptional):
    """A symptom score that was not recorded."""

    outcome: Name
    """Which scale."""


class Exceptions(Strict):
    """What goes wrong, by participant."""

    lost_sessions: tuple[LostSession, ...] = ()
    """Sessions that do not exist."""
    moving_runs: tuple[MovingRun, ...] = ()
    """Runs with too much motion."""
    lost_views: tuple[LostView, ...] = ()
    """Runs that do not cover a structure."""
    missing_scores: tuple[MissingScore, ...] = ()
    """Scores that were not recorded."""


class Simulation(Strict):
    """What `config/simulations/<id>.yaml` says."""

    participants: dict[str, Annotated[int, Field(ge=1)]] = Field(min_length=1)
    """Number of participants of each arm; they are enrolled in turn, arm by arm."""
    age: Age = Age()
    """Age of the participants."""
    female_share: Share = 0.6
    """Share of women."""
    symptoms: dict[Name, Symptom] = Field(default_factory=dict)
    """Symptom scales by the name of the study's outcome."""
    acquisition: Acquisition = Acquisition()
    """What the simulated scanner does."""
    anatomy: Anatomy
    """Where structures are and how much heads differ."""
    neural: Neural
    """Signals of the regions."""
    noise: Noise = Noise()
    """What else moves the signal."""
    motion: Motion = Motion()
    """How heads move."""
    effects: tuple[Effect, ...] = ()
    """Planted changes; nothing else differs between arms."""
    expected: tuple[Expectation, ...] = ()
    """What follows from them for the claims."""
    exceptions: Exceptions = Exceptions()
    """What goes wrong, by participant."""
    raw: Raw = Raw()
    """What the scanner records, where the study is published as raw images."""

    @property
    def enrolled(self) -> tuple[tuple[str, str], ...]:
        """Participant and arm of everyone, in the order of the labels (``sub-01``, …)."""
        most = max(self.participants.values())
        arms = [
            arm
            for turn in range(most)
            for arm, number in self.participants.items()
            if turn < number
        ]
        width = max(2, len(str(len(arms))))
        return tuple((f"sub-{place:0{width}d}", arm) for place, arm in enumerate(arms, start=1))

    @model_validator(mode="after")
    def _loadings_leave_room(self) -> Simulation:
        labels = {label for weights in self.neural.loadings.values() for label in weights}
        for label in sorted(labels):
            weights = [weights.get(label, 0.0) for weights in self.neural.loadings.values()]
            if sum(w * w for w in weights) + self.neural.bilateral**2 > 1:
                raise ValueError(
                    f"the squared loadings of '{label}' and of what it shares with its other side "
                    "add up to more than 1"
                )
        return self


def simulation_path(root: Path, name: str) -> Path:
    """File that describes the simulation of a study."""
    return root / "config" / "simulations" / f"{name}.yaml"


def read_simulation(root: Path, name: str) -> Simulation:
    """Read the simulation of a study.

    Parameters
    ----------
    root : Path
        Folder of the project.
    name : str
        The study's id.

    Raises
    ------
    ConfigError
        All problems of the file at once.
    """
    path = simulation_path(root, name)
    where = f"config/simulations/{path.name}"
    if not path.exists():
        known = sorted(other.stem for other in path.parent.glob("*.yaml"))
        raise ConfigError(
            f"the study '{name}' is simulated, but its simulation is not described",
            where=where,
            cause="the file was not written, or has another name than the study",
            fix=f"write it, or copy another. {did_you_mean(name, known)}",
        )
    return parse(Simulation, _with_what_it_is_like(root, read_yaml(path), where), where)


def _with_what_it_is_like(root: Path, values: dict[str, Any], where: str) -> dict[str, Any]:
    """Take structures and signals, as far as they are not said, from another: `like: demo`."""
    if "like" not in values:
        return values
    other = simulation_path(root, str(values["like"]))
    if not other.exists():
        known = sorted(path.stem for path in other.parent.glob("*.yaml"))
        raise ConfigError(
            f"there is no simulation '{values['like']}' to be like",
            where=f"{where}: like",
            cause="a typing error, or the file was removed",
            fix=did_you_mean(str(values["like"]), known),
        )
    base = read_yaml(other)
    shared: dict[str, Any] = {key: base[key] for key in ("anatomy", "neural") if key in base}
    own = {key: value for key, value in values.items() if key != "like"}
    changed = {
        key: {**section, **own[key]}
        for key, section in shared.items()
        if isinstance(section, dict) and isinstance(own.get(key), dict)
    }
    return {**shared, **own, **changed}
