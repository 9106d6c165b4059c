"""A small simulated study in a folder of its own, and the workflow run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Workflow:
    """The workflow in one project folder.

    Attributes
    ----------
    folder : Path
        The project folder.
    environment : dict
        Variables for the runs.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        """Give the command that runs the workflow."""
        return [str(BIN / "snakemake"), "--snakefile", str(ROOT / "Snakefile"), *arguments]

    def variables(self) -> dict[str, str]:
        """Give the environment of the runs, with the programs of this environment in front."""
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, **self.environment}

    def run(self, *arguments: str, succeeds: bool = True) -> str:
        """Run the workflow and give what it printed."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is succeeds, done.stdout[-6000:]
        return done.stdout

    def planned(self, *arguments: str) -> dict[str, int]:
        """Say how many jobs of each rule a dry run plans."""
        printed = self.run("--dry-run", *arguments)
        if "Nothing to be done" in printed:
            return {}
        table = printed.split("Job stats:")[1].split("total")[0].splitlines()
        counts = [line.split() for line in table if len(line.split()) == 2]
        return {rule: int(n) for rule, n in counts if n.isdigit() and rule != "default"}

    def tables(self) -> dict[str, bytes]:
        """Give every table of the results with its bytes."""
        results = self.folder / "results"
        return {p.relative_to(results).as_posix(): p.read_bytes() for p in results.rglob("*.tsv")}


def small_project(folder: Path) -> Workflow:
    """Make a project folder whose demo has two participants an arm and large voxels."""
    shutil.copytree(ROOT / "config", folder / "config")
    path = folder / "config" / "simulations" / "demo.yaml"
    simulation = yaml.safe_load(path.read_text())
    simulation["participants"] = {"therapy": 2, "exercise": 2, "untreated": 2}
    simulation["acquisition"] |= {"n_volumes": 80, "voxel_size": 5.0}
    simulation["exceptions"] = {
        "lost_sessions": [{"participant": "sub-06", "timepoint": "post"}],
        "moving_runs": [
            {"participant": "sub-05", "timepoint": "post", "spikes": 30, "factor": 3.0}
        ],
        "missing_scores": [{"participant": "sub-03", "timepoint": "post", "outcome": "BDI"}],
    }
    path.write_text(yaml.safe_dump(simulation, sort_keys=False))
    return Workflow(folder)


@pytest.fixture(scope="session")
def small_project_in() -> Callable[[Path], Workflow]:
    """Make a small project in a folder."""
    return small_project


@pytest.fixture(scope="session")
def workflow_in() -> type[Workflow]:
    """Run the workflow in any folder."""
    return Workflow


@pytest.fixture
def project(tmp_path) -> Workflow:
    """A small project in which nothing was run yet."""
    return small_project(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Workflow:
    """A small project that was run to the report; tests copy it before they change it."""
    workflow = small_project(tmp_path_factory.mktemp("finished"))
    workflow.run("--cores", "2")
    return workflow


@pytest.fixture
def web():
    """Serve folders over HTTP on this machine; gives the address of each."""
    servers = []

    def serve(folder: Path) -> str:
        handler = partial(QuietHandler, directory=str(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    """A plain web server that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def copy(finished, tmp_path) -> Workflow:
    """A copy of the finished project, to be changed."""
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Workflow(folder)
