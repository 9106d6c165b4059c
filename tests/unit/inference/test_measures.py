"""What is compared, in which family and order."""

from __future__ import annotations

from collections.abc import Callable

from brainchange.inference.declared_measures import declare_measures
from brainchange.inference.measures import Measure
from brainchange.study.model import Study
from brainchange.study.regions import Region

UNITS = {
    "falff_z": "standard deviations",
    "connectivity": "Fisher z",
    "tsnr": "1",
    "mean_framewise_displacement": "mm",
}


def declared(made: object, units: dict[str, str], study: Study) -> dict[str, Measure]:
    found = declare_measures(study, made.claims.claims, made.regions, units)  # type: ignore[attr-defined]
    return {measure.name: measure for measure in found}


def test_measures_come_in_the_order_of_the_tables(
    made_up: Callable[..., object], study_with: Callable[..., Study]
) -> None:
    found = declared(made_up(), UNITS, study_with())
    assert [(m.name, m.kind, m.family) for m in found.values()] == [
        ("A2", "claim", "confirmatory"),
        ("T2", "claim", "confirmatory"),
        ("S1", "claim", "secondary"),
        ("BDI", "outcome", "outcome"),
        ("falff_z_amygdala", "region", "exploratory"),
        ("falff_z_vmPFC", "region", "exploratory"),
        ("falff_z_calcarine", "negative_control", "exploratory"),
        ("mean_framewise_displacement", "quality", "quality"),
        ("tsnr", "quality", "quality"),
    ]
    assert found["T2"].unit == "Fisher z"
    assert found["A2"].direction == "down"
    assert found["falff_z_amygdala"].members == (("amygdala_L", ""), ("amygdala_R", ""))


def test_a_claim_takes_its_task_and_every_task_contrast_is_shown_for_every_group(
    made_up: Callable[..., object], study_with: Callable[..., Study]
) -> None:
    fear = {"task": "faces", "formula": "fear - shape", "label": "fear", "claims": ("S1",)}
    house = {"task": "faces", "formula": "house", "label": "house"}
    study = study_with(tasks=("rest", "faces"), task_contrasts={"fear": fear, "house": house})
    found = declared(made_up(), UNITS | {"activation": "%"}, study)
    assert found["S1"].source == ("falff_z", "faces", "fear")
    assert found["A2"].source == ("falff_z", "rest", "")
    shown = [name for name, measure in found.items() if measure.metric == "activation"]
    assert shown == [
        "activation_fear_amygdala",
        "activation_fear_vmPFC",
        "activation_house_amygdala",
        "activation_house_vmPFC",
        "activation_fear_calcarine",
        "activation_house_calcarine",
    ]
    assert found["activation_house_vmPFC"].source == ("activation", "faces", "house")
    quality = [(name, m.task) for name, m in found.items() if m.kind == "quality"]
    assert quality == [
        ("mean_framewise_displacement", "rest"),
        ("tsnr", "rest"),
        ("mean_framewise_displacement_faces", "faces"),
        ("tsnr_faces", "faces"),
    ]


def test_a_claim_about_seeds_is_compared_with_edges_from_its_seeds(
    made_up: Callable[..., object], study_with: Callable[..., Study]
) -> None:
    reappraise = {"task": "rest", "formula": "reappraise - look", "label": "r", "claims": ("T2",)}
    study = study_with(task_contrasts={"reappraise": reappraise})
    made = made_up()
    [claim] = [c for c in made.claims.claims if c.id == "T2"]  # type: ignore[attr-defined]
    pairs = (("vmPFC", "amygdala"), ("insula", "amygdala"))
    seeded = claim.model_copy(update={"metric": "gppi", "pairs": pairs})
    regions = (*made.regions, Region("insula_L", "insula", "L", "atlas", ("6",)))  # type: ignore[attr-defined]
    found = declare_measures(study, (seeded,), regions, {"gppi": "ratio"})
    controls = {m.name: m for m in found if m.kind == "negative_control"}
    source = ("gppi", "rest", "reappraise")
    assert found[0].source == source
    assert list(controls) == ["gppi_reappraise_amygdala_calcarine"]
    assert controls["gppi_reappraise_amygdala_calcarine"].source == source
    assert controls["gppi_reappraise_amygdala_calcarine"].members == (
        ("amygdala_L", "calcarine_L"),
        ("amygdala_R", "calcarine_L"),
    )


def test_a_claim_whose_metric_was_not_computed_says_so(
    made_up: Callable[..., object], study_with: Callable[..., Study]
) -> None:
    found = declared(made_up(), {"falff_z": "1"}, study_with())
    assert found["T2"].problem == "the metric 'connectivity' was not computed"
    assert "tsnr" not in found


def test_a_claim_about_regions_that_are_not_configured_says_so(
    made_up: Callable[..., object], study_with: Callable[..., Study]
) -> None:
    made = made_up()
    kept = tuple(r for r in made.regions if r.group != "vmPFC")  # type: ignore[attr-defined]
    found = declare_measures(study_with(), made.claims.claims, kept, UNITS)  # type: ignore[attr-defined]
    problems = {measure.name: measure.problem for measure in found if measure.kind == "claim"}
    assert problems["A2"] == ""
    assert problems["T2"] == "no region of the group 'vmPFC' is configured"
