"""The report of a twin from its results, without the pictures: drawing them takes half a minute."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

from brainchange.project import load_project
from brainchange.report.page import ReportInput, render
from brainchange.report.provenance import provenance
from brainchange.report.results import RESULTS, read_results
from brainchange.sources.lock import read_lock

BADGE = r'<span class="badge[^"]*"><span[^>]*>[^<]*</span> ([^<]+)</span>'


def verdicts_told(page: str) -> Mapping[str, str]:
    """Read the verdict of each claim and scale from the first section of a report.

    From the rows of its tables, and from the lists of statements that nothing was tested of.
    """
    answer = page.split('<h2 id="answer">')[1].split("</section>", maxsplit=1)[0]
    told = {}
    for row in answer.split("<tr>"):
        name = re.search(r'href="#(?:claim|outcome)-([^"]+)"', row)
        verdict = re.search(rf'data-label="Verdict".*?{BADGE}', row, re.DOTALL)
        if name and verdict:
            told[name[1]] = verdict[1]
    for line in re.findall(r'<p class="untested">.*?</p>', answer, re.DOTALL):
        names = re.search(r'class="names">([^<]*)<', line)
        verdict = re.search(BADGE, line)
        if names and verdict:
            told |= dict.fromkeys(names[1].split(", "), verdict[1])
    return {name: unescape(word) for name, word in told.items()}


def report_of_twin(project: Path) -> str:
    """Render the page as the rule ``report`` does, with every table of the results."""
    configured = load_project(project, {"study": "twin"})
    results = project / "results" / "twin"
    return render(
        ReportInput(
            study=configured.study,
            settings=configured.settings,
            claims=configured.claims,
            regions=configured.regions,
            tables=read_results({name: results / f"{name}.tsv" for name in RESULTS}),
            trace=json.loads((results / "verdict_trace.json").read_text(encoding="utf-8")),
            pictures=(),
            provenance=provenance(
                project,
                configured.settings,
                [configured.lock_path],
                read_lock(configured.lock_path),
            ),
        )
    )
