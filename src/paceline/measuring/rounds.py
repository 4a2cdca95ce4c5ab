"""The rounds of a cell: timed, proven by the ledger, and their results compared."""

import reprlib
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from paceline.contracts import Item, ItemError, Result, Workload
from paceline.measuring.values import same
from paceline.server.ledger import Ledger
from paceline.server.process import Control
from paceline.strategies import Strategy
from paceline.workers.metered import Usage, usage


class NotAMeasurement(AssertionError):  # noqa: N818 - it says what the round was
    """A round in which something else happened than what was to be measured."""


class Reference:
    """One worker's pass over all items, in the untimed setup of a cell's rounds.

    It gives the answers to expect, and the CPU time that the limit of computing is made of. It is spread over the
    rounds, so that both see the same state of the machine.

    Args:
        workload: what is done.
        items: shape (n,).
        shares: setups over which it is spread: the warm-up round's, and one for each timed round.
        paired: do all items in each of them, as a plain loop that the round after it is compared with.

    Attributes:
        loops: seconds by the wall clock of each setup's share.
    """

    def __init__(self, workload: Workload, items: Sequence[Item], shares: int, *, paired: bool = False) -> None:
        self._workload, self._items = workload, items
        steps = 1 if paired else shares
        self._shares = [range(0 if paired else first, len(items), steps) for first in range(shares)]
        self.shares = shares
        self._answers: list[Result] = [None] * len(items)
        self._seconds: list[float] = []
        self.loops: list[float] = []

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all items: their number times the median item, since a busy neighbour makes a few of them slow
        and would raise their sum. Exact for items of one length, which `Compute`'s are but for a few steps.
        """
        return statistics.median(self._seconds) * len(self._items) if self._seconds else 0.0

    def take_share(self) -> None:
        """Do the next share of the items, if one is left."""
        beginning = time.perf_counter()
        for index in self._shares.pop(0) if self._shares else ():
            begun = time.thread_time()
            self._answers[index] = self._workload.expected(self._items[index])
            self._seconds.append(time.thread_time() - begun)
        self.loops.append(time.perf_counter() - beginning)

    def check(self, results: Sequence[Result]) -> None:
        """Compare a round's results with the expected ones.

        Raises:
            ItemError: naming the first item that came back wrong.
            NotAMeasurement: if results are missing or too many, or can't be compared.
        """
        if len(results) != len(self._items):
            raise NotAMeasurement(f"{len(results)} results came for {len(self._items)} items")
        for item, result, answer in zip(self._items, results, self._answers, strict=True):
            right = same(result, answer)
            if right is None:
                raise NotAMeasurement(
                    f"item {item!r} can't be checked: {reprlib.repr(result)} has no == that answers; give it one"
                )
            if not right:
                raise ItemError(item, f"came back wrong: {reprlib.repr(result)} where {reprlib.repr(answer)} was due")


class Rounds:
    """The rounds of one cell: `setup` and `run` are what pytest-benchmark calls, and nothing but `run` is timed."""

    def __init__(
        self,
        strategy: Strategy,
        items: Sequence[Item],
        reference: Reference,
        control: Control | None,
    ) -> None:
        self._strategy, self._items, self._reference = strategy, items, reference
        self._control = control
        self._results: list[list[Result]] = []
        self._before: Usage | None = None
        self.ledgers: list[Ledger | None] = []
        self.used: list[Usage] = []

    def setup(self) -> None:
        """Finish the round before, and prepare the next one."""
        self.finish_round()
        with noting(f"in the reference call before {self._called(len(self._results))}"):
            self._reference.take_share()
        if self._control:
            self._control.reset()
        self._before = usage()

    def run(self) -> None:
        """The timed part: one pass over all items, and no more."""
        try:  # costs nothing as long as nothing is raised
            self._results.append(self._strategy.map(self._items))
        except Exception as error:
            error.add_note(f"in {self._called(len(self._results))}")
            raise

    def finish_round(self) -> None:
        """Take what the last round used, and check that it was the round it should have been."""
        if self._before is None:
            return
        self.used.append(usage() - self._before)
        self._before = None
        if same(self._results[-1], self._results[0]):
            self._results[-1] = self._results[0]  # one round's are kept, or large ones would fill the memory
        with noting(f"in {self._called(len(self.ledgers))}"):
            ledger = self._control.ledger() if self._control else None
            if ledger:
                check_ledger(ledger, len(self._items), self._strategy.workers)
        self.ledgers.append(ledger)

    def check_results(self) -> None:
        """Compare every round's results with the expected ones."""
        for number, results in enumerate(self._results):
            with noting(f"in {self._called(number)}"):
                self._reference.check(results)

    def _called(self, number: int) -> str:
        timed = self._reference.shares - 1
        if not timed:
            return "its only round"
        return f"timed round {number} of {timed}" if number else "the warm-up round"


@contextmanager
def noting(where: str) -> Iterator[None]:
    """Let an error say where it was raised."""
    try:
        yield
    except Exception as error:
        error.add_note(where)
        raise


def check_ledger(ledger: Ledger, items: int, workers: int) -> None:
    """Hold a round against what the server saw of it.

    Raises:
        NotAMeasurement: if requests and items differ, or more were in flight than there were workers.
    """
    if ledger.requests != items:
        raise NotAMeasurement(f"the server saw {ledger.requests} requests for {items} items")
    if ledger.max_in_flight > workers:
        raise NotAMeasurement(f"the server saw {ledger.max_in_flight} items in flight with {workers} workers")
