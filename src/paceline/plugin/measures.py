"""How pytest-benchmark times the rounds of cells: on this process's clock, or on one that another process sets."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import pytest

from paceline.child import processes
from paceline.contracts import Item
from paceline.measuring import cells
from paceline.measuring.cells import Cell, saved
from paceline.measuring.passes import Plan, at_most, cell_timeout
from paceline.measuring.passes import measure as measure_here
from paceline.strategies import NotEnded, Strategy, clusters
from paceline.workers import errors
from paceline.workloads.call import TamperedError

SENTENCES = (clusters.OutOfReach, clusters.WorkersDiffer, NotEnded, TamperedError)
"""Errors that say all: of clusters, of workers that differ or do not end, of patched modules."""


class Native:
    """pytest-benchmark's fixture as a `measuring.passes.Stopwatch`."""

    def __init__(self, benchmark: Any, timer: Callable[[], float]) -> None:
        self._benchmark = benchmark
        self.timer = timer
        self.enabled = bool(benchmark.enabled)

    def rounds(self, run: Callable[[], None], setup: Callable[[], None], count: int) -> list[float]:
        """Warm up once and return `count` rounds' seconds, or call `run` once where nothing is timed."""
        self._benchmark.pedantic(run, setup=setup, rounds=count, warmup_rounds=1)
        return list(self._benchmark.stats.stats.data) if self.enabled else []


def refuse_second(benchmark: Any) -> None:
    """Fail a test that measures for the second time, before it does: pytest-benchmark notices at the end."""
    if benchmark._mode:  # noqa: SLF001 - no public way
        benchmark.has_error = True
        why = "a test measures one cell, and this one has measured before; parametrize it, or write another test"
        pytest.fail(why, pytrace=False)


@contextmanager
def _failing(benchmark: Any) -> Iterator[None]:
    """Keep a cell that fails, or is interrupted, out of the saved run, and pytest-benchmark, which may not have been
    used yet, from complaining of that as well.
    """
    try:
        if why := errors.tampered():
            raise TamperedError(why)  # noqa: TRY301 - it fails the cell as one raised later does
        yield
    except BaseException as error:
        benchmark._mode, benchmark.has_error = benchmark._mode or "paceline", True  # noqa: SLF001 - no public way
        if isinstance(error, SENTENCES):
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        raise


class ElsewhereClock:
    """A timer that moves by what rounds took in another process."""

    __name__ = "paceline.child.processes"  # as it stands in a saved run

    def __init__(self) -> None:
        self.now = 0.0  # seconds

    def __call__(self) -> float:
        return self.now

    def pass_on(self, benchmark: Any, seconds: Sequence[float]) -> None:
        """Have pytest-benchmark time the rounds that another process took.

        Raises:
            TypeError: it has another clock, since a test asks for `benchmark` before `measure` or `cost`.
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
    """What a cell is saved through."""

    benchmark: Any  # pytest-benchmark's fixture
    timer: Callable[[], float]  # the clock of cells that this process measures
    elsewhere: ElsewhereClock | None = None  # the clock of a cell that another process measures
    process: int | None = None  # which of the new processes that is, from 1

    def measure(self, plan: Plan, strategy: Strategy, items: Sequence[Item], extra: Mapping[str, Any]) -> Cell:
        """Measure a strategy's cell and save it."""
        described = cells.workload_facts(strategy.workload, strategy.flavour)
        with _failing(self.benchmark):
            if self.elsewhere:
                cell, seconds = _elsewhere(plan, strategy, items)
                cell.process = self.process
                self.elsewhere.pass_on(self.benchmark, seconds)
            else:
                cell, _ = measure_here(plan, Native(self.benchmark, self.timer), strategy, items)
        self.benchmark.extra_info.update({**described, **extra, **saved(cell)})
        return cell

    def cost(self, experiment: str, function: str, arguments: Sequence[Any], described: Mapping[str, Any]) -> Any:
        """Call a function in a new process, and save what it returns.

        Raises:
            TypeError: if it returns no `seconds`.
        """
        assert self.elsewhere
        with _failing(self.benchmark):
            items = described.get("items", 1)
            timeout = processes.TIMEOUT + at_most(items * (described.get("latency") or 0.0), items)
            found = _figures(function, arguments, timeout)
        self.elsewhere.pass_on(self.benchmark, found["seconds"])
        known = {"experiment": experiment, "items": 1, "workers": 1, **described, "process": self.process}
        if doubts := cells.doubts_here():
            known["warnings"] = doubts
        self.benchmark.extra_info.update({name: value for name, value in found.items() if name != "seconds"}, **known)
        return found


def _elsewhere(plan: Plan, strategy: Strategy, items: Sequence[Item]) -> tuple[Cell, list[float]]:
    """Measure a cell in a new process; one that hangs raises an error with a note on how it could go on."""
    passes = 2 * (plan.rounds + 3)  # a warm one, perhaps a plain loop before each, two watched, two beside a bystander
    bandwidth = plan.control.bandwidth if plan.control else None
    timeout = cell_timeout(strategy.workload, items, passes, bandwidth)
    try:
        found = processes.call("paceline.measuring.passes:measured", plan, strategy, items, timeout=timeout)
    except processes.HungError as error:
        way = "--paceline-processes 0 measures it in the session, where no time-out ends it"
        error.add_note(f"if it only takes its time: {way}")
        raise
    return cast("tuple[Cell, list[float]]", found)


def _figures(function: str, arguments: Sequence[Any], timeout: float) -> dict[str, Any]:
    figures = processes.call(function, *arguments, timeout=timeout)
    if not isinstance(figures, dict) or not figures.get("seconds"):
        raise TypeError(f'{function} must give a dict with "seconds", a list of round times; not {figures!r}')
    return figures
