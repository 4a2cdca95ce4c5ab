"""Workers of dask: of a cluster of our own, or of an existing one."""

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest
from multiprocessing import connection
from multiprocessing.util import get_temp_dir
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from paceline.contracts import Item, Option, Result, Workload
from paceline.strategies import clusters
from paceline.strategies import worker_processes as processes
from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, Look, NotReady, WorkerDied, undone_on_error
from paceline.strategies.clusters import Engine
from paceline.strategies.dask_client import Client
from paceline.workers import dask_node, pool_worker
from paceline.workers.errors import Raised, guarded


def chosen(threads: Mapping[str, int], most: int) -> list[str]:
    """Choose workers, from each host in turn, that run at most `most` items at once together.

    Args:
        threads: address of a worker -> how many items it runs at once.
    """
    hosts: dict[str | None, list[str]] = defaultdict(list)
    for worker in sorted(threads):
        hosts[urlsplit(worker).hostname].append(worker)
    taken: list[str] = []
    for worker in filter(None, chain.from_iterable(zip_longest(*hosts.values()))):
        if threads[worker] <= most:
            most -= threads[worker]
            taken.append(worker)
    return taken


START_METHOD = "spawn"  # as dask's own local cluster does
SETTINGS: Mapping[str, Option] = MappingProxyType(
    {
        "allowed-failures": 0,  # an item whose worker died is lost: done again, it would be counted twice
        "worker-saturation": 1.1,  # dask's own: one item waits in each worker while another is under way
        "work-stealing": True,  # dask's own
    }
)
"""Of the scheduler; recorded with each cell."""

