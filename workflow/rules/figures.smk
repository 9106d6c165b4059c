# Effects → pictures, each with the table it shows.


rule figures:
    """Draw every figure as SVG and PNG, with its source table beside it."""
    input:
        effects=rules.effects.output.effects,
        within=rules.effects.output.within,
        changes=rules.effects.output.changes,
        reliability=rules.effects.output.reliability,
        attrition=rules.effects.output.attrition,
        decisions=rules.effects.output.decisions,
        verdicts=rules.effects.output.verdicts,
        threats=rules.effects.output.threats,
        multiverse=rules.effects.output.multiverse,
        multiverse_summary=rules.effects.output.multiverse_summary,
        brain_symptom=rules.effects.output.brain_symptom,
        edges=rules.effects.output.edges,
        prediction=rules.prediction.output.prediction,
        prediction_null=rules.prediction.output.null,
        coverage=rules.observations.output.coverage,
    output:
        figures=report(
            directory(f"{RESULTS}/figures"),
            patterns=["{figure}.svg"],
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        f"{LOGS}/figures.log",
    benchmark:
        f"{LOGS}/figures.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: min(4, workflow.cores or 1)
    resources:
        mem_mb=4000,
    params:
        study=(STUDY,),
        claims=(PROJECT.claims,),
        settings=(ANALYSIS,),
        regions=PROJECT.regions,
        code=code_digest(
            "brainchange.figures.registry",
            *modules_with("brainchange.figures", "SPEC"),
        ),
    message:
        f"{STUDY.id}: drawing the figures"
    script:
        "../scripts/figures.py"
