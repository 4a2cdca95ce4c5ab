"""What every strategy promises of its rounds. They share one started strategy each, as some take seconds to start."""

import pytest
from probes import Probe, ProbeError
from processes import leaving_nobody
from skipping import parameters

pytestmark = pytest.mark.core

WORKERS = 3


@pytest.fixture(scope="module", params=parameters())
def started(request, tmp_path_factory):
    probe = Probe(tmp_path_factory.mktemp("probe") / "log")
    with leaving_nobody():
        with request.param(probe, WORKERS) as strategy:
            yield strategy
        assert sorted(probe.lines("close")) == sorted(probe.lines("open"))


def test_every_worker_is_ready_before_the_first_round(started):
    opened = started.workload.lines("open")
    assert len(set(opened)) == len(opened) == (started.sessions or started.workers)


def test_results_come_in_item_order(started):
    items = [("sleep", seconds / 1000, seconds) for seconds in (30, 20, 10, 5, 1, 0)]
    assert started.map(items) == [30, 20, 10, 5, 1, 0]


def test_several_rounds_use_the_same_workers(started):
    before = started.workload.lines("open")
    for _ in range(3):
        assert started.map(range(7)) == list(range(1, 8))
    assert started.workload.lines("open") == before


def test_as_many_items_as_workers_are_under_way_at_once(started):
    together = started.map([("meet", started.workers)] * started.workers)
    assert together == [True] * started.workers, "an item waited in vain for the others to start"


def test_fewer_items_than_workers_are_no_trouble(started):
    for count in range(WORKERS):
        assert started.map(range(count)) == list(range(1, count + 1))


def test_a_strategy_goes_on_after_an_error(started):
    with pytest.raises(ProbeError, match="^once$"):
        started.map([0, ("fail", "once"), 2])
    assert started.map([1, 2, 3]) == [2, 3, 4]


def test_an_error_that_cannot_be_pickled_surfaces_with_its_type_and_message(started):
    with pytest.raises(Exception, match="left and right") as caught:
        started.map([0, ("stubborn",), 2])
    assert "StubbornError" in caught.type.__name__ + str(caught.value)
