"""Actors of ray, by way of a driver in a process of its own."""

import pickle
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import connection
from types import MappingProxyType
from typing import Any, Self

from paceline import __version__
from paceline.contracts import Item, Result
from paceline.strategies import clusters
from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, Look, NotReady, WorkerDied, undone_on_error
from paceline.strategies.clusters import Engine
from paceline.strategies.worker_processes import receive, start_process
from paceline.workers import pool_worker, ray_driver
from paceline.workers.errors import Raised, guarded
from paceline.workers.ray_driver import Differs, DriverSpec, Gone, Lost, Unfit, Unreached

START_METHOD = "spawn"
CONNECT_TIMEOUT = 15.0  # seconds for a cluster to let a client in, which takes it some
ATTEMPTS = 3
DISCONNECT_TIMEOUT = 10.0  # seconds to leave an existing cluster


def connected(spec: Callable[[str], DriverSpec]) -> "Driver":
    """Start a process that speaks with ray, and wait until it has started a cluster, or connected to the existing one.

    An existing cluster gets more than one chance to let it in: the process that ray starts there for each client dies
    at birth now and then (ray's issue 63202), and ray takes 40 s to say so.
    """
    for _ in range(ATTEMPTS):
        driver = Driver(spec)
        with undone_on_error(driver.end):
            if driver.connects():
                return driver
        driver.end()
    why = f"ray is there, and let nobody in within {CONNECT_TIMEOUT:g} s, {ATTEMPTS} times"
    raise clusters.out_of_reach(driver.address, why)


class Driver:
    """A process that speaks with ray: `spec` says what it is to start, given the folder that ray may use.

    `address` is that of the existing cluster, "" if there is none; `over` says whether the process has ended.
    """

    @guarded()
    def __init__(self, spec: Callable[[str], DriverSpec]) -> None:
        self.over = False
        self._connected = False
        self._folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
        with undone_on_error(self._folder.cleanup):
            made = spec(self._folder.name)
            self.address = made.cluster or ""
            with pool_worker.interrupts_held():
                self._process, self._pipe = start_process(START_METHOD, ray_driver.main, made, daemon=False)

    def connects(self) -> bool:
        """Wait for its first answer; where the cluster exists, `CONNECT_TIMEOUT` at most."""
        if self.address and not connection.wait([self._pipe], CONNECT_TIMEOUT):
            return False
        self.answer("before it was ready", START_TIMEOUT)
        self._connected = True
        return True

    def ask(self, what: Any, when: str, timeout: float | None) -> Any:
        """Send something, and return the answer; see `answer`."""
        with suppress(BrokenPipeError):  # it has ended, and perhaps said why
            self._pipe.send(what)
        return self.answer(when, timeout)

    def answer(self, when: str, timeout: float | None) -> Any:
        """Wait for an answer, or raise the error that comes in place of one.

        Raises:
            NotReady: if it says nothing in time, or that there is no cluster, or one that does not fit.
            WorkerDied: if a worker has ended, or it has, or the cluster is gone.
        """
        if not connection.wait([self._pipe], timeout):
            raise NotReady(f"ray: no answer within {timeout:g} s, {when}")
        answer = receive(self._pipe, self._process, when)
        if error := self._error(answer, when):
            raise error
        return answer

    def end(self) -> None:
        """End the process, and whatever ray started for it."""
        from paceline.child import processes

        self.over = True
        if not self.address:
            processes.end_tree(self._process.pid)
        elif self._connected:
            self._process.terminate()
            self._process.join(DISCONNECT_TIMEOUT)
        self._process.kill()
        self._process.join()
        self._pipe.close()
        self._folder.cleanup()

    def _error(self, answer: Any, when: str) -> Exception | None:
        match answer:
            case Raised(error=error):
                return error
            case Lost(pids):
                which = f"process {', '.join(map(str, pids))}" if pids else "one that had not said its number yet"
                how = "ray does not say how; a signal such as SIGKILL ends one without a word"
                return WorkerDied(f"a worker ended {when}: {which} ({how}); its items have no result")
            case Gone(why):
                return WorkerDied(f"{self.address} was lost {when}: {why}; its items have no result")
            case Unreached(why):
                return clusters.out_of_reach(self.address, why)
            case Unfit(why):
                return clusters.WorkersDiffer(f"{self.address}: {why}")
            case Differs(host, versions):
                clusters.check_versions(self.address, {host: versions})
        return None


class Ray(Engine):
    """Items go to actors, one for each worker, by ray's driver, which has a process of its own, as ray leaves threads
    behind. Items and results travel to it and back once a round.

    Without `cluster`, ray listens on all addresses of this machine, and lets in who has its token. With it, there are
    as many actors as it has CPUs for, `workers` at most, on its hosts in turn, and more after a round if hosts joined.
    ray sees at once that a process ended; a silent host, after its own time-outs, which come to a minute. `WorkerDied`
    says that no worker is left, or the cluster is gone.
    """

    name = "ray"
    look = Look("#cc0044", "#ff0055", "M-.3,-1L.3,-1L.3,1L-.3,1Z")  # a bar
    simplicity_rank = 160  # it is made for several machines
    libraries = ("ray",)
    scheme = "ray"
    fixed = MappingProxyType({"start_method": START_METHOD, "cpus_per_worker": 1})

    def __enter__(self) -> Self:
        if self._cluster:
            clusters.reach(self._cluster)
        self._driver = connected(self._spec)
        with undone_on_error(self._driver.end):
            self._driver.answer("before it was ready", START_TIMEOUT)
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        try:
            return list(self._driver.ask(items, "before its items were done", None))
        except WorkerDied:
            self._driver.end()
            raise

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._driver.over:
            return
        try:
            if kind is None or issubclass(kind, Exception):
                self._driver.ask(None, "between two rounds or on the way out", STOP_TIMEOUT)
        finally:
            self._driver.end()

    def _spec(self, folder: str) -> DriverSpec:
        return DriverSpec(
            pickle.dumps(self.workload),
            self.workers,
            self._chunksize,
            self._cluster,
            folder,
            (clusters.PYTHON, __version__),
            clusters.VERSIONS,
        )
