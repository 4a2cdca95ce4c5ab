"""CPU-bound work of a chosen length, with or without the GIL."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType


def squares(n: int) -> int:
    """Sum the squares below `n` in a plain loop, which holds the GIL: the lesson's computation."""
    return sum(i * i for i in range(n))


def derived_key(n: int) -> int:
    """Derive a key by PBKDF2 with SHA-256, which releases the GIL for the whole of it.

    Four steps are one iteration, so that a step takes about as long as one of `squares` does.
    """
    iterations = max(1, n // 4)
    return int.from_bytes(hashlib.pbkdf2_hmac("sha256", b"paceline", n.to_bytes(8, "big"), iterations), "big")


KERNELS: Mapping[str, Callable[[int], int]] = MappingProxyType({"squares": squares, "hash": derived_key})


@dataclass(frozen=True)
class Compute:
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

    @contextmanager
    def worker(self) -> Iterator[Callable[[int], int]]:
        """Hand out the kernel; there is nothing to open."""
        yield self.expected

    @asynccontextmanager
    async def async_worker(self, concurrency: int) -> AsyncIterator[Callable[[int], Awaitable[int]]]:
        """Compute inline, on the loop's own thread, as a coroutine would: nothing else runs meanwhile."""
        del concurrency
        yield partial(_inline, self.expected)


async def _inline(compute: Callable[[int], int], item: int) -> int:
    return compute(item)
