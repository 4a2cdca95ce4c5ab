"""Where modules are looked for: no file of somebody's project must stand in for a module of Python's own, as
`random.py` in the current directory would for whatever imports `random` in a process that starts there. And whether
Python's own
modules are still what they were.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType

_SAFE_PATH = "PYTHONSAFEPATH"  # keeps `python -c` and `-m` from looking into the current directory first
_OURS = "paceline"  # any value does; by this one it is known who has set it


_PATCHERS = {"gevent": ("gevent.monkey", "is_module_patched"), "eventlet": ("eventlet.patcher", "is_monkey_patched")}
_PATCHED = ("_thread", "thread", "threading", "time", "socket", "select", "os", "subprocess")  # by the names of either
_CLOCKS = ("perf_counter", "monotonic")
_LOOKS = 500_000  # at a clock until it counts as standing still: some 20 ms, as some systems' clocks have steps of 16


def tampered() -> str | None:
    """Return what has been done to Python's own modules in this process that nothing could be measured with; None if
    nothing.
    """
    if library := _patcher():
        return (
            f"{library} has patched Python's own modules, and strategies need them as they are; move monkey.patch_all()"
            " into the main module of your program, under if __name__ == '__main__'"
        )
    return next(filter(None, map(_stopped, _CLOCKS)), None)


def _stopped(name: str) -> str | None:
    """Say so if a clock is another than Python's, which moves as somebody wants, or doesn't move at all."""
    clock = getattr(time, name)
    if not isinstance(clock, BuiltinFunctionType):
        library = str(getattr(clock, "__module__", "somebody")).partition(".")[0]
        return f"time.{name} is not Python's own but {library}'s, and may stand still; measure outside of freeze_time"
    begun = clock()
    if all(clock() == begun for _ in range(_LOOKS)):
        return f"time.{name} stands still; measure outside of what has stopped it"
    return None


def _patcher() -> str | None:
    """Name the library that has patched what threads and locks are made of, if one has; none is imported to find
    out.
    """
    for library, (module, question) in _PATCHERS.items():
        if module in sys.modules and any(map(getattr(sys.modules[module], question), _PATCHED)):
            return library
    return None


def standard_library_first(path: Iterable[str]) -> list[str]:
    """Sort a module search path: the folders of the standard library, then all others as they were."""
    home = os.path.dirname(os.__file__)  # noqa: PTH120 - sys.path holds strings
    return sorted(path, key=lambda folder: folder not in (home, os.path.join(home, "lib-dynload")))  # noqa: PTH118


@contextmanager
def guarded() -> Iterator[None]:
    """Have processes that start meanwhile look into the standard library first; each of them calls `unguard`."""
    before = list(sys.path)
    sys.path[:] = standard_library_first(before)
    os.environ.setdefault(_SAFE_PATH, _OURS)
    try:
        yield
    finally:
        sys.path[:] = before
        unguard()


def unguard() -> None:
    """Leave this process's environment as if it had not been started within `guarded`, for the sake of what it
    starts.
    """
    if os.environ.get(_SAFE_PATH) == _OURS:
        del os.environ[_SAFE_PATH]
