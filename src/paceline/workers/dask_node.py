"""The processes of our own cluster of dask: a scheduler, or a worker with one thread for items."""

import asyncio
import logging
import sys
from collections.abc import Mapping
from typing import Any

from paceline.workers.errors import Failed, portable
from paceline.workers.pool_worker import leave_ending_to_parent

HOST = "127.0.0.1"
STATUS_PAGE = f"{HOST}:0"  # dask serves one even where nobody asks for it, and else on all addresses


def scheduler(pipe: Any, config: Mapping[str, Any]) -> None:
    """Run a scheduler: send its address, then end when told to."""
    _begin(config)
    _end(asyncio.run(_told(pipe, _scheduling(pipe))))


def worker(pipe: Any, config: Mapping[str, Any], name: int) -> None:
    """Run worker number `name`: wait for the scheduler's address, say when it is connected, then end when told to."""
    _begin(config)
    _end(asyncio.run(_told(pipe, _working(pipe, name))))


def _begin(config: Mapping[str, Any]) -> None:
    """Leave Ctrl-C to the parent, end with it, and silence dask's log."""
    leave_ending_to_parent()
    import dask
    import distributed  # noqa: F401 - it sets up its loggers when it is imported

    dask.config.set(config)
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


async def _told(pipe: Any, work: Any) -> bool:
    """Do the work; send what keeps it from starting."""
    try:
        return bool(await work)
    except Exception as error:  # noqa: BLE001 - it is told
        pipe.send(Failed(portable(error)))
        return False


async def _scheduling(pipe: Any) -> bool:
    from distributed import Scheduler

    async with Scheduler(host=HOST, port=0, dashboard=False, dashboard_address=STATUS_PAGE) as running:
        pipe.send(running.address)
        return await _until_told(pipe, running)


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
        return await _until_told(pipe, running)


async def _until_told(pipe: Any, running: Any) -> bool:
    """Wait until the parent says to end; return False if `running` ended before."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_reader(pipe.fileno(), told.set)
    waits = [asyncio.create_task(told.wait()), asyncio.create_task(running.finished())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    loop.remove_reader(pipe.fileno())
    for wait in waits:
        wait.cancel()
    return told.is_set()


def _end(well: bool) -> None:  # noqa: FBT001 - a fact, not a switch
    if not well:
        sys.exit(1)
