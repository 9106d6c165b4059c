# Numbers → effects → verdicts: change within arms, difference in change, what may be said.


rule prediction:
    """Ask whether the brain before therapy says who gets better, in participants not seen."""
    input:
        participants=rules.observations.output.participants,
        observations=rules.observations.output.observations,
    output:
        prediction=report(
            f"{RESULTS}/prediction.tsv",
            caption="../report/prediction.rst",
            category="Evidence",
            labels={"table": "prediction"},
        ),
        null=f"{RESULTS}/prediction_null.tsv",
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
        verdicts=report(
            f"{RESULTS}/verdicts.tsv",
            caption="../report/verdicts.rst",
            category="Answer",
            labels={"table": "verdicts"},
        ),
        trace=f"{RESULTS}/verdict_trace.json",
        claims=f"{RESULTS}/claims.tsv",
        effects=report(
            f"{RESULTS}/effects.tsv",
            caption="../report/effects.rst",
            category="Evidence",
            labels={"table": "effects"},
        ),
        threats=report(
            f"{RESULTS}/threats.tsv",
            caption="../report/threats.rst",
            category="Threats",
            labels={"table": "threats"},
        ),
        multiverse=f"{RESULTS}/multiverse.tsv",
        multiverse_summary=report(
            f"{RESULTS}/multiverse_summary.tsv",
            caption="../report/multiverse.rst",
            category="Threats",
            labels={"table": "other analysis choices"},
        ),
        reliability=report(
            f"{RESULTS}/reliability.tsv",
            caption="../report/reliability.rst",
            category="Threats",
            labels={"table": "reliability"},
        ),
        responders=f"{RESULTS}/responders.tsv",
        brain_symptom=f"{RESULTS}/brain_symptom.tsv",
        durability=f"{RESULTS}/durability.tsv",
        crossover=f"{RESULTS}/crossover.tsv",
        omnibus=f"{RESULTS}/omnibus.tsv",
        pairs=f"{RESULTS}/pairs.tsv",
        edges=f"{RESULTS}/edges.tsv",
        within=f"{RESULTS}/within.tsv",
        changes=f"{RESULTS}/changes.tsv",
        attrition=f"{RESULTS}/attrition.tsv",
        decisions=report(
            f"{RESULTS}/decisions.tsv",
            caption="../report/decisions.rst",
            category="Left out",
            labels={"table": "decisions"},
        ),
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
