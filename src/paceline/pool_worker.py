"""
What runs inside a worker process of a pool.

It stands apart from the strategies so that a spawned process imports this and its workload, and nothing else of ours.
"""

import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import connection, parent_process
from multiprocessing.util import Finalize
from typing import Any

from paceline.contracts import Item, Result, Workload

_run: Callable[[Item], Result]
_opened = ExitStack()


class UnportableError(Exception):
    """
    Stands in for an error that can't travel between processes (it would end the pool's result thread there).
    """

    def __init__(self, type_name: str, message: str, why: str) -> None:
        super().__init__(type_name, message, why)

    def __str__(self) -> str:
        type_name, message, why = self.args
        return f"{type_name}: {message} (the error itself can't be pickled: {why})"


def start(workload: Workload, tell: "connection.Connection[Exception | None, Any]", lock: Any) -> None:
    """
    Open the workload in this process and tell the parent, once, whether that went well.

    The process leaves Ctrl-C to its parent, ends with it, and closes the workload on the way out.
    """
    global _run  # noqa: PLW0603 - a pool's functions find their session in a global, as in the lesson
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _let_interrupts_through()
    threading.Thread(target=_end_with_parent, name="paceline-parent-watch", daemon=True).start()
    try:
        _run = _opened.enter_context(workload.worker())
    except Exception as error:  # noqa: BLE001 - it is told; raised here it would only make the pool start another worker
        answer: Exception | None = portable(error)
    else:
        answer = None
        Finalize(None, _opened.close, exitpriority=10)
    with lock:
        tell.send(answer)


def run(item: Item) -> Result:
    """
    Do one item with this process's opened workload.
    """
    try:
        return _run(item)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        raise portable(error) from error.__cause__


def portable(error: Exception) -> Exception:
    """
    Give `error` itself if it survives pickling, else an `UnportableError` that says the same.
    """
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes of this moment
    except Exception as why:  # noqa: BLE001 - a class's own __reduce__ or __init__ may raise anything
        return UnportableError(type(error).__qualname__, str(error), str(why))
    return error


@contextmanager
def interrupts_held() -> Iterator[None]:
    """
    Hold SIGINT back, here and in processes started meanwhile, until they have said what they want to do about it.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _let_interrupts_through() -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
