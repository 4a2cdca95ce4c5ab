"""How long an async function keeps its event loop: from when it goes on until it lets the loop go on, nothing else
runs.
"""

import asyncio
import time
from collections.abc import Coroutine, Generator
from typing import Any, TypeAlias, TypeVar

from paceline.workers import delays

T = TypeVar("T")
_Awaited: TypeAlias = Coroutine[Any, Any, T] | Generator[Any, None, T]


class Steps:
    """The steps of all tasks of a loop, which makes them with `task`.

    Attributes:
        longest: seconds of one since `begin`, less those for which it had no CPU.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._held = 0.0

    def begin(self) -> None:
        """Forget what was."""
        self.longest, self._held = 0.0, delays.own()

    def task(self, loop: asyncio.AbstractEventLoop, coroutine: _Awaited[T], /, **settings: Any) -> asyncio.Task[T]:
        """Make a task, as a loop's task factory does."""
        return asyncio.Task(_Stepped(coroutine, self), loop=loop, **settings)

    def took(self, seconds: float) -> None:
        """Take note of a step; all delays since the last look count as this one's, which makes it no longer than it
        was.
        """
        if seconds > self.longest:
            held = delays.own()
            self.longest = max(self.longest, seconds - (held - self._held))
            self._held = held


class _Stepped(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are timed; what else is asked of it, it answers itself."""

    def __init__(self, coroutine: _Awaited[Any], steps: Steps) -> None:
        self._coroutine: Any = coroutine
        self._steps = steps

    def send(self, value: Any) -> Any:
        begin = time.perf_counter()
        try:
            return self._coroutine.send(value)
        finally:
            self._steps.took(time.perf_counter() - begin)

    def throw(self, *error: Any) -> Any:
        begin = time.perf_counter()
        try:
            return self._coroutine.throw(*error)
        finally:
            self._steps.took(time.perf_counter() - begin)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Any:
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)
