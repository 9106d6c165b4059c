"""The results as a crate: whole, with right checksums, and the same when it is described again."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from brainchange.report.crate import METADATA, PROFILES, WORKFLOW_PROFILE, Run, write_crate
from brainchange.report.crate_terms import licence_address
from brainchange.sources.lock import LockRow

FILES = {
    "README.md": "# Results\n",
    "report.html": "<!doctype html>",
    "verdicts.tsv": "measure\tverdict\n",
    "figures/forest a.svg": "<svg/>",
    "sub-01/ses-pre/func/sub-01_relmat.tsv": "1\n",
    "measured/sub-01_observations.tsv": "not part of the results\n",
    ".bidsignore": "*\n",
}
LOCK = (
    LockRow("sub-01/x.nii.gz", 7, "sha256:" + "ab" * 32, "https://example.org/x.nii.gz"),
    LockRow("sub-01/y.nii.gz", 8, "md5:" + "cd" * 16, "https://example.org/y.nii.gz"),
    LockRow("here.tsv", 9, "md5:" + "ef" * 16, "data/published/here.tsv"),
)


@pytest.fixture(scope="module")
def run(make_up: Any, made_up_size: Any, tmp_path_factory: Any) -> Run:
    root = tmp_path_factory.mktemp("project")
    results = root / "results" / "demo"
    for name, content in FILES.items():
        path = results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (root / "config").mkdir()
    (root / "config" / "config.yaml").write_text("study: demo\n")
    workflow = root / "elsewhere"
    (workflow / "rules").mkdir(parents=True)
    (workflow / "Snakefile").write_text("rule all:\n")
    (workflow / "rules" / "report.smk").write_text("rule report:\n")
    study = make_up(made_up_size(counts=(3, 3, 3), n_groups=2, simulated=False)).study
    files = (root / "config" / "config.yaml", root / "config" / "absent.yaml")
    run = Run(study, results, root, workflow, files, LOCK)
    write_crate(run)
    return run


@pytest.fixture(scope="module")
def entities(run: Run) -> dict[str, Any]:
    graph = json.loads((run.results / METADATA).read_text())["@graph"]
    assert len({one["@id"] for one in graph}) == len(graph)
    return {one["@id"]: one for one in graph}


def linked(cell: Any) -> list[str]:
    return [one["@id"] for one in (cell if isinstance(cell, list) else [cell])]


def test_the_library_reads_it_and_finds_the_workflow(run: Run) -> None:
    read = ROCrate(run.results)
    assert read.mainEntity.id == "code/workflow/Snakefile"
    assert "ComputationalWorkflow" in read.mainEntity.type
    assert "Snakemake" in str(read.mainEntity["programmingLanguage"]["name"])


def test_it_says_which_profiles_it_follows(entities: dict[str, Any]) -> None:
    assert linked(entities["./"]["conformsTo"]) == [address for address, *_ in PROFILES]
    for word in ("name", "description", "license", "datePublished"):
        assert entities["./"][word], word


def test_every_file_is_described_with_its_own_checksum(run: Run, entities: dict[str, Any]) -> None:
    parts = [part for part in linked(entities["./"]["hasPart"]) if "://" not in part]
    expected = {name for name in FILES if not name.startswith((".", "measured"))}
    expected |= {"code/workflow/Snakefile", "code/workflow/rules/report.smk"}
    expected |= {"code/config/config.yaml"}
    assert {part.replace("%20", " ") for part in parts} == expected
    for part in parts:
        content = (run.results / Path(part.replace("%20", " "))).read_bytes()
        assert entities[part]["sha256"] == hashlib.sha256(content).hexdigest()
        assert entities[part]["contentSize"] == str(len(content))


def test_the_run_ties_inputs_and_workflow_to_results(entities: dict[str, Any]) -> None:
    action = entities[linked(entities["./"]["mentions"])[0]]
    assert action["@type"] == "CreateAction"
    assert linked(action["instrument"]) == ["code/workflow/Snakefile"]
    given = linked(action["object"])
    assert "https://doi.org/10.18112/openneuro.ds003007.v1.0.1" in given
    assert "https://example.org/x.nii.gz" in given
    assert "code/config/config.yaml" in given
    assert {"report.html", "verdicts.tsv"} <= set(linked(action["result"]))
    assert entities["https://example.org/x.nii.gz"]["sha256"] == "ab" * 32
    assert entities["https://example.org/y.nii.gz"]["identifier"] == "md5:" + "cd" * 16
    assert not [name for name in entities if "published" in name]


def test_every_link_leads_to_something_that_is_described(entities: dict[str, Any]) -> None:
    for one in entities.values():
        for cell in (cell for name, cell in one.items() if name != "identifier"):
            cells = cell if isinstance(cell, list) else [cell]
            for aim in (c["@id"] for c in cells if isinstance(c, dict) and "@id" in c):
                assert aim in entities or "://" in aim, aim


def test_required_properties_of_the_profiles_are_there(entities: dict[str, Any]) -> None:
    """Rules that rocrate-validator 0.13 holds a Workflow Run Crate 0.5 against, as required."""
    descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
    assert linked(descriptor["about"]) == ["./"]
    assert "https://w3id.org/ro/crate/1.1" in linked(descriptor["conformsTo"])
    assert root["@type"] == "Dataset"
    workflow = entities[linked(root["mainEntity"])[0]]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} <= set(workflow["@type"])
    assert entities[linked(workflow["programmingLanguage"])[0]]["@type"] == "ComputerLanguage"
    for profile in linked(root["conformsTo"]):
        assert entities[profile]["@type"] == "CreativeWork"
        assert entities[profile]["version"] == profile.rpartition("/")[2]
    instruments = [one["instrument"] for one in entities.values() if one["@type"] == "CreateAction"]
    assert [linked(one) for one in instruments] == [linked(root["mainEntity"])]


def test_recommended_properties_are_there_where_the_program_can_know_them(
    entities: dict[str, Any],
) -> None:
    """Of the same validator; agent, author and publisher are for whoever archives the crate."""
    root = entities["./"]
    (licence,) = linked(root["license"])
    assert licence == "https://spdx.org/licenses/CC0-1.0"
    assert entities[licence]["name"] == "CC0"
    assert WORKFLOW_PROFILE in linked(entities["ro-crate-metadata.json"]["conformsTo"])
    assert isinstance(root["mentions"], dict)
    assert entities["README.md"]["about"] == {"@id": "./"}
    workflow = entities["code/workflow/Snakefile"]
    assert workflow["version"]
    assert linked(workflow["conformsTo"])[0].startswith("https://bioschemas.org/profiles/")
    (action,) = (one for one in entities.values() if one["@type"] == "CreateAction")
    assert action["description"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", action["endTime"])
    for one in entities.values():
        if "File" in one["@type"]:
            assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", one["encodingFormat"]), one["@id"]
        if one["@type"] == "SoftwareApplication" and one["name"] != "brainchange":
            assert one["url"].startswith("http"), one
            assert one["@id"] == f"{one['url']}#{one['name'].lower()}-{one['version']}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CC0", "https://spdx.org/licenses/CC0-1.0"),
        ("CC BY 4.0", "https://spdx.org/licenses/CC-BY-4.0"),
        ("cc-by-nc-4.0", "https://spdx.org/licenses/CC-BY-NC-4.0"),
        ("ask the authors", ""),
    ],
)
def test_a_licence_is_given_the_address_it_has(name: str, expected: str) -> None:
    assert licence_address(name) == expected


def test_describing_it_again_changes_nothing(run: Run) -> None:
    before = (run.results / METADATA).read_bytes()
    write_crate(run)
    assert (run.results / METADATA).read_bytes() == before
