"""Lists on the command line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.cli.listing import LISTS, judged_rows
from brainchange.imaging.atlas_cache import have_atlas
from brainchange.study.atlases import read_atlases
from brainchange.study.settings import Sources
from made_up.atlas import ATLAS, TEMPLATE, write_files
from made_up.atlas import regions as atlas_regions


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
    columns = ["age", "gender"]
    columns += [f"{scale}_ses-{when}" for scale in scales for when in ("pre", "post")]
    rows = [["participant_id", "group", *columns], ["sub-01", "depr_cbt", *["1"] * len(columns)]]
    (folder / "participants.tsv").write_text("\n".join("\t".join(row) for row in rows) + "\n")
    assert reason_of(tmp_path, "Y1").endswith("CBT has 1")


@pytest.mark.shared
def test_studies_are_listed_with_who_was_scanned_before_and_after(
    root: Path, shared: Path, tmp_path: Path
) -> None:
    """Participants by arm as datasets publish them; bytes are those of the lock, by hand."""
    shutil.copytree(root / "config", tmp_path / "config")
    (tmp_path / "data" / "studies").mkdir(parents=True)
    (tmp_path / "data" / "locks").symlink_to(root / "data" / "locks")
    for path in (tmp_path / "config" / "studies").glob("*.yaml"):
        if path.stem not in ("ds004627", "ds005016"):
            path.unlink()

    def listed(study: str) -> dict[str, str]:
        header, rows = LISTS["studies"](tmp_path)
        return dict(zip(header, next(row for row in rows if row[0] == study), strict=True))

    before = listed("ds005016")
    assert before["before and after"] == "rest 78, msit 76, pain 71 (arms once its tables are here)"
    for name in ("ds005016", "ds004627"):
        link = tmp_path / "data" / "studies" / name
        link.symlink_to(shared / "openneuro" / name)
    assert listed("ds005016")["before and after"] == (
        "rest: Mindfulness (MBSR+) 38, Stress management 40; "
        "msit: Mindfulness (MBSR+) 36, Stress management 40; "
        "pain: Mindfulness (MBSR+) 33, Stress management 38"
    )
    irregular = listed("ds004627")
    assert irregular["before and after"] == "rest: Depressed, outpatient 10, Healthy 23"
    # 130 have a table of sessions of their own, 36 have images that are locked.
    assert (irregular["with images"], irregular["bytes"]) == ("36", "9.59 GB")
    assert irregular["bytes a participant"] == "266 MB"


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


def test_atlases_are_listed_with_their_template_and_labels(root: Path) -> None:
    header, rows = LISTS["atlases"](root)
    listed = {(row[0], row[1]): dict(zip(header, row, strict=True)) for row in rows}
    # 96 cortical labels, and 21 below the cortex without white matter and cortex of both sides.
    assert listed["HarvardOxford", "MNI152NLin2009cAsym"]["labels"] == "113"
    assert listed["Schaefer2018", "MNI152NLin6Asym"]["labels"] == "232"
    assert listed["AAL3", "MNIColin27"]["labels"] == ""
    assert listed["AAL3", "MNIColin27"]["made from"] == "nilearn (whole)"
    assert listed["HarvardOxford", "MNI152NLin6Asym"]["regions that use it"] == "30"
    assert listed["aparcaseg", "the participant's own"]["regions that use it"] == "28"


@pytest.fixture
def with_atlas(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose flagship is measured with a made-up atlas in a template."""
    shutil.copytree(root / "config", tmp_path / "config")
    image, table = write_files(tmp_path / "config" / "atlases")
    with (tmp_path / "config" / "atlases.tsv").open("a") as stream:
        places = [f"config/atlases/{path.name}" for path in (image, table)]
        stream.write("\t".join([ATLAS, TEMPLATE, "all", "file", *places, *["n/a"] * 5]) + "\n")
    with (tmp_path / "config" / "regions.tsv").open("a") as stream:
        for region in atlas_regions():
            x, y, z = region.centre or (0, 0, 0)
            names = (region.region, region.group, region.hemisphere, ATLAS, region.labels[0])
            stream.write("\t".join([*names, "n/a", "target", f"{x}\t{y}\t{z}", "n/a"]) + "\n")
    study = tmp_path / "config" / "studies" / "ds003007.yaml"
    text = re.sub(r"^images:\n(  .*\n)+", "", study.read_text(), flags=re.MULTILINE)
    study.write_text(f"{text}images: {{space: {TEMPLATE}, atlas: {ATLAS}}}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_check_tells_whether_an_atlas_is_here_and_right(with_atlas: Path) -> None:
    def told(*, ok: bool = True) -> str:
        done = CliRunner().invoke(app, ["check", "ds003007"])
        assert (done.exit_code == 0) is ok, done.output
        return " ".join(done.output.split())

    assert f"atlas {ATLAS} in {TEMPLATE} (not on this machine yet)" in told()
    [source] = [s for s in read_atlases(with_atlas / "config/atlases.tsv") if s.atlas == ATLAS]
    have_atlas(source, with_atlas, Sources())
    assert f"atlas {ATLAS} in {TEMPLATE} (checked)" in told()
    table = with_atlas / "config" / "regions.tsv"
    text = table.read_text()
    table.write_text(text.replace(f"{ATLAS}\tLeft_Amygdala", f"{ATLAS}\tLeft_Paracingulate_Gyrus"))
    assert "amygdala_L: its centre is at (-9, 40, 24)" in told(ok=False)
    table.write_text(text.replace(f"{ATLAS}\tLeft_Amygdala", f"{ATLAS}\tLeft_Amigdala"))
    assert "the atlas 'Made' has no label 'Left_Amigdala'" in told(ok=False)


def test_one_row_is_listed_by_its_name_or_group_and_a_mistyped_name_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    run = CliRunner().invoke
    group = run(app, ["list", "regions", "amygdala"]).stdout.splitlines()[1:]
    assert {line.split("\t")[0] for line in group} == {"amygdala_L", "amygdala_R"}
    (claim,) = run(app, ["list", "claims", "T2"]).stdout.splitlines()[1:]
    assert claim.startswith("T2\t")
    wrong = run(app, ["list", "metrics", "allf"])
    assert wrong.exit_code == 2
    assert "'alff'" in wrong.output
