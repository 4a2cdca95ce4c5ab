"""Processes of a cluster that runs dask's scheduler."""

import asyncio
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Self

from paceline.contracts import Item, Option, Result, Workload
from paceline.strategies import clusters, dask_existing, extras
from paceline.strategies.base import WorkerDied
from paceline.strategies.dask_client import Line
from paceline.strategies.dask_embedded import SETTINGS, START_METHOD, Embedded
from paceline.strategies.engine import Engine
from paceline.strategies.in_processes import InProcesses

LOOK = 1.0  # seconds between two looks at whether an existing cluster still has workers
FORSAKEN = 10  # looks in a row at which it has none


class Dask(Engine, InProcesses):
    """Items become tasks of `dask.distributed`, gathered in item order.

    Without `cluster`, a scheduler and a process with one thread for each worker are started on this machine, and end
    with the strategy. A worker that dies there is a `WorkerDied`, as everywhere.

    With `cluster`, its workers are used as they are: at most `workers` of their threads, from each host in turn. Where
    it has no more than that, workers that join later are used too. What a worker was doing when it was lost, dask gives
    to another: each result still arrives once and right, but an item may have been done twice, and the server's ledger
    then refuses the round. dask sees a broken connection at once, and a silent one after its own
    `distributed.comm.timeouts.tcp` (30 s). `WorkerDied` says so when dask gives an item up, or no worker is left.
    """

    name: ClassVar[str] = "dask"
    scheme: ClassVar[str] = "tcp"
    fixed: ClassVar[MappingProxyType[str, Option]] = MappingProxyType(
        {"start_method": START_METHOD, "threads_per_worker": 1, "memory_limit": 0, **SETTINGS}
    )

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        if self._cluster:
            self.options = {name: self.options[name] for name in self.defaults}  # the others are the cluster's own

    @classmethod
    def unavailable(cls) -> str | None:
        return extras.unmet("dask.distributed", cls.extra, "distributed")

    def __enter__(self) -> Self:
        self._embedded: Embedded | None = None
        self._line: Line | None = None
        self._over = False
        try:
            if self._cluster:
                self._join(self._cluster)
            else:
                self._embedded = Embedded(self.workers)
                self._line = Line(self._embedded.address)
                self._line.open(self.workload)
        except WorkerDied as lost:
            raise self._broken("before it was ready", lost) from None
        except BaseException:
            self._kill()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        assert self._line
        self._stop_if_dead("between two rounds")
        try:
            return self._line.results(items, self._chunksize, self._embedded_dies if self._embedded else self._forsaken)
        except WorkerDied as lost:
            raise self._broken("before its items were done", lost) from None

    def _join(self, address: str) -> None:
        """Open the workload in the workers of a cluster that is there."""
        self._line = Line(address)
        threads = self._line.threads()
        clusters.check_versions(address, self._line.versions())
        self._hosts = dask_existing.chosen(threads, self.workers)
        if not self._hosts:
            fewest = min(threads.values())
            raise clusters.WorkersDiffer(
                f"{address}: each of its workers runs {fewest} items at once or more, which is more than the "
                f"{self.workers} that may be under way: ask for more, or start its workers with --nthreads 1"
            )
        self._line.open(self.workload, None if sum(threads.values()) <= self.workers else self._hosts)

    async def _embedded_dies(self) -> Exception:
        """Wait until a process of our own cluster ends, by its sentinel."""
        assert self._embedded
        loop = asyncio.get_running_loop()
        died = asyncio.Event()
        sentinels = [process.sentinel for process in self._embedded.processes]
        for sentinel in sentinels:
            loop.add_reader(sentinel, died.set)
        try:
            await died.wait()
        finally:
            for sentinel in sentinels:
                loop.remove_reader(sentinel)
        return WorkerDied("a process of its cluster ended")  # `_broken` says which, once its exit status is there

    async def _forsaken(self) -> Exception:
        """Wait until an existing cluster has been without the workers that items go to for some time."""
        assert self._line
        alone = 0
        while alone < FORSAKEN:
            await asyncio.sleep(LOOK)
            alone = 0 if await self._line.alive() else alone + 1
        return WorkerDied(f"{self._cluster}: no worker is left of those that had the items, which have no result")

    def _dead(self) -> Sequence[Any]:
        return self._embedded.dead() if self._embedded else ()

    def _broken(self, when: str, lost: WorkerDied | None = None) -> WorkerDied:
        """End what was started, and make the error that says which of its processes ended; give `lost` if none did."""
        ended = self._embedded.death(when) if self._embedded else None
        self._kill()
        return ended or lost or WorkerDied(f"its cluster broke {when}")

    def _close(self) -> None:
        assert self._line
        try:
            self._line.close_workload()
        except WorkerDied as lost:
            if self._embedded or not self._line.answers():
                raise self._broken("on the way out", lost) from None
        except BaseException:
            self._kill()
            raise
        self._over = True
        self._line.hang_up()
        if self._embedded:
            self._embedded.stop()

    def _kill(self) -> None:
        """End what was started, at once; what was there before is asked to close the workload when it gets round to
        it.
        """
        if self._over:
            return
        self._over = True
        if self._line:
            if self._cluster:
                self._line.abandon_workload()
            self._line.hang_up()
        if self._embedded:
            self._embedded.kill()
