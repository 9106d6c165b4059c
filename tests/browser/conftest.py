"""Pages of made-up studies in a browser, watched for errors and for calls to the network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from brainchange.report.page import render
from made_up.pictured import images_of
from made_up.report import report_of
from made_up.results import made_up
from made_up.study import MadeUp

Open = Callable[..., Any]
PATIENCE = 180_000
"""Milliseconds: a machine that does other things too is slow, not wrong."""
NO_STORAGE = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("denied", "SecurityError"); }
});"""
"""As a browser does where a person or a policy forbids to store anything."""


@pytest.fixture(scope="session")
def report(tmp_path_factory: Any) -> Path:
    """The report of a made-up study."""
    folder = tmp_path_factory.mktemp("report")
    given = report_of(made_up(MadeUp(counts=(8, 8, 8), n_groups=3)), folder / "figures")
    quality, brain = images_of(folder)
    given = dataclasses.replace(given, quality=quality, brain=brain)
    path = folder / "report.html"
    path.write_text(render(given), encoding="utf-8")
    return path


@pytest.fixture
def open_page(browser: Any, report: Path) -> Iterator[Open]:
    """Open a page; in the end there was no error, no dialog and no call for anything else."""
    heard: list[str] = []
    contexts = []

    def open_(path: Path = report, part: str = "", *, storage: bool = True, **how: Any) -> Any:
        context = browser.new_context(**how)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        if not storage:
            page.add_init_script(NO_STORAGE)
        page.on("console", lambda said: heard.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        page.on("dialog", lambda asked: (heard.append(f"dialog: {asked.message}"), asked.dismiss()))
        page.on("request", lambda asked: heard.append(asked.url))
        page.goto(f"{path.as_uri()}{part}")
        return page

    yield open_
    for context in contexts:
        context.close()
    inside = ("blob:", "data:", "file:")
    assert [word for word in heard if not word.startswith(inside)] == []
    files = {word.partition("#")[0] for word in heard if word.startswith("file:")}
    assert len(files) == 1
