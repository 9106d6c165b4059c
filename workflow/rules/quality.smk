# Images → pictures of every step that can go wrong, one job for ten participants; nothing measured
# depends on them.


rule quality:
    """Draw what was found on the images of participants, and how they lie on each other."""
    input:
        unpack(drawn_from),
        study=f"{FOLDER}/.receipts/{STUDY_FILES}.tsv",
        template=TEMPLATE if RAW else [],
    output:
        pictures=directory(f"{RESULTS}/quality/{{part}}"),
    log:
        f"{LOGS}/quality/{{part}}.log",
    benchmark:
        f"{LOGS}/quality/{{part}}.benchmark.tsv"
    conda:
        "../envs/brainchange.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        folder=lambda wildcards, input: Path(input.study).parents[1].as_posix(),
        runs=lambda wildcards: {
            name: PLAN.runs[name] for name in PLAN.parts[wildcards.part]
        },
        anatomy=lambda wildcards: {
            name: PLAN.anatomy(name) for name in PLAN.parts[wildcards.part]
        },
        regions=PROJECT.regions,
        layout=(StudyLayout.of(STUDY),),
        settings=(SETTINGS.only("denoising", "censoring", "coverage", "preparation"),),
        simulated=STUDY.simulated,
        code=code_digest("brainchange.figures.qc_participant"),
    message:
        f"{STUDY.id} {{wildcards.part}}: drawing the quality of images"
    script:
        "../scripts/quality.py"


if PLAN.participants:

    rule brain:
        """Show the regions, and in how many participants each is usable, on a brain."""
        input:
            unpack(brain_of),
            study=f"{FOLDER}/.receipts/{STUDY_FILES}.tsv",
            coverage=rules.observations.output.coverage,
        output:
            views=report(
                directory(f"{RESULTS}/brain"),
                patterns=["{view}.png"],
                caption="../report/brain.rst",
                category="Figures",
                labels={"figure": "brain: {view}"},
            ),
        log:
            f"{LOGS}/brain.log",
        benchmark:
            f"{LOGS}/brain.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: 1
        resources:
            mem_mb=1000,
        params:
            folder=lambda wildcards, input: Path(input.study).parents[1].as_posix(),
            runs=[run for runs in PLAN.runs.values() for run in runs],
            atlas=(PROJECT.atlas if IMAGES.atlas else None,),
            images=(IMAGES,),
            regions=PROJECT.regions,
            settings=(SETTINGS.only("denoising", "censoring"),),
            simulated=STUDY.simulated,
            code=code_digest("brainchange.figures.brain_views"),
        message:
            f"{STUDY.id}: drawing the regions on a brain"
        script:
            "../scripts/brain.py"
