"""The contract that every strategy keeps, and the errors that all of them share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from types import MappingProxyType, TracebackType
from typing import ClassVar, Self

from paceline.contracts import Flavour, Item, Option, Result, Workload

START_TIMEOUT = 60.0  # seconds until a worker that has not come to the rendezvous counts as lost
STOP_TIMEOUT = 60.0  # seconds a worker may take to finish its item and close its workload


class WorkerDied(RuntimeError):  # noqa: N818 - it reads as the event it reports
    """A worker ended before it was told to, so its items have no result."""


class NotEnded(RuntimeError):  # noqa: N818
    """A worker did its items and did not end by itself, and so was ended."""


class NotReady(RuntimeError):  # noqa: N818
    """Not every worker came to the rendezvous in time."""


class Strategy(ABC):
    """A way to run many items at once.

    A context manager: entering starts all workers and opens the workload in each, leaving ends them all, after an error
    too. Start, map and stop are separate so that an experiment chooses what stands inside the round.

    It is never given another workload: `clone` makes another one like it. A subclass that is made of anything but these
    arguments says how.

    Args:
        workload: what is done to one item; opened by the workers, never here.
        workers: how many items may be under way at once, 1 or more.
        options: values for the options in `defaults`.

    Raises:
        ValueError: if `workers` is not a whole number of 1 or more.
        TypeError: if an option is not one of this strategy's.
    """

    name: ClassVar[str]
    flavour: ClassVar[Flavour] = "blocking"  # which side of a workload its workers open
    extra: ClassVar[str | None] = None  # of this package, which installs the library that it needs; None: it needs none
    slow_start: ClassVar[bool] = False  # its start takes seconds: experiments leave it out unless it is asked for
    scheme: ClassVar[str | None] = None  # of the addresses of clusters that it can use: option `cluster`
    most_workers: ClassVar[int | None] = None  # None: as many as asked for
    sessions: int | None = None  # how often the workload is opened; None: once in each worker
    defaults: ClassVar[Mapping[str, Option]] = MappingProxyType({})  # options one may choose, and their values
    fixed: ClassVar[Mapping[str, Option]] = MappingProxyType({})  # choices that make this strategy what it is

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        self._check_whole("workers", workers)
        if unknown := options.keys() - self.defaults.keys():
            known = ", ".join(self.defaults) or "none"
            raise TypeError(f"{self.name}: unknown option {', '.join(sorted(unknown))}; its options are: {known}")
        self.workload = workload
        self.workers = self.bounded(workers)
        self.options: dict[str, Option] = {**self.fixed, **self.defaults, **options}

    @property
    def chosen(self) -> dict[str, Option]:
        """Return the values of the options that one may choose: what makes another one like it."""
        return {name: self.options[name] for name in self.defaults}

    def clone(self, workload: Workload, **options: Option) -> Self:
        """Return another one like it, not started, for `workload`; these options take the place of its own."""
        return type(self)(workload, self.workers, **{**self.chosen, **options})

    @classmethod
    def bounded(cls, workers: int) -> int:
        """Return how many of `workers` this strategy can use."""
        return workers if cls.most_workers is None else min(workers, cls.most_workers)

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why this Python or system can't run it; None if it can."""
        return None

    def _check_whole(
        self, name: str, value: object, *, least: int = 1, wanted: str = "a whole number of 1 or more"
    ) -> int:
        """Return the value of an option that must be a whole number.

        Raises:
            ValueError: if it is none, or less than `least`.
        """
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"{self.name}: {name} must be {wanted}, not {value!r}")
        return value

    @abstractmethod
    def __enter__(self) -> Self:
        """Start all workers and open the workload in each before returning.

        Raises:
            NotReady: if a worker isn't ready within `START_TIMEOUT`.
            WorkerDied: if one ends on the way.
        """

    @abstractmethod
    def map(self, items: Sequence[Item]) -> list[Result]:
        """Run every item and give the results, in item order.

        Raises:
            Exception: the first error of an item, as its workload raised it.
            WorkerDied: if a worker ended in the middle.
        """

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the workload in each worker and end them all before returning."""


def unmet(library: str, extra: str | None, module: str | None = None) -> str | None:
    """Return that a strategy's library is missing, and how to get it; None if it is there. Nothing is imported.

    Args:
        library: as people call it: "dask.distributed".
        extra: of this package, which installs it: "cluster".
        module: the top-level module by which it is found, if that isn't `library`: "distributed".

    Returns:
        Such as "needs dask.distributed: pip install 'paceline[cluster]'".
    """
    if find_spec(module or library) is not None:
        return None
    return f"needs {library}: pip install 'paceline[{extra}]'"
