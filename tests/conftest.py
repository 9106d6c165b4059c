"""What tests of every stage share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OFFLINE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


LONG = ("browser", "golden", "truth", "workflow")
TOGETHER = ("browser", "truth", "unit/report")
"""Folders whose files share what takes long to prepare."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with files of long tests, so that no process ends with one while the other waits.

    A process takes whole files, or whole folders: what they prepare is prepared once.
    """
    items.sort(key=lambda item: _folder(item).split("/")[0] not in LONG)
    for item in items:
        group = _folder(item) if _folder(item) in TOGETHER else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def _folder(item: pytest.Item) -> str:
    return item.path.parent.relative_to(ROOT / "tests").as_posix()


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The Chromium of this machine without a window; the test is skipped where it is absent."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("needs Chromium on the path (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=list(OFFLINE))
        yield opened
        opened.close()
