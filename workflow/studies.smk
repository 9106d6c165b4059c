# Several studies in one run (`--config study=all`): the workflow once for each, its rules called
# after the study.

for one in STUDIES:
    study = f"{one}_"

    module:
        name: study
        snakefile:
            "Snakefile"
        config:
            {**config, "study": one}

    use rule * from study as study*


# Atlas and template are the same files in every study: the first that needs them makes them.
for shared in ("atlas", "template"):
    makers = [f"{one}_{shared}" for one in STUDIES]
    workflow.ruleorder(*(rule.name for rule in workflow.rules if rule.name in makers))


localrules:
    all,


rule all:
    """The report of every study."""
    input:
        [f"results/{one}/report.html" for one in STUDIES],
        [f"results/{one}/ro-crate-metadata.json" for one in STUDIES],
