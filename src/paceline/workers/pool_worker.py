"""What runs inside a worker process, which imports this and its workload, and nothing else of ours."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing import active_children, connection, parent_process
from multiprocessing.util import Finalize
from typing import Any, TypeAlias

from paceline.contracts import Item, Result, Run, Workload
from paceline.workers.errors import portable, unguard

LEFT_TIMEOUT = 3.0  # seconds for which a worker waits, once its work is done, for threads that its items have left
END_NOW = partial(os._exit, 1)

Chunk: TypeAlias = list[tuple[int, Any]]
"""Items or results, each with its place in item order."""

_run: Run
_gate: Any = None
_opened = ExitStack()


def start(workload: Workload, parent: Any, lock: Any, gate: Any = None, lifeline: Any = None) -> None:
    """Open the workload in this process and report to the parent, once, whether that went well.

    The process leaves Ctrl-C to its parent, ends with it (`lifeline`: see `end_with_parent`), and closes the workload
    on the way out. `lock` keeps the messages of several workers apart; `gate` is where `wait_at_gate` waits.
    """
    global _run, _gate  # noqa: PLW0603 - a pool's functions find their session in a global, as in the lesson
    _gate = gate
    leave_ending_to_parent(lifeline)
    try:
        _run = _opened.enter_context(workload.worker())
    except Exception as error:  # noqa: BLE001 - raised here it would end the process, and be told nobody
        answer: Exception | None = portable(error)
    else:
        answer = None
        close = partial(_close, parent)
        Finalize(None, close, exitpriority=10)
        threading._register_atexit(close)  # type: ignore[attr-defined]  # noqa: SLF001 - no public way; see `_close`
    with lock:
        parent.send(answer)


def wait_at_gate() -> None:
    """Keep this process busy until all are there."""
    _gate.wait()


def run(item: Item) -> Result:
    try:
        return _run(item)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        raise portable(error) from error.__cause__


def run_chunk(chunk: Chunk) -> Chunk:
    return [(place, run(item)) for place, item in chunk]


def end_in_time(parent: Any) -> None:
    """End this process within `LEFT_TIMEOUT`, whatever its items have left that it would wait for, and report that."""
    if _left():
        timer = threading.Timer(LEFT_TIMEOUT, _end_now, [parent])
        timer.daemon = True
        timer.start()


def _close(parent: Any) -> None:
    """Close the workload before this process waits for anything: up to Python 3.13 for its child processes first, which
    `multiprocessing` calls finalizers for, and from 3.14 on for its threads.
    """
    try:
        _opened.close()
    except Exception:  # noqa: BLE001 - printed, as `multiprocessing` does
        sys.excepthook(*sys.exc_info())
    finally:
        end_in_time(parent)


def _left() -> list[str]:
    threads = [thread.name for thread in threading.enumerate() if not thread.daemon]
    threads.remove(threading.main_thread().name)
    return [*(f"thread {name!r}" for name in threads), *(f"process {child.pid}" for child in active_children())]


def _end_now(parent: Any) -> None:
    left = " and ".join(_left()[:3])  # a short text is written in one piece, so no lock keeps several of them apart
    parent.send(f"process {os.getpid()} for {left}")
    for child in active_children():
        child.kill()
    os._exit(1)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold SIGINT back, here and in processes started meanwhile, until they have said what they want to do about it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_ending_to_parent(lifeline: Any = None, end: Callable[[], object] = END_NOW) -> None:
    """Leave Ctrl-C to the parent of this process, and end with it; see `end_with_parent`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):  # inherited from `interrupts_held`
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    unguard()
    end_with_parent(lifeline, end)


def end_with_parent(lifeline: Any = None, end: Callable[[], object] = END_NOW) -> None:
    """End this process as soon as its parent ends, by SIGKILL too; a thread of its own waits for that.

    Args:
        lifeline: becomes readable at the parent's end, as a pipe does whose other end is the parent's alone; needed
            where `multiprocessing` didn't start this process, and so has no sentinel of the parent.
        end: ends this process, and whatever has to end with it.
    """
    if lifeline is None and (started_by := parent_process()) is not None:
        lifeline = started_by.sentinel

    def watch() -> None:
        connection.wait([lifeline])
        end()

    if lifeline is not None:
        threading.Thread(target=watch, name="paceline-parent-watch", daemon=True).start()
