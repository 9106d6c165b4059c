"""The report of one made-up study, drawn once for all tests of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from brainchange.report.page import ReportInput
from made_up.report import report_of


@pytest.fixture(scope="session")
def pictured_report(
    make_up: Any, made_up_size: Any, tmp_path_factory: Any
) -> tuple[ReportInput, Path]:
    """What a page is made from, and the folder that holds its figures."""
    folder = tmp_path_factory.mktemp("pictured")
    made = make_up(made_up_size(counts=(8, 8, 8), n_groups=3))
    return report_of(made, folder / "figures"), folder
