"""The methods of what stands beside the effects: preparation, threats, reliability, prediction."""

from __future__ import annotations

from brainchange.inference.brain_symptom import FEWEST
from brainchange.inference.prediction_schema import FEWEST_FOR_VERDICT
from brainchange.study.model import Images, Study
from brainchange.study.settings import Preparation, Settings


def preparation(images: Images, rules: Preparation) -> str:
    """Write how raw images were prepared.

    Parameters
    ----------
    images : Images
        Template that T1w images are registered to.
    rules : Preparation
        Limits of preparation.
    """
    timing = {
        "auto": "Runs with events were corrected for the time of each slice where it is known.",
        "on": "Runs were corrected for the time of each slice.",
        "off": "Nothing was corrected for the time of slices.",
    }
    return (
        "Raw images were prepared here with ANTs (Tustison et al. 2021, Sci Rep 11:9068): the T1w "
        "image before therapy was corrected for bias (N4), its brain masked and registered to "
        f"{images.template} (symmetric normalisation, Avants et al. 2008, Med Image Anal 12:26), "
        "and white matter and fluid were segmented; volumes of a run were realigned rigidly and "
        f"the run registered rigidly to the T1w image. {timing[rules.slice_timing]} "
        "Distortion was not corrected. A participant was left out with an overlap of brain masks "
        f"below {rules.anatomy.smallest_mask_overlap:g} (Dice) or a similarity to the template "
        f"below {rules.anatomy.smallest_similarity:g}, a run with an overlap below "
        f"{rules.smallest_mask_overlap:g}, a boundary of the right contrast at less than "
        f"{100 * rules.smallest_boundary_agreement:.0f} %, or a registration that ends more than "
        f"{rules.largest_registration_distance:g} mm away when it is begun elsewhere."
    )


def threats(settings: Settings) -> str:
    """Write what else was asked of every difference.

    Parameters
    ----------
    settings : Settings
        Level and permutations.
    """
    return (
        "Every difference was held against other explanations: regression to the mean expected "
        "from the reliability of the untreated arm (Barnett et al. 2005), unlike values before, "
        "change in head motion, its correlation with change in the measure, and the difference at "
        "equal change in motion (Winkler et al. 2014), change in signal-to-noise ratio and in "
        "measurable voxels, effects in regions no claim is about, and unequal loss of "
        f"participants, each at a level of {settings.inference.alpha:g}. The correlation of value "
        "before and change is described with that of mean and change (Oldham 1962) and judges "
        "nothing. A threat only weakens."
    )


def multiverse(settings: Settings) -> str:
    """Write which other analyses were made of the same values.

    Parameters
    ----------
    settings : Settings
        Models, covariates and permutations.
    """
    rules = settings.multiverse
    models = ", ".join(name.replace("_", " ") for name in rules.models)
    return (
        f"Each claim was analysed with every specification of its values, with {models}, "
        f"covariates {' and '.join(rules.covariates)}, and other sets of arms where there are some "
        "(Steegen et al. 2016). Median effect, share with the claimed sign and share of p below "
        f"{settings.inference.alpha:g} are held against {rules.permutations:,} permutations of the "
        "arms, each the same for all specifications (Simonsohn et al. 2020), which are not counted "
        "as tests."
    )


def single(study: Study, settings: Settings) -> str:
    """Write how reliability, single participants, symptoms and prediction were treated.

    Parameters
    ----------
    study : Study
        Its timepoints and scales.
    settings : Settings
        Permutations and repeats.
    """
    rules = settings.inference
    said = (
        "Reliability is that of untreated participants: ICC(3,1) and ICC(2,1) (Shrout & Fleiss "
        "1979) and the smallest real change, 2.77 standard errors of measurement (Weir 2005). "
        "Response is 50 % improvement on scales with a true zero; reliable change is that of "
        "Jacobson & Truax (1991). Changes in brain and symptoms are correlated at equal arm and "
        "change in head motion, with a Freedman–Lane permutation p and a BCa interval, from "
        f"{FEWEST} participants on. Prediction: ridge regression on the brain before therapy "
        "beside clinical data, nested five-fold cross-validation repeated "
        f"{rules.prediction_repeats} times, the whole procedure permuted "
        f"{rules.prediction_permutations:,} times, no verdict below {FEWEST_FOR_VERDICT} treated "
        "participants (Poldrack et al. 2020)."
    )
    if "followup" in study.timepoints:
        said += (
            " What lasts: an effect at follow-up on the same side, and two one-sided t tests that "
            f"the treated changed by less than ± {rules.smallest_effect_of_interest:g} SD since "
            "(Schuirmann 1987, J Pharmacokinet Biopharm 15:657)."
        )
    return said
