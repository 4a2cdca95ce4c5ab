"""A cell from start to stop: its timed pass, those beside it that watch, and laps in a new process."""

import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from multiprocessing.util import get_temp_dir
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from paceline.contracts import Item, Workload
from paceline.measuring import bystander, cells
from paceline.measuring.cells import Cell, described
from paceline.measuring.rounds import NotAMeasurement, Reference, Rounds, noting
from paceline.server.process import Control
from paceline.stats import saved_traces, traces
from paceline.strategies import Strategy
from paceline.workers.beside import in_thread
from paceline.workers.metered import Metered
from paceline.workers.spans import Observed, Span, number
from paceline.workloads import Call, fetch

TRACE = "trace"
"""Where a saved cell keeps its spans; see `paceline.stats.saved_traces`."""


def figures_of(strategy: Strategy, items: Sequence[Item], log: Path, *, traced: bool) -> dict[str, Any]:
    """Start one like `strategy`, run a warm round and a watched one, and return what the spans of the second show.

    The workload comes unobserved, and `log` is a new file; `traced` asks for the spans themselves as well.
    """
    observed = Observed(strategy.workload, log)
    with noting("in the watched pass, after the timed rounds"), strategy.clone(observed) as started:
        started.map(items)
        observed.forget()
        started.map(items)
    spans = observed.spans()
    figures: dict[str, Any] = {**traces.figures(spans, workers=len(observed.opened()))}
    return {**figures, TRACE: saved_traces.as_saved(placed(spans, items))} if traced else figures


def placed(spans: Sequence[Span], items: Sequence[Item]) -> list[Span]:
    """Name each span's item by its place in submission order, from 0; equal items in the order in which they began.

    Raises:
        NotAMeasurement: if there are more or fewer spans than items.
    """
    if len(spans) != len(items):
        raise NotAMeasurement(f"{len(spans)} spans came for {len(items)} items")
    numbers = [number(item) for item in items]
    places = list(range(len(items)))
    if None not in numbers:  # else the spans are numbered already
        places.sort(key=lambda place: numbers[place] or 0)
    ordered = sorted(spans, key=lambda span: (span.item, span.start))
    return [replace(span, item=place) for place, span in zip(places, ordered, strict=True)]


STEP = 1000  # squares between two looks at whether it is over: some 50 us


def computing() -> AbstractContextManager[None]:
    """Compute in a thread, with the GIL held as any Python code holds it, until the context ends."""

    def compute(over: threading.Event) -> None:
        while not over.is_set():
            sum(i * i for i in range(STEP))

    return in_thread(compute, "paceline-beside")


MARGIN = 100  # what pytest, pipes to workers and the instrument hold open beside the connections


class TooFewDescriptors(RuntimeError):  # noqa: N818 - it says what there is
    """The system does not allow as many open files as the cell needs connections."""


def raise_descriptor_limit(workers: int) -> None:
    """Raise this process's own limit, which its workers inherit, so that each of `workers` can have a connection.

    Where the workers are in other processes, the instrument still holds one end of every connection, under the same
    limit.

    Raises:
        TooFewDescriptors: if the system doesn't allow that many.
    """
    needed = workers + MARGIN
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _suffices(soft, needed) and _suffices(hard, needed):
        with suppress(ValueError, OSError):  # some systems call the hard limit infinite and have another one
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if not _suffices(allowed, needed):
        most = max(1, allowed - MARGIN)
        raise TooFewDescriptors(
            f"{workers} workers have a connection each and need {needed} file descriptors; this process may have "
            f"{allowed}: raise the limit (ulimit -Hn), or measure with {most} workers or fewer"
        )


