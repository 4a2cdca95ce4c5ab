"""What times the rounds of a session's cells: pytest-benchmark, on the clock of this process or on one set by
another's.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest


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
