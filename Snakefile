include: "workflow/Snakefile"


# An included file cannot set what a bare `snakemake` makes.
rule default:
    default_target: True
    input:
        rules.all.input,
