"""What strategies with several event loops have in common: workers and items are shared out over the loops
beforehand.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from paceline import machine
from paceline.contracts import Face, Item, Option, Result, Workload
from paceline.strategies.base import Strategy


class SharedLoops(Strategy):
    """Several event loops, each with a session and its share of the workers.

    `loops` is how many there are, at most one per worker; None takes one per usable CPU, and the number taken is
    recorded.

    Raises:
        ValueError: if `loops` is not a whole number of 1 or more.
    """

    face: ClassVar[Face] = "async"
    defaults: ClassVar[Mapping[str, Option]] = MappingProxyType({"loops": None})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        loops = self.options["loops"]
        count = machine.whole_cpus() if loops is None else self._check_whole("loops", loops)
        self.shares = shared_out(self.workers, count)
        self.options["loops"] = self.sessions = len(self.shares)


def shared_out(workers: int, loops: int) -> list[int]:
    """Share `workers` out over at most `loops` loops, as evenly as can be; every loop gets one at least.

    Returns:
        Workers of each loop, shape (min(workers, loops),).
    """
    count = min(workers, loops)
    return [workers // count + (index < workers % count) for index in range(count)]


def dealt(items: Sequence[Item], workers: Sequence[int]) -> list[list[Item]]:
    """Deal items to loops, each loop as many at a time as it has workers, like cards.

    Args:
        items: shape (n,).
        workers: workers of each loop, shape (k,).

    Returns:
        The items of each loop, shape (k,), in item order within it.
    """
    turns = [loop for loop, count in enumerate(workers) for _ in range(count)]
    hands: list[list[Item]] = [[] for _ in workers]
    for index, item in enumerate(items):
        hands[turns[index % len(turns)]].append(item)
    return hands


def collected(hands: Sequence[Sequence[Result]], workers: Sequence[int]) -> list[Result]:
    """Put the results of dealt items back into item order."""
    order = dealt(range(sum(map(len, hands))), workers)
    results: list[Result] = [None] * sum(map(len, hands))
    for places, hand in zip(order, hands, strict=True):
        for place, result in zip(places, hand, strict=True):
            results[place] = result
    return results
