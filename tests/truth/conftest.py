"""One raw participant with known truth, prepared by the project once for all tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from brainchange.imaging.atlas import Atlas
from brainchange.imaging.atlas_cache import have_atlas
from brainchange.imaging.parcellate import parcellate, write_region_dataset
from brainchange.imaging.prepare.participant import prepare_participant
from brainchange.imaging.prepare.prepared import PreparationPlan
from brainchange.imaging.template import have_template
from brainchange.project import Project, load_project
from brainchange.sources.raw import prepared_files, raw_participants
from made_up.known import CASES, KEYS, Prepared
from made_up.raw import make_raw_participant


@pytest.fixture(scope="session")
def home(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder of its own, so that atlas and template are not written to the checkout."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(root / "config", folder / "config")
    return folder


@pytest.fixture(scope="session")
def project(home: Path) -> Project:
    return load_project(home, {"study": "rawdemo"})


@pytest.fixture(scope="session")
def atlas(project: Project, home: Path) -> Atlas:
    return have_atlas(project.atlas, home, project.settings.sources)


@pytest.fixture(scope="session")
def prepared(
    project: Project, atlas: Atlas, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Prepared:
    folder = tmp_path_factory.mktemp("truth")
    truths = {case: make_raw_participant(folder, changed) for case, changed in CASES.items()}
    paths = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    timepoints = tuple(project.study.timepoints.items())
    raw = raw_participants(paths, ("faces", "rest"), timepoints)[0][0]
    images = project.study.images
    plan = PreparationPlan(
        folder, folder / images.derivatives, project.settings.preparation, project.settings.seed
    )
    template = have_template(project.template, home, project.settings.sources)
    result = prepare_participant(
        raw,
        template,
        plan,
        processes=1,
        progress=print,
    )
    files = {one.run.key: prepared_files(one, images) for one in raw.runs}
    for one in files.values():
        parcellate(
            atlas, folder / one.bold, folder / one.parcellation, result.anatomy.from_template
        )
    write_region_dataset(folder / "derivatives/brainchange-regions", atlas, "0")
    own = {case: files[key] for case, key in KEYS.items()}
    return Prepared(folder, project, truths, raw, result, own)
