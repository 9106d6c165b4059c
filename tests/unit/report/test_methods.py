from __future__ import annotations

import re
from typing import Any

import pytest

from brainchange.report.methods import methods
from brainchange.report.references import REFERENCES
from brainchange.study.model import Images
from brainchange.study.regions import Region
from brainchange.study.settings import (
    Alternatives,
    Censoring,
    Denoising,
    Inference,
    Multiverse,
    Preparation,
    Settings,
    Task,
)
from brainchange.study.tasks import TaskContrast

REGION = (Region("amygdala_L", "amygdala", "L", "aparcaseg", ("Left-Amygdala",)),)


def written(study: Any, settings: Settings) -> str:
    return " ".join(f"{p.heading}. {p.text}" for p in methods(study, settings, REGION))


@pytest.fixture(scope="module")
def study(make_up: Any, made_up_size: Any) -> Any:
    return make_up(made_up_size(counts=(3, 3, 3), n_groups=2)).study


def test_the_methods_state_what_was_set(study: Any) -> None:
    settings = Settings(
        denoising=Denoising(motion_parameters=24, global_signal=True, dummy_volumes=7),
        censoring=Censoring(framewise_displacement=0.23, fewest_volumes=77),
        inference=Inference(permutations=4321, smallest_effect_of_interest=0.31, alpha=0.01),
        seed=99,
    )
    said = written(study, settings)
    for part in ("24 motion parameters", "the global signal and cosines", "first 7 volumes"):
        assert part in said
    for part in ("above 0.23 mm", "fewer than 77", "4,321 random", "0.31 SD", "Level: 0.01"):
        assert part in said
    assert "seed 99" in said
    assert "The global signal was not regressed out" not in said


def test_chance_is_said_of_the_contrast_that_leads_and_not_of_the_whole_study(study: Any) -> None:
    primary = study.contrasts[study.primary_contrast]
    for drawn, said in ((True, "led by the difference at equal values"), (False, "associational)")):
        contrast = primary.model_copy(update={"randomised": drawn})
        other = study.model_copy(
            update={
                "contrasts": study.contrasts | {study.primary_contrast: contrast},
                "allocation": study.allocation.model_copy(update={"randomised": not drawn}),
            }
        )
        assert said in written(other, Settings())


def test_by_default_the_global_signal_is_said_to_be_kept(study: Any) -> None:
    assert "The global signal was not regressed out." in written(study, Settings())


def test_other_specifications_are_said_and_none_where_there_are_none(study: Any) -> None:
    said = written(study, Settings())
    assert "12 in all with the primary one" in said
    assert "acompcor5-motion24 (24 motion parameters, 5 principal components of white" in said
    assert "uncensored (no volume left out); fd0.2 (framewise displacement" in said
    alone = Settings(alternatives=Alternatives(denoising=(), censoring=()))
    assert "Other specifications" not in written(study, alone)


def test_contrasts_of_tasks_are_said_where_there_are_any(study: Any) -> None:
    assert "Activation by tasks" not in written(study, Settings())
    contrast = TaskContrast(task="rest", formula="fear - shape", label="threat")
    other = study.model_copy(update={"task_contrasts": {"fear": contrast}})
    said = written(other, Settings(task=Task(noise="ols", seeds="insula")))
    assert "threat (fear - shape, task rest)" in said
    assert "independent noise" in said
    assert "with the seeds insula" in said
    assert "autoregressive noise of order 1" in written(other, Settings())


def test_metrics_that_are_not_computed_are_not_explained(study: Any) -> None:
    said = written(study, Settings(metrics=("connectivity", "reho", "partial_connectivity")))
    assert "Kendall's W of a voxel and its up to 26 valid neighbours" in said
    assert "with all other regions held equal" in said
    plain = written(study, Settings())
    assert "Kendall" not in plain
    assert "held equal" not in plain


def test_no_censoring_is_said(study: Any) -> None:
    none = Censoring(name="none", framewise_displacement=None, standardised_dvars=None)
    assert "No volume was left out for motion." in written(study, Settings(censoring=none))


def test_allocation_is_said(study: Any, make_up: Any, made_up_size: Any) -> None:
    assert "Allocation was randomised: By drawing lots." in written(study, Settings())
    other = make_up(made_up_size(counts=(3, 3, 3), n_groups=2, randomised=False)).study
    assert "every difference is an association" in written(other, Settings())


def test_every_work_that_is_cited_is_in_the_references_and_the_other_way_round(
    study: Any,
) -> None:
    said = written(study, Settings())
    for reference in REFERENCES:
        author = reference.split(" ")[0].split(",")[0]
        year = re.search(r"\((\d{4})\)", reference)
        assert year is not None
        assert re.search(rf"{author}[^;]{{0,24}}{year.group(1)}", said), reference
    cited = set(re.findall(r"([A-Z][a-z]+)(?: et al\.| & [A-Z][a-z]+)? \(?(\d{4})", said))
    known = " ".join(REFERENCES)
    for author, year in cited:
        assert re.search(rf"{author} [A-Z].*?\({year}\)", known), (author, year)


def test_where_labels_are_from_is_said(study: Any) -> None:
    images = study.images.model_copy(
        update={"atlas": "HarvardOxford", "space": "MNI152NLin6Asym", "resolution": "2"}
    )
    said = written(study.model_copy(update={"images": images}), Settings())
    assert "labels of the atlas HarvardOxford, which was brought to the grid of each run" in said
    assert "by its affine alone" in said
    assert "Desikan" not in said
    moved = images.model_copy(update={"space": "T1w", "resolution": None})
    said = written(study.model_copy(update={"images": moved}), Settings())
    assert "through the registration of the T1w image to MNI152NLin2009cAsym" in said


def test_checks_are_written_from_what_was_set(study: Any) -> None:
    settings = Settings(
        inference=Inference(prediction_repeats=7, prediction_permutations=543),
        multiverse=Multiverse(models=("ancova",), permutations=777),
    )
    said = written(study, settings)
    for part in ("repeated 7 times", "permuted 543 times", "777 permutations", "with ancova,"):
        assert part in said
    assert "What lasts" not in said
    later = study.model_copy(update={"timepoints": {**study.timepoints, "followup": ("late",)}})
    assert "What lasts" in written(later, settings)


def test_raw_images_are_said_to_be_prepared_here_and_by_whom(study: Any) -> None:
    raw = Images(source="raw", atlas="atlas")
    mine = study.model_copy(update={"images": raw, "simulated": False})
    rules = Preparation(smallest_mask_overlap=0.81, slice_timing="off")
    said = written(mine, Settings(preparation=rules))
    assert "prepared here with ANTs" in said
    assert "a run with an overlap below 0.81" in said
    assert "Nothing was corrected for the time of slices." in said
    assert "fMRIPrep" not in said
    assert "prepared here with ANTs" not in written(study, Settings())