def _suffices(limit: int, needed: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= needed


class Stopwatch(Protocol):
    """What times the rounds: pytest-benchmark's fixture, or `Laps` in a new process."""

    enabled: bool
    timer: Callable[[], float]

    def rounds(self, run: Callable[[], None], setup: Callable[[], None], count: int) -> list[float]:
        """Call `setup` and `run` once to warm up and `count` times for good; return the seconds of each `run`.

        Where nothing is to be timed (`enabled` is False), `run` is called once, and there are no seconds.
        """


@dataclass(frozen=True)
class Plan:
    """What is to be done with a cell; it can be sent to another process."""

    experiment: str  # whose cell it is
    rounds: int  # timed ones
    control: Control | None = None  # of the server that answers
    beside: bool = False  # a thread of the measuring process computes meanwhile
    watched: bool = False  # one more pass follows, in which every item leaves a span
    paired: bool = (
        False  # before each round a plain loop does all items, so that both see the same state of the machine
    )
    traced: bool = False  # that watched pass follows, and its spans are saved too
    bystander: bool = False  # one more pass follows, beside something that wants to run every millisecond


def measure(plan: Plan, stopwatch: Stopwatch, strategy: Strategy, items: Sequence[Item]) -> tuple[Cell, list[float]]:
    """Measure one cell: another strategy like the given one over `items`, for the metered workload, started and stopped
    apart from the warm rounds.

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
        raise_descriptor_limit(cell.workers)
    with tempfile.TemporaryDirectory(prefix="paceline-", dir=get_temp_dir()) as folder:
        metered = Metered(workload, Path(folder, "usage"), os.getpid())
        measured = strategy.clone(metered)
        rounds = Rounds(measured, items, reference, plan.control)
        times = _pass(plan, stopwatch, measured, rounds, cell)
        rounds.check_results()
        if plan.watched or plan.traced:
            log = Path(folder, "spans")
            cell.added |= figures_of(strategy, items, log, traced=plan.traced)
        modules = metered.gil_switched_on_by()
        used, cell.sessions = metered.used(), metered.sessions()
    if plan.bystander:
        meanwhile = computing() if plan.beside else None
        cell.added["bystander"] = bystander.figures_of(strategy, items, meanwhile)
    bandwidth = plan.control.bandwidth if plan.control else None
    cell.limit = cells.limit(workload, items, cell.workers, reference.cpu_seconds, bandwidth)
    if stopwatch.enabled:
        unproven = plan.control is not None and not plan.control.proves
        cells.add(cell, times, rounds, used, unproven=unproven, modules=modules)
        if plan.paired:
            cell.added |= cells.of_pairs(reference.loops[-len(times) :], times)
    return cell, times


def _pass(plan: Plan, stopwatch: Stopwatch, strategy: Strategy, rounds: Rounds, cell: Cell) -> list[float]:
    """Start, measure, stop; the three times apart."""
    with ExitStack() as hiding:
        hiding.enter_context(main_hidden())
        begun = stopwatch.timer()
        with strategy:  # a real `with`: a Ctrl-C finds no moment between the start and the promise to stop
            cell.start_seconds = stopwatch.timer() - begun
            hiding.close()
            with computing() if plan.beside else nullcontext():
                times = stopwatch.rounds(rounds.run, rounds.setup, plan.rounds)
            rounds.finish_round()
            begun = stopwatch.timer()
    cell.stop_seconds = stopwatch.timer() - begun
    return times


@contextmanager
def main_hidden() -> Iterator[None]:
    """Hide pytest's main module, which each spawned process would import again: that start would be pytest's."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


CELL_TIMEOUT = 300.0  # seconds for a cell, beside what its items may take
ITEM_SECONDS = 0.01  # what a strategy may add to each item; most add less than a tenth of it
SLACK = 4.0  # times as long as it should take, on a machine that others use too


class Laps:
    """A stopwatch that does what pytest-benchmark's `pedantic` does, without pytest."""

    enabled = True
    timer = staticmethod(time.perf_counter)

    def rounds(self, run: Callable[[], None], setup: Callable[[], None], count: int) -> list[float]:
        """Warm up once, then time `count` rounds."""
        setup()
        run()
        return [self._lap(run, setup) for _ in range(count)]

    def _lap(self, run: Callable[[], None], setup: Callable[[], None]) -> float:
        setup()
        begun = self.timer()
        run()
        return self.timer() - begun


def measured(plan: Plan, strategy: Strategy, items: Sequence[Item]) -> tuple[Cell, list[float]]:
    """Measure a cell in this process, which was started for it."""
    if client := cells.workload_facts(strategy.workload, strategy.flavour).get("client"):
        fetch.load_client(client)  # as in a session: no start is charged for the import
    return measure(plan, Laps(), strategy, items)


def cell_timeout(workload: Workload, items: Sequence[Item], passes: int, bandwidth: float | None = None) -> float:
    """Return the seconds after which a process counts as hung: more than one worker takes, by all that is known of it.

    All items are done in each of so many passes; the link's bandwidth is in bytes per second.
    """
    computing = cells.cpu_seconds(workload) * len(items)
    alone = cells.limit(workload, items, 1, computing, bandwidth)
    return CELL_TIMEOUT + passes * at_most(computing if alone is None else alone, len(items))


def at_most(seconds: float, items: int) -> float:
    """Return the seconds that items may take which should take `seconds`, one after the other."""
    return SLACK * (seconds + ITEM_SECONDS * items)
