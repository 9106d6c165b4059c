"""A star stays within a folder, two stars do not."""

from __future__ import annotations

import pytest

from brainchange.sources.patterns import matching, why_nothing_matches

PATHS = [
    "participants.tsv",
    "sub-01/ses-pre/func/sub-01_ses-pre_task-rest_bold.nii.gz",
    "sub-01/ses-pre/func/sub-01_ses-pre_task-rest_bold.json",
    "sub-02/func/sub-02_task-rest_bold.nii.gz",
    "a[1].tsv",
]


@pytest.mark.parametrize(
    ("pattern", "indices"),
    [
        ("participants.tsv", [0]),
        ("participantsXtsv", []),
        ("*.tsv", [0, 4]),
        ("sub-*/ses-*/func/*_bold.nii.gz", [1]),
        ("sub-*/func/*_bold.nii.gz", [3]),
        ("sub-*/*_bold.nii.gz", []),
        ("**/*_bold.nii.gz", [1, 3]),
        ("sub-01/**", [1, 2]),
        ("**/participants.tsv", [0]),
        ("**", [0, 1, 2, 3, 4]),
        ("a[1].tsv", [4]),
        ("sub-0?/func/*", [3]),
        ("sub-{01,02}/**/*_bold.{nii.gz,json}", [1, 2, 3]),
        ("{a[1],b}.tsv", [4]),
    ],
)
def test_stars(pattern: str, indices: list[int]) -> None:
    assert matching(pattern, PATHS) == [PATHS[i] for i in indices]


@pytest.mark.parametrize(
    ("pattern", "cause", "fix"),
    [
        ("participant.tsv", "no file or folder is called 'participant.tsv'", "'participants.tsv'"),
        ("sub-*/ses-pre/fn/*", "'sub-*/ses-pre/' exists, but nothing in it is called", "'func'"),
        ("sub-01/ses-pre/func/*_bolt.json", "nothing in it is called '*_bolt.json'", "_bold.json"),
    ],
)  # fmt: skip
def test_a_pattern_that_matches_nothing_is_told_how_far_it_gets(
    pattern: str, cause: str, fix: str
) -> None:
    told_cause, told_fix = why_nothing_matches(pattern, PATHS)
    assert cause in told_cause
    assert fix in told_fix


def test_an_empty_repository_matches_nothing() -> None:
    assert why_nothing_matches("*", []) == ("the repository has no files", "")
