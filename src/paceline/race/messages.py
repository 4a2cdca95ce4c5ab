"""What the race and its lanes tell each other: no object of the raced function's own, only words about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from paceline.child.inside import Failed
from paceline.contracts import Item


@dataclass(frozen=True)
class Probe:
    """Look at a function before the race. Answered by some `Began`, then `Findings` or `Failed`."""

    function: str
    items: Sequence[Item]


@dataclass(frozen=True)
class Enter:
    """Start a strategy. Answered by `Entered` or `Failed`."""

    strategy: str
    function: str
    workers: int
    items: Sequence[Item]


@dataclass(frozen=True)
class Run:
    """Do all items once. Answered by `Ran` or `Failed`.

    Attributes:
        expected: the digests of all results, shortened; other results are kept for a closer look, None keeps none.
    """

    expected: bytes | None = None


@dataclass(frozen=True)
class Give:
    """Do some items once more, and show their results. Answered by `Given` or `Failed`."""

    places: Sequence[int]


@dataclass(frozen=True)
class Compare:
    """Compare results that were kept with another lane's. Answered by `Compared`."""

    places: Sequence[int]
    packed: Sequence[bytes | None]


@dataclass(frozen=True)
class Forget:
    """Keep no results. Answered by `Forgotten`."""


@dataclass(frozen=True)
class Leave:
    """End the strategy. Answered by `Gone` or `Failed`."""


@dataclass(frozen=True)
class Began:
    """A step of the probe has begun: if nothing more comes, this is what hangs."""

    step: str


@dataclass(frozen=True)
class Findings:
    """What the probe found.

    Attributes:
        face: which side of a workload it needs.
        seconds: of wall time per item, above 0.
        cpu_share: CPU seconds over wall seconds in which it could run; above 1 if it uses more than one CPU by itself.
        stable: whether a second call gave the same results; None if it can't be told.
        unpicklable: why it can't go to another process; None if it can.
        printed: the first line it printed; None if it printed nothing.
        changed: what it changed outside of itself, in words.
        caches: how many times as fast its second calls were, if that is suspicious.
        blocks: seconds at a stretch for which an async function keeps its event loop from going on, if that is long.
        tried: seconds that each of the first items took, in their order.
    """

    face: Literal["blocking", "async"]
    seconds: float
    cpu_share: float
    stable: bool | None
    unpicklable: str | None = None
    printed: str | None = None
    changed: tuple[str, ...] = ()
    caches: float | None = None
    blocks: float | None = None
    tried: tuple[float, ...] = ()


@dataclass(frozen=True)
class Entered:
    """The strategy is ready, after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Ran:
    """A round is done.

    Attributes:
        seconds: from the first item's start to the last result.
        cpu_seconds: of the lane's own process, and of those it waited for meanwhile.
        digests: of each result; equal ones mean the same result, different ones need a closer look. Empty if they are
            those that were expected.
    """

    seconds: float
    cpu_seconds: float
    digests: bytes


@dataclass(frozen=True)
class Given:
    """Results of as many of the places as there was room and time for, pickled; None for what can't be."""

    packed: Sequence[bytes | None]


@dataclass(frozen=True)
class Compared:
    """Whether the results are the same; None if it can't be told."""

    same: bool | None


@dataclass(frozen=True)
class Forgotten:
    """No results are kept."""


@dataclass(frozen=True)
class Gone:
    """The strategy has ended."""


Request = Probe | Enter | Run | Give | Compare | Forget | Leave
Answer = Began | Findings | Failed | Entered | Ran | Given | Compared | Forgotten | Gone
