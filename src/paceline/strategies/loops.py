"""Several event loops, in threads or in processes: workers and items are shared out over them beforehand."""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from multiprocessing import connection
from types import MappingProxyType, TracebackType
from typing import Any, Self

from paceline import machine
from paceline.contracts import Item, Option, Result, Workload
from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, Look, NotReady, Strategy
from paceline.strategies.threads import Crew
from paceline.strategies.worker_processes import death, ended, last_words, late_end, stop_forkserver, wait_for_ends
from paceline.workers import event_loop, pool_worker
from paceline.workers.errors import Failed, guarded
from paceline.workers.event_loop import all_results, runner


class SharedLoops(Strategy):
    """Several event loops, each with a session and its share of the workers.

    `loops` is how many there are, at most one per worker; None takes one per usable CPU, and the number taken is
    recorded.

    Raises:
        ValueError: if `loops` is not a whole number of 1 or more.
    """

    flavour = "async"
    defaults = MappingProxyType({"loops": None})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        loops = self.options["loops"]
        count = machine.whole_cpus() if loops is None else self._check_whole("loops", loops)
        self.shares = shared_out(self.workers, count)
        self.options["loops"] = self.sessions = len(self.shares)


def shared_out(workers: int, loops: int) -> list[int]:
    """Share `workers` out over at most `loops` loops, as evenly as can be; every loop gets one at least.

    Returns:
        Workers of each loop, shape (min(workers, loops),).
    """
    count = min(workers, loops)
    return [workers // count + (index < workers % count) for index in range(count)]


def dealt(items: Sequence[Item], workers: Sequence[int]) -> list[list[Item]]:
    """Deal items to loops, each loop as many at a time as it has workers, like cards.

    Args:
        items: shape (n,).
        workers: workers of each loop, shape (k,).

    Returns:
        The items of each loop, shape (k,), in item order within it.
    """
    turns = [loop for loop, count in enumerate(workers) for _ in range(count)]
    hands: list[list[Item]] = [[] for _ in workers]
    for index, item in enumerate(items):
        hands[turns[index % len(turns)]].append(item)
    return hands


def collected(hands: Sequence[Sequence[Result]], workers: Sequence[int]) -> list[Result]:
    """Put the results of dealt items back into item order."""
    order = dealt(range(sum(map(len, hands))), workers)
    results: list[Result] = [None] * sum(map(len, hands))
    for places, hand in zip(order, hands, strict=True):
        for place, result in zip(places, hand, strict=True):
            results[place] = result
    return results


class LoopsInThreads(SharedLoops):
    """One thread for each loop; each keeps its loop open from entering to leaving."""

    name = "loops-in-threads"
    look = Look("#882255", "#cf6fa4", "M-.8,-.8L-.8,.8L.8,-.8L.8,.8Z")  # a bow tie
    simplicity_rank = 110

    def __enter__(self) -> Self:
        self._crew = Crew(len(self.shares))
        indices = [*range(len(self.shares))]
        try:
            self._crew.each(lambda: self._open(indices.pop()))
        except BaseException:
            self._crew.dismiss()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        hands = dealt(items, self.shares)
        results: list[list[Result]] = [[] for _ in hands]

        def play() -> None:
            here = self._crew.here
            index = here.index  # that of its session, which is open for this loop's workers and no more
            results[index] = here.runner.run(all_results(here.run, hands[index], self.shares[index]))

        self._crew.each(play)
        return collected(results, self.shares)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.dismiss()

    def _open(self, index: int) -> None:
        here = self._crew.here
        here.index, here.runner = index, here.opened.enter_context(runner())
        session = AsyncExitStack()
        here.opened.callback(lambda: here.runner.run(session.aclose()))
        here.run = here.runner.run(self._enter(session, self.shares[index]))

    async def _enter(self, session: AsyncExitStack, workers: int) -> Any:
        return await session.enter_async_context(self.workload.async_worker(workers))


START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class LoopsInProcesses(SharedLoops):
    """One process for each loop, from a fork server (spawned on Windows); items and results travel over a pipe each."""

    name = "loops-in-processes"
    look = Look("#332288", "#a79be8", "M0,-.95L.9,-.3L.55,.75L-.55,.75L-.9,-.3Z")  # a pentagon
    simplicity_rank = 120
    computes_in = "processes"
    pickles = True
    fixed = MappingProxyType({"start_method": START_METHOD})

    @guarded()
    def __enter__(self) -> Self:
        context: Any = multiprocessing.get_context(START_METHOD)
        self._pipes: list[connection.Connection[Any, Any]] = []
        self._processes: list[Any] = []
        try:
            with pool_worker.interrupts_held():
                for share in self.shares:
                    self._start_one(context, share)
            self._answers("before it was ready", START_TIMEOUT)
        except BaseException:
            self._kill()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        hands = dealt(items, self.shares)
        for pipe, hand in zip(self._pipes, hands, strict=True):
            self._tell(pipe, hand)
        return collected(self._answers("before its items were done", None), self.shares)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        died, late = ended(self._processes), []
        if not died and (kind is None or issubclass(kind, Exception)):
            for pipe in self._pipes:
                self._tell(pipe, None)
            late = [process for process in self._processes if wait_for_ends([process], STOP_TIMEOUT)]
        words = last_words(self._pipes)
        self._kill()
        if kind is None and died:
            raise death(died, "between two rounds")
        if kind is None and late:
            raise late_end(late, words)

    def _start_one(self, context: Any, share: int) -> None:
        ours, its = context.Pipe()
        self._pipes.append(ours)
        with its:
            process = context.Process(target=event_loop.main, args=(its, self.workload, share), daemon=True)
            process.start()
        self._processes.append(process)

    def _tell(self, pipe: "connection.Connection[Any, Any]", what: object) -> None:
        try:
            pipe.send(what)
        except OSError:  # it has died: whoever waits for its answer says so
            return

    def _answers(self, when: str, timeout: float | None) -> list[Any]:
        """Wait for an answer from each loop, then raise the first error among them, if any.

        Raises:
            WorkerDied: if a process ended instead.
            NotReady: if the time is up.
        """
        answers: dict[int, Any] = {}
        deadline = None if timeout is None else time.monotonic() + timeout
        while len(answers) < len(self._pipes):
            for index in self._next_ready(answers, deadline, when):
                answers[index] = self._answer(index, when)
        errors = [answer for answer in answers.values() if isinstance(answer, Failed)]
        if errors:
            raise errors[0].error
        return [answers[index] for index in range(len(self._pipes))]

    def _next_ready(self, answers: dict[int, Any], deadline: float | None, when: str) -> Iterator[int]:
        waiting = {self._pipes[index]: index for index in range(len(self._pipes)) if index not in answers}
        ready = connection.wait([*waiting], None if deadline is None else deadline - time.monotonic())
        if not ready:
            raise NotReady(f"{self.name}: {len(waiting)} loops did not answer in time, {when}")
        return (index for pipe, index in waiting.items() if pipe in ready)

    def _answer(self, index: int, when: str) -> Any:
        try:
            return self._pipes[index].recv()
        except (EOFError, OSError):  # the other end closed with its process
            process = self._processes[index]
            process.join(STOP_TIMEOUT)
            raise death([process], when) from None

    def _kill(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()
        for pipe in self._pipes:
            pipe.close()
        stop_forkserver()
