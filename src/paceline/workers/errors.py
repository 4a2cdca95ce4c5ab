"""Errors that travel between processes, and imports that leave nothing behind which slows or stops a worker."""

import os
import pickle
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import BuiltinFunctionType
from typing import Any, TypeVar

E = TypeVar("E", bound=BaseException)


class UnportableError(Exception):
    """Stands in for an error that can't be pickled, which would end a pool's result thread."""

    def __init__(self, type_name: str, message: str, why: str) -> None:
        super().__init__(type_name, message, why)

    def __str__(self) -> str:
        type_name, message, why = self.args
        return f"{type_name}: {message} (the error itself can't be pickled: {why})"


@dataclass(frozen=True)
class Raised:
    """An answer that is an error, where one that is raised would come out as another, or not at all."""

    error: Exception
    trace: str = ""


def answer_of(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what `work` does, or as a `Raised` the error that it raises, which has to travel."""
    try:
        return work(*arguments)
    except Exception as error:  # noqa: BLE001 - a workload may raise anything
        return Raised(portable(error))


def portable(error: E) -> E | UnportableError:
    """Return `error` itself if it survives pickling, without its causes if need be, else an `UnportableError`."""
    why = _obstacle(error)
    if why and (error.__cause__ or error.__context__):  # some libraries have causes pickled too
        error.__cause__ = error.__context__ = None
        why = _obstacle(error)
    return UnportableError(type(error).__qualname__, words(error), words(why)) if why else error


def _obstacle(error: BaseException) -> Exception | None:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes of this moment
    except Exception as why:  # noqa: BLE001 - a class's own __reduce__ or __init__ may raise anything
        return why
    return None


def words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a class's own __str__ may raise anything
        return "its words can't be written"


_SAFE_PATH = "PYTHONSAFEPATH"  # keeps `python -c` and `-m` from looking into the current directory first
_OURS = "paceline"  # any value does; by this one it is known who has set it

_PATCHERS = {"gevent": ("gevent.monkey", "is_module_patched"), "eventlet": ("eventlet.patcher", "is_monkey_patched")}
_PATCHED = ("_thread", "thread", "threading", "time", "socket", "select", "os", "subprocess")  # by the names of either
_CLOCKS = ("perf_counter", "monotonic")
_READINGS = 500_000  # of a clock until it counts as standing still: some 20 ms; some systems' clocks have steps of 16


def tampered() -> str | None:
    """Return what has been changed in Python's own modules so that nothing can be measured; None if nothing."""
    if library := _patcher():
        return (
            f"{library} has patched Python's own modules, and strategies need them as they are; move monkey.patch_all()"
            " into the main module of your program, under if __name__ == '__main__'"
        )
    return next(filter(None, map(_stopped, _CLOCKS)), None)


def _stopped(name: str) -> str | None:
    """Return a sentence if a clock isn't Python's own, or doesn't move."""
    clock = getattr(time, name)
    if not isinstance(clock, BuiltinFunctionType):
        library = str(getattr(clock, "__module__", "somebody")).partition(".")[0]
        return f"time.{name} is not Python's own but {library}'s, and may stand still; measure outside of freeze_time"
    begun = clock()
    if all(clock() == begun for _ in range(_READINGS)):
        return f"time.{name} stands still; measure outside of what has stopped it"
    return None


def _patcher() -> str | None:
    """Return the library that has patched threads and locks, if one has; none is imported to find out."""
    for library, (module, question) in _PATCHERS.items():
        if module in sys.modules and any(map(getattr(sys.modules[module], question), _PATCHED)):
            return library
    return None


def standard_library_first(path: Iterable[str]) -> list[str]:
    """Return a module search path with the folders of the standard library first."""
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
    """Undo what `guarded` left in this process's environment, for what this process starts."""
    if os.environ.get(_SAFE_PATH) == _OURS:
        del os.environ[_SAFE_PATH]
