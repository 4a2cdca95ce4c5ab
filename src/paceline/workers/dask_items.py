"""What runs inside a worker of dask, of our own cluster or an existing one; apart, as it imports distributed."""

import asyncio
import pickle
import platform
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any

from distributed import WorkerPlugin

from paceline import __version__
from paceline.contracts import Item, Result, Run
from paceline.workers.errors import portable

_idle: "dict[str, SimpleQueue[Run]]" = {}  # sessions that do no item now
_opened: dict[str, ExitStack] = {}
_failed: dict[str, Exception] = {}


class Opened(WorkerPlugin):
    """Opens a workload in each worker, in those that join later too, and closes it when it is unregistered.

    A worker opens it once for each of its threads, in a thread that runs items. It is pickled: one that can't be read
    there is an error to report, and must not end the worker. `token` says whose sessions they are; `only` names the
    addresses of the workers that may open it, None means all.
    """

    def __init__(self, token: str, workload: bytes, only: frozenset[str] | None) -> None:
        self.name = f"paceline-{token}"
        self.token, self.workload, self.only = token, workload, only
        self.versions = versions()

    async def setup(self, worker: Any) -> None:
        """Open it; an item that comes here in spite of an error meets that again."""
        if self.only is not None and worker.address not in self.only:
            return
        try:
            await _in_worker_thread(worker, self._open, worker.state.nthreads)
        except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
            _failed[self.token] = portable(error)
            raise _failed[self.token] from None

    async def teardown(self, worker: Any) -> None:
        _idle.pop(self.token, None)
        _failed.pop(self.token, None)
        if opened := _opened.pop(self.token, None):
            await _in_worker_thread(worker, opened.close)

    def _open(self, threads: int) -> None:
        if self.versions != versions():
            raise RuntimeError(f"a worker has {versions()}, and what it should do comes from {self.versions}")
        workload = pickle.loads(self.workload)  # noqa: S301 - from the client, which could send any code
        idle: SimpleQueue[Run] = SimpleQueue()
        with ExitStack() as opening:
            for _ in range(threads):
                idle.put(opening.enter_context(workload.worker()))
            _opened[self.token] = opening.pop_all()
        _idle[self.token] = idle


def run(token: str, item: Item) -> Result:
    if token in _failed:
        raise _failed[token]
    idle = _idle[token]
    session = idle.get()
    try:
        return session(item)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        raise portable(error) from error.__cause__
    finally:
        idle.put(session)


def run_chunk(token: str, items: Sequence[Item]) -> list[Result]:
    return [run(token, item) for item in items]


def versions() -> str:
    """Return what has to be the same on both sides."""
    return f"Paceline {__version__} on Python {'.'.join(platform.python_version_tuple()[:2])}"


async def _in_worker_thread(worker: Any, action: Callable[..., None], *arguments: Any) -> None:
    await asyncio.get_running_loop().run_in_executor(worker.executors["default"], action, *arguments)
