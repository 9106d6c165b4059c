"""Claims as tables for the command line: all of them, and what a study can tell about each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from brainchange.inference.participants import enrol
from brainchange.project import CLAIMS, Project, load_project
from brainchange.study.claims import Claims
from brainchange.study.strict import parse, read_yaml
from brainchange.tables import read_tsv

Rows = tuple[list[str], list[list[str]]]
STATES = {"testable": "testable", "caveat": "only with caveat", "not_testable": "not testable"}


def claim_rows(root: Path) -> Rows:
    """List the claims of the article.

    Parameters
    ----------
    root : Path
        Folder of the project.

    Returns
    -------
    list of str
        Names of the columns.
    list of list of str
        Rows.
    """
    claims = parse(Claims, read_yaml(root / CLAIMS), CLAIMS).claims
    header = ["claim", "family", "MRI", "direction", "metric", "contradicts", "quote"]
    return header, [
        [
            claim.id,
            claim.family,
            claim.mri,
            claim.direction,
            claim.metric or "",
            ", ".join(claim.contradicts),
            claim.quote,
        ]
        for claim in claims
    ]


def judged_rows(root: Path, study: str) -> Rows:
    """List what a study can tell about each claim, and what else would be needed.

    Parameters
    ----------
    root : Path
        Folder of the project.
    study : str
        Name of the study.

    Returns
    -------
    list of str
        Names of the columns.
    list of list of str
        Rows.
    """
    project = load_project(root, {"study": study})
    header = ["claim", "state", "tested", "why not", "what would tell"]
    return header, [
        [
            one.claim.id,
            STATES[one.state],
            "yes" if one.measured else "no",
            one.reason,
            "" if one.measured else one.claim.needed,
        ]
        for one in project.judged_claims(_arm_sizes(project))
    ]


def _arm_sizes(project: Project) -> Mapping[str, int] | None:
    """Count the participants of each arm, once the table of participants is there."""
    path = project.study_folder / project.study.participants.table
    if not path.is_file():
        return None
    return Counter(enrol(read_tsv(path), project.study).arms)
