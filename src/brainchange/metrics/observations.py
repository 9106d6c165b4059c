"""Tables of what was measured: observations (all that inference sees) and coverage."""

from __future__ import annotations

from brainchange.tables import Column, TableSchema

_OBSERVED = (
    Column("timepoint", "string", "pre, post or followup", required=True),
    Column("session_id", "string", "Session; several of one timepoint are joined by '+'"),
    Column("task", "string", "Task label", required=True),
    Column("specification", "string", "Name of the set of analysis choices", required=True),
    Column("metric", "string", "What was measured", required=True),
    Column(
        "condition",
        "string",
        "Contrast of conditions of a task; n/a for a metric without",
    ),
    Column("region", "string", "Region; n/a for a value of the whole run"),
    Column("region_2", "string", "Second region of a pair; n/a otherwise"),
    Column("value", "number", "Mean over the runs of the timepoint; n/a says see `flag`"),
    Column("unit", "string", "Unit of the value"),
    Column("n_runs", "integer", "Runs that were averaged", required=True),
    Column("flag", "string", "Why the value is missing, or what weakens it"),
)
_PARTICIPANT = Column("participant_id", "string", "Participant (sub-01)", required=True)
_KEY = (
    "participant_id",
    "timepoint",
    "task",
    "specification",
    "metric",
    "condition",
    "region",
    "region_2",
)

OBSERVATIONS_TABLE = TableSchema(
    "observations",
    "One value of one metric for one region, pair of regions or run of one participant at one "
    "timepoint: the only thing inference sees.",
    (
        _PARTICIPANT,
        Column("arm", "string", "Arm; n/a where the table of participants does not name it"),
        *_OBSERVED,
    ),
    key=_KEY,
)

PARTICIPANT_OBSERVATIONS_TABLE = TableSchema(
    "participant_observations",
    "Observations of one participant, before the arm is known.",
    (_PARTICIPANT, *_OBSERVED),
    key=_KEY,
)

COVERAGE_TABLE = TableSchema(
    "coverage",
    "How much of one region can be measured in one run.",
    (
        _PARTICIPANT,
        Column("session_id", "string", "Session"),
        Column("run", "string", "Run, as the common part of its file names", required=True),
        Column("region", "string", "Region", required=True),
        Column("n_voxels", "integer", "Voxels of the region in the grid of the run", required=True),
        Column("n_valid_run", "integer", "Voxels that are valid in this run", required=True),
        Column(
            "n_valid",
            "integer",
            "Voxels that are valid in every run of the participant: those that are used",
            required=True,
        ),
        Column("share", "number", "n_valid / n_voxels; n/a where the region has no voxel"),
        Column("usable", "boolean", "Whether the share suffices in every run", required=True),
        Column("tsnr", "number", "Mean temporal signal-to-noise ratio of the voxels used"),
    ),
    key=("run", "region"),
)

SPECIFICATIONS_TABLE = TableSchema(
    "specifications",
    "What one specification leaves of the signals of one measured run.",
    (
        _PARTICIPANT,
        Column("session_id", "string", "Session"),
        Column("run", "string", "Run, as the common part of its file names", required=True),
        Column("specification", "string", "Name of the set of analysis choices", required=True),
        Column("denoising", "string", "Its nuisance regression", required=True),
        Column("censoring", "string", "Its censoring", required=True),
        Column("primary", "boolean", "Whether effects are judged by it", required=True),
        Column("n_kept", "integer", "Volumes that are kept; n/a where confounds are missing"),
        Column("n_regressors", "integer", "Nuisance regressors, the constant included"),
        Column(
            "residual_degrees_of_freedom",
            "integer",
            "Kept volumes minus independent regressors; metrics of uncensored voxels have more",
        ),
        Column("used", "boolean", "Whether the run has values under it", required=True),
        Column("reason", "string", "Why it has none, or what weakens them"),
    ),
    key=("run", "specification"),
)
