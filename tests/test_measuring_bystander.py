"""Who freezes while a strategy works: planted stalls are found and told apart, and nothing is left behind."""

import math
import os
import sys
import threading
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import planted
import psutil
import pytest
from probes import Probe, ProbeError
from processes import leaving_nobody, open_files
from skipping import parameters

from paceline.child.processes import LostError
from paceline.contracts import AWAITED, Wrapper
from paceline.measuring import bystander
from paceline.measuring.bystander import figures_of, watched
from paceline.measuring.passes import Laps, Plan, measure
from paceline.strategies import STRATEGIES
from paceline.strategies.event_loop import Asyncio
from paceline.strategies.sequential import Sequential
from paceline.workers import bystander as ticking
from paceline.workers.bystander import STALL, Bystander, Late, StarvedClock, cause
from paceline.workloads import Compute

STALLS = [0.005, 0.020, 0.050]  # seconds
NEAR = 0.002  # seconds by which a stall may be found longer or shorter
TRIES = 10  # the machine may add to any stall: one of each that it leaves alone is enough
LOOPS = {"to-thread", "asyncio", "asyncio-uvloop", "trio", "gevent"}
LIGHT = [each for each in STRATEGIES if not each.slow_start]  # an engine's workers are processes as others' are

GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


@pytest.fixture(params=parameters(LIGHT))
def strategy(request):
    return request.param


@pytest.fixture(autouse=True)
def _nobody_left():
    files = open_files()
    with leaving_nobody():
        yield
    assert open_files() <= files + 2  # the resource tracker's pipe stays


@pytest.fixture
def holding(tmp_path):
    return planted.Holding(Probe(tmp_path / "log"))


def found(noted, stall):
    """Whether a stall is among those that were blocked, and its length right."""
    return any(noted.cause(late) == "blocked" and abs(late.seconds - stall) <= NEAR for late in noted.here)


def test_planted_stalls_are_found_wherever_they_freeze_this_process(strategy, holding):
    """Items plant them where they run in this process; a thread beside plants them where they run in others."""
    here = strategy.computes_in != "processes"
    if not GIL and not (strategy.name in LOOPS and strategy.computes_in == "thread"):
        pytest.skip("without a GIL no thread freezes another")
    missing = set(STALLS)
    for _ in range(TRIES):
        with strategy(holding, 1) as started, nullcontext() if here else planted.beside(STALLS):
            noted = watched(started, STALLS if here else [0.0])
        assert noted.kind == ("task" if strategy.name in LOOPS else "thread")
        missing -= {stall for stall in missing if found(noted, stall)}
        if not missing:
            return
    pytest.fail(f"stalls of {sorted(missing)} s were not found")


def test_none_is_reported_where_nothing_freezes_this_process(strategy, holding):
    """Items wait; where they run in other processes, they freeze those."""
    items = STALLS if strategy.computes_in == "processes" else [0.0] * 3
    for _ in range(TRIES):
        figures = figures_of(strategy(holding, 2), items)
        if not figures["here"]["blocked"]:
            break
    assert figures["here"]["blocked"] == 0, figures
    assert figures["here"]["ticks"] > 1
    assert figures["apart"]["blocked"] == 0


@pytest.mark.parametrize("strategy", parameters([each for each in LIGHT if each.name in LOOPS - {"to-thread"}]))
def test_a_loop_that_is_held_all_the_time_stalls_for_each_whole_round_and_no_longer(strategy):
    for _ in range(TRIES):
        figures = figures_of(strategy(Burst(), 2), [0.05, 0.05])["here"]
        assert figures["worst"] >= 0.1 - NEAR
        assert figures["blocked"] + figures["starved"] >= 3
        if figures["median"] <= 0.1 + NEAR:  # the machine may add to one of them
            return
    pytest.fail(f"rounds of 0.1 s came out as {figures}")


class Burst(planted.Holding):
    """Items that hold the loop, and never wait."""

    def __init__(self):
        super().__init__(Probe(Path(os.devnull)))

    @contextmanager
    def around(self, run, flavour, places):
        del run, places

        async def holds(item):
            planted.hold(item)

        yield holds if flavour in AWAITED else planted.hold


@pytest.mark.core
@pytest.mark.parametrize("strategy", [Sequential, Asyncio], ids=lambda strategy: strategy.name)
def test_an_items_error_surfaces_as_it_was_raised_and_leaves_no_bystander(strategy, probe):
    with pytest.raises(ProbeError, match="cursed") as raised:
        figures_of(strategy(probe, 2), [0, ("fail", "cursed")])
    assert raised.value.__notes__ == ["in the bystander's pass, after the timed rounds"]


@pytest.mark.parametrize("rounds", [1, 2], ids=["in the warm round", "in one beside bystanders"])
@pytest.mark.parametrize("strategy", [Sequential, Asyncio], ids=lambda strategy: strategy.name)
def test_a_ctrl_c_leaves_no_bystander(strategy, probe, rounds, monkeypatch):
    whole, left = strategy.map, [*range(rounds)]

    def interrupted(self, items):
        results = whole(self, items)
        left.pop()
        if not left:
            raise KeyboardInterrupt
        return results

    monkeypatch.setattr(strategy, "map", interrupted)
    with pytest.raises(KeyboardInterrupt):
        figures_of(strategy(probe, 2), range(3))


