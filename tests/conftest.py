"""What tests of every stage share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with files of long tests, so that no process ends with one while the other waits."""
    items.sort(key=lambda item: item.path.relative_to(ROOT / "tests").parts[0] not in LONG)


class WholeFiles(LoadFileScheduling):
    """A process takes whole files, or whole folders: what they prepare is prepared once."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", maxsplit=1)[0]
        folder = path.removeprefix("tests/").rpartition("/")[0]
        return folder if folder in TOGETHER else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFiles:
    """Share tests among processes."""
    return WholeFiles(config, log)


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
