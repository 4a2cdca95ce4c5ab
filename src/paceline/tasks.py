"""
Running items as tasks of an event loop, so many at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence

from paceline.contracts import Item, Result


async def all_results(run: Callable[[Item], Awaitable[Result]], items: Sequence[Item], workers: int) -> list[Result]:
    """
    Run all items with at most `workers` of them under way, and give the results in item order.

    Raises:
        Exception: the first error; the other tasks are cancelled and awaited before it surfaces.
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


async def _drain(
    run: Callable[[Item], Awaitable[Result]], queue: Iterator[tuple[int, Item]], results: list[Result]
) -> None:
    for index, item in queue:
        results[index] = await run(item)
