"""What strategies and workloads promise each other: the only words that both of them know."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Literal, Protocol, TypeAlias

Item: TypeAlias = Any
"""One unit of work; small and picklable."""

Result: TypeAlias = Any
"""What one item comes to; small and picklable, or processes would be charged for carrying it."""

Option: TypeAlias = str | int | float | bool | None
"""The value of a strategy's declared option, as it stands in a saved run."""

Face: TypeAlias = Literal["blocking", "async", "trio", "gevent"]
"""Which side of a workload a strategy's workers open."""


class Workload(Protocol):
    """What is done to one item. Importable and picklable, never a closure: the same object goes to every strategy.

    It may have two more methods, for loops on which sockets and waiting have their own functions:
    `trio_worker(concurrency)`, as `async_worker` but for trio, and `gevent_worker()`, as `worker` but for one greenlet.
    """

    def worker(self) -> AbstractContextManager[Callable[[Item], Result]]:
        """Open what one worker needs, hand out the function that does one item, close it after."""

    def async_worker(self, concurrency: int) -> AbstractAsyncContextManager[Callable[[Item], Awaitable[Result]]]:
        """The same for an event loop that keeps up to `concurrency` items in flight."""

    def expected(self, item: Item) -> Result:
        """Report what `item` must come to, computed apart from the measured path."""


def trio_side(workload: Workload, concurrency: int) -> AbstractAsyncContextManager[Callable[[Item], Awaitable[Result]]]:
    """Find what trio opens of a workload: its `trio_worker`, else its async worker, which is right for whatever awaits
    nothing of asyncio's own.
    """
    opens: Callable[[int], AbstractAsyncContextManager[Callable[[Item], Awaitable[Result]]]]
    opens = getattr(workload, "trio_worker", None) or workload.async_worker
    return opens(concurrency)


def gevent_side(workload: Workload) -> AbstractContextManager[Callable[[Item], Result]]:
    """Find what a greenlet opens of a workload: its `gevent_worker`, else its blocking worker, which stops all
    greenlets while it waits.
    """
    opens: Callable[[], AbstractContextManager[Callable[[Item], Result]]]
    opens = getattr(workload, "gevent_worker", None) or workload.worker
    return opens()


class ItemError(Exception):
    """An item failed, came back short or came back wrong.

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
