# Image → signals → values. Raw images are prepared and atlases brought to them first; then one job
# a participant: each run is read once, and a region counts only voxels that are valid in all of the
# participant's sessions.

if IMAGES.atlas:
    ATLAS = [
        path.relative_to(PROJECT.root).as_posix()
        for path in atlas_files(PROJECT.atlas, PROJECT.root)
    ]

    rule atlas:
        """Have the atlas on this machine: fetch it and put its parts together."""
        output:
            image=ATLAS[0],
            labels=ATLAS[1],
            receipt=ATLAS[2],
        log:
            f"logs/atlases/{PROJECT.atlas.template}_{IMAGES.atlas}.log",
        benchmark:
            f"logs/atlases/{PROJECT.atlas.template}_{IMAGES.atlas}.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: 1
        resources:
            mem_mb=1000,
        params:
            atlas=(PROJECT.atlas,),
            # No tuple around it, so Snakemake does not compare it.
            sources=SETTINGS.sources,
            code=code_digest("brainchange.imaging.atlas_cache"),
        message:
            f"{STUDY.id}: having the atlas {IMAGES.atlas}"
        script:
            "../scripts/atlas.py"

    rule check_atlas:
        """Check that every region lies where it should, and name the labels of the atlas."""
        input:
            image=ATLAS[0],
        output:
            places=f"{RESULTS}/measured/region_places.tsv",
            labels=f"{REGION_FOLDER}/desc-{IMAGES.atlas}_dseg.tsv",
            dataset=f"{REGION_FOLDER}/dataset_description.json",
        log:
            f"{LOGS}/check_atlas.log",
        benchmark:
            f"{LOGS}/check_atlas.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: 1
        resources:
            mem_mb=1000,
        params:
            atlas=(PROJECT.atlas,),
            regions=PROJECT.measured_regions,
            code=code_digest("brainchange.imaging.atlas_check"),
        message:
            f"{STUDY.id}: checking the atlas {IMAGES.atlas}"
        script:
            "../scripts/check_atlas.py"

    rule parcellate:
        """Bring the atlas to the grid of every run, and of the T1w image that was prepared."""
        input:
            images=images_of,
            atlas=ATLAS[0],
        output:
            regions=directory(f"{REGION_FOLDER}/{{participant}}"),
        log:
            f"{LOGS}/parcellate/{{participant}}.log",
        benchmark:
            f"{LOGS}/parcellate/{{participant}}.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            folder=FOLDER,
            atlas=(PROJECT.atlas,),
            runs=lambda wildcards: PLAN.runs[wildcards.participant],
            anatomy=lambda wildcards: (PLAN.anatomy(wildcards.participant),),
            # The T1w image gets the atlas only where volumes are measured.
            volumes=PLAN.measures_anatomy and not IMAGES.freesurfer,
            code=code_digest("brainchange.imaging.parcellate"),
        message:
            f"{STUDY.id} {{wildcards.participant}}: bringing the atlas to the images"
        script:
            "../scripts/parcellate.py"


if RAW:

    rule template:
        """Have the template on this machine."""
        output:
            receipt=TEMPLATE,
        log:
            f"logs/templates/{IMAGES.template}.log",
        benchmark:
            f"logs/templates/{IMAGES.template}.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: 1
        resources:
            mem_mb=1000,
        params:
            template=(PROJECT.template,),
            # No tuple around it, so Snakemake does not compare it.
            sources=SETTINGS.sources,
            code=code_digest("brainchange.imaging.template"),
        message:
            f"{STUDY.id}: having the template {IMAGES.template}"
        script:
            "../scripts/template.py"

    rule prepare:
        """Prepare the raw images of a participant: anatomy, motion, registration, confounds."""
        input:
            study=f"{FOLDER}/.receipts/{STUDY_FILES}.tsv",
            participant=f"{FOLDER}/.receipts/{{participant}}.tsv",
            template=TEMPLATE,
        output:
            derivatives=directory(f"{FOLDER}/{IMAGES.derivatives}/{{participant}}"),
            decisions=f"{RESULTS}/prepared/{{participant}}_decisions.tsv",
        log:
            f"{LOGS}/prepare/{{participant}}.log",
        benchmark:
            f"{LOGS}/prepare/{{participant}}.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: 2
        resources:
            mem_mb=3000,
        params:
            folder=FOLDER,
            raw=lambda wildcards: (PLAN.raw[wildcards.participant],),
            images=(IMAGES,),
            settings=(SETTINGS.only("seed", "preparation"),),
            code=code_digest("brainchange.imaging.prepare"),
        message:
            f"{STUDY.id} {{wildcards.participant}}: preparing raw images"
        script:
            "../scripts/prepare.py"


