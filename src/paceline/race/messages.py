"""What the race and its lanes tell each other: no object of the raced function's own, only words about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from paceline.child.inside import Failed
from paceline.contracts import Item


@dataclass(frozen=True)
class Request:
    """A method of `Lane` to call. Answered by some `Began`, if it announces steps, then by `Done` or `Failed`."""

    method: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Enter:
    """What a lane does: a strategy with a function."""

    strategy: str
    function: str
    workers: int
    items: Sequence[Item]


@dataclass(frozen=True)
class Began:
    """A step has begun: if nothing more comes, this is what hangs."""

    step: str


@dataclass(frozen=True)
class Done:
    """What was asked for is done, and this is what the method returned."""

    value: Any


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
        gil: that it switches the GIL on where the build does without, and by which library; None if not.
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
    gil: str | None = None


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
class Stall:
    """For how long at a stretch, at most, a bystander in the lane's own process was kept from running.

    Attributes:
        seconds: by which its most delayed tick was late; it wants to run every millisecond.
        cause: what kept it: the loop or the GIL was held ("blocked"), or it had no CPU ("starved"); None if it was not
            kept for long, or it can't be told.
        loop: whether the bystander is a task of the strategy's own event loop; else it is a thread.
    """

    seconds: float
    cause: Literal["blocked", "starved"] | None
    loop: bool


Answer = Began | Done | Failed
