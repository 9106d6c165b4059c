import subprocess
import sys


def test_every_benchmark_is_found_and_a_mistyped_one_is_told(root):
    command = [sys.executable, "benchmarks/run.py", "extracton"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "There is no benchmark 'extracton'" in done.stdout
    assert "activation, extraction, permutation, preparation, volume, workflow" in " ".join(
        done.stdout.split()
    )
