"""
Clearing up that happens whatever else does.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ended_by(clear: Callable[[], None]) -> Iterator[None]:
    """
    Clear up at the end, and hold Ctrl-C back meanwhile; after an error it is dropped, since that ends everything too.
    """
    try:
        yield
    except BaseException:
        undisturbed(clear)
        raise
    if undisturbed(clear):
        signal.raise_signal(signal.SIGINT)


def undisturbed(action: Callable[[], None]) -> bool:
    """
    Do something to its end, and say whether Ctrl-C was pressed meanwhile; only the main thread is ever disturbed by it.
    """
    if threading.current_thread() is not threading.main_thread():
        action()
        return False
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        action()
    finally:
        signal.signal(signal.SIGINT, before)
    return bool(pressed)
