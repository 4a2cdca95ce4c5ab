"""An event loop in each of a few processes."""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from multiprocessing import connection
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, Self

from paceline.contracts import Item, Option, Result
from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, NotReady
from paceline.strategies.endings import death, ended, last_words, late_end, stop_forkserver, wait_for_ends
from paceline.strategies.loops import SharedLoops, collected, dealt
from paceline.workers import event_loop, pool_worker
from paceline.workers.errors import Failed, guarded

START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class LoopsInProcesses(SharedLoops):
    """One process for each loop, from a fork server (spawned on Windows); items and results travel over a pipe each."""

    name: ClassVar[str] = "loops-in-processes"
    fixed: ClassVar[MappingProxyType[str, Option]] = MappingProxyType({"start_method": START_METHOD})

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
