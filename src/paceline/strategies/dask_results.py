"""Results of a round on a cluster of dask, waited for as long as they can come."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from paceline.contracts import Result
from paceline.strategies.base import WorkerDied

Watch: TypeAlias = Callable[[], Coroutine[Any, Any, Exception]]
"""Waits until results can't come any more, and gives the reason."""


async def gathered(client: Any, address: str, futures: Sequence[Any], watch: Watch) -> list[Result]:
    """Wait for all of them, whatever becomes of each: dask would give up at the first error, and go on with the rest.

    Args:
        client: dask's; this runs in its loop.
        address: the scheduler's, for errors.
        futures: shape (n,).
        watch: ends when none of them can come any more.

    Returns:
        Results, shape (n,).

    Raises:
        Exception: the first error in item order, or what `watch` gave.
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
    """Raise the first error in item order; what dask says of workers that it lost becomes our own word for it."""
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
    """Return what came; nothing if dask gave up, as it does when it has lost its scheduler."""
    try:
        return await coming
    except OSError:
        return []
    except asyncio.CancelledError:
        if coming.cancelled():
            return []
        raise
