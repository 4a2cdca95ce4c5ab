"""A pass over one cell: what is measured is what was given, metered, and an interrupted one leaves nothing."""

import sys
import threading
from typing import ClassVar

import pytest
from fake import Clock, Fake
from probes import Probe

from paceline.measuring.passes import Laps, Plan, measure
from paceline.strategies import STRATEGIES
from paceline.workloads import Compute

WORKERS = 3
LIGHT = [
    strategy for strategy in STRATEGIES if not strategy.slow_start
]  # a slow starter's cell is in test_plugin_cluster.py


@pytest.mark.parametrize("strategy", LIGHT, ids=lambda strategy: strategy.name)
def test_every_session_that_a_cells_workers_open_is_metered_and_the_strategy_given_stays_as_it_was(strategy, tmp_path):
    if why := strategy.unavailable():
        pytest.skip(why)
    given = strategy(Probe(tmp_path / "log"), WORKERS)
    before = vars(given).copy()
    cell, _ = measure(Plan("experiment", 1), Laps(), given, range(5))
    assert cell.sessions == (given.sessions or given.workers)
    assert vars(given) == before


class Noted(Fake):
    """Keeps with what it was left, whichever of those made from it was started."""

    left = ()

    def __exit__(self, kind, error, trace):
        type(self).left += (kind,)
        super().__exit__(kind, error, trace)


class Interrupted(Laps):
    """A stopwatch at whose given look at the clock a Ctrl-C comes."""

    def __init__(self, look):
        self._looks = look

    def timer(self):
        self._looks -= 1
        if not self._looks:
            raise KeyboardInterrupt
        return 0.0


@pytest.mark.parametrize("look", [2, 3, 4], ids=["just started", "before a round", "after a round"])
def test_a_ctrl_c_at_any_moment_after_the_start_leaves_the_strategy_and_gives_the_main_module_back(look, monkeypatch):
    monkeypatch.setattr(Noted, "left", ())
    main = sys.modules["__main__"]
    strategy = Noted(Compute("squares", 1), 1, clock=Clock())
    with pytest.raises(KeyboardInterrupt):
        measure(Plan("experiment", 1), Interrupted(look), strategy, [1])
    assert Noted.left == (KeyboardInterrupt,)
    assert sys.modules["__main__"] is main


def test_a_strategy_made_of_more_than_a_workload_and_workers_is_measured_and_watched_as_it_was_given():
    fake = Fake(Compute("squares", 1), 2, clock=(clock := Clock()), rounds=[8.0, 0.5, 0.25], start=0.75, stop=0.125)
    laps = Laps()
    laps.timer = clock
    cell, seconds = measure(Plan("experiment", 2, watched=True), laps, fake, [1, 2])
    assert (cell.start_seconds, seconds, cell.stop_seconds) == (0.75, [0.5, 0.25], 0.125)
    assert cell.added["most_in_flight"] == 1


class Watchful(Fake):
    """Keeps the names of the threads that were there when it was at work."""

    seen: ClassVar[list[set[str]]] = []

    def map(self, items):
        self.seen.append({thread.name for thread in threading.enumerate()})
        return super().map(items)


@pytest.mark.parametrize("beside", [True, False], ids=["a thread that computes", "nothing"])
def test_a_bystanders_pass_has_beside_it_what_the_timed_rounds_have(beside, monkeypatch):
    monkeypatch.setattr(Watchful, "seen", [])
    strategy = Watchful(Compute("squares", 1), 1, clock=Clock())
    cell, _ = measure(Plan("experiment", 1, beside=beside, bystander=True), Laps(), strategy, [1])
    assert cell.added["bystander"]["here"]["ticks"]
    assert {"paceline-bystander" in names for names in Watchful.seen} == {True, False}
    assert {"paceline-beside" in names for names in Watchful.seen} == {beside}
