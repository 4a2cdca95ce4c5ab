"""The contract that every strategy keeps, and the errors that all of them share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from types import MappingProxyType, TracebackType
from typing import ClassVar, Literal, NamedTuple, Self

from paceline.contracts import Flavour, Item, Option, Result, Workload

START_TIMEOUT = 60.0  # seconds until a worker that has not come to the rendezvous counts as lost
STOP_TIMEOUT = 60.0  # seconds a worker may take to finish its item and close its workload


class WorkerDied(RuntimeError):  # noqa: N818 - it reads as the event it reports
    """A worker ended before it was told to, so its items have no result."""


class NotEnded(RuntimeError):  # noqa: N818
    """A worker did its items and did not end by itself, and so was ended."""


class NotReady(RuntimeError):  # noqa: N818
    """Not every worker came to the rendezvous in time."""


@contextmanager
def undone_on_error(undo: Callable[[], object]) -> Iterator[None]:
    """Call `undo` if the block raises anything, Ctrl-C too."""
    try:
        yield
    except BaseException:
        undo()
        raise


class Look(NamedTuple):
    """How a strategy looks in charts: its colours by day and by night, and its shape, of Vega's or an SVG path."""

    day: str
    night: str
    shape: str


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
    look: ClassVar[Look]
    simplicity_rank: ClassVar[int]  # what one would rather have in a program if the times are the same comes first
    flavour: ClassVar[Flavour] = "blocking"  # which side of a workload its workers open
    computes_in: ClassVar[Literal["thread", "interpreter", "processes"]] = "interpreter"
    """What its workers compute in: one thread, whatever the Python; threads of one interpreter, one of which computes
    at a time under a GIL; or processes, or interpreters with a GIL each.
    """
    pickles: ClassVar[bool] = False  # items and results travel to other processes or interpreters
    forks: ClassVar[bool] = False  # its workers are copies of this process, which must have one thread when they start
    libraries: ClassVar[tuple[str, ...]] = ()  # whose versions can move its figures, the one that it needs first
    extra: ClassVar[str | None] = None  # of this package, which installs that library
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
        """Return why this Python or system can't run it; None if it can. No library is imported to find out."""
        if not cls.libraries or find_spec(cls.libraries[0]):
            return None
        how = f": pip install 'paceline[{cls.extra}]'" if cls.extra else ", which is not installed"
        return f"needs {cls.libraries[0]}{how}"

    def _check_whole(
        self, name: str, value: object, *, least: int = 1, wanted: str = "a whole number of 1 or more"
    ) -> int:
        """Return a value that must be a whole number; anything else, or one below `least`, is a `ValueError`."""
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
        """Run every item, and return the results in item order.

        Raises:
            Exception: the first error of an item, as its workload raised it.
            WorkerDied: if a worker ended in the middle.
        """

    def repeat_on_loop(self, tick: Callable[[], object], seconds: float) -> bool:
        """Have `tick` called on the loop of this process that runs the items, `seconds` after its last call, from the
        next round until leaving; between rounds the loop rests. Return whether there is such a loop.
        """
        del tick, seconds
        return False

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the workload in each worker and end them all before returning."""
