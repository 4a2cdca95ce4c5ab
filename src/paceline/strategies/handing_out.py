"""How a `multiprocessing.Pool` hands out items, with a look at its workers meanwhile: it would wait for the dead for
ever.
"""

import math
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.pool import IMapIterator, Pool
from types import MappingProxyType
from typing import TypeAlias

from paceline.contracts import Item, Result
from paceline.workers import pool_worker
from paceline.workers.errors import Failed

PATIENCE = 0.25  # seconds between looks at whether a worker has died; results wake the wait at once

Look: TypeAlias = Callable[[], None]
"""Raises an error if a worker has died."""


def chunk_size(items: int, workers: int) -> int:
    """Choose as `Pool.map` does where nothing is said: four chunks for each worker.

    Source: CPython, `multiprocessing.pool.Pool._map_async`.
    """
    return max(1, math.ceil(items / (4 * workers)))


def by_map(pool: Pool, items: Sequence[Item], chunksize: int, look: Look) -> list[Result]:
    """Run all items by `Pool.map`."""
    results = pool.map_async(pool_worker.run, items, chunksize)
    results.wait(PATIENCE)
    while not results.ready():
        look()
        results.wait(PATIENCE)
    return results.get()


def by_imap_unordered(pool: Pool, items: Sequence[Item], chunksize: int, look: Look) -> list[Result]:
    """Run all items by `Pool.imap_unordered`; each takes its place along, by which its result is put back into item
    order.

    The chunks are cut here: what the pool gives for chunks of its own can't be waited for with a time-out. An error
    surfaces once all chunks are done, as with `Pool.map`, so that none of them runs on into the next round.
    """
    placed = [*enumerate(items)]
    chunks = [placed[first : first + chunksize] for first in range(0, len(placed), chunksize)]
    coming = pool.imap_unordered(pool_worker.run_chunk, chunks)
    results: list[Result] = [None] * len(placed)
    failed: list[Failed] = []
    looked = time.monotonic()
    for _ in chunks:
        if time.monotonic() - looked > PATIENCE:
            look()
            looked = time.monotonic()
        done = _next(coming, look)
        if isinstance(done, Failed):
            failed.append(done)
        else:
            for place, result in done:
                results[place] = result
    if failed:
        raise failed[0].error
    return results


def _next(coming: "IMapIterator[pool_worker.Chunk]", look: Look) -> pool_worker.Chunk | Failed:
    """Wait for the next chunk that is done, or the error in place of it."""
    while True:
        try:
            return coming.next(PATIENCE)
        except Exception as error:  # noqa: BLE001 - a worker's, whatever it is
            late = isinstance(error, multiprocessing.TimeoutError) and error.__cause__ is None
            if not late:  # an item's own has its trace in the worker as the cause
                return Failed(error)
        look()


WAYS: Mapping[str, Callable[[Pool, Sequence[Item], int, Look], list[Result]]] = MappingProxyType(
    {"map": by_map, "imap_unordered": by_imap_unordered}
)
"""By the name of the pool's own method."""
