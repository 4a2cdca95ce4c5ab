"""A thread beside what is measured."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOP_TIMEOUT = 10.0  # seconds; it ends as soon as it looks, once it gets its turn


@contextmanager
def in_thread(run: Callable[[threading.Event], None], name: str) -> Iterator[None]:
    """Run `run(over)` in a thread of its own while the context lasts; it is to return once `over` is set."""
    over = threading.Event()
    thread = threading.Thread(target=run, args=[over], name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(STOP_TIMEOUT)
