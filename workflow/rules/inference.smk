# Numbers → effects: change within arms, difference in change between arms.


rule effects:
    """Say what the study can tell, estimate every effect, and say what was left out."""
    input:
        study=f"{FOLDER}/.receipts/{STUDY_FILES}.tsv",
        observations=rules.observations.output.observations,
        decisions=rules.observations.output.decisions,
    output:
        claims=f"{RESULTS}/claims.tsv",
        effects=f"{RESULTS}/effects.tsv",
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
        folder=lambda wildcards, input: Path(input.study).parents[1].as_posix(),
        study=(STUDY,),
        claims=(PROJECT.claims,),
        regions=PROJECT.regions,
        settings=(SETTINGS.only("seed", "inference", "denoising", "metrics"),),
        code=code_digest("brainchange.inference"),
    message:
        f"{STUDY.id}: estimating effects"
    script:
        "../scripts/effects.py"
