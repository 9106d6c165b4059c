"""Rows of ``config/regions.tsv`` for a new region: both sides from labels of one, checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from brainchange.errors import ConfigError, Problem, did_you_mean
from brainchange.files import write_text
from brainchange.imaging.atlas_labels import label_problems, labels_known
from brainchange.project_folder import REGIONS
from brainchange.study.atlases import ATLASES, read_atlases
from brainchange.study.regions import REGIONS_TABLE, read_regions, regions_of_atlas

_SIDES = (("Left", "Right"), ("LH", "RH"), ("lh", "rh"), ("L", "R"), ("left", "right"))
_WORD = r"(?:^|(?<=[-_. ])){}(?=$|[-_. ])"


@dataclass(frozen=True)
class NewRegion:
    """A region that is to be added.

    Attributes
    ----------
    name : str
        Name without side; rows are called ``name_L`` and ``name_R``.
    labels : tuple of str
        Labels of the atlas, of one side or both.
    atlas : str
        Atlas of the labels.
    group : str
        Group of its sides; the name unless said.
    role : str
        target, or negative_control.
    """

    name: str
    labels: tuple[str, ...]
    atlas: str = "aparcaseg"
    group: str = ""
    role: str = "target"


def add_region(root: Path, new: NewRegion) -> list[str]:
    """Append rows of a region to ``config/regions.tsv``, if the table is right with them.

    Labels of one side stand for both: the other side has the same names with the sides exchanged.
    Labels of no side make one region of both.

    Parameters
    ----------
    root : Path
        Folder of the project.
    new : NewRegion
        What is added.

    Returns
    -------
    list of str
        Names of the regions that were added.

    Raises
    ------
    ConfigError
        A label does not exist or belongs to another region, the name is taken, or the table was
        wrong before. All problems at once; nothing is written.
    """
    path = root / REGIONS
    before = read_regions(path)
    known = labels_known(new.atlas, read_atlases(root / ATLASES), root)
    sides = _sides(new, known)
    rows = [_row(new, hemisphere, labels) for hemisphere, labels in sides.items()]
    text = path.read_text(encoding="utf-8")
    text = "".join([text, "" if text.endswith("\n") else "\n", *rows])
    names = [row.split("\t", 1)[0] for row in rows]
    taken = [
        Problem(
            f"there is a region '{one.region}' in {one.atlas}", REGIONS, fix="take another name"
        )
        for one in before
        if one.region in names and one.atlas == new.atlas
    ]
    if taken:
        raise ConfigError.from_problems(taken)
    _require_right(root, text, new.atlas)
    write_text(path, text)
    return names


def mirrored(label: str) -> tuple[str, str] | None:
    """Give the side of a label and the label of the other side; None where it has no side.

    >>> mirrored("ctx-lh-insula")
    ('L', 'ctx-rh-insula')
    """
    for left, right in _SIDES:
        for side, own, other in (("L", left, right), ("R", right, left)):
            pattern = _WORD.format(own)
            if re.search(pattern, label):
                return side, re.sub(pattern, other, label, count=1)
    return None


def _sides(new: NewRegion, known: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Labels of each hemisphere; those of the other side are added where none was named."""
    found = {label: mirrored(label) for label in new.labels}
    unsided = [label for label, side in found.items() if side is None]
    if len(unsided) == len(found):
        return {"B": new.labels}
    if unsided:
        raise ConfigError(
            f"the label '{unsided[0]}' has no side, and others have one",
            where=f"region {new.name}",
            fix=did_you_mean(unsided[0], known) if known else "name labels of sides only",
        )
    of_side: dict[str, list[str]] = {"L": [], "R": []}
    for label, side in found.items():
        if side:
            of_side[side[0]].append(label)
    for own, other in (("L", "R"), ("R", "L")):
        if not of_side[own]:
            of_side[own] = [pair[1] for pair in map(mirrored, of_side[other]) if pair]
    return of_side


def _row(new: NewRegion, hemisphere: str, labels: Sequence[str]) -> str:
    cells = dict.fromkeys(REGIONS_TABLE.names, "n/a") | {
        "region": new.name if hemisphere == "B" else f"{new.name}_{hemisphere}",
        "group": new.group or new.name,
        "hemisphere": hemisphere,
        "atlas": new.atlas,
        "labels": ";".join(labels),
        "role": new.role,
    }
    return "\t".join(cells[name] for name in REGIONS_TABLE.names) + "\n"


def _require_right(root: Path, text: str, atlas: str) -> None:
    """Read the table as it would be, and hold its labels against the atlas."""
    with TemporaryDirectory() as folder:
        trial = Path(folder) / "regions.tsv"
        trial.write_text(text, encoding="utf-8")
        try:
            regions = read_regions(trial)
            regions_of_atlas(regions, atlas, (), REGIONS)
        except ConfigError as error:
            told = [
                Problem(one.what, one.where.replace(str(trial), REGIONS), one.cause, one.fix)
                for one in error.problems
            ]
            raise ConfigError.from_problems(told) from None
        problems = label_problems(regions, read_atlases(root / ATLASES), root, REGIONS)
    if problems:
        raise ConfigError.from_problems(problems)
