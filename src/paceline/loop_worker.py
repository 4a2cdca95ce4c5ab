"""What runs inside a process that has an event loop of its own. It stands apart for the same reason as
`pool_worker`.
"""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from paceline.contracts import Workload
from paceline.pool_worker import end_in_time, leave_ending_to_parent
from paceline.portable import Failed, portable
from paceline.tasks import all_results, runner


def main(pipe: Any, workload: Workload, workers: int) -> None:
    """Open the workload on a loop, say so, then run every list of items that comes, until None does.

    The process leaves Ctrl-C to its parent, and ends with it.
    """
    leave_ending_to_parent()
    opened = AsyncExitStack()
    with runner() as loop:
        try:
            run = loop.run(_enter(opened, workload, workers))
        except Exception as error:  # noqa: BLE001 - it is told
            pipe.send(Failed(portable(error)))
            return
        pipe.send(None)
        try:
            while (items := pipe.recv()) is not None:
                _tell(pipe, _answer(loop, all_results(run, items, workers)))
        finally:
            loop.run(opened.aclose())
    end_in_time(pipe)


async def _enter(opened: AsyncExitStack, workload: Workload, workers: int) -> Any:
    return await opened.enter_async_context(workload.async_worker(workers))


def _tell(pipe: Any, answer: Any) -> None:
    try:
        pipe.send(answer)
    except Exception as error:  # noqa: BLE001 - a result that can't be pickled; nothing of it has been sent
        pipe.send(Failed(portable(error)))


def _answer(loop: asyncio.Runner, work: Any) -> Any:
    try:
        return loop.run(work)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        return Failed(portable(error))
