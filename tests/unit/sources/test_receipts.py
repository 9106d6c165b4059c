import hashlib

import pytest

from brainchange.errors import FetchError
from brainchange.sources.lock import LockRow
from brainchange.sources.receipts import STUDY_FILES, fetch_unit, receipt_path, unit_of
from brainchange.study.settings import Sources

CONTENT = {
    "participants.tsv": b"participant_id\nsub-01\n",
    "sub-01/a.tsv": b"one",
    "sub-02/b.tsv": b"two",
}


@pytest.fixture
def lock(tmp_path):
    rows = []
    for path, content in CONTENT.items():
        published = tmp_path / "published" / path
        published.parent.mkdir(parents=True, exist_ok=True)
        published.write_bytes(content)
        digest = hashlib.md5(content).hexdigest()
        rows.append(LockRow(path, len(content), f"md5:{digest}", f"published/{path}"))
    return rows


def fetched(unit, lock, root):
    return fetch_unit(
        unit, lock, root / "study", root=root, sources=Sources(retries=0, timeout=1.0)
    )


def test_only_the_files_of_the_unit_are_fetched(lock, tmp_path):
    assert [row.path for row in fetched("sub-01", lock, tmp_path)] == ["sub-01/a.tsv"]
    files = sorted(p.name for p in (tmp_path / "study").rglob("*") if p.is_file())
    assert files == ["a.tsv"]
    assert [unit_of(row) for row in lock] == [STUDY_FILES, "sub-01", "sub-02"]
    assert receipt_path(tmp_path, "sub-01") == tmp_path / ".receipts" / "sub-01.tsv"


def test_a_file_of_the_same_size_that_is_not_the_one_of_the_lock_is_replaced(lock, tmp_path):
    copied = tmp_path / "study" / "sub-01" / "a.tsv"
    copied.parent.mkdir(parents=True)
    copied.write_bytes(b"ONE")
    fetched("sub-01", lock, tmp_path)
    assert copied.read_bytes() == b"one"


def test_without_sources_one_message_says_what_is_missing_of_the_whole_study(lock, tmp_path):
    for path in (tmp_path / "published").rglob("*.tsv"):
        path.unlink()
    with pytest.raises(FetchError) as caught:
        fetched(STUDY_FILES, lock, tmp_path)
    text = str(caught.value)
    assert "3 of 3 files of the study (28 B) are missing" in text
    assert "sources.mirrors" in text
    with pytest.raises(FetchError, match=r"1 of 1 files \(3 B\) could not be fetched"):
        fetched("sub-01", lock, tmp_path)
