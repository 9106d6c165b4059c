"""What every open study can say about every claim: from locks and tables, before any image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from brainchange.errors import BrainchangeError
from brainchange.files import write_text
from brainchange.inference.participants import enrol
from brainchange.inference.power import minimum_detectable_change, minimum_detectable_effect
from brainchange.planning.participation import scanned_at
from brainchange.planning.plan import Plan, make_plan
from brainchange.project import load_project, read_study
from brainchange.project_folder import study_names
from brainchange.report.shell import environment, shell
from brainchange.sources.overlap import shared_notes, shared_participants, study_images
from brainchange.sources.people import read_people
from brainchange.study.claims import Claim
from brainchange.study.model import Study
from brainchange.study.testability import Judged
from brainchange.tables import Column, TableSchema

FOLDER = "results/claims"
TESTABLE, CAVEAT, NOT = "testable", "only with caveat", "not testable"
STATES = {"testable": TESTABLE, "caveat": CAVEAT, "not_testable": NOT}
NO_STUDY = {
    "emdr": "no open study of EMDR with images before and after exists",
    "dbt": "no open study of dialectical behaviour therapy with images before and after exists",
    "psychodynamic": "no open study of psychodynamic therapy with images before and after exists",
}
"""Looked for in the public listing of datasets; one that is badly described could be missed."""
OF_NO_CHANGE = ("prediction", "brain_symptom", "omnibus")
"""Tables that tell a claim which is no single change: what so many can find of it is another
question."""
NO_PTSD = (
    "Nothing here is about the therapy of post-traumatic stress disorder: no open study of it with "
    "images before and after exists, though EMDR is a therapy of it."
)

CLAIM_MATRIX_TABLE = TableSchema(
    "claim_matrix",
    "What one study can say about one claim of the article, from its lock and its tables alone.",
    (
        Column("claim", "string", "Claim", required=True),
        Column("study", "string", "Study", required=True),
        Column(
            "state",
            "string",
            "testable, only with caveat, or not testable",
            required=True,
            levels=tuple(STATES.values()),
        ),
        Column("reason", "string", "Why not, or the caveat"),
        Column("open_data", "string", "That no open study of the therapy exists, where it is so"),
        Column("contrast", "string", "Contrast it is judged in", required=True),
        Column("task", "string", "Task whose runs are counted"),
        Column("n_treated", "integer", "Treated participants with runs before and after"),
        Column("n_control", "integer", "Control participants with runs before and after"),
        Column("n_scanned_twice", "integer", "Participants of any arm with runs before and after"),
        Column(
            "minimum_detectable_effect",
            "number",
            "Smallest difference in change found with 80 % power at a two-sided level of 0.05; "
            "without control, smallest change in standard deviations of change; n/a for a claim "
            "about no single change",
            unit="SD",
        ),
    ),
    key=("claim", "study"),
)


@dataclass(frozen=True)
class Counted:
    """Participants of a study with runs before and after.

    Attributes
    ----------
    everybody : int
        Of any arm.
    treated, control : int or None
        Of the primary contrast; None where the table of participants is not there.
    """

    everybody: int
    treated: int | None = None
    control: int | None = None

    @property
    def smallest_effect(self) -> float:
        """Smallest difference in change (without control, change) that is found, in SD."""
        if self.treated is None or self.control is None:
            return nan
        if not self.control:
            return minimum_detectable_change(self.treated)
        return minimum_detectable_effect(self.treated, self.control)


def claim_matrix(
    root: Path, tables: Path | None = None, names: Sequence[str] = ()
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Judge what every study can say about every claim.

    Parameters
    ----------
    root : Path
        Folder of the project.
    tables : Path, optional
        Folder with one folder of tables a study; without it what was fetched.
    names : sequence of str
        Studies; every one that is not simulated by default.

    Returns
    -------
    pandas.DataFrame
        ``CLAIM_MATRIX_TABLE``, claim by claim.
    tuple of str
        Studies that could not be judged, and tables that are not there.

    Notes
    -----
    Studies are counted one by one and never added up: some share participants
    (:func:`overlap_notes`).
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    kinds: set[str] = set()
    for name in names or real_studies(root):
        try:
            one = _Judgement.of(root, name, tables)
        except BrainchangeError as error:
            notes.append(f"{name}: {error.reason}")
            continue
        notes += one.notes
        kinds |= {arm.kind for arm in one.study.arms.values()}
        rows += one.rows()
    order = {claim: place for place, claim in enumerate(dict.fromkeys(r["claim"] for r in rows))}
    rows.sort(key=lambda row: order[row["claim"]])
    for row in rows:
        needs = row.pop("needs")
        missing = [NO_STUDY[kind] for kind in NO_STUDY if kind in needs and kind not in kinds]
        row["open_data"] = "; ".join(missing) or None
    return CLAIM_MATRIX_TABLE.frame(rows), tuple(notes)


def overlap_notes(root: Path, names: Sequence[str]) -> list[str]:
    """Say which studies share participants, as their locks tell.

    Parameters
    ----------
    root : Path
        Folder of the project.
    names : sequence of str
        Studies.
    """
    locks = root / "data" / "locks"
    shared = shared_participants({name: study_images(locks, name) for name in names})
    return shared_notes(shared, "they are not independent, and their numbers must not be added up")


def real_studies(root: Path) -> list[str]:
    """Names of the studies that are neither simulated nor start from a table of values."""
    studies = {name: read_study(root, name) for name in study_names(root)}
    return [
        name
        for name, study in studies.items()
        if not study.simulated and study.observations is None
    ]


@dataclass(frozen=True)
class _Judgement:
    """One study: its claims, its runs, its arms."""

    study: Study
    plan: Plan
    judged: tuple[Judged, ...]
    arms: Mapping[str, str] | None
    notes: tuple[str, ...]

    @classmethod
    def of(cls, root: Path, name: str, tables: Path | None) -> _Judgement:
        project = load_project(root, {"study": name})
        folder = (tables or root / "data" / "studies") / name
        arms, notes = None, []
        if (folder / project.study.participants.table).is_file():
            enrolment = enrol(read_people(project.study, folder).table, project.study)
            arms = dict(zip(enrolment.participants, enrolment.arms, strict=True))
        else:
            notes = [f"{name}: its table of participants is not here: arms are not counted"]
        judged = project.judged_claims(None if arms is None else Counter(arms.values()))
        return cls(project.study, make_plan(project), judged, arms, tuple(notes))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Write one row a claim."""
        counted: dict[str, Counted] = {}
        for one in self.judged:
            task = self._task(one.claim)
            if task not in counted:
                counted[task] = self._count(task)
            state, reason = self._state(one)
            found = counted[task]
            yield {
                "claim": one.claim.id,
                "study": self.study.id,
                "state": state,
                "reason": reason or None,
                "needs": tuple(one.claim.requires.arms),
                "contrast": self.study.primary_contrast,
                "task": task,
                "n_treated": found.treated,
                "n_control": found.control,
                "n_scanned_twice": found.everybody,
                "minimum_detectable_effect": (
                    nan if one.claim.table in OF_NO_CHANGE else found.smallest_effect
                ),
            }

    def _state(self, one: Judged) -> tuple[str, str]:
        """State and reason; known traps of the study make a caveat."""
        if one.state == "not_testable":
            return NOT, one.reason
        name = self.study.primary_contrast
        told = [f"{trap.id}: {trap.text}" for trap in self.study.known_traps(name, "claim")]
        needed = "control" in one.claim.requires.arms or one.claim.metric is not None
        alone = needed and not self.study.contrasts[name].control
        if alone and "control" not in dict(one.barriers):
            told.insert(0, "no control arm: only the change of the treated is described")
        state = CAVEAT if told else STATES[one.state]
        return state, "; ".join(filter(None, [one.reason, *told]))

    def _task(self, claim: Claim) -> str:
        named = self.study.task_contrast_of(claim.id)
        if named:
            return self.study.task_contrasts[named].task
        wanted = [kind for kind in claim.requires.images if kind not in ("T1w", "diffusion")]
        return self.study.task_of(wanted) or self.study.tasks[0]

    def _count(self, task: str) -> Counted:
        both = scanned_at(self.plan, task, arms=self.arms)
        if self.arms is None:
            return Counted(len(both))
        contrast = self.study.contrasts[self.study.primary_contrast]
        treated, control = (
            sum(self.arms.get(name) in side for name in both)
            for side in (contrast.treated, contrast.control)
        )
        return Counted(len(both), treated, control)


