"""
The process that speaks with ray for a strategy: ray's own "driver".

It is one of its own, since ray leaves threads behind in a process it has run in, and one with threads can't fork
safely. It stands apart from the strategies for the same reason as `pool_worker`.
"""

import os
import secrets
import signal
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paceline.contracts import Item, Result
from paceline.pool_worker import end_with_parent, let_interrupts_through
from paceline.portable import Failed, portable
from paceline.ray_worker import Worker

HOST = "127.0.0.1"
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_LOG_TO_DRIVER": "0", "RAY_SCHEDULER_EVENTS": "0"}
FAREWELL = 10.0  # seconds for the workers to close their workload


@dataclass(frozen=True)
class Wanted:
    """
    What to start.

    Attributes:
        workload: pickled.
        workers: how many; on a cluster that is there, as many of them as it has CPUs for.
        chunksize: items that a worker takes at a time.
        cluster: address of one that is there; None to start one.
        folder: where one that is started may leave files.
        versions: Python and Paceline that workers must have.
        ask: to be evaluated by a worker, which gives its own.
    """

    workload: bytes
    workers: int
    chunksize: int
    cluster: str | None
    folder: str
    versions: tuple[str, str]
    ask: str


@dataclass(frozen=True)
class Lost:
    """
    Workers ended, by their process ids, and nobody is there for their items.
    """

    pids: tuple[int, ...]


@dataclass(frozen=True)
class Differs:
    """
    A host of the cluster has other versions: its Python and its Paceline, if any.
    """

    host: str
    versions: tuple[str, str | None]


def main(pipe: Any, wanted: Wanted) -> None:
    """
    Start, say so, then run every list of items that comes, until None does.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    let_interrupts_through()
    threading.Thread(target=end_with_parent, name="paceline-parent-watch", daemon=True).start()
    os.environ.update(ENVIRONMENT)
    if not wanted.cluster:  # ray listens on all addresses: only what knows this token is let in
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        os.environ["PYTHONPATH"] = os.pathsep.join(
            filter(None, sys.path)
        )  # or its workers find no module of an experiment
    driver = Driver(wanted)
    try:
        answer = driver.start()
    except Exception as error:  # noqa: BLE001 - it is told
        answer = Failed(portable(error))
    pipe.send(answer)
    while answer is None and (items := pipe.recv()) is not None:
        pipe.send(driver.results(items))
    pipe.send(driver.stop())


class Driver:
    """
    Hands items to actors, one for each worker: the next ones to whichever is idle.
    """

    def __init__(self, wanted: Wanted) -> None:
        import ray

        self._ray: Any = ray
        self._wanted = wanted
        self._idle: deque[Any] = deque()
        self._pids: dict[Any, int] = {}
        self._lost: list[int] = []

    def start(self) -> Failed | Differs | Lost | None:
        """
        Start or find the cluster, and open the workload in each worker.
        """
        if self._wanted.cluster:
            self._ray.init(self._wanted.cluster, log_to_driver=False, configure_logging=False)
            if differs := self._differing():
                return differs
        else:
            self._ray.init(
                "local",
                num_cpus=self._wanted.workers,
                num_gpus=0,
                include_dashboard=False,
                configure_logging=False,
                log_to_driver=False,
                _node_ip_address=HOST,
                _temp_dir=self._wanted.folder,
            )
        return self._fill()

    def results(self, items: Sequence[Item]) -> list[Result] | Failed | Lost:
        """
        Run all items; an error is given once none is under way any more.
        """
        if self._wanted.cluster and (odd := self._fill()):
            return odd
        size = self._wanted.chunksize
        waiting = deque((first, items[first : first + size]) for first in range(0, len(items), size))
        done: list[Result] = [None] * len(items)
        coming: dict[Any, tuple[Any, int, Sequence[Item]]] = {}
        failed: list[tuple[int, Failed]] = []
        while (waiting and not failed) or coming:
            while waiting and self._idle and not failed:
                worker, (first, chunk) = self._idle.popleft(), waiting.popleft()
                coming[worker.run.remote(chunk)] = (worker, first, chunk)
            if not coming:
                return Lost(tuple(self._lost))
            (ready,), _ = self._ray.wait([*coming])
            worker, first, chunk = coming.pop(ready)
            answer = self._answer(worker, ready)
            if isinstance(answer, Lost):
                if not self._wanted.cluster:
                    return answer
                waiting.appendleft((first, chunk))
                continue
            self._idle.append(worker)
            if isinstance(answer, Failed):
                failed.append((first, answer))
            else:
                done[first : first + len(chunk)] = answer
        return min(failed, key=lambda each: each[0])[1] if failed else done

    def stop(self) -> Failed | Lost | None:
        """
        Close the workload in each worker, and hang up.
        """
        closing = [(worker, worker.close.remote()) for worker in self._pids]
        answers = [self._answer(worker, ref, FAREWELL) for worker, ref in closing]
        for worker in self._pids:
            self._ray.kill(worker)
        self._ray.shutdown()
        return next((answer for answer in answers if answer is not None), None)

    def _fill(self) -> Failed | Lost | None:
        """
        Start the workers that are wanted and not there; a cluster that is there may not have the CPUs for all.
        """
        missing = self._wanted.workers - len(self._idle)
        if self._wanted.cluster:
            free = int(self._ray.available_resources().get("CPU", 0))
            missing = min(missing, free) if self._idle else max(1, min(missing, free))
        kind = self._ray.remote(Worker).options(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")
        opening = {
            worker.open.remote(): worker
            for worker in [kind.remote(self._wanted.workload, own=not self._wanted.cluster) for _ in range(missing)]
        }
        odd = None
        for opened, worker in opening.items():
            answer = self._answer(worker, opened)
            if isinstance(answer, int):
                self._pids[worker] = answer
                self._idle.append(worker)
            else:
                odd = odd or answer
        return odd

    def _answer(self, worker: Any, ref: Any, timeout: float | None = None) -> Any:
        """
        Give a worker's answer, or say that it is lost.
        """
        try:
            return self._ray.get(ref, timeout=timeout)
        except (self._ray.exceptions.RayActorError, self._ray.exceptions.GetTimeoutError):
            self._lost.append(self._pids.pop(worker, 0))
            return Lost(tuple(self._lost))

    def _differing(self) -> Differs | None:
        def asked(expression: str) -> Any:  # a local function travels by value: it needs no Paceline there
            return eval(expression)  # noqa: S307 - an expression of ours

        pin = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        for node in self._ray.nodes():
            if node["Alive"]:
                there = self._ray.remote(asked).options(num_cpus=0, scheduling_strategy=pin(node["NodeID"], soft=False))
                if (found := tuple(self._ray.get(there.remote(self._wanted.ask)))) != self._wanted.versions:
                    return Differs(str(node["NodeManagerAddress"]), found)
        return None
