# Numbers → effects → verdicts: change within arms, difference in change, what may be said.


rule prediction:
    """Ask whether the brain before therapy says who gets better, in participants not seen."""
    input:
        participants=rules.observations.output.participants,
        observations=rules.observations.output.observations,
    output:
        prediction=f"{RESULTS}/prediction.tsv",
    log:
        f"{LOGS}/prediction.log",
    benchmark:
        f"{LOGS}/prediction.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        study=(STUDY,),
        claims=(PROJECT.claims,),
        regions=PROJECT.regions,
        settings=(SETTINGS.only("seed", "inference", "denoising"),),
        code=code_digest("brainchange.inference.prediction"),
    message:
        f"{STUDY.id}: predicting who gets better"
    script:
        "../scripts/prediction.py"


rule effects:
    """Estimate every effect, decide what may be said of every claim, say what was left out."""
    input:
        participants=rules.observations.output.participants,
        observations=rules.observations.output.observations,
        coverage=rules.observations.output.coverage,
        decisions=rules.observations.output.decisions,
        prediction=rules.prediction.output.prediction,
    output:
        verdicts=f"{RESULTS}/verdicts.tsv",
        trace=f"{RESULTS}/verdict_trace.json",
        claims=f"{RESULTS}/claims.tsv",
        effects=f"{RESULTS}/effects.tsv",
        threats=f"{RESULTS}/threats.tsv",
        multiverse=f"{RESULTS}/multiverse.tsv",
        multiverse_summary=f"{RESULTS}/multiverse_summary.tsv",
        reliability=f"{RESULTS}/reliability.tsv",
        responders=f"{RESULTS}/responders.tsv",
        brain_symptom=f"{RESULTS}/brain_symptom.tsv",
        durability=f"{RESULTS}/durability.tsv",
        omnibus=f"{RESULTS}/omnibus.tsv",
        pairs=f"{RESULTS}/pairs.tsv",
        within=f"{RESULTS}/within.tsv",
        changes=f"{RESULTS}/changes.tsv",
        attrition=f"{RESULTS}/attrition.tsv",
        decisions=f"{RESULTS}/decisions.tsv",
    log:
        f"{LOGS}/effects.log",
    benchmark:
        f"{LOGS}/effects.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        study=(STUDY,),
        claims=(PROJECT.claims,),
        regions=PROJECT.regions,
        settings=(
            SETTINGS.only(
                "seed",
                "metrics",
                "denoising",
                "censoring",
                "alternatives",
                "inference",
                "multiverse",
            ),
        ),
        shared=(PLAN.shared,),
        code=code_digest("brainchange.inference"),
    message:
        f"{STUDY.id}: estimating effects and deciding what may be said"
    script:
        "../scripts/effects.py"
