"""What a job of the workflow leaves in its log when it fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import errno, sys
sys.path.insert(0, {scripts!r})
from adapter import job
from brainchange.errors import ImageError
with job({log!r}) as log:
    log.tell("begun")
    {failure}
"""


@pytest.mark.parametrize(
    ("failure", "code", "expected"),
    [
        ("pass", 0, "begun\n"),
        ("raise ImageError('cut off', where='a.nii')", 3, "begun\na.nii: cut off\n"),
        ("raise KeyboardInterrupt", 130, "begun\ninterrupted\n"),
        ("raise OSError(errno.ENOSPC, 'x', '/d/f')", 1, "no room on the disk (or in your quota)"),
        ("raise OSError(errno.EIO, 'x', '/d/f')", 1, "Traceback"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_job_ends_with_its_reason_in_the_log(root, tmp_path, failure, code, expected):
    log = tmp_path / "logs" / "job.log"
    scripts = str(root / "workflow" / "scripts")
    text = SCRIPT.format(scripts=scripts, log=str(log), failure=failure)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout + done.stderr == ""
    assert expected in log.read_text()
