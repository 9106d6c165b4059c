"""No more jobs run at once than the user allows."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = f"""
include: "{ROOT / "workflow/rules/cores.smk"}"

rule all:
    input: expand("{{n}}.done", n=range(4))

rule alone:
    output: "alone.done"
    shell: "touch {{output}}"

rule one_of_many:
    input: "alone.done"
    output: "{{n}}.done"
    shell: "mkdir busy && sleep 0.3 && rmdir busy && touch {{output}}"
"""


def test_a_job_that_was_ready_alone_does_not_let_more_jobs_run_afterwards(tmp_path: Path) -> None:
    # A second job at the same time cannot make the folder, and fails.
    (tmp_path / "Snakefile").write_text(RULES)
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--directory", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert len(list(tmp_path.glob("*.done"))) == 5
