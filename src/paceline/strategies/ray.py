"""
Actors of ray.
"""

import multiprocessing
import pickle
import tempfile
from collections.abc import Sequence
from multiprocessing import connection
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, Self

from paceline import __version__, pool_worker, ray_node
from paceline.contracts import Item, Option, Result, Workload
from paceline.portable import Failed
from paceline.strategies import clusters, extras
from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, NotReady, Strategy, WorkerDied
from paceline.strategies.endings import death

START_METHOD = "spawn"
LAST_MOMENT = 10.0  # seconds for ray's own processes to end once the one that started them has


class Ray(Strategy):
    """
    Items are handed to actors, one for each worker, by ray's driver, which runs in a process of its own: ray leaves
    threads behind where it has run. Items and results travel to it and back once a round.

    Without `cluster`, ray's processes are started on this machine and end with the strategy; ray listens on all
    addresses of the machine and lets in who has its token. A worker that dies there is a `WorkerDied`, as everywhere.

    With `cluster`, there are as many actors as that has CPUs for, `workers` at most, on its hosts in turn; each round
    begins with more of them if hosts have joined. What a worker was doing when it was lost is given to another: each
    result arrives once and right, or `WorkerDied` says that no worker is left.
    """

    name: ClassVar[str] = "ray"
    extra: ClassVar[str | None] = "cluster"
    heavy: ClassVar[bool] = True
    scheme: ClassVar[str | None] = "ray"
    defaults: ClassVar[MappingProxyType[str, Option]] = MappingProxyType({"chunksize": 1, "cluster": None})
    fixed: ClassVar[MappingProxyType[str, Option]] = MappingProxyType(
        {"start_method": START_METHOD, "cpus_per_worker": 1}
    )

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        chunksize = self.options["chunksize"]
        if not isinstance(chunksize, int) or isinstance(chunksize, bool) or chunksize < 1:
            raise ValueError(f"{self.name}: chunksize must be a whole number of 1 or more, not {chunksize!r}")
        self._chunksize = chunksize
        self._cluster = clusters.checked_address(self.name, "ray", self.options["cluster"])

    @classmethod
    def unavailable(cls) -> str | None:
        return extras.unmet("ray", cls.extra)

    def __enter__(self) -> Self:
        if self._cluster:
            clusters.reach(self._cluster)
        self._folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
        self._over = False
        context: Any = multiprocessing.get_context(START_METHOD)
        self._pipe, its = context.Pipe()
        with its, pool_worker.interrupts_held():
            self._driver = context.Process(target=ray_node.main, args=(its, self._wanted()))
            self._driver.start()
        try:
            self._take("before it was ready", START_TIMEOUT)
        except BaseException:
            self._kill()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        try:
            self._pipe.send(items)
            return list(self._take("before its items were done", None))
        except WorkerDied:
            self._kill()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._over:
            return
        try:
            if kind is None or issubclass(kind, Exception):
                self._pipe.send(None)
                self._take("between two rounds or on the way out", STOP_TIMEOUT)
                self._driver.join(STOP_TIMEOUT)
        finally:
            self._kill()

    def _wanted(self) -> ray_node.Wanted:
        return ray_node.Wanted(
            pickle.dumps(self.workload),
            self.workers,
            self._chunksize,
            self._cluster,
            self._folder.name,
            (clusters.PYTHON, __version__),
            clusters.ASKED,
        )

    def _take(self, when: str, timeout: float | None) -> Any:
        """
        Wait for the driver's answer.

        Raises:
            Exception: what it says in place of one.
            NotReady: if it says nothing in time.
            WorkerDied: if a worker has ended, or it has.
        """
        if not connection.wait([self._pipe], timeout):
            raise NotReady(f"{self.name}: no answer within {timeout:g} s, {when}")
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            self._driver.join(STOP_TIMEOUT)
            raise death([self._driver], when) from None
        match answer:
            case Failed(error):
                raise error
            case ray_node.Lost(pids):
                which = ", ".join(map(str, pids))
                how = "ray does not say how; a signal such as SIGKILL ends one without a word"
                raise WorkerDied(f"a worker ended {when}: process {which} ({how}); its items have no result")
            case ray_node.Differs(host, versions):
                clusters.check_versions(str(self._cluster), {host: versions})
        return answer

    def _kill(self) -> None:
        """
        End the driver, and whatever ray started for it.
        """
        import psutil

        self._over = True
        family = _family(self._driver.pid)
        self._driver.kill()
        self._driver.join()
        _, left = psutil.wait_procs(family, LAST_MOMENT if not self._cluster else 0)
        for process in left:
            process.kill()
        psutil.wait_procs(left, LAST_MOMENT)
        self._pipe.close()
        self._folder.cleanup()


def _family(pid: int) -> list[Any]:
    import psutil

    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
