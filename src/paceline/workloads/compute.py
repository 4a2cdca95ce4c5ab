"""CPU-bound work of a chosen length, with or without the GIL, and with bytes to carry."""

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Self

from paceline.contracts import AsyncRun, Item, Result, Run


def squares(n: int) -> int:
    """Sum the squares below `n` in a plain loop, which holds the GIL: the lesson's computation."""
    return sum(i * i for i in range(n))


def derived_key(n: int) -> int:
    """Derive a key by PBKDF2 with SHA-256, which releases the GIL; a step takes about as long as one of `squares`."""
    iterations = max(1, n // 4)
    return int.from_bytes(hashlib.pbkdf2_hmac("sha256", b"paceline", n.to_bytes(8, "big"), iterations), "big")


KERNELS: Mapping[str, Callable[[int], int]] = MappingProxyType({"squares": squares, "hash": derived_key})


class Inline(ABC):
    """Computes on the worker's own thread, a loop's too, as a coroutine would: nothing else runs there meanwhile."""

    @abstractmethod
    def expected(self, item: Any) -> Any:
        """Compute `item` here and now."""

    def worker(self) -> AbstractContextManager[Run]:
        """Hand out the function; there is nothing to open."""
        return nullcontext(self.expected)

    def async_worker(self, concurrency: int) -> AbstractAsyncContextManager[AsyncRun]:
        """Hand out a coroutine function that never awaits."""
        del concurrency
        return nullcontext(partial(_inline, self.expected))


async def _inline(run: Run, item: Item) -> Result:
    return run(item)


@dataclass(frozen=True)
class Compute(Inline):
    """Item k is `n + k` steps of the kernel.

    Args:
        kernel: "squares" holds the GIL, "hash" releases it.
        n: steps of item 0.

    Raises:
        ValueError: if there is no such kernel, or `n` is below 1.
    """

    kernel: str
    n: int

    def __post_init__(self) -> None:
        if self.kernel not in KERNELS:
            raise ValueError(f"no kernel {self.kernel!r}; there are: {', '.join(KERNELS)}")
        if self.n < 1:
            raise ValueError(f"n must be 1 or more steps, not {self.n}")

    def expected(self, item: int) -> int:
        """Compute `item` here and now."""
        return KERNELS[self.kernel](self.n + item)


STRIDE = 1000  # squares added up in one go, so that numbers stay small and every step takes the same time
PASSES = 100  # of 10 strides each, some 0.5 ms, for the calibration
PAUSE = 0.01  # seconds between two of them, as what slows a machine down may last for most of a second
NUMBER = 8  # bytes of an item's number

Answer = tuple[int, bytes]
"""(sum of the squares, what was carried)"""


@dataclass(frozen=True)
class Carry(Inline):
    """Compute with the GIL held, and return the bytes that came: free within a process, at a price to another.

    What an item computes is fixed in steps, not in time: a worker that looks at its clock would do less where it is
    disturbed, and for 10 us the looks would be a good part of the work. `lasting` finds the number of steps.

    Args:
        cpu_seconds: CPU time that the steps take one worker who has a CPU to itself; for the record.
        size: bytes of an item, and of its result.
        steps: squares that an item adds up.

    Raises:
        ValueError: if one of them is below 0.
    """

    cpu_seconds: float
    size: int
    steps: int

    def __post_init__(self) -> None:
        for name in ("cpu_seconds", "size", "steps"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more, not {getattr(self, name)!r}")

    @classmethod
    def lasting(cls, cpu_seconds: float, size: int) -> Self:
        """Return one of as many steps as take `cpu_seconds` here, by one measurement for each process."""
        return cls(cpu_seconds, size, round(cpu_seconds / step_seconds()))

    def items(self, count: int) -> list[bytes]:
        """Return items that all differ, unless they are too small for it."""
        return [
            number.to_bytes(NUMBER, "big") * (self.size // NUMBER) + bytes(self.size % NUMBER)
            for number in range(count)
        ]

    def expected(self, item: bytes) -> Answer:
        """Compute, and return the bytes themselves: making others could take longer than a short item."""
        return compute(self.steps), item


def compute(steps: int) -> int:
    """Add up that many squares, holding the GIL."""
    total = sum(squares(STRIDE) for _ in range(steps // STRIDE))
    rest = steps % STRIDE
    return total + squares(rest) if rest else total


@cache
def step_seconds() -> float:
    """Return the CPU time of one step, the least of some passes, as any disturbance makes one longer. Found once."""
    return min(_seconds_after_a_pause(10 * STRIDE) for _ in range(PASSES)) / (10 * STRIDE)


def _seconds_after_a_pause(steps: int) -> float:
    time.sleep(PAUSE)
    begun = time.thread_time()
    compute(steps)
    return time.thread_time() - begun
