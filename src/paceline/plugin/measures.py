"""What times the rounds of a session's cells: pytest-benchmark, on the clock of this process or on one set by
another's.
"""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from paceline.child import processes
from paceline.contracts import Item
from paceline.measuring import cells
from paceline.measuring.cells import Cell, saved
from paceline.measuring.passes import Plan, at_most, patience
from paceline.measuring.passes import measure as measure_here
from paceline.strategies import Strategy
from paceline.workers import errors


class Native:
    """pytest-benchmark's fixture as a `measuring.passes.Stopwatch`."""

    def __init__(self, benchmark: Any, timer: Callable[[], float]) -> None:
        self._benchmark = benchmark
        self.timer = timer
        self.enabled = bool(benchmark.enabled)

    def rounds(self, run: Callable[[], None], setup: Callable[[], None], count: int) -> list[float]:
        """Warm up once and time `count` rounds, or call `run` once where nothing is timed."""
        self._benchmark.pedantic(run, setup=setup, rounds=count, warmup_rounds=1)
        return list(self._benchmark.stats.stats.data) if self.enabled else []

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Keep a cell that failed a check or was interrupted out of what pytest-benchmark writes; it does so for errors
        only.
        """
        try:
            yield
        except BaseException:
            self._benchmark.has_error = True
            raise


def refuse_second(benchmark: Any) -> None:
    """Fail a test that measures for the second time, before it does: pytest-benchmark notices at the end."""
    if benchmark._mode:  # noqa: SLF001 - there is no public way to ask
        benchmark.has_error = True
        told = "a test measures one cell, and this one has measured before; parametrize it, or write another test"
        raise pytest.fail.Exception(told, pytrace=False)


def refuse_unfit(benchmark: Any, why: str | None) -> None:
    """Fail a test for a reason, if there is one, before it measures; pytest-benchmark would complain as well that
    nobody used it.
    """
    if why:
        benchmark._mode, benchmark.has_error = "paceline", True  # noqa: SLF001 - there is no public way
        raise pytest.fail.Exception(why, pytrace=False)


@contextmanager
def failing(benchmark: Any) -> Iterator[None]:
    """Let an error that was raised before pytest-benchmark's own call come out of it: a benchmark that was not used at
    all would be complained about as well.
    """
    try:
        yield
    except Exception as error:
        if benchmark._mode:  # noqa: SLF001 - as above
            raise
        benchmark.pedantic(_raise, args=[error])


def _raise(error: Exception) -> None:
    raise error


class ElsewhereClock:
    """A timer that only moves when told how long something took in another process."""

    __name__ = "paceline.child.processes"  # as it stands in a saved run

    def __init__(self) -> None:
        self.now = 0.0  # seconds

    def __call__(self) -> float:
        return self.now

    def tell(self, benchmark: Any, seconds: Sequence[float]) -> None:
        """Give pytest-benchmark the rounds that were timed elsewhere.

        Raises:
            TypeError: if it has another clock, as it has when a test asks for `benchmark` before `measure` or `cost`.
        """
        benchmark.cprofile = None  # it would call once more, and there is nothing here to look into
        waiting = iter(seconds)

        def lap() -> None:
            self.now += next(waiting)

        benchmark.pedantic(lap, rounds=len(seconds))
        if benchmark.enabled and not math.isclose(benchmark.stats.stats.total, math.fsum(seconds)):
            benchmark.has_error = True
            raise TypeError(
                "`benchmark` was set up too early: put `measure` or `cost` before it in the test's arguments"
            )


@dataclass(frozen=True)
class Bench:
    """What a cell is saved through.

    Args:
        benchmark: pytest-benchmark's fixture.
        timer: the clock of cells that this process measures.
        elsewhere: the clock of a cell that another process measures; None for this process's cells.
        process: which of the fresh processes it is, from 1.
    """

    benchmark: Any
    timer: Callable[[], float]
    elsewhere: ElsewhereClock | None = None
    process: int | None = None

    def measure(self, plan: Plan, strategy: Strategy, items: Sequence[Item], extra: Mapping[str, Any]) -> Cell:
        """Measure a strategy's cell and write it down."""
        refuse_unfit(self.benchmark, errors.tampered())
        described = cells.workload_facts(strategy.workload, strategy.face)
        with failing(self.benchmark):
            if self.elsewhere:
                cell, seconds = _elsewhere(plan, strategy, items)
                cell.process = self.process
                self.elsewhere.tell(self.benchmark, seconds)
            else:
                cell, _ = measure_here(plan, Native(self.benchmark, self.timer), strategy, items)
        self.benchmark.extra_info.update({**described, **extra, **saved(cell)})
        return cell

    def cost(
        self, experiment: str, function: str, arguments: Sequence[Any], described: Mapping[str, Any], times: int
    ) -> Any:
        """Call a function in as many fresh processes as `times`, and write down what it gives back.

        Raises:
            TypeError: if it gives back no `seconds`.
        """
        assert self.elsewhere
        refuse_unfit(self.benchmark, errors.tampered())
        with failing(self.benchmark):
            timeout = processes.TIMEOUT + at_most(*_size(described))
            found = _middle([_figures(function, arguments, timeout) for _ in range(times)])
        self.elsewhere.tell(self.benchmark, found["seconds"])
        known = {"experiment": experiment, "items": 1, "workers": 1, **described, "process": self.process}
        if doubts := cells.doubts_here():
            known["warnings"] = doubts
        self.benchmark.extra_info.update({name: value for name, value in found.items() if name != "seconds"}, **known)
        return found


def _elsewhere(plan: Plan, strategy: Strategy, items: Sequence[Item]) -> tuple[Cell, list[float]]:
    """Measure a cell in a fresh process.

    Raises:
        Exception: whatever was raised there.
        HungError: if it takes much longer than it should, with a note on how it could go on.
    """
    passes = 2 * (plan.rounds + 2)  # a warm one, perhaps a plain loop before each, and two that are watched
    bandwidth = plan.control.bandwidth if plan.control else None
    timeout = patience(strategy.workload, items, passes, bandwidth)
    try:
        measured: tuple[Cell, list[float]] = processes.call(
            "paceline.measuring.passes:measured", plan, strategy, items, timeout=timeout
        )
    except processes.HungError as error:
        error.add_note("if it only takes its time: --processes 0 measures it in the session, where nobody gives it up")
        raise
    return measured


def _size(described: Mapping[str, Any]) -> tuple[float, int]:
    """Return the seconds that the items of a cost wait, one after the other, and how many they are."""
    items = described.get("items", 1)
    return items * (described.get("latency") or 0.0), items


def _figures(function: str, arguments: Sequence[Any], timeout: float) -> dict[str, Any]:
    figures = processes.call(function, *arguments, timeout=timeout)
    if not isinstance(figures, dict) or not figures.get("seconds"):
        raise TypeError(f'{function} must give a dict with "seconds", a list of round times; not {figures!r}')
    return figures


def _middle(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the figures of several calls together: all rounds, and of every number the median."""
    merged = {"seconds": [second for figures in calls for second in figures["seconds"]]}
    for name in calls[0].keys() - merged.keys():
        values = [figures[name] for figures in calls]
        numbers = all(isinstance(value, int | float) for value in values)
        merged[name] = statistics.median(values) if numbers else values[0]
    return merged
