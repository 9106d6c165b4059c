# A study with known truth. For a real study this file adds nothing.

if STUDY.simulated:

    rule simulate:
        """Publish the simulated study, with its lock, as an archive would."""
        output:
            lock=LOCK,
            published=directory(f"data/published/{STUDY.id}"),
        log:
            f"{LOGS}/simulate.log",
        benchmark:
            f"{LOGS}/simulate.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: workflow.cores or 1
        resources:
            mem_mb=4000,
        params:
            study=(STUDY, PLAN.simulation),
            seed=SETTINGS.seed,
            code=code_digest("brainchange.simulate"),
        message:
            f"{STUDY.id}: simulating the study"
        script:
            "../scripts/simulate.py"
