"""A cluster of dask that was there before: which of its workers to use."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import chain, zip_longest
from urllib.parse import urlsplit


def chosen(threads: Mapping[str, int], most: int) -> list[str]:
    """Choose workers, from each host in turn, that have at most so many threads together.

    Args:
        threads: address of a worker -> how many items it runs at once.
        most: items that may be under way at once.
    """
    hosts: dict[str | None, list[str]] = defaultdict(list)
    for worker in sorted(threads):
        hosts[urlsplit(worker).hostname].append(worker)
    taken: list[str] = []
    for worker in filter(None, chain.from_iterable(zip_longest(*hosts.values()))):
        if threads[worker] <= most:
            most -= threads[worker]
            taken.append(worker)
    return taken
