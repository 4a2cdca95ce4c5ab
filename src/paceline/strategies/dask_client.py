"""The measuring process's end of a dask cluster: its client, and results as they come."""

import asyncio
import logging
import pickle
import uuid
import warnings
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeAlias

from paceline.contracts import Item, Result, Workload
from paceline.strategies import clusters
from paceline.strategies.base import WorkerDied

Watch: TypeAlias = Callable[[], Coroutine[Any, Any, Exception]]
"""Waits until results can't come any more, and returns the reason."""


async def gathered(client: Any, address: str, futures: Sequence[Any], watch: Watch) -> list[Result]:
    """Wait for all futures, shape (n,), and return their results; dask would go on after the first error, unawaited.

    This runs in the client's loop; `watch` ends when no result can come any more.

    Raises:
        Exception: the first error in item order, or what `watch` returned.
        WorkerDied: if the items' workers, or the scheduler, were lost.
    """
    coming = asyncio.ensure_future(client.gather(futures, errors="skip", asynchronous=True))
    watching = asyncio.ensure_future(watch())
    try:
        await asyncio.wait([coming, watching], return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            raise watching.result()
        results = await _unless_lost(coming)
    finally:
        coming.cancel()
        watching.cancel()
    if len(results) < len(futures):
        await _raise_first(address, futures)
    return list(results)


async def _raise_first(address: str, futures: Sequence[Any]) -> None:
    """Raise the first error in item order; workers that dask has lost are a `WorkerDied`."""
    from distributed.scheduler import KilledWorker

    lost = [place for place, future in enumerate(futures) if future.status not in {"finished", "error"}]
    errors = [(place, await future.exception()) for place, future in enumerate(futures) if future.status == "error"]
    lost += [place for place, error in errors if isinstance(error, KilledWorker)]
    if lost:
        which = f"{len(lost)} of {len(futures)} have no result, place {min(lost)} in item order among them"
        raise WorkerDied(f"{address} lost workers, or itself, before their items were done: {which}")
    if errors:
        raise errors[0][1]
    raise WorkerDied(f"{address} was lost before it had given the results: the items have no result")


async def _unless_lost(coming: Any) -> Any:
    """Return the results; none if dask gave up, as it does when it has lost its scheduler."""
    try:
        return await coming
    except OSError:
        return []
    except asyncio.CancelledError:
        if coming.cancelled():
            return []
        raise


LOGGERS = ("distributed", "distributed.client")


class Client:
    """A client of the scheduler at an address, whose loop runs in a thread of this process until it is closed.

    dask's log is silent meanwhile: what it would say is raised. An `OutOfReach` says that no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        import distributed

        clusters.reach(address)
        handshake(address)
        self._address = address
        self._token = uuid.uuid4().hex
        self._plugin: str | None = None
        self._only: list[str] | None = None
        self._levels = {name: logging.getLogger(name).level for name in LOGGERS}
        self._log_at(logging.CRITICAL + 1)
        try:
            library: Any = distributed
            self.client = library.Client(
                address, timeout=clusters.REACH_TIMEOUT, set_as_default=False, direct_to_workers=False
            )
        except BaseException:
            self._log_at(None)
            raise

    def open(self, workload: Workload, only: Sequence[str] | None = None) -> None:
        """Open a workload in all workers, or in some only; the first error is raised as it was there."""
        from paceline.workers.dask_items import Opened

        self._only = list(only) if only is not None else None
        plugin = Opened(self._token, pickle.dumps(workload), frozenset(only) if only is not None else None)
        self._plugin = plugin.name
        with self._losses("the workload was opened"):
            self.client.register_plugin(plugin)

    def results(self, items: Sequence[Item], chunksize: int, watch: Watch) -> list[Result]:
        """Run all items, and return the results in item order; the first error is raised once none is under way."""
        from paceline.workers import dask_items

        chunks = [items[first : first + chunksize] for first in range(0, len(items), chunksize)]
        work, each = (dask_items.run, items) if chunksize == 1 else (dask_items.run_chunk, chunks)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # it is what was asked for
            futures = self.client.map(
                partial(work, self._token), list(each), pure=False, workers=self._only, allow_other_workers=False
            )
        done = self.client.sync(gathered, self.client, self._address, futures, watch)
        return done if chunksize == 1 else [result for chunk in done for result in chunk]

    def threads(self) -> dict[str, int]:
        """Return how many items each worker runs at once, by its address; without any, an `OutOfReach` is raised."""
        try:
            self.client.wait_for_workers(1, timeout=clusters.REACH_TIMEOUT)
        except TimeoutError:
            why = f"a scheduler is there, and no worker of it within {clusters.REACH_TIMEOUT:g} s"
            raise clusters.out_of_reach(self._address, why) from None
        return dict(self.client.nthreads())

    def versions(self) -> dict[str, tuple[str, str | None]]:
        """Return which Python and which Paceline each worker has."""
        with self._losses("its workers were asked for their versions"):
            return dict(self.client.run(eval, clusters.VERSIONS))

    def answers(self) -> bool:
        """Whether the scheduler's address still accepts connections."""
        try:
            clusters.reach(self._address)
        except clusters.OutOfReach:
            return False
        return True

    async def alive(self) -> bool:
        """Whether the cluster has a worker that items may go to."""
        try:
            there = await self.client.nthreads()
        except OSError:  # the scheduler is gone, or not to be reached just now
            return False
        return any(worker in there for worker in self._only) if self._only else bool(there)

    def close_workload(self) -> None:
        """Close the workload in all workers; an error there is raised here, once all have closed it."""
        if self._plugin:
            with self._losses("the workload was closed"):
                self.client.unregister_worker_plugin(self._plugin)

    def abandon_workload(self) -> None:
        """Ask the workers to close the workload, and wait `REACH_TIMEOUT` at most."""
        if self._plugin:
            with suppress(Exception):  # whatever it is, another error is on its way
                close = self.client.unregister_worker_plugin
                self.client.sync(close, self._plugin, callback_timeout=clusters.REACH_TIMEOUT)

    def close(self) -> None:
        """End the client and its thread, which dask leaves running where it closed the client itself."""
        try:
            self.client.close(timeout=clusters.REACH_TIMEOUT)
        finally:
            self.client._loop_runner.stop()  # noqa: SLF001 - there is no public way to it
        end_offload_thread()
        self._log_at(None)

    @contextmanager
    def _losses(self, when: str) -> Iterator[None]:
        """Raise `WorkerDied` if a worker was lost, or the scheduler; an OSError may be the workload's, too."""
        import distributed.comm

        library: Any = distributed.comm
        try:
            yield
        except OSError as error:
            if not isinstance(error, library.CommClosedError) and self.answers():
                raise
            raise WorkerDied(f"{self._address} lost a worker, or itself, while {when}") from None

    def _log_at(self, level: int | None) -> None:
        for name, before in self._levels.items():
            logging.getLogger(name).setLevel(before if level is None else level)


def end_offload_thread() -> None:
    """End the thread that dask keeps for large messages, and let it start another when it needs one."""
    from distributed import utils

    busy = utils._offload_executor  # noqa: SLF001 - there is no public way to it
    if busy._threads:  # noqa: SLF001
        utils._offload_executor = ThreadPoolExecutor(1, thread_name_prefix="Dask-Offload")  # noqa: SLF001
        busy.shutdown()


def handshake(address: str) -> None:
    """Connect once as dask does, or raise an `OutOfReach`: its client would wait for ever for one that says nothing."""
    import distributed.comm

    library: Any = distributed.comm

    async def connect() -> None:
        async with asyncio.timeout(clusters.REACH_TIMEOUT):
            connection = await library.connect(address, timeout=clusters.REACH_TIMEOUT)
            await connection.close()

    try:
        asyncio.run(connect())
    except (OSError, ValueError):  # TimeoutError is an OSError; a ValueError comes of bytes that are not dask's
        why = f"no scheduler of dask answered within {clusters.REACH_TIMEOUT:g} s"
        raise clusters.out_of_reach(address, why) from None
