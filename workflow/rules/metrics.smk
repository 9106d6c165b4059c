# Values of all participants in one table: the only thing inference sees.

MEASURED = ["measured", *(["anatomy"] if PLAN.measures_anatomy else [])]


rule observations:
    """Gather what was measured, compute the rest under other specifications, name the arms."""
    input:
        study=f"{FOLDER}/.receipts/{STUDY_FILES}.tsv",
        # Where everybody has a table of their own, also those without images.
        tables=expand(f"{FOLDER}/.receipts/{{unit}}.tsv", unit=PLAN.units_with_tables),
        observations=expand(
            f"{RESULTS}/{{kind}}/{{participant}}_observations.tsv",
            kind=MEASURED,
            participant=PLAN.participants,
        ),
        coverage=expand(
            f"{RESULTS}/{{kind}}/{{participant}}_coverage.tsv",
            kind=MEASURED,
            participant=PLAN.participants,
        ),
        decisions=expand(
            f"{RESULTS}/{{kind}}/{{participant}}_decisions.tsv",
            kind=MEASURED,
            participant=PLAN.participants,
        ),
        signals=expand(f"{RESULTS}/{{participant}}", participant=PLAN.participants),
    output:
        observations=f"{RESULTS}/observations.tsv",
        participants=f"{RESULTS}/participants.tsv",
        coverage=f"{RESULTS}/coverage.tsv",
        specifications=f"{RESULTS}/specifications.tsv",
        decisions=f"{RESULTS}/measured/decisions.tsv",
        dataset=f"{RESULTS}/dataset_description.json",
    log:
        f"{LOGS}/observations.log",
    benchmark:
        f"{LOGS}/observations.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        folder=lambda wildcards, input: Path(input.study).parents[1].as_posix(),
        study=(STUDY,),
        decisions=tuple(PLAN.decisions),
        runs=(dict(PLAN.runs),),
        layout=(StudyLayout.of(STUDY),),
        regions=PROJECT.regions,
        edges=sorted(PROJECT.claims.edges(PROJECT.regions)),
        settings=(
            SETTINGS.only(
                "metrics",
                "networks",
                "denoising",
                "censoring",
                "alternatives",
                "coverage",
                "task",
            ),
        ),
        code=code_digest(
            "brainchange.metrics.gather",
            "brainchange.metrics.alternatives",
            "brainchange.metrics.derivatives",
            "brainchange.sources.people",
            "brainchange.sources.people_sidecar",
            "brainchange.metrics.networks",
        ),
    message:
        f"{STUDY.id}: gathering the observations of {len(PLAN.participants)} participants"
    script:
        "../scripts/observations.py"
