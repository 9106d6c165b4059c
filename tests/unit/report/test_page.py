"""The page as a reader and a browser meet it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from brainchange.project import load_project
from brainchange.report.data_table import download
from brainchange.report.page import ReportInput, render
from brainchange.report.provenance import InputFile
from brainchange.report.results import RESULTS
from brainchange.study.claims_table import claims_table
from brainchange.study.decisions import DECISIONS_TABLE
from made_up.report import PROVENANCE, report_of

VOID = {"meta", "link", "br", "img", "input", "hr"}
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"


class Structure(HTMLParser):
    """Collects headings, ids, links and tags that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts = 0
        self.events: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.scripts += tag == "script"
        self.events += [name for name in given if name.startswith("on")]
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("href", "src", "xlink:href"):
            if given.get(name):
                self.links.append(str(given[name]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def given(pictured_report: tuple[ReportInput, Path]) -> ReportInput:
    return pictured_report[0]


@pytest.fixture(scope="module")
def page(given: ReportInput) -> str:
    return render(given)


def test_the_page_is_well_formed_with_headings_in_order_and_no_id_twice(page: str) -> None:
    structure = Structure(page)
    assert structure.open == []
    assert structure.headings[0] == 1
    assert structure.headings.count(1) == 1
    steps = zip(structure.headings, structure.headings[1:], strict=False)
    assert all(later - earlier <= 1 for earlier, later in steps)
    assert len(structure.ids) == len(set(structure.ids))


def test_links_lead_into_the_page_to_its_files_or_to_a_doi(page: str) -> None:
    structure = Structure(page)
    targets = {f"#{name}" for name in structure.ids}
    for link in structure.links:
        inside = link in targets or link.startswith(
            ("data:image/png;base64,", "data:text/tab-separated-values;charset=utf-8;base64,")
        )
        beside = r"figures/[\w.%-]+\.(svg|png|tsv)|(observations|specifications)\.tsv"
        assert inside or re.fullmatch(beside, link), link


def test_every_table_can_be_taken_from_the_page_whole(page: str, given: ReportInput) -> None:
    for name, schema in RESULTS.items():
        if name not in given.tables:
            continue
        cell = page.split(f'<tr id="table-{name}">')[1].split("</tr>", maxsplit=1)[0]
        coded = re.search(r'href="data:[^,]*;base64,([^"]*)" download="([^"]*)"', cell)
        assert coded is not None, name
        taken = base64.b64decode(coded[1]).decode().splitlines()
        assert taken[0].split("\t") == schema.names
        assert len(taken) == len(given.tables[name]) + 1
        assert coded[2] == f"{name}.tsv"


def test_a_table_too_large_for_the_page_lies_beside_it() -> None:
    table = pd.DataFrame({"value": ["x" * 100] * 10})
    assert download("changes", table, largest=500).address == "changes.tsv"
    assert download("changes", table).inside


def test_the_policy_allows_the_two_scripts_of_the_page_and_no_network(page: str) -> None:
    structure = Structure(page)
    assert structure.scripts == 2
    assert structure.events == []
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    ]
    assert "script-src " + " ".join(f"'sha256-{digest}'" for digest in digests) + ";" in page
    assert "default-src 'none'" in page


def test_the_order_of_the_sections(
    page: str,
) -> None:
    names = (
        "answer",
        "evidence",
        "threats",
        "beyond",
        "cannot-tell",
        "left-out",
        "methods",
        "provenance",
    )
    places = [page.index(f'<h2 id="{name}"') for name in names]
    assert places == sorted(places)


def test_simulated_data_are_said_at_the_top_in_the_title_and_in_every_figure(
    page: str, given: ReportInput
) -> None:
    assert page.index("SIMULATED DATA: no real participant") < page.index("<h1>")
    assert "(simulated data)</title>" in page
    assert len(given.pictures) == page.count('<figure id="figure-')


def test_the_effect_of_a_claim_stands_beside_the_words_of_the_article(
    page: str, given: ReportInput
) -> None:
    effects = given.tables["effects"]
    row = effects[(effects["measure"] == "T2") & effects["primary"]].iloc[0]
    table = page[page.index('<table class="effects') :]
    cell = table[table.index("strengthen pathways") :][:2500]
    assert f"+{row['difference']:.2f}" in cell
    assert "Fisher z" in cell
    assert "as the article says" in cell
    assert "8 vs 8" in cell


def test_the_answer_comes_first_by_word_sign_and_colour(page: str, given: ReportInput) -> None:
    section = page.split('<h2 id="answer">')[1].split("</section>", maxsplit=1)[0]
    verdicts = given.tables["verdicts"]
    told = verdicts[verdicts["primary"]]["verdict"].tolist()
    badges = re.findall(
        r'<span class="badge ([a-z ]+)"><span aria-hidden="true">(.)</span> ([^<]+)</span>', section
    )
    assert [word for _, _, word in badges] == told
    assert len({sign for _, sign, _ in badges}) == len(set(told)) > 1
    assert "could" in section
    assert page.index("The answer") < page.index('<h3 id="effects"')


def test_every_reason_has_its_sign_and_the_sign_its_words(page: str, given: ReportInput) -> None:
    article = page.split('<article id="claim-T2">')[1].split("</article>", maxsplit=1)[0]
    why = article.split('<div class="why"')[1].split("</div>", maxsplit=1)[0]
    row = given.tables["verdicts"].set_index(["measure", "primary"]).loc[("T2", True)]
    reasons = row["reasons"].split(" | ")
    assert why.count("<li>") == len(reasons)
    unmade = '<span class="mark" aria-hidden="true">–</span><span class="hidden">not made: </span>'
    assert why.count(unmade) == row["not_made"].count(";") + 1


def test_decisions_are_shown_with_value_limit_and_setting(page: str) -> None:
    assert "mean framewise displacement is above the limit" in page
    assert "0.83 mm" in page
    assert "censoring.largest_mean_displacement" in page


def test_volumes_left_out_within_runs_are_folded_away(given: ReportInput) -> None:
    rows = [
        {"scope": "volume", "action": "excluded", "reason": f"volumes of run {run}"}
        for run in range(40)
    ]
    rows.append({"scope": "session", "action": "excluded", "reason": "no prepared run"})
    table = DECISIONS_TABLE.frame(rows)
    page = render(dataclasses.replace(given, tables={**given.tables, "decisions": table}))
    main, folded = page.split("Volumes left out within runs (40 runs)")
    assert "no prepared run" in main
    assert "1 decision: participants, sessions" in main
    assert folded.count("volumes of run") == 40


def test_provenance_is_shown(page: str) -> None:
    for part in ("ab" * 32, "sub-01/x.nii.gz", "2 MB", "seed: 7", "numpy 2.4"):
        assert part in page


def test_the_same_input_gives_the_same_page(given: ReportInput, page: str) -> None:
    assert render(given) == page


def test_hostile_text_of_a_dataset_is_shown_as_text(
    make_up: Any, made_up_size: Any, tmp_path: Path
) -> None:
    labels = (HOSTILE, "\u202eevil 🙂", "x" * 300, "A", "B", "C")
    given = make_up(made_up_size(counts=(5, 5, 5), n_groups=2, arm_labels=labels))
    decisions = DECISIONS_TABLE.frame(
        [{"scope": "run", "action": "excluded", "reason": HOSTILE, "participant_id": HOSTILE}]
    )
    given = dataclasses.replace(given, tables={**given.tables, "decisions": decisions})
    page = render(report_of(given, tmp_path))
    structure = Structure(page)
    assert structure.scripts == 2
    assert structure.events == []
    assert structure.open == []
    assert "&lt;script&gt;alert(" in page


def test_a_study_without_results_still_makes_a_page(
    make_up: Any, made_up_size: Any, tmp_path: Path
) -> None:
    given = make_up(made_up_size(counts=(1,), n_groups=2, simulated=False, randomised=False))
    empty = {
        name: table.head(0) if name in ("coverage", "decisions", "attrition") else table
        for name, table in given.tables.items()
    }
    page = render(report_of(dataclasses.replace(given, tables=empty), tmp_path))
    assert "Not estimated" in page
    assert "Nothing was left out." in page
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL).lower().split()
    assert "SIMULATED" not in page
    assert "<strong>association</strong>" in page


