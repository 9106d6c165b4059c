"""The repetition time of a run."""

from __future__ import annotations

import json

import pytest

from brainchange.errors import ImageError
from brainchange.imaging.sidecar import RepetitionTime, read_repetition_time


def test_the_sidecar_wins_and_the_header_stands_in(tmp_path):
    path = tmp_path / "bold.json"
    path.write_text(json.dumps({"RepetitionTime": 2.5}))
    assert read_repetition_time(path, 1.0) == RepetitionTime(2.5, in_sidecar=True)
    path.write_text("{}")
    assert read_repetition_time(path, 3.0) == RepetitionTime(3.0, in_sidecar=False)


@pytest.mark.parametrize("told", [2500, 0, -1, "2.5", True, None])
def test_a_time_that_cannot_be_is_told(tmp_path, told):
    path = tmp_path / "bold.json"
    path.write_text(json.dumps({"RepetitionTime": told}))
    with pytest.raises(ImageError, match=r"RepetitionTime is .* not a number of seconds"):
        read_repetition_time(path, None)


def test_a_missing_or_broken_sidecar_is_told(tmp_path):
    for content in (None, "{", "\xff"):
        path = tmp_path / "bold.json"
        if content:
            path.write_bytes(content.encode("latin-1"))
        with pytest.raises(ImageError, match="sidecar is missing or is no JSON"):
            read_repetition_time(path, 2.0)
