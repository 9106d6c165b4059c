"""The files of a simulation are known before it is made."""

from __future__ import annotations

from brainchange.simulate.model import Exceptions, Simulation
from brainchange.simulate.plan import planned_paths
from brainchange.sources.bids import prepared_runs
from brainchange.study.model import Study


def test_every_session_but_the_lost_one_has_a_prepared_run(study: Study, demo: Simulation) -> None:
    paths = planned_paths(study, demo)
    runs, decisions = prepared_runs(paths, study.images, study.tasks)
    assert not decisions
    found = {(one.run.participant, one.run.session) for one in runs}
    assert len(runs) == len(found) == 2 * 30 - 1
    assert ("sub-06", "ses-post") not in found
    assert list(paths) == sorted(set(paths))


def test_a_thousand_participants_are_planned(study: Study, demo: Simulation) -> None:
    many = demo.model_copy(update={"participants": {"therapy": 1000}, "exceptions": Exceptions()})
    assert len(planned_paths(study, many)) == 6 + 6 * 2 * 1000
