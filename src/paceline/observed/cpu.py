"""Which CPU the calling thread runs on just now.

The C library's `sched_getcpu` answers in a twentieth of a microsecond. Reading the same from /proc takes some 20 us,
which an item of 50 us would feel, but it needs nothing but a file, so it stands in where ctypes or the function is
missing: in an interpreter that may not load ctypes, or with a C library that has it not. Where neither works, as on
macOS, nobody knows. psutil could tell too, but takes longer than either, and every worker would have to load it.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_STAT = Path("/proc/thread-self/stat")
_PROCESSOR = 39 - 3  # field 39 of proc(5); those after the name, which may hold blanks and brackets, begin with field 3

Finder = Callable[[], int | None]


def finder() -> Finder:
    """Choose the best way that works here, by trying."""
    for make in (from_c_library, from_proc):
        with suppress(ImportError, OSError, AttributeError, TypeError, ValueError, IndexError):
            find = make()
            if (cpu := find()) is not None and cpu >= 0:
                return find
    return _unknown


def from_c_library() -> Finder:
    """Ask the C library, with the GIL held: letting it go for so short a call would invite another thread in."""
    import ctypes  # here: an interpreter that can't load it must be able to load this module

    find: Finder = ctypes.PyDLL(None).sched_getcpu
    return find


def from_proc() -> Finder:
    """Read the thread's own line in /proc."""
    return _read


def _read() -> int:
    return int(_STAT.read_text().rpartition(")")[2].split()[_PROCESSOR])


def _unknown() -> None:
    return None
