"""The workers of ray that a strategy has, from the side of ray's driver."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias

from paceline.contracts import Item, Result
from paceline.portable import Failed, portable
from paceline.ray_messages import Differs, Lost, Unreached, Wanted
from paceline.ray_worker import Worker

FAREWELL = 10.0  # seconds for the workers to close their workload
SETTLING = 2.0  # seconds until a cluster counts a CPU as free that somebody has just left
PLACE_TIMEOUT = 30.0  # seconds for workers to start on a cluster, which may have given their CPUs away by then
LOOK = 0.05  # seconds between two looks

Trouble: TypeAlias = Failed | Lost | Unreached | Differs


class Crew:
    """Actors, one for each worker; items go to whichever is idle.

    Args:
        ray: the library, connected.
        wanted: what they do, and how many they are.
    """

    def __init__(self, ray: Any, wanted: Wanted) -> None:
        self._ray = ray
        self._wanted = wanted
        self._idle: deque[Any] = deque()
        self._pids: dict[Any, int] = {}
        self._lost: list[int] = []
        self._fitting: set[str] = set()

    def start(self) -> Trouble | None:
        """Start the first of them, once the cluster has forgotten those of whoever came before."""
        deadline = time.monotonic() + SETTLING
        while self._wanted.cluster and self._places() < self._wanted.workers and time.monotonic() < deadline:
            if self._places() >= int(self._ray.cluster_resources().get("CPU", 0)):
                break
            time.sleep(LOOK)
        return self.fill()

    def fill(self) -> Trouble | None:
        """Start the workers that are wanted and not there, and open the workload in each.

        A cluster that is there may not have the CPUs for all; one worker waits for a CPU, or there would be none.
        """
        missing = self._wanted.workers - len(self._idle)
        if self._wanted.cluster and missing:
            if differs := self._differing():
                return differs
            missing = max(0 if self._idle else 1, min(missing, self._places()))
        kind = self._ray.remote(Worker).options(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")
        workers = [kind.remote(self._wanted.workload, own=not self._wanted.cluster) for _ in range(missing)]
        opening = [(worker, worker.open.remote()) for worker in workers]
        deadline = time.monotonic() + PLACE_TIMEOUT if self._wanted.cluster else None
        odd = [trouble for worker, opened in opening if (trouble := self._joined(worker, opened, deadline))]
        spared = self._wanted.cluster and self._idle
        return next((trouble for trouble in odd if isinstance(trouble, Failed) or not spared), None)

    def results(self, items: Sequence[Item]) -> list[Result] | Failed | Lost:
        """Run all items; an error is given once none is under way any more."""
        size = self._wanted.chunksize
        waiting = deque((first, items[first : first + size]) for first in range(0, len(items), size))
        done: list[Result] = [None] * len(items)
        coming: dict[Any, tuple[Any, int, Sequence[Item]]] = {}
        failed: dict[int, Failed] = {}
        while (waiting and not failed) or coming:
            while waiting and self._idle and not failed:
                worker, (first, chunk) = self._idle.popleft(), waiting.popleft()
                coming[worker.run.remote(chunk)] = (worker, first, chunk)
            if not coming:
                return Lost(tuple(self._lost))
            (ready,), _ = self._ray.wait([*coming])
            worker, first, chunk = coming.pop(ready)
            answer = self._answer(worker, ready)
            if not isinstance(answer, Lost):
                self._idle.append(worker)
            elif not self._wanted.cluster:
                return answer
            match answer:
                case Lost():
                    waiting.appendleft((first, chunk))
                case Failed():
                    failed[first] = answer
                case _:
                    done[first : first + len(chunk)] = answer
        return failed[min(failed)] if failed else done

    def close(self) -> Failed | Lost | None:
        """Close the workload in each worker; one of a cluster that is there may be lost by now."""
        deadline = time.monotonic() + FAREWELL
        closing = [(worker, worker.close.remote()) for worker in self._pids]
        answers = [self._answer(worker, closed, deadline) for worker, closed in closing]
        if self._wanted.cluster:
            for worker in self._pids:
                self._ray.kill(worker)
            answers = [answer for answer in answers if not isinstance(answer, Lost)]
        return next((answer for answer in answers if answer is not None), None)

    def _joined(self, worker: Any, opened: Any, deadline: float | None) -> Trouble | None:
        """Take a worker in once it has opened the workload."""
        try:
            answer = self._answer(worker, opened, deadline)
        except self._ray.exceptions.GetTimeoutError:
            answer = Unreached(f"a cluster of ray is there, and no CPU of it was free within {PLACE_TIMEOUT:g} s")
        if isinstance(answer, int):
            self._pids[worker] = answer
            self._idle.append(worker)
            return None
        self._ray.kill(worker)
        return answer  # type: ignore[no-any-return]

    def _answer(self, worker: Any, coming: Any, deadline: float | None = None) -> Any:
        """Return a worker's answer, or say that it is lost: one that has opened its workload, if it gives none in
        time.
        """
        known = worker in self._pids
        late = () if not known else (self._ray.exceptions.GetTimeoutError,)
        try:
            return self._ray.get(coming, timeout=deadline and max(0.0, deadline - time.monotonic()))
        except (self._ray.exceptions.RayActorError, *late):
            if known:
                self._lost.append(self._pids.pop(worker))
            return Lost(tuple(self._lost))
        except self._ray.exceptions.RayTaskError as error:  # such as a result that can't be pickled
            return Failed(portable(error.cause))

    def _places(self) -> int:
        """Return how many CPUs of the cluster nobody has."""
        return int(self._ray.available_resources().get("CPU", 0))

    def _differing(self) -> Differs | None:
        """Ask each host that has come for its versions."""
        for node in self._ray.nodes():
            there = node["Alive"] and node["Resources"].get("CPU", 0) > 0
            if there and node["NodeID"] not in self._fitting and (found := self._versions(node["NodeID"])):
                if found != self._wanted.versions:
                    return Differs(str(node["NodeManagerAddress"]), found)
                self._fitting.add(node["NodeID"])
        return None

    def _versions(self, node: str) -> tuple[str, str | None] | None:
        """Return which Python and which Paceline a host has; None if it is lost meanwhile."""

        def asked(expression: str) -> Any:  # a local function travels by value: it needs no Paceline there
            return eval(expression)  # noqa: S307 - an expression of ours

        pin = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
        there = self._ray.remote(asked).options(num_cpus=0, max_retries=0, scheduling_strategy=pin)
        try:
            python, paceline = self._ray.get(there.remote(self._wanted.ask), timeout=PLACE_TIMEOUT)
        except self._ray.exceptions.RayTaskError:
            raise
        except self._ray.exceptions.RayError:
            return None
        return python, paceline
