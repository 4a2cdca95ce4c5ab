"""Items as tasks of an event loop, so many at a time, and the loop of a worker process."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any, NamedTuple

from paceline.contracts import AsyncRun, Item, Result, Workload
from paceline.workers.errors import Raised, answer_of, portable
from paceline.workers.pool_worker import end_in_time, leave_ending_to_parent


class OtherLoop(RuntimeError):  # noqa: N818 - it says what there is
    """Something has replaced the event loop that was asked for."""


class Loop(NamedTuple):
    """An event loop that runs asyncio's tasks."""

    name: str
    package: str  # the module that its class comes from, under which it is installed too
    factory: str  # what that module has to make one


_ASYNCIOS_OWN = "ProactorEventLoop" if sys.platform == "win32" else "SelectorEventLoop"

LOOPS = {
    loop.name: loop
    for loop in (
        Loop("asyncio", "asyncio", _ASYNCIOS_OWN),
        Loop("uvloop", "uvloop", "new_event_loop"),
        Loop("zuvloop", "zuvloop", "new_event_loop"),
        Loop("rloop", "rloop", "new_event_loop"),
    )
}
"""By name: the loops that a strategy can run on, where their packages are installed."""


def runner(name: str = "asyncio") -> asyncio.Runner:
    """Return a runner on a loop of `LOOPS`, or raise an `OtherLoop` if a module has replaced that."""
    loop = LOOPS[name]
    opened = asyncio.Runner(loop_factory=getattr(import_module(loop.package), loop.factory))
    kind = type(opened.get_loop())
    if kind.__module__.partition(".")[0] != loop.package:
        opened.close()
        raise OtherLoop(
            f"this is to run on the event loop of {name}, and got {kind.__module__}.{kind.__name__}: a module has"
            f" replaced the class of {name}'s loop; race it without that"
        )
    return opened


async def all_results(run: AsyncRun, items: Sequence[Item], workers: int) -> list[Result]:
    """Run all items with at most `workers` of them under way, and return the results in item order.

    After the first error, which is raised, the other tasks are cancelled and awaited.
    """
    results: list[Result] = [None] * len(items)
    queue = iter(enumerate(items))
    tasks = [asyncio.create_task(_drain(run, queue, results)) for _ in range(min(workers, len(items)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return results


async def _drain(run: AsyncRun, queue: Iterator[tuple[int, Item]], results: list[Result]) -> None:
    for index, item in queue:
        results[index] = await run(item)


async def repeated(sleep: Callable[[float], Awaitable[object]], tick: Callable[[], object], seconds: float) -> None:
    """Call `tick`, and again `seconds` after its last call, until this is cancelled."""
    while True:
        tick()
        await sleep(seconds)


def main(pipe: Any, workload: Workload, workers: int) -> None:
    """Open the workload on a loop, say so, then run each list of items that comes, until None.

    The process leaves Ctrl-C to its parent, and ends with it.
    """
    leave_ending_to_parent()
    opened = AsyncExitStack()
    with runner() as loop:
        run = answer_of(loop.run, enter(opened, workload, workers))
        if isinstance(run, Raised):
            pipe.send(run)
            return
        pipe.send(None)
        try:
            while (items := pipe.recv()) is not None:
                _send(pipe, answer_of(loop.run, all_results(run, items, workers)))
        finally:
            loop.run(opened.aclose())
    end_in_time(pipe)


async def enter(opened: AsyncExitStack, workload: Workload, workers: int) -> Any:
    """Open the workload on the running loop, until `opened` is closed."""
    return await opened.enter_async_context(workload.async_worker(workers))


def _send(pipe: Any, answer: Any) -> None:
    try:
        pipe.send(answer)
    except Exception as error:  # noqa: BLE001 - a result that can't be pickled; nothing of it has been sent
        pipe.send(Raised(portable(error)))
