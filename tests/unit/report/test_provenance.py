from __future__ import annotations

import hashlib
from pathlib import Path

import yaml

from brainchange.report.provenance import PACKAGES, provenance, versions
from brainchange.sources.lock import LockRow
from brainchange.study.settings import Settings


def test_provenance_holds_checksums_inputs_and_the_settings_as_used(tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text("a: 1\n")
    lock = [LockRow("sub-01/x.nii.gz", 12, "md5:" + "0" * 32, "https://example.org/x", None)]
    made = provenance(
        tmp_path,
        Settings(seed=7),
        [tmp_path / "claims.yaml", tmp_path / "gone.tsv"],
        lock,
    )
    digest = hashlib.sha256(b"a: 1\n").hexdigest()
    assert made.checksums == (("claims.yaml", digest), ("gone.tsv", "absent"))
    assert [(f.path, f.size_bytes) for f in made.inputs] == [("sub-01/x.nii.gz", 12)]
    again = yaml.safe_load(made.settings)
    assert again["seed"] == 7
    assert again["denoising"]["motion_parameters"] == 12


def test_versions_name_every_package_that_matters() -> None:
    found = dict(versions())
    assert set(PACKAGES) | {"Python"} == set(found)
    assert "not installed" not in found.values()
