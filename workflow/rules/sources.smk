# Which files: what the lock names is fetched and verified. A receipt stands for fetched files.
# The lock of a real study is a source file: its content counts (params), not its date.


rule fetch:
    """Fetch the files of a participant, or those that belong to none ('study')."""
    input:
        lock=LOCK if STUDY.simulated else ancient(LOCK),
        study=lambda wildcards: (
            []
            if wildcards.unit == STUDY_FILES
            else [f"{FOLDER}/.receipts/{STUDY_FILES}.tsv"]
        ),
    output:
        receipt=f"{FOLDER}/.receipts/{{unit}}.tsv",
    log:
        f"{LOGS}/fetch/{{unit}}.log",
    benchmark:
        f"{LOGS}/fetch/{{unit}}.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        folder=lambda wildcards, output: Path(output.receipt).parents[1].as_posix(),
        # No tuple around it, so Snakemake does not compare it: where files are fetched from
        # changes no result.
        sources=SETTINGS.sources,
        rows=lambda wildcards: PLAN.signature(wildcards.unit),
        code=code_digest("brainchange.sources.receipts"),
    message:
        f"{STUDY.id} {{wildcards.unit}}: fetching and verifying"
    script:
        "../scripts/fetch.py"
