"""The rules of the code: format, lint, types, and which stage may import which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["mypy"],
        ["lint-imports", "--no-cache"],
    ],
    ids=" ".join,
)
def test_the_code_keeps_its_rules(root, command):
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_no_committed_text_names_a_machine_or_an_index_of_packages(root):
    listed = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    hostile = ("/ro" + "ot/", "/wo" + "rk/", "--index" + "-url", "--find" + "-links")
    for name in listed:
        content = (root / name).read_bytes()
        for word in hostile:
            assert word.encode() not in content, f"{name} holds {word}"


def test_the_lock_of_packages_pins_every_package_with_hashes(root):
    lines = (root / "requirements.lock").read_text().splitlines()
    pinned = [line for line in lines if line and not line[0].isspace() and line[0] != "#"]
    assert len(pinned) > 80
    for line in pinned:
        assert "==" in line, line
        assert line.endswith("\\"), f"{line} has no hash"
