"""The methods, written from the settings that were used, with their sources."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from brainchange.inference.bootstrap import RESAMPLES
from brainchange.report import methods_checks
from brainchange.study.given import Given
from brainchange.study.model import Images, Study
from brainchange.study.regions import Region
from brainchange.study.settings import (
    Censoring,
    Coverage,
    Denoising,
    Frequency,
    Inference,
    Regressors,
    Scrubbing,
    Settings,
)
from brainchange.study.specifications import specifications


@dataclass(frozen=True)
class Paragraph:
    """A heading and the text below it."""

    heading: str
    text: str


def methods(study: Study, settings: Settings, regions: tuple[Region, ...]) -> tuple[Paragraph, ...]:
    """Write the methods.

    Parameters
    ----------
    study : Study
        Design, sessions and images.
    settings : Settings
        Everything that was chosen.
    regions : tuple of Region
        The regions that were analysed.
    """
    measured = (
        (Paragraph("Values", _given(study.observations, regions)),)
        if study.observations is not None
        else _measured(study, settings, regions)
    )
    return (
        Paragraph("Design", _design(study)),
        *measured,
        Paragraph("Effects and tests", _inference(settings.inference, settings.seed)),
        Paragraph("Beside every effect", _beside()),
        Paragraph("Threats", methods_checks.threats(settings)),
        *_multiverse(study, settings),
        Paragraph("Single participants and prediction", methods_checks.single(study, settings)),
        Paragraph("Verdicts", _verdicts(study, settings.inference)),
        Paragraph("Limits of this method", _limits(study)),
    )


def _multiverse(study: Study, settings: Settings) -> tuple[Paragraph, ...]:
    if study.observations is not None:
        return ()
    return (Paragraph("Other analysis choices", methods_checks.multiverse(settings)),)


def _measured(
    study: Study, settings: Settings, regions: tuple[Region, ...]
) -> tuple[Paragraph, ...]:
    return (
        *_prepared(study, settings),
        Paragraph("Images and regions", _images(study, regions)),
        Paragraph("Which voxels count", _coverage(settings.coverage)),
        Paragraph("Denoising", _denoising(settings.denoising)),
        Paragraph("Head motion", _censoring(settings.censoring)),
        *_alternatives(settings),
        Paragraph("What is measured", _metrics(settings.frequency, settings.metrics)),
        *_activation(study, settings),
    )


def _prepared(study: Study, settings: Settings) -> tuple[Paragraph, ...]:
    if study.images.source != "raw":
        return ()
    text = methods_checks.preparation(study.images, settings.preparation)
    return (Paragraph("Preparation of images", text),)


def _activation(study: Study, settings: Settings) -> tuple[Paragraph, ...]:
    if not study.task_contrasts:
        return ()
    contrasts = "; ".join(
        f"{contrast.label} ({contrast.formula}, task {contrast.task})"
        for contrast in study.task_contrasts.values()
    )
    noise = {"ar1": "autoregressive noise of order 1", "ols": "independent noise"}
    text = (
        f"Contrasts of conditions: {contrasts}. The mean signal of a region was modelled by the "
        "events of every condition convolved with the canonical haemodynamic response and its "
        "derivative (Friston et al. 1994, Hum Brain Mapp 2:189; nilearn), the nuisance regressors "
        f"above, one regressor for each censored volume, and {noise[settings.task.noise]}; the "
        "parameters of the mean signal are the mean of the parameters of its voxels. Percent "
        "signal change is the contrast over the mean signal, for a response with an integral of 1: "
        "what a stimulation that lasts would reach. Habituation is the first half of the blocks of "
        "each condition minus the last. Task-dependent connectivity is a generalised "
        "psychophysiological interaction (McLaren et al. 2012, NeuroImage 61:1277) with the seeds "
        f"{settings.task.seeds}, deconvolved activity (Gitelman et al. 2003, NeuroImage 19:200) "
        "and centred conditions (Di et al. 2017, doi:10.1002/hbm.23413)."
    )
    return (Paragraph("Activation by tasks", text),)


def _given(given: Given, regions: tuple[Region, ...]) -> str:
    groups = ", ".join(dict.fromkeys(region.group for region in regions))
    how = given.description or "How they came about is not said in the study file."
    return (
        f"Values were not measured here: they were read from the table {given.table} as they "
        f"stand. {how} Its regions are taken for those of the same name ({groups}). Coverage, "
        "head motion and denoising are known only as far as the table tells; what it does not "
        "tell counts as not checked. A claim is the mean over all its regions or edges; a "
        "participant who lacks one of them is missing."
    )


def _design(study: Study) -> str:
    arms = "; ".join(
        f"{arm.label}{f' ({arm.description})' if arm.description else ''}"
        for arm in study.arms.values()
    )
    chosen = "randomised" if study.allocation.randomised else "not randomised"
    primary = study.contrasts[study.primary_contrast].label
    sessions = ", ".join(
        f"{name}: {', '.join(labels)}" for name, labels in study.timepoints.items()
    )
    return (
        f"Arms: {arms}. Allocation was {chosen}: {study.allocation.description} Sessions by "
        f"timepoint: {sessions}. The estimand is the difference in mean change, post − pre, "
        "between arms, among participants with usable data at both timepoints. Primary contrast: "
        f"{primary}."
    )


def _images(study: Study, regions: tuple[Region, ...]) -> str:
    groups = ", ".join(dict.fromkeys(region.group for region in regions))
    images = study.images
    how = "simulated in the form of those of" if study.simulated else "taken as prepared by"
    how = f"{how} fMRIPrep (Esteban et al. 2019)"
    if images.source == "raw":
        how = "prepared as told above"
    return (
        f"BOLD runs of the task {', '.join(study.tasks)} were {how}, in {images.space} space. "
        f"Regions ({groups}) are unions of labels of {_parcellation(images)}; nothing was smoothed."
    )


def _parcellation(images: Images) -> str:
    """Say where the labels are from, and how they came to the grid of the runs."""
    if images.atlas is None:
        return (
            f"the participant's own {images.parcellation} parcellation (Desikan et al. 2006) on "
            "the grid of the run; no image was resampled again"
        )
    through = (
        f"through the registration of the T1w image to {images.template}"
        if images.space == "T1w"
        else "by its affine alone"
    )
    return (
        f"the atlas {images.atlas}, which was brought to the grid of each run {through}: a voxel "
        "has the label that most of the points spread over it have (27 or more), and no label is "
        "interpolated"
    )


def _coverage(rules: Coverage) -> str:
    return (
        "A voxel is valid if it lies in the brain mask, its mean is above "
        f"{_percent(rules.smallest_intensity)} of the median of the brain and its temporal "
        f"signal-to-noise ratio is above {rules.smallest_tsnr:g}. Only voxels valid in all runs "
        "of a participant are used, so that coverage cannot pass for change. A region is usable "
        f"if at least {_percent(rules.smallest_share)} of its voxels are; otherwise its value is "
        "missing, never zero. A region whose mean signal-to-noise ratio is below "
        f"{rules.caution_tsnr:g} is marked with caution."
    )


def _denoising(rules: Denoising) -> str:
    regressors = _regressors(rules)
    without = "" if rules.global_signal else " The global signal was not regressed out."
    return (
        f"The first {rules.dummy_volumes} volumes were dropped (more if the confounds table marks "
        f"more as non-steady). {', '.join(regressors)} and cosines slower than "
        f"{rules.high_pass_period:g} s were regressed out of the region signals in one step "
        f"(Hallquist et al. 2013; Lindquist et al. 2019).{without} Specification: {rules.name}."
    )


def _regressors(rules: Regressors) -> list[str]:
    regressors = [f"{rules.motion_parameters} motion parameters"]
    regressors += ["the mean signal of white matter"] * rules.white_matter
    regressors += ["the mean signal of cerebrospinal fluid"] * rules.csf
    regressors += ["the global signal"] * rules.global_signal
    if rules.mean_signal_parameters == 4:
        regressors.append("derivatives and squares of these signals")
    if rules.anatomical_components:
        components = f"{rules.anatomical_components} principal components of white matter and fluid"
        regressors.append(f"{components} (aCompCor, Behzadi et al. 2007)")
    return regressors


def _censoring(rules: Censoring) -> str:
    return (
        f"{_scrubbing(rules)} A run was left out with fewer than "
        f"{rules.fewest_volumes} kept volumes, a mean displacement above "
        f"{rules.largest_mean_displacement:g} mm or a translation above "
        f"{rules.largest_displacement:g} mm; below {rules.caution_volumes} kept volumes, or "
        f"{rules.caution_degrees_of_freedom} degrees of freedom after nuisance regression, it is "
        "marked with caution."
    )


def _scrubbing(rules: Scrubbing) -> str:
    limits = _limits_of_motion(rules)
    if not limits:
        return "No volume was left out for motion."
    return (
        f"Volumes with {limits} were left out, as were kept stretches shorter than "
        f"{rules.shortest_segment} volumes."
    )


def _limits_of_motion(rules: Scrubbing) -> str:
    limits = []
    if rules.framewise_displacement is not None:
        limits.append(
            f"framewise displacement (Power et al. 2012) above {rules.framewise_displacement:g} mm"
        )
    if rules.standardised_dvars is not None:
        limits.append(f"standardised DVARS above {rules.standardised_dvars:g}")
    return " or ".join(limits)


def _alternatives(settings: Settings) -> tuple[Paragraph, ...]:
    """Say what else was done with the same signals; nothing where nothing was."""
    others = settings.alternatives
    if not (others.denoising or others.censoring):
        return ()
    denoising = "; ".join(f"{one.name} ({', '.join(_regressors(one))})" for one in others.denoising)
    censoring = "; ".join(
        f"{one.name} ({_limits_of_motion(one) or 'no volume left out'})" for one in others.censoring
    )
    n_all = len(specifications(settings))
    text = (
        f"{', '.join(others.metrics)} were also computed under other defensible choices, "
        f"{n_all} in all with the primary one. Denoising: {denoising or 'no other'}. Censoring: "
        f"{censoring or 'no other'}. Metrics of voxels were computed from all volumes and vary in "
        "denoising alone. Effects are judged by the primary specification."
    )
    return (Paragraph("Other specifications", text),)


def _metrics(band: Frequency, chosen: Collection[str]) -> str:
    more = ""
    if "reho" in chosen:
        more += (
            "Regional homogeneity is Kendall's W of a voxel and its up to 26 valid neighbours over "
            "the kept volumes, of denoised signals without a low-pass filter. "
        )
    if "partial_connectivity" in chosen:
        more += (
            "Partial connectivity is Fisher's z of the correlation of two regions with all other "
            "regions held equal (empirical covariance, no shrinkage). "
        )
    return (
        "Connectivity is Fisher's z of the Pearson correlation of two denoised region signals over "
        "the kept volumes (empirical covariance, no shrinkage). ALFF (Zang et al. 2007) is the "
        f"amplitude of a voxel's fluctuations from {band.low:g} to {band.high:g} Hz, fractional "
        "ALFF (Zou et al. 2008) its share of the amplitude at all frequencies; both from "
        "uncensored, denoised signals without a low-pass filter, averaged over the valid voxels "
        "of a region; z: relative to mean and standard deviation over the brain. "
        f"{more}A claim is the "
        "mean over all its regions or edges; a participant who lacks one of them is missing."
    )


def _inference(rules: Inference, seed: int) -> str:
    return (
        "Effects are differences in mean change with Welch's 95 % interval, and dppc2: the "
        "difference in pooled standard deviations before therapy (Morris 2008). The test is a "
        "two-sided permutation test of Welch's t (Janssen 1997; Chung & Romano 2013), complete up "
        f"to {rules.exact_up_to:,} arrangements, otherwise with {rules.permutations:,} random ones "
        f"(Phipson & Smyth 2010; seed {seed}). Confirmatory claims are adjusted after Holm (1979) "
        "within the primary contrast, secondary ones after Benjamini & Hochberg (1995); "
        "exploratory results are not adjusted and are labelled so; the table of effects also holds "
        "the p of every region adjusted for all regions of its metric (max T, Westfall & Young "
        "1993). Changes within an arm are described with g_av (Cumming 2012; interval: Algina & "
        "Keselman 2003) and are not compared by their significance. "
        f"Level: {rules.alpha:g}. Smallest effect of interest: "
        f"{rules.smallest_effect_of_interest:g} SD before therapy. Arms with fewer than "
        f"{rules.fewest_participants} participants with both timepoints are described, not tested. "
        "Smallest detectable effects are for 80 % power at this level, two-sided."
    )


def _beside() -> str:
    return (
        "Beside every effect the table of effects holds an equivalence test (two one-sided Welch "
        "tests, Lakens 2017), a Bayes factor (Rouder et al. 2009), a bootstrap interval of dppc2 "
        f"(BCa, {RESAMPLES:,} resamples within arms, DiCiccio & Efron 1996) and three more "
        "estimators of the difference: adjusted for the value before (HC3, Long & Ervin 2000), a "
        "mixed model with a random intercept, and a model with a common baseline (Liang & Zeger "
        "2000). Both models use all participants with at least one timepoint, with errors and "
        "degrees of freedom after Kenward & Roger (1997). Without randomisation the estimators "
        "bracket the truth if either parallel trends or comparability at equal baseline holds "
        "(Ding & Li 2019)."
    )


def _verdicts(study: Study, rules: Inference) -> str:
    lead = (
        "Arms were randomised, so claims and scales are led by the difference at equal values "
        "before: analysis of covariance with HC3 errors, and the permutation of Freedman and Lane "
        "(Winkler et al. 2014) with the value before as covariate."
        if study.randomised
        else "Arms were not randomised, so differences in change lead, and no verdict is stronger "
        "than SUPPORTED (associational)."
    )
    return (
        f"{lead} SUPPORTED needs an adjusted p below {rules.alpha:g} in the claimed direction, "
        "estimators of one sign, 80 % of other analysis choices with that sign and a median of at "
        f"least {rules.smallest_effect_of_interest / 2:g} SD, a smaller effect in every negative "
        "control, and survival of change in head motion as a covariate; one that lacks gives "
        "SUGGESTIVE. CONTRADICTED asks the same of the opposite direction. NO MEANINGFUL EFFECT "
        "needs equivalence within ± the smallest effect of interest. Everything else is "
        "INCONCLUSIVE. A check that was not made counts as failed, and a threat only weakens. All "
        "tests are two-sided."
    )


def _limits(study: Study) -> str:
    allocation = (
        "" if study.randomised else " Without randomisation every difference is an association."
    )
    return (
        "An interval that includes zero does not show that there is no effect. Correlations of "
        "signals have no direction. Connectivity and amplitude at rest are indirect signs of "
        "activity and differ between sessions of the same person; they say nothing about "
        f"synapses, genes or transmitters.{allocation}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
