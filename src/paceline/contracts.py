"""What strategies and workloads promise each other: the only words that both of them know."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, Literal, Protocol, TypeAlias

Item: TypeAlias = Any
"""One unit of work; small and picklable."""

Result: TypeAlias = Any
"""What one item comes to; small and picklable, or processes would be charged for carrying it."""

Option: TypeAlias = str | int | float | bool | None
"""The value of a strategy's declared option, as it stands in a saved run."""

Run: TypeAlias = Callable[[Item], Result]
AsyncRun: TypeAlias = Callable[[Item], Awaitable[Result]]

Flavour: TypeAlias = Literal["blocking", "async", "trio", "gevent"]
"""Which side of a workload a strategy's workers open."""

AWAITED: frozenset[Flavour] = frozenset({"async", "trio"})
"""Flavours of which one opening serves a loop with many items in flight."""


class Workload(Protocol):
    """What is done to one item. Importable and picklable, never a closure: the same object goes to every strategy.

    It may have two more methods, for loops on which sockets and waiting have their own functions:
    `trio_worker(concurrency)`, as `async_worker` but for trio, and `gevent_worker()`, as `worker` but for one greenlet.
    """

    def worker(self) -> AbstractContextManager[Run]:
        """Open what one worker needs, hand out the function that does one item, close it after."""

    def async_worker(self, concurrency: int) -> AbstractAsyncContextManager[AsyncRun]:
        """The same for an event loop that keeps up to `concurrency` items in flight."""

    def expected(self, item: Item) -> Result:
        """Return what `item` must come to, computed apart from the measured path."""


def open_workload(workload: Workload, flavour: Flavour, concurrency: int = 1) -> Any:
    """Return the context manager by which a worker of that flavour opens a workload.

    Without a `trio_worker`, trio takes the async one, which is right for whatever awaits nothing of asyncio's own;
    without a `gevent_worker`, a greenlet takes the blocking one, which stops all greenlets while it waits.
    """
    match flavour:
        case "blocking":
            return workload.worker()
        case "gevent":
            return (getattr(workload, "gevent_worker", None) or workload.worker)()
        case "trio":
            return (getattr(workload, "trio_worker", None) or workload.async_worker)(concurrency)
    return workload.async_worker(concurrency)


class EveryFlavour(ABC):
    """A workload that is opened in one place for all flavours."""

    @abstractmethod
    def open(self, flavour: Flavour, concurrency: int) -> Any:
        """Return the context manager that opens it for a worker of that flavour."""

    def worker(self) -> AbstractContextManager[Run]:
        return self.open("blocking", 1)  # type: ignore[no-any-return]

    def async_worker(self, concurrency: int) -> AbstractAsyncContextManager[AsyncRun]:
        return self.open("async", concurrency)  # type: ignore[no-any-return]

    def trio_worker(self, concurrency: int) -> AbstractAsyncContextManager[AsyncRun]:
        return self.open("trio", concurrency)  # type: ignore[no-any-return]

    def gevent_worker(self) -> AbstractContextManager[Run]:
        return self.open("gevent", 1)  # type: ignore[no-any-return]


def adapted(opening: Any, flavour: Flavour, adapt: Callable[[Any], AbstractContextManager[Any]]) -> Any:
    """Return a context manager that opens as another does, and hands out something else.

    Args:
        opening: of a worker of that flavour.
        adapt: given what it hands out, opens what stands in its place, and is closed first.
    """
    return _adapted_async(opening, adapt) if flavour in AWAITED else _adapted(opening, adapt)


@contextmanager
def _adapted(opening: Any, adapt: Callable[[Any], AbstractContextManager[Any]]) -> Iterator[Run]:
    with opening as run, adapt(run) as other:
        yield other


@asynccontextmanager
async def _adapted_async(opening: Any, adapt: Callable[[Any], AbstractContextManager[Any]]) -> AsyncIterator[AsyncRun]:
    async with opening as run:
        with adapt(run) as other:
            yield other


class Wrapper(EveryFlavour):
    """A workload around another one, `workload`, which does the items."""

    workload: Workload

    @abstractmethod
    def around(self, run: Any, flavour: Flavour, places: int) -> AbstractContextManager[Any]:
        """Open what is handed out in place of the other's function, of which up to `places` items are under way."""

    def expected(self, item: Item) -> Result:
        return self.workload.expected(item)

    def open(self, flavour: Flavour, concurrency: int) -> Any:
        opening = open_workload(self.workload, flavour, concurrency)
        return adapted(opening, flavour, lambda run: self.around(run, flavour, concurrency))


class ItemError(Exception):
    """An item failed, came back short or came back wrong.

    Args:
        item: as given to the strategy.
        reason: what happened, and where.
    """

    def __init__(self, item: Item, reason: str) -> None:
        super().__init__(item, reason)
        self.item = item
        self.reason = reason

    def __str__(self) -> str:
        return f"item {self.item!r}: {self.reason}"
