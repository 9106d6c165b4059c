# Everything on one page.


rule report:
    """Write the report: effects first, then the evidence, what was left out, and provenance."""
    input:
        lock=[] if FROM_TABLE else ancient(LOCK),
        tables=(
            [path.as_posix() for path in given_files(STUDY, Path())]
            if FROM_TABLE
            else []
        ),
        verdicts=rules.effects.output.verdicts,
        trace=rules.effects.output.trace,
        claims=rules.effects.output.claims,
        effects=rules.effects.output.effects,
        within=rules.effects.output.within,
        changes=rules.effects.output.changes,
        threats=rules.effects.output.threats,
        multiverse=rules.effects.output.multiverse,
        multiverse_summary=rules.effects.output.multiverse_summary,
        reliability=rules.effects.output.reliability,
        responders=rules.effects.output.responders,
        brain_symptom=rules.effects.output.brain_symptom,
        durability=rules.effects.output.durability,
        crossover=rules.effects.output.crossover,
        omnibus=rules.effects.output.omnibus,
        pairs=rules.effects.output.pairs,
        attrition=rules.effects.output.attrition,
        decisions=rules.effects.output.decisions,
        prediction=rules.prediction.output.prediction,
        prediction_null=rules.prediction.output.null,
        edges=rules.effects.output.edges,
        coverage=rules.observations.output.coverage,
        figures=rules.figures.output.figures,
        quality=(
            []
            if FROM_TABLE
            else expand(rules.quality.output.pictures, part=list(PLAN.parts))
        ),
        brain=[] if FROM_TABLE or not PLAN.participants else rules.brain.output.views,
    output:
        page=report(
            f"{RESULTS}/report.html",
            caption="../report/page.rst",
            category="Answer",
            labels={"table": "the whole report"},
        ),
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{LOGS}/report.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        study=(STUDY,),
        claims=(PROJECT.claims,),
        regions=PROJECT.regions,
        settings=(ANALYSIS,),
        files=[CONFIG, REGIONS, CLAIMS, f"config/studies/{STUDY.id}.yaml"],
        code=code_digest("brainchange.report"),
    message:
        f"{STUDY.id}: writing the report"
    script:
        "../scripts/report.py"


rule crate:
    """Describe workflow, inputs and results with checksums, as a Workflow Run Crate."""
    input:
        lock=rules.report.input.lock,
        tables=rules.report.input.tables,
        page=rules.report.output.page,
    output:
        crate=f"{RESULTS}/ro-crate-metadata.json",
        code=directory(f"{RESULTS}/code"),
    log:
        f"{LOGS}/crate.log",
    benchmark:
        f"{LOGS}/crate.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        study=(STUDY,),
        files=rules.report.params.files,
        code=code_digest("brainchange.report.crate"),
    message:
        f"{STUDY.id}: describing the run"
    script:
        "../scripts/crate.py"