def write_claim_matrix(
    matrix: pd.DataFrame,
    claims: Sequence[Claim],
    studies: Mapping[str, Study],
    folder: Path,
    notes: Sequence[str] = (),
) -> None:
    """Write the matrix as a table and as a page that stands alone.

    Parameters
    ----------
    matrix : pandas.DataFrame
        ``CLAIM_MATRIX_TABLE``.
    claims : sequence of Claim
        The claims, for their words.
    studies : mapping of str to Study
        The studies, for their titles.
    folder : Path
        Where ``claim_matrix.tsv`` and ``claims.html`` go.
    notes : sequence of str
        What must be known to read it: which studies share participants.
    """
    folder.mkdir(parents=True, exist_ok=True)
    CLAIM_MATRIX_TABLE.write(matrix, folder / "claim_matrix.tsv", sidecar=True)
    write_text(folder / "claims.html", claim_page(matrix, claims, studies, notes))


def claim_page(
    matrix: pd.DataFrame,
    claims: Sequence[Claim],
    studies: Mapping[str, Study],
    notes: Sequence[str] = (),
) -> str:
    """Write the matrix of claims and studies as one HTML page without any other file.

    Parameters
    ----------
    matrix : pandas.DataFrame
        ``CLAIM_MATRIX_TABLE``.
    claims : sequence of Claim
        The claims, for their words.
    studies : mapping of str to Study
        The studies, for their titles and designs.
    notes : sequence of str
        What must be known to read it.
    """
    cells = {
        (row["claim"], row["study"]): {key: _shown(value) for key, value in row.items()}
        for row in matrix.to_dict("records")
    }
    return (
        environment()
        .get_template("claims_of_studies.html.j2")
        .render(
            shell=shell(),
            simulated=False,
            answer=_answer(matrix, len(studies)),
            claims=claims,
            studies=studies,
            cells=cells,
            told=[
                _summary(name, study, matrix[matrix["study"] == name])
                for name, study in studies.items()
            ],
            states=STATES.values(),
            missing=[f"{text[0].upper()}{text[1:]}." for text in _missing(matrix)] + [NO_PTSD],
            notes=notes,
        )
    )


