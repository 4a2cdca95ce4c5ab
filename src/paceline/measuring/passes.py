"""The pass over one cell: start, warm-up, timed rounds, stop, the checks, and then whatever is watched apart from
them.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing.util import get_temp_dir
from pathlib import Path
from types import ModuleType
from typing import Protocol

from paceline.contracts import Item
from paceline.measuring import beside, descriptors, facts, figures, watching
from paceline.measuring.cell import Cell, described
from paceline.measuring.rounds import Reference, Rounds, Tell, untold
from paceline.server.process import Control
from paceline.strategies import Strategy
from paceline.workers.metered import Metered
from paceline.workloads import Call


class Stopwatch(Protocol):
    """What times the rounds: pytest-benchmark's fixture, or `laps.Laps` in a fresh process."""

    enabled: bool
    timer: Callable[[], float]

    def rounds(self, run: Callable[[], None], setup: Callable[[], None], count: int) -> list[float]:
        """Call `setup` and `run` once to warm up and `count` times for good; give the seconds of each `run`.

        Where nothing is to be timed (`enabled` is False), `run` is called once, and there are no seconds.
        """

    def checking(self) -> AbstractContextManager[None]:
        """Surround everything that can spoil the cell."""


@dataclass(frozen=True)
class Plan:
    """What is to be done with a cell; it can be sent to another process.

    Args:
        experiment: whose cell it is.
        rounds: timed rounds.
        control: of the server that answers, or None.
        beside: a thread of the measuring process computes meanwhile.
        watched: one more pass follows, in which every item leaves a span.
        paired: before each round a plain loop does all items, so that both see the same state of the machine.
        traced: that watched pass follows, and its spans are saved too.
    """

    experiment: str
    rounds: int
    control: Control | None = None
    beside: bool = False
    watched: bool = False
    paired: bool = False
    traced: bool = False


def measure(
    plan: Plan, stopwatch: Stopwatch, strategy: Strategy, items: Sequence[Item], tell: Tell = untold
) -> tuple[Cell, list[float]]:
    """Measure one cell: one like `strategy` over `items`, started and stopped apart from the warm rounds; `tell` hears
    of each. What is started is another one, made for the metered workload.

    Returns:
        The cell, and the seconds of each timed round.

    Raises:
        ItemError: for a wrong answer.
        NotAMeasurement: for a round that the server's ledger doesn't bear out.
        TamperedError: before anything has started, if a function's module makes that impossible.
        TooFewDescriptors: before anything has started, if there can't be a connection for each worker.
    """
    workload = strategy.workload
    if isinstance(workload, Call):
        workload.module()  # as a race does: no start is charged for it, and what it may break is known before
    cell = described(plan.experiment, strategy, items)
    shares = plan.rounds + 1 if stopwatch.enabled else 1
    reference = Reference(workload, items, shares, paired=plan.paired)
    if cell.client:
        descriptors.provide(cell.workers)
    with tempfile.TemporaryDirectory(prefix="paceline-", dir=get_temp_dir()) as folder:
        metered = Metered(workload, Path(folder, "usage"), os.getpid())
        measured = strategy.clone(metered)
        rounds = Rounds(measured, items, reference, plan.control, tell)
        with stopwatch.checking():
            times = _pass(plan, stopwatch, measured, rounds, cell)
            rounds.check_results()
            if plan.watched or plan.traced:
                log = Path(folder, "spans")
                cell.added |= watching.figures_of(strategy, items, log, traced=plan.traced)
        used, cell.sessions = metered.used(), metered.sessions()
    bandwidth = plan.control.bandwidth if plan.control else None
    cell.limit = facts.limit(workload, items, cell.workers, reference.cpu_seconds, bandwidth)
    if stopwatch.enabled:
        figures.add(cell, times, rounds, used, unproven=plan.control is not None and not plan.control.proves)
        if plan.paired:
            cell.added |= figures.of_pairs(reference.loops[-len(times) :], times)
    return cell, times


def _pass(plan: Plan, stopwatch: Stopwatch, strategy: Strategy, rounds: Rounds, cell: Cell) -> list[float]:
    """Start, measure, stop; the three times apart."""
    with ExitStack() as hiding:
        hiding.enter_context(main_hidden())
        begun = stopwatch.timer()
        with strategy:  # a real `with`: a Ctrl-C finds no moment between the start and the promise to stop
            cell.start_seconds = stopwatch.timer() - begun
            hiding.close()
            with beside.computing() if plan.beside else nullcontext():
                times = stopwatch.rounds(rounds.run, rounds.setup, plan.rounds)
            rounds.finish_round()
            begun = stopwatch.timer()
    cell.stop_seconds = stopwatch.timer() - begun
    return times


@contextmanager
def main_hidden() -> Iterator[None]:
    """Hide pytest's main module: each spawned process would import it again, and the start would be pytest's, not its
    own.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
