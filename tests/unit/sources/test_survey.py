"""What session labels, names of columns and tables tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainchange.sources.dataset import dataset_of_folder
from brainchange.sources.survey import survey
from brainchange.sources.survey_sessions import guess_timepoints
from brainchange.sources.survey_tables import dataset_tables, folders_of, without_time


@pytest.mark.parametrize(
    ("labels", "timepoints", "sure"),
    [
        (["post", "pre"], {"pre": ("pre",), "post": ("post",)}, True),
        (["01", "02"], {"pre": ("01",), "post": ("02",)}, True),
        (["1pre", "2post"], {"pre": ("1pre",), "post": ("2post",)}, True),
        (["1preEEG", "2postEEG"], {"pre": ("1preEEG",), "post": ("2postEEG",)}, True),
        (["scan1", "scan2"], {"pre": ("scan1",), "post": ("scan2",)}, True),
        (["t1", "t2", "t3"], {"pre": ("t1",), "post": ("t2",), "followup": ("t3",)}, False),
        (
            ["baseline", "mid", "post"],
            {"pre": ("baseline",), "mid": ("mid",), "post": ("post",)},
            True,
        ),
        (["pre", "post", "x"], {"pre": ("pre",), "post": ("post",)}, False),
        (
            ["b0", "d10", "d2", "p10", "p2"],
            {"pre": ("b0",), "post": ("d2", "p2"), "followup": ("d10", "p10")},
            False,
        ),
        (["once"], {"pre": ("once",)}, False),
        ([], {"pre": ()}, False),
    ],
)
def test_session_labels_are_timepoints(
    labels: list[str], timepoints: dict[str, tuple[str, ...]], sure: bool
) -> None:
    guess = guess_timepoints({label: ["sub-1"] for label in labels})
    assert dict(guess.labels) == timepoints
    assert (guess.doubt == "") == sure


def test_of_many_labels_the_pair_that_most_participants_have_is_guessed() -> None:
    sessions = {
        "v1": ["a", "b", "c", "d"],
        "v2": ["a"],
        "v4": ["a", "b"],
        "v1o1": ["c"],
        "o8": ["d"],
    }
    sessions |= {"i3": ["b"], "i4": ["b"]}
    guess = guess_timepoints(sessions)
    assert dict(guess.labels) == {"pre": ("v1",), "post": ("v4",)}
    assert set(guess.left) == {"v2", "v1o1", "o8", "i3", "i4"}
    assert "(2)" in guess.doubt


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("BDI_ses-pre", ("BDI", "pre")),
        ("PARS_POST-TREATMENT_CLINICIAN_RATING", ("PARS_CLINICIAN_RATING", "post-treatment")),
        ("DOT_PROBE_T2_ACCURACY", ("DOT_PROBE_ACCURACY", "t2")),
        ("scared_child_cbt08", ("scared_child", "cbt08")),
        ("MADRS", ("MADRS", "")),
        ("pre", ("pre", "")),
    ],
)
def test_a_time_is_read_from_the_name_of_a_column(name: str, split: tuple[str, str]) -> None:
    assert without_time(name) == split


def test_labels_are_found_with_and_without_zeros_and_prefix() -> None:
    found = folders_of(["sub-020131", "21", "sub-5", "sub-6"], ["sub-20131", "sub-21", "sub-5"])
    assert found == {"sub-020131": "sub-20131", "21": "sub-21", "sub-5": "sub-5"}


def test_flags_of_presence_and_sexes_are_neither_scales_nor_arms(tmp_path: Path) -> None:
    rows = ["participant_id\tpars_cbt03\tgender\tage\tscore_pre\tscore_post\tsite"]
    rows += [f"sub-{n}\t{n % 2}\t{20 + n}\t{'MF'[n % 2]}\t{n}\t{n + 1}\t{n % 3}" for n in range(9)]
    (tmp_path / "participants.tsv").write_text("\n".join(rows))
    (tmp_path / "sub-0").mkdir()
    (tmp_path / "sub-0" / "README").touch()
    (table,) = dataset_tables(dataset_of_folder(tmp_path))
    uses = {column.name: column.use for column in table.columns}
    assert uses["pars_cbt03"] == "flag"
    assert uses["age"] == "fact"
    assert uses["site"] == "covariate"
    assert [(scale.name, dict(scale.columns)) for scale in table.scales] == [
        ("score", {"pre": "score_pre", "post": "score_post"})
    ]


def test_participants_without_images_have_neither_sessions_nor_tasks(tmp_path: Path) -> None:
    (tmp_path / "sub-01").mkdir()
    (tmp_path / "sub-01" / "README").touch()
    found = survey(dataset_of_folder(tmp_path))
    assert (found.participants, dict(found.sessions), found.tasks) == ({"sub-01"}, {}, ())
