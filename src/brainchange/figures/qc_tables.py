"""Tables of quality: the numbers of every run, and the pictures that were drawn."""

from __future__ import annotations

from brainchange.tables import Column, TableSchema

STEPS = {
    "anatomy": "brain mask and tissues of the T1w image",
    "template": "T1w image on the template",
    "coregistration": "T1w outlines on the BOLD image",
    "regions": "regions on the BOLD image",
    "motion": "head motion and signal",
}
"""What a picture may be of, in the order they are shown."""

_PARTICIPANT = Column("participant_id", "string", "Participant", required=True)
_SESSION = Column("session_id", "string", "Session")
_STATUS = Column(
    "status", "string", "Whether it is analysed", required=True, levels=("used", "excluded")
)
_REASON = Column("reason", "string", "Why it is not analysed; n/a where it is")

QUALITY_TABLE = TableSchema(
    "quality",
    "How good the images of one run are.",
    (
        _PARTICIPANT,
        _SESSION,
        Column("run", "string", "Run, as the common part of its file names", required=True),
        _STATUS,
        _REASON,
        Column("n_volumes", "integer", "Analysed volumes: without those dropped at the start"),
        Column("n_censored", "integer", "Analysed volumes that motion censors"),
        Column("fd_mean", "number", "Mean framewise displacement, analysed volumes", unit="mm"),
        Column("fd_max", "number", "Largest framewise displacement, analysed volumes", unit="mm"),
        Column(
            "tsnr",
            "number",
            "Temporal signal-to-noise ratio, median over brain voxels (analysed volumes, quadratic "
            "drift removed)",
        ),
        Column(
            "coverage",
            "number",
            "Smallest share of valid voxels of a region; n/a where nothing was measured",
        ),
        Column("coverage_region", "string", "The region with the smallest share"),
        Column("n_unusable", "integer", "Regions without enough valid voxels"),
        Column(
            "mask_overlap",
            "number",
            "Dice coefficient of the brain masks of BOLD and T1w image; n/a where not registered "
            "here",
        ),
        Column("mask_overlap_gate", "number", "Smallest that is believed"),
        Column(
            "boundary_agreement",
            "number",
            "Share of the white-matter boundary at which the BOLD image gets brighter towards grey "
            "matter; chance is 0.5",
        ),
        Column("boundary_agreement_gate", "number", "Smallest that is believed"),
        Column(
            "registration_distance",
            "number",
            "Largest distance between registrations from several starts",
            unit="mm",
        ),
        Column("registration_distance_gate", "number", "Largest that is believed", unit="mm"),
        Column("template_similarity", "number", "Correlation of the warped T1w image and template"),
        Column("template_similarity_gate", "number", "Smallest that is believed"),
    ),
    key=("run",),
)

PICTURES_TABLE = TableSchema(
    "quality_pictures",
    "One picture of quality: `<name>.png`, and `<name>.webp` for the report.",
    (
        Column("name", "string", "Name of its files without suffix", required=True),
        _PARTICIPANT,
        _SESSION,
        Column("run", "string", "Run; n/a for a picture of the participant's T1w image"),
        Column("step", "string", "What it shows", required=True, levels=tuple(STEPS)),
        _STATUS,
        Column("title", "string", "Heading", required=True),
        Column("alternative", "string", "The picture in words and numbers", required=True),
        Column("lacking", "string", "Why it could not be drawn; n/a where it was"),
    ),
    key=("name",),
)