def test_long_lists_are_cut_and_say_so(given: ReportInput) -> None:
    row = {"scope": "run", "action": "caution", "reason": "few volumes"}
    decisions = DECISIONS_TABLE.frame(pd.DataFrame([row] * 2500))
    files = tuple(InputFile(f"sub-{n}", 1, "md5:" + "0" * 32) for n in range(3000))
    many = dataclasses.replace(
        given,
        tables={**given.tables, "decisions": decisions},
        provenance=dataclasses.replace(PROVENANCE, inputs=files),
    )
    page = render(many)
    assert page.count("few volumes") == 2000
    assert "the first 2000 are shown, all are in decisions.tsv" in page
    assert "the first 2000 of the lock" in page


def test_what_the_study_cannot_tell_is_grouped_with_the_reason_and_the_need(
    given: ReportInput, root: Path
) -> None:
    project = load_project(root, {"study": "ds003007"})
    table = claims_table(project.judged_claims({"depr_cbt": 8}))
    made = dataclasses.replace(
        given, claims=project.claims, tables={**given.tables, "claims": table}
    )
    page = render(made)
    section = page.split('<h2 id="cannot-tell">')[1].split("</section>", maxsplit=1)[0]
    assert "7 of 51 statements" in section
    assert "MRI cannot show it: 10" in section
    assert "No T1w images of Untreated (post)" in section
    assert "Where the article contradicts itself" in section
    assert section.count("<tr id=") == 44
    assert Structure(page).open == []


def test_a_page_without_a_testable_statement_says_so(given: ReportInput) -> None:
    effects = given.tables["effects"]
    table = given.tables["claims"].assign(measured=False, barrier="arm", reason="no control arm")
    verdicts = given.tables["verdicts"]
    tables = {
        **given.tables,
        "effects": effects[effects["kind"] != "claim"],
        "claims": table,
        "verdicts": verdicts[verdicts["kind"] != "claim"],
    }
    page = render(dataclasses.replace(given, tables=tables))
    assert "No statement of the article can be tested with this study" in page
    assert "0 of 3 statements" in page
    assert "0 of the 3 statements" in page
