"""A lock made from a folder names what is in it, and what is fetched by it is the same."""

from __future__ import annotations

import hashlib

import pytest

from brainchange.errors import LockError
from brainchange.sources.build_local import build_local_lock
from brainchange.sources.fetch import fetch
from brainchange.study.model import Folder
from brainchange.study.settings import Sources


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "a dataset"
    for name in ("participants.tsv", "sub-01/anat/sub-01_T1w.nii.gz", ".git/config"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")
    return folder


def test_every_file_is_locked_and_fetched_but_hidden_ones(dataset, tmp_path) -> None:
    rows = build_local_lock(Folder(path=dataset.name), tmp_path)
    assert [row.path for row in rows] == ["participants.tsv", "sub-01/anat/sub-01_T1w.nii.gz"]
    content = b"content of participants.tsv"
    assert rows[0].checksum == f"md5:{hashlib.md5(content).hexdigest()}"
    assert rows[0].size_bytes == len(content)
    fetch(rows, tmp_path / "study", root=tmp_path, sources=Sources()).raise_for_missing(tmp_path)
    assert (tmp_path / "study" / "participants.tsv").read_bytes() == content


def test_patterns_choose_and_each_must_name_a_file(dataset, tmp_path) -> None:
    rows = build_local_lock(Folder(path=str(dataset), files=("sub-*/**",)), tmp_path)
    assert [row.path for row in rows] == ["sub-01/anat/sub-01_T1w.nii.gz"]
    with pytest.raises(LockError, match="'sub-\\*/func/\\*' matches no file"):
        build_local_lock(Folder(path=str(dataset), files=("**", "sub-*/func/*")), tmp_path)


def test_a_folder_that_is_not_there_is_told_with_its_place(tmp_path) -> None:
    with pytest.raises(LockError, match="does not exist") as caught:
        build_local_lock(Folder(path="absent"), tmp_path)
    assert str(tmp_path / "absent") in str(caught.value)
