"""Lists on the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.listing import LISTS, judged_rows


def test_every_claim_is_listed(root: Path) -> None:
    header, rows = LISTS["claims"](root)
    assert len(rows) == 51
    by_name = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert by_name["T2"]["family"] == "confirmatory"
    assert by_name["M1"]["MRI"] == "blind"
    assert by_name["X1"]["contradicts"] == "X2"


def test_participants_are_counted_once_their_table_is_there(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "config", tmp_path / "config")
    assert "when the data are here" in reason_of(tmp_path, "Y1")
    folder = tmp_path / "data" / "studies" / "ds003007"
    folder.mkdir(parents=True)
    scales = ("BDI", "Zung_SDS", "MADRS", "TAS-26", "RRS-sum")
    columns = [f"{scale}_ses-{when}" for scale in scales for when in ("pre", "post")]
    rows = [["participant_id", "group", *columns], ["sub-01", "depr_cbt", *["1"] * len(columns)]]
    (folder / "participants.tsv").write_text("\n".join("\t".join(row) for row in rows) + "\n")
    assert reason_of(tmp_path, "Y1").endswith("CBT has 1")


def reason_of(root: Path, claim: str) -> str:
    header, rows = judged_rows(root, "ds003007")
    return next(row for row in rows if row[0] == claim)[header.index("why not")]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["claims", "ds003007"], "H1\tnot testable\tno\tno T1w images of Untreated (post)"),
        (["claims", "ds003007"], "A4\ttestable\tyes"),
        (["list", "claims"], "P5\tsecondary\tshows\tdown\t\tP1\tbolstering prefrontal efficiency"),
    ],
)
def test_the_commands_print_a_table(
    root: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: str
) -> None:
    monkeypatch.chdir(root)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert expected in done.stdout
    assert len(done.stdout.splitlines()) == 52
