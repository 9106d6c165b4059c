"""Speed and memory of the preparation of raw images, against a plain script of antspyx.

One participant of the real images that lie beside the project (a T1w image of 0.7 mm and two runs
of 78 volumes of 3 × 3 × 3.3 mm); without them there is nothing to measure, and no row. Preparation
has one thread for the T1w image and then two processes of one thread for the runs, the plain script
two threads of ITK, so both may take two cores. The plain script does the least one would call
preparation: N4, SyN to the template, three classes of tissue, realignment of each run
(``ants.motion_correction``) and its rigid registration to the T1w image; no gates, no confounds, no
files. It realigns a third of the volumes, and the time counts three times: every volume takes as
long. Times are wall-clock times of one repetition, imports left out; processor time is added up
over threads and processes, and means more on a busy machine. Memory is the peak of the main process
and that of its largest child times their number.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ants
from joblib.externals.loky import get_reusable_executor

from brainchange.imaging.prepare import run as run_of
from brainchange.imaging.prepare.anatomy_files import anatomy_files
from brainchange.imaging.prepare.anatomy_images import load_anatomy
from brainchange.imaging.prepare.participant import prepare_participant
from brainchange.imaging.prepare.prepared import PreparationPlan
from brainchange.imaging.template import Template, have_template
from brainchange.sources.raw import RawParticipant, raw_participants
from brainchange.study.settings import Settings
from brainchange.study.templates import choose_template, read_templates

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "real" / "splithalf"
CORES = 2
PARTS = 3
"""The plain script realigns one of so many parts of each run."""
MOST_SECONDS, MOST_MEGABYTES, LARGEST_RATIO = 240.0, 3000.0, 1.0
SESSIONS = (("pre", ("pre",)), ("post", ("post",)))
STEPS_OF_RUN = {
    "read_series": "reading",
    "realign_in_two_passes": "reference and realignment",
    "correct_slice_timing": "slice timing",
    "apply_realignment": "interpolation",
    "coregister": "registration to the T1w image",
    "confounds_table": "confounds",
    "write_series": "writing",
}
"""Functions of ``brainchange.imaging.prepare.run`` that are timed, and what they do."""

Row = dict[str, Any]


def rows() -> Iterator[Row]:
    """Measure one participant: name, value, unit, bar, and whether the bar holds."""
    if not REAL.is_dir():
        return
    with tempfile.TemporaryDirectory() as folder:
        ours = _in_process("participant", folder)
        for step, seconds in ours["steps"].items():
            yield _told(f"preparation: T1w, {step}", seconds, "s")
        for step, seconds in _in_process("run", folder)["steps"].items():
            yield _told(f"preparation: one run, {step}", seconds, "s")
        yield _row("preparation: participant", ours["seconds"], "s", MOST_SECONDS)
        yield _row("preparation: memory", ours["megabytes"], "MB", MOST_MEGABYTES)
        yield _told("preparation: processor time", ours["busy"], "s")
        plain = _in_process("plain", folder)
        for step, seconds in plain["steps"].items():
            yield _told(f"plain antspyx: {step}", seconds, "s")
        yield _told("plain antspyx: participant", plain["seconds"], "s")
        yield _told("plain antspyx: memory", plain["megabytes"], "MB")
        yield _told("plain antspyx: processor time", plain["busy"], "s")
        ratio = ours["seconds"] / plain["seconds"]
        yield _row("preparation / plain antspyx", ratio, "ratio", LARGEST_RATIO)


def _row(name: str, value: float, unit: str, most: float) -> Row:
    return {"name": name, "value": value, "unit": unit, "bar": f"<= {most:g}",
            "holds": value <= most}  # fmt: skip


def _told(name: str, value: float, unit: str) -> Row:
    return {"name": name, "value": value, "unit": unit, "bar": "none", "holds": True}


def _in_process(what: str, folder: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, what, folder],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


class _Clock:
    """Seconds of steps that are told when they begin, or wrapped."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self._step, self._since = "", 0.0

    def begin(self, step: str) -> None:
        """End the step before, and begin another."""
        now = time.perf_counter()
        if self._step:
            self.steps[self._step] = self.steps.get(self._step, 0.0) + now - self._since
        self._step, self._since = step, now

    def timed(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function so that its time counts as a step."""

        def wrapped(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            self.begin(step)
            result = work(*given, **named)
            self.begin("rest")
            return result

        return wrapped


def participant(folder: Path) -> dict[str, Any]:
    """Prepare the participant, its runs side by side."""
    raw, template, plan = _given(folder)
    clock, started = _Clock(), time.perf_counter()

    def tell(line: str) -> None:
        clock.begin("" if line.startswith("sub-") else line)

    found = prepare_participant(raw, template, plan, processes=CORES, progress=tell)
    seconds = time.perf_counter() - started
    if len(found.runs) != len(raw.runs):
        raise SystemExit(f"not everything could be prepared: {found.decisions}")
    # The last step ends when the first run is done, and is told without the runs.
    clock.steps.pop("writing the prepared T1w image", None)
    return {"seconds": seconds, "steps": clock.steps, **_used(CORES)}


def run(folder: Path) -> dict[str, Any]:
    """Prepare one run once more, step by step; the anatomy is there."""
    raw, template, plan = _given(folder)
    clock = _Clock()
    for name, step in STEPS_OF_RUN.items():
        setattr(run_of, name, clock.timed(step, getattr(run_of, name)))
    clock.begin("anatomy")
    anatomy = load_anatomy(anatomy_files(str(raw.t1w), template.name, plan.out))
    clock.begin("rest")
    run_of.prepare_run(raw.runs[0], anatomy, plan)
    clock.begin("")
    return {"steps": clock.steps}


def plain(folder: Path) -> dict[str, Any]:
    """Prepare the participant as a short script of antspyx would."""
    raw, template, plan = _given(folder)
    # Read by ITK when it makes its first image; preparation sets it to 1.
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = str(CORES)
    clock, started = _Clock(), time.perf_counter()
    clock.begin("N4")
    t1w = ants.n4_bias_field_correction(ants.image_read(str(plan.study / str(raw.t1w))))
    clock.begin("registration to the template")
    target = ants.image_read(str(template.t1w))
    warp = ants.registration(target, t1w, "SyN")
    mask = ants.apply_transforms(
        t1w, ants.image_read(str(template.brain_mask)), warp["invtransforms"], "nearestNeighbor"
    )
    clock.begin("tissues")
    ants.kmeans_segmentation(t1w, 3, mask)
    for one in raw.runs:
        clock.begin("registration to the T1w image")
        bold = ants.image_read(str(plan.study / one.bold))
        ants.registration(t1w * mask, ants.get_average_of_timeseries(bold), "Rigid")
    clock.begin("realignment")
    before = _used(0)["busy"]
    for one in raw.runs:
        _realign_a_part(ants.image_read(str(plan.study / one.bold)))
    clock.begin("")
    told = _used(0)
    told["busy"] += (PARTS - 1) * (told["busy"] - before)
    seconds = time.perf_counter() - started + (PARTS - 1) * clock.steps["realignment"]
    clock.steps["realignment"] *= PARTS
    return {"seconds": seconds, "steps": clock.steps, **told}


def _realign_a_part(bold: ants.ANTsImage) -> None:
    part = ants.from_numpy(
        bold.numpy()[..., : bold.shape[3] // PARTS], bold.origin, bold.spacing, bold.direction
    )
    ants.motion_correction(part, type_of_transform="BOLDRigid")


def _given(folder: Path) -> tuple[RawParticipant, Template, PreparationPlan]:
    """Give the raw participant, the template that comes with nilearn, and what all runs share."""
    settings = Settings()
    known = read_templates(ROOT / "config" / "templates.tsv")
    source = choose_template(known, "MNI152NLin2009aSym", "the benchmark")
    template = have_template(source, folder, settings.sources)
    paths = [path.relative_to(REAL).as_posix() for path in REAL.glob("sub-01/**/*.*")]
    (raw,), _ = raw_participants(paths, ["oneback"], SESSIONS)
    plan = PreparationPlan(REAL, folder / "derivatives", settings.preparation, settings.seed)
    return raw, template, plan


def _used(n_children: int) -> dict[str, float]:
    """Peak memory in MB, and processor time in s."""
    if n_children:
        get_reusable_executor().shutdown(wait=True)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, children = (one.ru_maxrss / 1024 for one in used)
    busy = sum(one.ru_utime + one.ru_stime for one in used)
    return {"megabytes": own + n_children * children, "busy": busy}


if __name__ == "__main__":
    chosen = {"participant": participant, "run": run, "plain": plain}[sys.argv[1]]
    sys.stdout.write(json.dumps(chosen(Path(sys.argv[2]))) + "\n")
