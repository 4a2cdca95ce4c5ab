"""
What strategies and workloads promise each other: the only words that both of them know.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol, TypeAlias

Item: TypeAlias = Any
"""One unit of work; small and picklable."""

Result: TypeAlias = Any
"""What one item comes to; small and picklable, or processes would be charged for carrying it."""

Option: TypeAlias = str | int | float | bool | None
"""The value of a strategy's declared option, as it stands in a saved run."""


class Workload(Protocol):
    """
    What is done to one item. Importable and picklable, never a closure: the same object goes to every strategy.
    """

    def worker(self) -> AbstractContextManager[Callable[[Item], Result]]:
        """
        Open what one worker needs, hand out the function that does one item, close it after.
        """

    def async_worker(self, concurrency: int) -> AbstractAsyncContextManager[Callable[[Item], Awaitable[Result]]]:
        """
        The same for an event loop that keeps up to `concurrency` items in flight.
        """

    def expected(self, item: Item) -> Result:
        """
        Say what `item` must come to, computed apart from the measured path.
        """


class ItemError(Exception):
    """
    An item failed, came back short or came back wrong.

    Args:
        item: the item, as given to the strategy.
        reason: what happened, and where.
    """

    def __init__(self, item: Item, reason: str) -> None:
        super().__init__(item, reason)
        self.item = item
        self.reason = reason

    def __str__(self) -> str:
        return f"item {self.item!r}: {self.reason}"
