"""What runs inside a subinterpreter, which imports less than a process."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from paceline.contracts import Item, Run, Workload
from paceline.workers.errors import Raised, answer_of, portable

LEFT_TIMEOUT = 3.0  # seconds for which an interpreter waits for threads that its items have left
END_TIMEOUT = 5.0  # and for their end, once they are told to

_run: Run
_opened = ExitStack()


class LeftError(RuntimeError):
    """Items have left threads that are no daemons; the second argument says whether they still run."""


def look_where(path: list[str]) -> None:
    """Look for modules where the main interpreter says."""
    sys.path[:] = path


def turn(come: int, go: int, action: Callable[..., None], arguments: tuple[Any, ...]) -> Raised | None:
    """Do `action`, say so on the pipe `come`, and wait for a byte on the pipe `go`."""
    answer = answer_of(action, *arguments)
    os.write(come, b".")
    os.read(go, 1)
    return answer  # type: ignore[no-any-return]


def open_here(workload: Workload) -> None:
    global _run  # noqa: PLW0603 - as in `pool_worker`
    _run = _opened.enter_context(workload.worker())


def close_here() -> None:
    """Close the workload, and end threads that the items have left, which nothing else could end.

    Raises:
        LeftError: naming such threads.
    """
    _opened.close()
    if late := _alive(_left(), LEFT_TIMEOUT):
        _raise_in(late)
        stuck = _alive(late, END_TIMEOUT)
        raise LeftError(f"an interpreter for thread {late[0].name!r}", bool(stuck))


def _left() -> list[threading.Thread]:
    """Return the threads that an interpreter waits for at its end; those of an executor end by themselves."""
    executor = sys.modules.get("concurrent.futures.thread")
    known = {threading.current_thread(), threading.main_thread(), *getattr(executor, "_threads_queues", ())}
    return [thread for thread in threading.enumerate() if not thread.daemon and thread not in known]


def _alive(threads: Sequence[threading.Thread], timeout: float) -> list[threading.Thread]:
    """Wait for the end of threads, and return those that still run."""
    for thread in threads:
        thread.join(timeout / len(threads))
    return [thread for thread in threads if thread.is_alive()]


def _raise_in(threads: Sequence[threading.Thread]) -> None:
    import ctypes  # here, as every interpreter would start with it

    for thread in threads:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


def run(item: Item) -> Any:
    try:
        return _run(item)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        return Raised(portable(error))


def unpacked(result: Any) -> Any:
    if isinstance(result, Raised):
        raise result.error
    return result
