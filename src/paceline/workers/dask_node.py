"""The processes of our own cluster of dask: a scheduler, or a worker with one thread for items."""

import asyncio
import logging
import sys
from collections.abc import Coroutine, Mapping
from typing import Any

from paceline.workers.errors import Raised, answer_of
from paceline.workers.pool_worker import leave_ending_to_parent

HOST = "127.0.0.1"
STATUS_PAGE = f"{HOST}:0"  # dask serves one unasked, and else on all addresses


def scheduler(pipe: Any, config: Mapping[str, Any]) -> None:
    """Run a scheduler: send its address, then end when the parent says so."""
    _run(pipe, config, _scheduling(pipe))


def worker(pipe: Any, config: Mapping[str, Any], name: int) -> None:
    """Run worker number `name`: wait for the scheduler's address, say when it is connected, then end likewise."""
    _run(pipe, config, _working(pipe, name))


def _run(pipe: Any, config: Mapping[str, Any], work: Coroutine[Any, Any, bool]) -> None:
    """Leave Ctrl-C to the parent, end with it, silence dask's log, and send what keeps the work from starting."""
    leave_ending_to_parent()
    import dask
    import distributed  # noqa: F401 - it sets up its loggers when it is imported

    dask.config.set(config)
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    ended = answer_of(asyncio.run, work)
    if isinstance(ended, Raised):
        pipe.send(ended)
    if ended is not True:
        sys.exit(1)


async def _scheduling(pipe: Any) -> bool:
    from distributed import Scheduler

    async with Scheduler(host=HOST, port=0, dashboard=False, dashboard_address=STATUS_PAGE) as running:
        pipe.send(running.address)
        return await _until_end(pipe, running)


async def _working(pipe: Any, name: int) -> bool:
    from distributed import Worker

    address = pipe.recv()
    async with Worker(
        address,
        name=name,
        host=HOST,
        nthreads=1,
        memory_limit=0,
        dashboard=False,
        dashboard_address=STATUS_PAGE,
    ) as running:
        pipe.send(None)
        return await _until_end(pipe, running)


async def _until_end(pipe: Any, running: Any) -> bool:
    """Wait until the parent says to end; return False if `running` ended before."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    loop.add_reader(pipe.fileno(), asked.set)
    waits = [asyncio.create_task(asked.wait()), asyncio.create_task(running.finished())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    loop.remove_reader(pipe.fileno())
    for wait in waits:
        wait.cancel()
    return asked.is_set()