CONFIG: Mapping[str, Any] = {
    **{f"distributed.scheduler.{name}": value for name, value in SETTINGS.items()},
    "distributed.worker.profile.enabled": False,  # it looks at each worker's stack a hundred times a second
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


class Embedded:
    """A running cluster of our own, its workers of one thread each.

    All processes start at once, as most of a start is the import of dask; the workers then wait for the scheduler's
    `address`. Its process is the first of `processes`.
    """

    @guarded()
    def __init__(self, workers: int) -> None:
        self.processes: list[Any] = []
        self.address = ""
        self._pipes: list[processes.Pipe] = []
        self._folder = tempfile.TemporaryDirectory(
            prefix="paceline-dask-", dir=get_temp_dir(), ignore_cleanup_errors=True
        )
        with undone_on_error(self.kill):
            with pool_worker.interrupts_held():
                self._start(dask_node.scheduler)
                for number in range(workers):
                    self._start(dask_node.worker, number)
            self._meet()

    def death(self, when: str) -> WorkerDied | None:
        """Return the error that says which processes have ended, and how; None if none does within `STOP_TIMEOUT`."""
        connection.wait([process.sentinel for process in self.processes], STOP_TIMEOUT)
        dead = processes.ended(self.processes)
        for process in dead:
            process.join(STOP_TIMEOUT)  # its pipes close a little earlier
        return processes.death(dead, when) if dead else None

    def stop(self) -> None:
        """End the workers, then the scheduler; one that does not end well is a `WorkerDied`."""
        try:
            for part in (slice(1, None), slice(1)):
                for pipe in self._pipes[part]:
                    pipe.send(None)
                if late := processes.wait_for_ends(self.processes[part], STOP_TIMEOUT):
                    raise processes.death(late, "on the way out")
        finally:
            self.kill()

    def kill(self) -> None:
        processes.kill_all(self.processes, self._pipes)
        self._folder.cleanup()

    def _start(self, main: Any, *arguments: Any) -> None:
        config = {**CONFIG, "temporary-directory": self._folder.name}
        process, pipe = processes.start_process(START_METHOD, main, config, *arguments)
        self.processes.append(process)
        self._pipes.append(pipe)

    def _meet(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        self.address = str(self._answer(0, deadline))
        for pipe in self._pipes[1:]:
            pipe.send(self.address)
        for index in range(1, len(self._pipes)):
            self._answer(index, deadline)

    def _answer(self, index: int, deadline: float) -> Any:
        if not self._pipes[index].poll(max(0.0, deadline - time.monotonic())):
            raise NotReady(f"dask: a process of its cluster was not ready within {START_TIMEOUT:g} s")
        answer = processes.receive(self._pipes[index], self.processes[index], "before it was ready")
        if isinstance(answer, Raised):
            raise answer.error
        return answer


PROBE_INTERVAL = 1.0  # seconds between two looks at whether an existing cluster still has workers
MAX_MISSED = 10  # looks in a row at which it has none


class Dask(Engine, processes.InProcesses):
    """Items become tasks of `dask.distributed`, gathered in item order.

    Without `cluster`, a scheduler and a process with one thread for each worker are started. With it, its workers are
    used as they are: at most `workers` of their threads, from each host in turn, and those that join later if there are
    no more than that. dask sees a broken connection at once, and a silent one after `distributed.comm.timeouts.tcp`
    (30 s). `WorkerDied` says that dask gave an item up, or no worker is left.
    """

    name = "dask"
    look = Look("#442200", "#8a6d3b", "M-.5,-.9A.9,.9,0,0,1,-.5,.9Z")  # half a disc
    simplicity_rank = 150  # it is made for several machines
    libraries = ("distributed", "dask", "cloudpickle", "msgpack", "tornado")
    scheme = "tcp"
    fixed = MappingProxyType({"start_method": START_METHOD, "threads_per_worker": 1, "memory_limit": 0, **SETTINGS})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        if self._cluster:
            self.options = {name: self.options[name] for name in self.defaults}  # the others are the cluster's own

    def __enter__(self) -> Self:
        self._embedded: Embedded | None = None
        self._client: Client | None = None
        self._over = False
        try:
            if self._cluster:
                self._join(self._cluster)
            else:
                self._embedded = Embedded(self.workers)
                self._processes = self._embedded.processes
                self._client = Client(self._embedded.address)
                self._client.open(self.workload)
        except WorkerDied as lost:
            raise self._broken("before it was ready", lost) from None
        except BaseException:
            self._kill()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        assert self._client
        self._stop_if_dead("between two rounds")
        try:
            return self._client.results(
                items, self._chunksize, self._embedded_dies if self._embedded else self._abandoned
            )
        except WorkerDied as lost:
            raise self._broken("before its items were done", lost) from None

    def _join(self, address: str) -> None:
        self._client = Client(address)
        threads = self._client.threads()
        clusters.check_versions(address, self._client.versions())
        self._hosts = chosen(threads, self.workers)
        if not self._hosts:
            fewest = min(threads.values())
            raise clusters.WorkersDiffer(
                f"{address}: each of its workers runs {fewest} items at once or more, which is more than the "
                f"{self.workers} that may be under way: ask for more, or start its workers with --nthreads 1"
            )
        self._client.open(self.workload, None if sum(threads.values()) <= self.workers else self._hosts)

    async def _embedded_dies(self) -> Exception:
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

    async def _abandoned(self) -> Exception:
        """Wait until an existing cluster has long been without the workers that items go to."""
        assert self._client
        missed = 0
        while missed < MAX_MISSED:
            await asyncio.sleep(PROBE_INTERVAL)
            missed = 0 if await self._client.alive() else missed + 1
        return WorkerDied(f"{self._cluster}: no worker is left of those that had the items, which have no result")

    def _broken(self, when: str, lost: WorkerDied | None = None) -> WorkerDied:
        """Also return `lost` if none of the processes that were started ended."""
        ours = self._embedded.death(when) if self._embedded else None
        self._kill()
        return ours or lost or WorkerDied(f"its cluster broke {when}")

    def _close(self) -> None:
        assert self._client
        try:
            self._client.close_workload()
        except WorkerDied as lost:
            if self._embedded or not self._client.answers():
                raise self._broken("on the way out", lost) from None
        except BaseException:
            self._kill()
            raise
        self._over = True
        self._client.close()
        if self._embedded:
            self._embedded.stop()

    def _kill(self) -> None:
        """End what was started, at once; an existing cluster is asked to close the workload, and not waited for."""
        if self._over:
            return
        self._over = True
        if self._client:
            if self._cluster:
                self._client.abandon_workload()
            self._client.close()
        if self._embedded:
            self._embedded.kill()