class Killing(Wrapper):
    """Its items kill the bystander that is apart."""

    workload = Probe(Path(os.devnull))

    @contextmanager
    def around(self, run, flavour, places):
        del run, flavour, places
        yield lambda _: kill_apart()


def kill_apart():
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "paceline.measuring.apart" in child.cmdline():
                child.kill()


@pytest.mark.core
def test_a_bystander_apart_that_is_killed_is_an_error_and_not_a_figure():
    with pytest.raises(LostError, match=r"bystander apart gave no answer: its process ended with signal 9"):
        figures_of(Sequential(Killing(), 1), [0])


@pytest.mark.core
@pytest.mark.parametrize(
    ("starved", "others", "said"),
    [
        (0.0, [], "blocked"),
        (0.004, [], "blocked"),
        (0.006, [], "starved"),
        (0.0, [Late(9.0, 9.001), Late(10.002, 10.009)], "starved"),
        (0.0, [Late(9.0, 10.001), Late(10.002, 10.003), Late(10.009, 11.0)], "blocked"),
        (math.nan, [Late(10.0, 10.010)], "starved"),
        (math.nan, [], "unknown"),
    ],
)
def test_a_stall_is_starved_if_it_lacked_a_cpu_or_the_machine_stood_still(starved, others, said):
    assert cause(Late(10.0, 10.010, starved), others) == said


@pytest.mark.core
@pytest.mark.parametrize("fields", [None, "0 0 0"], ids=["no such file", "counts nothing"])
def test_where_the_system_does_not_say_a_stall_has_no_known_cause(fields, monkeypatch, tmp_path):
    monkeypatch.setattr(ticking, "TASKS", tmp_path)
    if fields:
        Path(tmp_path, str(threading.get_native_id())).mkdir()
        Path(tmp_path, str(threading.get_native_id()), "schedstat").write_text(fields)
    clock = StarvedClock()
    try:
        assert math.isnan(clock.lap())
    finally:
        clock.close()
    figures = bystander.lateness([Late(0.0, 1.0)], lambda stall: cause(stall, []))
    assert (figures["worst_why"], figures["unknown"]) == (None, 1)


@pytest.mark.core
def test_the_time_that_another_thread_starves_counts_too(monkeypatch, tmp_path):
    monkeypatch.setattr(ticking, "TASKS", tmp_path)
    own, other = tmp_path / str(threading.get_native_id()), tmp_path / "1"
    for each, starved in [(own, 1_000_000), (other, 7_000_000)]:
        each.mkdir()
        (each / "schedstat").write_text(f"5 {starved} 3\n")
    clock = StarvedClock()
    try:
        assert clock.lap() == pytest.approx(0.001)  # all that it starved before its first tick; of the other, nothing
        (own / "schedstat").write_text("5 4000000 4\n")
        (other / "schedstat").write_text("5 9000000 4\n")
        assert clock.lap() == pytest.approx(0.003 + 0.002)
        assert clock.lap() == 0
    finally:
        clock.close()


@pytest.mark.core
def test_figures_are_those_of_the_ticks():
    ticks = [Late(0.0, 0.0 + late / 1000) for late in range(101)]
    figures = bystander.lateness(ticks, lambda stall: "starved" if stall.seconds < 0.05 else "blocked")
    stalls = sum(late.seconds > STALL for late in ticks)
    assert figures == {
        "ticks": 101,
        "median": 0.05,
        "p99": 0.099,
        "worst": 0.1,
        "worst_why": "blocked",
        "blocked": 51,
        "starved": stalls - 51,
        "unknown": 0,
    }


@pytest.mark.core
def test_a_tick_that_is_due_when_it_ends_counts_and_none_after():
    noted = Bystander()
    noted.tick()
    planted.hold(0.004)
    ticks = noted.finish()
    noted.tick()
    assert len(ticks) == 2
    assert ticks[1].seconds >= 0.003


@pytest.mark.core
def test_what_lies_outside_of_the_rounds_does_not_count():
    assert bystander.during([Late(0, 1), Late(1.5, 3), Late(3.5, 9), Late(9.5, 10)], 2, 5) == [
        Late(2, 3, pytest.approx(math.nan, nan_ok=True)),
        Late(3.5, 5, pytest.approx(math.nan, nan_ok=True)),
    ]


@pytest.mark.core
def test_a_cell_has_what_a_watched_pass_and_a_bystander_show():
    cell, _ = measure(Plan("x", 1, watched=True, bystander=True), Laps(), Sequential(Compute("squares", 10), 1), [1, 2])
    assert cell.added["most_in_flight"] == 1
    assert cell.added["bystander"].keys() == {"kind", "here", "apart"}
