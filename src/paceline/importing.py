"""
Where modules are looked for: no file of somebody's project must stand in for a module of Python's own, as `random.py`
in the current directory would for whatever imports `random` in a process that starts there.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_SAFE_PATH = "PYTHONSAFEPATH"  # keeps `python -c` and `-m` from looking into the current directory first
_OURS = "paceline"  # any value does; by this one it is known who has set it


def standard_library_first(path: Iterable[str]) -> list[str]:
    """
    Sort a module search path: the folders of the standard library, then all others as they were.
    """
    home = os.path.dirname(os.__file__)  # noqa: PTH120 - sys.path holds strings
    return sorted(path, key=lambda folder: folder not in (home, os.path.join(home, "lib-dynload")))  # noqa: PTH118


@contextmanager
def guarded() -> Iterator[None]:
    """
    Have processes that start meanwhile look into the standard library first; each of them calls `unguard`.
    """
    before = list(sys.path)
    sys.path[:] = standard_library_first(before)
    os.environ.setdefault(_SAFE_PATH, _OURS)
    try:
        yield
    finally:
        sys.path[:] = before
        unguard()


def unguard() -> None:
    """
    Leave this process's environment as if it had not been started within `guarded`, for the sake of what it starts.
    """
    if os.environ.get(_SAFE_PATH) == _OURS:
        del os.environ[_SAFE_PATH]
