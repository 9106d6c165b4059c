"""What tests of every stage share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with real tables, bundles and images; the test is skipped where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "openneuro").is_dir():
        pytest.skip(f"needs real study files, and {folder} does not exist")
    return folder