if RAW and not IMAGES.freesurfer:

    rule anatomy:
        """Measure the volumes of regions at every timepoint that has a T1w image."""
        input:
            study=f"{FOLDER}/.receipts/{STUDY_FILES}.tsv",
            participant=f"{FOLDER}/.receipts/{{participant}}.tsv",
            images=images_of,
            regions=rules.parcellate.output.regions,
            labels=rules.check_atlas.output.labels,
        output:
            observations=f"{RESULTS}/anatomy/{{participant}}_observations.tsv",
            coverage=f"{RESULTS}/anatomy/{{participant}}_coverage.tsv",
            decisions=f"{RESULTS}/anatomy/{{participant}}_decisions.tsv",
        log:
            f"{LOGS}/anatomy/{{participant}}.log",
        benchmark:
            f"{LOGS}/anatomy/{{participant}}.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: 1
        resources:
            mem_mb=4000,
        params:
            folder=FOLDER,
            study=STUDY_OF_ARMS,
            raw=lambda wildcards: (PLAN.raw[wildcards.participant],),
            anatomy=lambda wildcards: (PLAN.anatomy(wildcards.participant),),
            regions=PROJECT.measured_regions,
            layout=(StudyLayout.of(STUDY),),
            settings=(SETTINGS.only("seed", "metrics", "denoising"),),
            code=code_digest("brainchange.metrics.anatomy"),
        message:
            f"{STUDY.id} {{wildcards.participant}}: measuring volumes"
        script:
            "../scripts/anatomy.py"


if IMAGES.freesurfer:

    rule freesurfer:
        """Read the volumes that FreeSurfer measured at every timepoint."""
        input:
            participant=f"{FOLDER}/.receipts/{{participant}}.tsv",
        output:
            observations=f"{RESULTS}/anatomy/{{participant}}_observations.tsv",
            coverage=f"{RESULTS}/anatomy/{{participant}}_coverage.tsv",
            decisions=f"{RESULTS}/anatomy/{{participant}}_decisions.tsv",
        log:
            f"{LOGS}/anatomy/{{participant}}.log",
        benchmark:
            f"{LOGS}/anatomy/{{participant}}.benchmark.tsv"
        conda:
            "../envs/brainchange.yaml"
        threads: 1
        resources:
            mem_mb=500,
        params:
            folder=FOLDER,
            volumes=lambda wildcards: (PLAN.freesurfer.get(wildcards.participant),),
            regions=PROJECT.freesurfer_regions,
            layout=(StudyLayout.of(STUDY),),
            settings=(SETTINGS.only("metrics", "denoising"),),
            code=code_digest("brainchange.metrics.anatomy"),
        message:
            f"{STUDY.id} {{wildcards.participant}}: reading FreeSurfer's volumes"
        script:
            "../scripts/freesurfer.py"


rule measure:
    """Read every run of a participant once and compute everything that needs voxels or signals."""
    input:
        unpack(measured_from),
        study=f"{FOLDER}/.receipts/{STUDY_FILES}.tsv",
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
        study=STUDY_OF_ARMS,
        runs=lambda wildcards: PLAN.runs[wildcards.participant],
        regions=PROJECT.measured_regions,
        layout=(StudyLayout.of(STUDY),),
        settings=(
            SETTINGS.only(
                "metrics",
                "denoising",
                "censoring",
                "alternatives",
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
