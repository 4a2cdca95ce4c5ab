"""Several event loops, in threads or in processes: workers and items are split over them beforehand."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from multiprocessing import connection
from types import MappingProxyType
from typing import Any, Self

from paceline import machine
from paceline.contracts import Item, Option, Result, Workload
from paceline.strategies import worker_processes as processes
from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, Look, NotReady, Strategy, undone_on_error
from paceline.strategies.threads import ThreadPool
from paceline.workers import event_loop, pool_worker
from paceline.workers.errors import Raised, guarded
from paceline.workers.event_loop import all_results, runner


class SharedLoops(Strategy):
    """Several event loops, each with a session and its share of the workers.

    `loops` is how many there are, at most one per worker, a whole number of 1 or more; None takes one per usable CPU.
    The number taken is recorded.
    """

    flavour = "async"
    defaults = MappingProxyType({"loops": None})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        loops = self.options["loops"]
        count = machine.whole_cpus() if loops is None else self._check_whole("loops", loops)
        self.shares = shares(self.workers, count)
        self.options["loops"] = self.sessions = len(self.shares)


def shares(workers: int, loops: int) -> list[int]:
    """Return how many workers each loop has, shape (min(workers, loops),): as even as can be, 1 at least."""
    count = min(workers, loops)
    return [workers // count + (index < workers % count) for index in range(count)]


def split(items: Sequence[Item], workers: Sequence[int]) -> list[list[Item]]:
    """Split items, shape (n,), into a batch for each of k loops: in turns, each as many at a time as it has workers."""
    turns = [loop for loop, count in enumerate(workers) for _ in range(count)]
    batches: list[list[Item]] = [[] for _ in workers]
    for index, item in enumerate(items):
        batches[turns[index % len(turns)]].append(item)
    return batches


def joined(batches: Sequence[Sequence[Result]], workers: Sequence[int]) -> list[Result]:
    """Put the results of split items back into item order."""
    order = split(range(sum(map(len, batches))), workers)
    results: list[Result] = [None] * sum(map(len, batches))
    for places, batch in zip(order, batches, strict=True):
        for place, result in zip(places, batch, strict=True):
            results[place] = result
    return results


class LoopsInThreads(SharedLoops):
    """One thread for each loop; each keeps its loop open from entering to leaving."""

    name = "loops-in-threads"
    look = Look("#882255", "#cf6fa4", "M-.8,-.8L-.8,.8L.8,-.8L.8,.8Z")  # a bow tie
    simplicity_rank = 110

    def __enter__(self) -> Self:
        self._threads = ThreadPool(len(self.shares))
        indices = [*range(len(self.shares))]
        with undone_on_error(self._threads.shutdown):
            self._threads.in_each(lambda: self._open(indices.pop()))
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        batches = split(items, self.shares)
        results: list[list[Result]] = [[] for _ in batches]

        def run_batch() -> None:
            local = self._threads.local
            index = local.index  # that of its session, which is open for this loop's workers and no more
            results[index] = local.runner.run(all_results(local.run, batches[index], self.shares[index]))

        self._threads.in_each(run_batch)
        return joined(results, self.shares)

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def _open(self, index: int) -> None:
        local = self._threads.local
        local.index, local.runner = index, local.opened.enter_context(runner())
        session = AsyncExitStack()
        local.opened.callback(lambda: local.runner.run(session.aclose()))
        local.run = local.runner.run(event_loop.enter(session, self.workload, self.shares[index]))


class LoopsInProcesses(SharedLoops):
    """One process for each loop, from a fork server (spawned on Windows); items and results travel over a pipe each."""

    name = "loops-in-processes"
    look = Look("#332288", "#a79be8", "M0,-.95L.9,-.3L.55,.75L-.55,.75L-.9,-.3Z")  # a pentagon
    simplicity_rank = 120
    computes_in = "processes"
    pickles = True
    fixed = MappingProxyType({"start_method": processes.CLEAN_START})

    @guarded()
    def __enter__(self) -> Self:
        self._processes: list[Any] = []
        self._pipes: list[processes.Pipe] = []
        with undone_on_error(self._kill):
            with pool_worker.interrupts_held():
                for share in self.shares:
                    work = self.workload, share
                    process, pipe = processes.start_process(processes.CLEAN_START, event_loop.main, *work)
                    self._processes.append(process)
                    self._pipes.append(pipe)
            self._answers("before it was ready", START_TIMEOUT)
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        for pipe, batch in zip(self._pipes, split(items, self.shares), strict=True):
            _send(pipe, batch)
        return joined(self._answers("before its items were done", None), self.shares)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        died, late = processes.ended(self._processes), []
        if not died and (kind is None or issubclass(kind, Exception)):
            for pipe in self._pipes:
                _send(pipe, None)
            late = [process for process in self._processes if processes.wait_for_ends([process], STOP_TIMEOUT)]
        words = processes.last_words(self._pipes)
        self._kill()
        if kind is None and died:
            raise processes.death(died, "between two rounds")
        if kind is None and late:
            raise processes.late_end(late, words)

    def _answers(self, when: str, timeout: float | None) -> list[Any]:
        """Wait for an answer from each loop, then raise the first error, if any; a `NotReady` if the time is up."""
        answers: dict[processes.Pipe, Any] = {}
        owners = dict(zip(self._pipes, self._processes, strict=True))
        deadline = None if timeout is None else time.monotonic() + timeout
        while waiting := [pipe for pipe in self._pipes if pipe not in answers]:
            ready: list[Any] = connection.wait(waiting, deadline and deadline - time.monotonic())
            if not ready:
                raise NotReady(f"{self.name}: {len(waiting)} loops did not answer in time, {when}")
            answers |= {pipe: processes.receive(pipe, owners[pipe], when) for pipe in ready}
        if error := next((answer for answer in answers.values() if isinstance(answer, Raised)), None):
            raise error.error
        return [answers[pipe] for pipe in self._pipes]

    def _kill(self) -> None:
        processes.kill_all(self._processes, self._pipes)
        processes.stop_forkserver()


def _send(pipe: processes.Pipe, what: object) -> None:
    try:
        pipe.send(what)
    except OSError:  # it has died, which its missing answer says
        return
