# A table of values in place of images: checked, and brought into the form of what is measured here.


rule observations:
    """Read the table the study starts from, and say which arm each participant is in."""
    input:
        tables=[path.as_posix() for path in given_files(STUDY, Path())],
    output:
        observations=f"{RESULTS}/observations.tsv",
        coverage=f"{RESULTS}/coverage.tsv",
        decisions=f"{RESULTS}/measured/decisions.tsv",
        participants=f"{RESULTS}/participants.tsv",
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
        study=(STUDY,),
        regions=PROJECT.regions,
        only=SETTINGS.only_participants,
        settings=(SETTINGS.only("metrics", "networks", "denoising", "coverage"),),
        code=code_digest(
            "brainchange.metrics.given",
            "brainchange.sources.people_sidecar",
            "brainchange.metrics.derivatives",
            "brainchange.metrics.networks",
        ),
    message:
        f"{STUDY.id}: reading the table of values"
    script:
        "../scripts/table.py"