def _answer(matrix: pd.DataFrame, studies: int) -> str:
    """Say of how many claims any study can say anything."""
    best = matrix.groupby("claim", sort=False)["state"].agg(set)
    whole = sum(TESTABLE in states for states in best)
    some = sum(CAVEAT in states and TESTABLE not in states for states in best)
    return (
        f"Of {len(best)} claims of the article, {whole} can be tested in at least one of {studies} "
        f"open studies, {some} more only with a caveat, and {len(best) - whole - some} in none."
    )


def _summary(name: str, study: Study, rows: pd.DataFrame) -> dict[str, Any]:
    """One study in a line: design, who was scanned before and after, how many claims it tells."""
    first = rows[rows["task"] == study.tasks[0]].to_dict("records") or rows.to_dict("records")
    known = {key: _shown(value) for key, value in first[0].items()}
    counted = rows["state"].value_counts()
    return {
        "study": name,
        "title": study.title,
        "contrast": study.contrasts[study.primary_contrast].label,
        "randomised": study.is_randomised(study.primary_contrast),
        "task": known["task"],
        "everybody": known["n_scanned_twice"],
        "treated": known["n_treated"],
        "control": known["n_control"],
        "counts": [int(counted.get(state, 0)) for state in STATES.values()],
    }


def _shown(value: object) -> object:
    return "" if pd.isna(value) else value


def _missing(matrix: pd.DataFrame) -> list[str]:
    told = matrix["open_data"].dropna().unique()
    return sorted({part for text in told for part in str(text).split("; ")})
