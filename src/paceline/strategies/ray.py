"""Actors of ray."""

import pickle
from collections.abc import Sequence
from types import MappingProxyType, TracebackType
from typing import ClassVar, Self

from paceline import __version__
from paceline.contracts import Item, Option, Result
from paceline.strategies import clusters, extras
from paceline.strategies.base import START_TIMEOUT, STOP_TIMEOUT, WorkerDied
from paceline.strategies.engine import Engine
from paceline.strategies.ray_driver import START_METHOD, connected
from paceline.workers.ray_driver import Wanted


class Ray(Engine):
    """Items are handed to actors, one for each worker, by ray's driver, which runs in a process of its own: ray leaves
    threads behind where it has run. Items and results travel to it and back once a round.

    Without `cluster`, ray's processes are started on this machine and end with the strategy; ray listens on all
    addresses of the machine and lets in who has its token. A worker that dies there is a `WorkerDied`, as everywhere.

    With `cluster`, there are as many actors as that has CPUs for, `workers` at most, on its hosts in turn; after each
    round there are more of them if hosts have joined. What a worker was doing when it was lost is given to another:
    each result arrives once and right, but an item may have been done twice, and the server's ledger then refuses the
    round. `WorkerDied` says that no worker is left, or that the cluster is gone. ray sees at once that a process ended;
    a host that falls silent, after its own time-outs, which come to a minute.
    """

    name: ClassVar[str] = "ray"
    scheme: ClassVar[str] = "ray"
    fixed: ClassVar[MappingProxyType[str, Option]] = MappingProxyType(
        {"start_method": START_METHOD, "cpus_per_worker": 1}
    )

    @classmethod
    def unavailable(cls) -> str | None:
        return extras.unmet("ray", cls.extra)

    def __enter__(self) -> Self:
        if self._cluster:
            clusters.reach(self._cluster)
        self._driver = connected(self._wanted)
        try:
            self._driver.answer("before it was ready", START_TIMEOUT)
        except BaseException:
            self._driver.end()
            raise
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        try:
            return list(self._driver.ask(items, "before its items were done", None))
        except WorkerDied:
            self._driver.end()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._driver.over:
            return
        try:
            if kind is None or issubclass(kind, Exception):
                self._driver.ask(None, "between two rounds or on the way out", STOP_TIMEOUT)
        finally:
            self._driver.end()

    def _wanted(self, folder: str) -> Wanted:
        return Wanted(
            pickle.dumps(self.workload),
            self.workers,
            self._chunksize,
            self._cluster,
            folder,
            (clusters.PYTHON, __version__),
            clusters.ASKED,
        )
