# Image → signals → values. One job a participant: each run is read once, and a region counts only
# voxels that are valid in all of the participant's sessions.


rule measure:
    """Read every run of a participant once and compute everything that needs voxels or signals."""
    input:
        study=f"{FOLDER}/.receipts/{STUDY_FILES}.tsv",
        participant=f"{FOLDER}/.receipts/{{participant}}.tsv",
    output:
        derivatives=directory(f"{RESULTS}/{{participant}}"),
        observations=f"{RESULTS}/measured/{{participant}}_observations.tsv",
        coverage=f"{RESULTS}/measured/{{participant}}_coverage.tsv",
        decisions=f"{RESULTS}/measured/{{participant}}_decisions.tsv",
    log:
        f"{LOGS}/measure/{{participant}}.log",
    benchmark:
        f"{LOGS}/measure/{{participant}}.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        folder=lambda wildcards, input: Path(input.study).parents[1].as_posix(),
        runs=lambda wildcards: PLAN.runs[wildcards.participant],
        regions=PROJECT.regions,
        layout=(StudyLayout.of(STUDY),),
        settings=(
            SETTINGS.only(
                "metrics",
                "denoising",
                "censoring",
                "coverage",
                "frequency",
                "task",
            ),
        ),
        code=code_digest("brainchange.metrics"),
    message:
        f"{STUDY.id} {{wildcards.participant}}: measuring regions"
    script:
        "../scripts/measure.py"
