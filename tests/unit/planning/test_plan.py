import re
import shutil

import pytest

from brainchange.errors import ConfigError, LockError
from brainchange.planning.plan import make_plan
from brainchange.project import load_project


def plan(folder, **overrides):
    return make_plan(load_project(folder, overrides))


@pytest.fixture
def folder(root, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config")
    (tmp_path / "data" / "locks").mkdir(parents=True)
    shutil.copy(root / "data" / "locks" / "ds003007.tsv", tmp_path / "data" / "locks")
    return tmp_path


def test_the_flagship_is_planned_from_its_lock(folder):
    """Counts of datasets: 29 participants, two sessions each, six files a run, six of the study."""
    found = plan(folder, study="ds003007")
    assert len(found.participants) == 29
    assert sum(len(runs) for runs in found.runs.values()) == 58
    assert len(found.rows_of("study")) == 6
    assert {len(found.rows_of(name)) for name in found.participants} == {12}
    assert found.decisions == []
    assert [len(part) for part in found.parts.values()] == [10, 10, 9]
    assert tuple(name for part in found.parts.values() for name in part) == found.participants


def test_a_simulated_study_is_planned_before_it_is_made(folder):
    found = plan(folder, study="demo")
    assert len(found.participants) == 30
    assert sum(len(runs) for runs in found.runs.values()) == 59
    assert found.rows == ()


def test_a_changed_row_of_the_lock_changes_the_signature_of_its_participant_alone(folder):
    before = plan(folder, study="ds003007")
    path = folder / "data" / "locks" / "ds003007.tsv"
    lines = path.read_text().splitlines()
    row = next(i for i, line in enumerate(lines) if "/sub-07/" in line and "md5:" in line)
    digest = lines[row].split("md5:")[1][:32]
    lines[row] = lines[row].replace(digest, digest[::-1])
    path.write_text("\n".join(lines) + "\n")
    after = plan(folder, study="ds003007")
    changed = [n for n in before.participants if before.signature(n) != after.signature(n)]
    assert changed == ["sub-07"]


def test_participants_who_are_not_chosen_are_told(folder):
    found = plan(folder, study="ds003007", only_participants=["sub-03", "sub-01"])
    assert found.participants == ("sub-01", "sub-03")
    assert len(found.decisions) == 27
    assert {row["config_key"] for row in found.decisions} == {"only_participants"}
    with pytest.raises(ConfigError, match="the study has no participant 'sub-99'"):
        plan(folder, study="ds003007", only_participants=["sub-99"])


def test_a_study_without_lock_says_how_to_make_it(folder):
    (folder / "data" / "locks" / "ds003007.tsv").unlink()
    with pytest.raises(LockError) as caught:
        plan(folder, study="ds003007")
    assert "make it with: brainchange lock ds003007" in str(caught.value)


def test_receipts_of_files_that_are_gone_are_dropped(folder):
    found = plan(folder, study="ds003007")
    receipts = folder / "data" / "studies" / "ds003007" / ".receipts"
    receipts.mkdir(parents=True)
    (receipts / "sub-01.tsv").write_text("path\n")
    assert found.drop_false_receipts() == ["sub-01"]
    assert list(receipts.iterdir()) == []


def test_an_atlas_of_another_template_is_a_caveat(folder):
    path = folder / "config" / "studies" / "ds003007.yaml"
    text = re.sub(r"^images:\n(  .*\n)+", "", path.read_text(), flags=re.MULTILINE)
    images = "images: {space: MNIColin27, atlas: HarvardOxford, allow_other_template: true}\n"
    path.write_text(text + images)
    [caveat] = [row for row in plan(folder, study="ds003007").decisions if "atlas" in row["reason"]]
    assert caveat["config_key"] == "images.allow_other_template"
    assert "HarvardOxford is in the template MNI152NLin2009cAsym" in caveat["reason"]
    path.write_text(text + images.replace(", allow_other_template: true", ""))
    with pytest.raises(ConfigError, match="the images are in MNIColin27"):
        plan(folder, study="ds003007")
    path.write_text(text + "images: {source: raw, atlas: AAL3, template: MNIColin}\n")
    with pytest.raises(ConfigError, match="there is no template 'MNIColin'"):
        plan(folder, study="ds003007")


def test_a_raw_study_is_planned_from_its_images(folder):
    found = plan(folder, study="rawdemo")
    assert found.participants == tuple(found.raw)
    one = found.participants[0]
    assert [files.run for files in found.runs[one]] == [raw.run for raw in found.raw[one].runs]
    assert found.anatomy(one).t1w.startswith("derivatives/brainchange/")
    assert not found.measures_anatomy
    assert found.anatomy("sub-99") is None
