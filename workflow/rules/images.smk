# What the rules about images have in common: names, and what is measured from what.

IMAGES = STUDY.images
RAW = IMAGES.source == "raw"
REGION_FOLDER = f"{FOLDER}/{PARCELLATIONS}"
# Only where arms have sessions of their own does the arm decide what is measured.
STUDY_OF_ARMS = (STUDY,) if any(arm.sessions for arm in STUDY.arms.values()) else ()
TEMPLATE = f"data/templates/{IMAGES.template}.json"


def images_of(wildcards):
    """Name what stands for the prepared images of a participant."""
    if RAW:
        return f"{FOLDER}/{IMAGES.derivatives}/{wildcards.participant}"
    return f"{FOLDER}/.receipts/{wildcards.participant}.tsv"


def measured_from(wildcards):
    """Name what is measured: prepared images, and the atlas on their grid where it is brought."""
    given = {"images": images_of(wildcards)}
    if RAW:
        given["preparation"] = (
            f"{RESULTS}/prepared/{wildcards.participant}_decisions.tsv"
        )
    if IMAGES.atlas:
        given["regions"] = f"{REGION_FOLDER}/{wildcards.participant}"
        given["labels"] = f"{REGION_FOLDER}/desc-{IMAGES.atlas}_dseg.tsv"
    return given


def drawn_from(wildcards):
    """Name what the pictures of the images of several participants are drawn from."""
    given = {}
    for participant in PLAN.parts[wildcards.part]:
        one = {
            **measured_from(Wildcards(fromdict={"participant": participant})),
            "decisions": rules.measure.output.decisions.format(participant=participant),
            "coverage": rules.measure.output.coverage.format(participant=participant),
        }
        for name, path in one.items():
            given.setdefault(name, []).append(path)
    return given


def brain_of(wildcards):
    """Name what regions are shown on: atlas and template, or the first participant's own."""
    if not IMAGES.atlas:
        return {"images": f"{FOLDER}/.receipts/{PLAN.participants[0]}.tsv"}
    given = {"atlas": ATLAS[0], "labels": rules.check_atlas.output.labels}
    return {**given, "template": TEMPLATE} if RAW else given
