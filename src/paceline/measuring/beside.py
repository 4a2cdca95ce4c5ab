"""Company for a measurement: a thread of the same process that never stops computing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

STEP = 1000  # squares between two looks at whether it is over: some 50 us
LAST_MOMENT = 10.0  # seconds; it ends within a step once it gets its turn


@contextmanager
def computing() -> Iterator[None]:
    """Compute in a thread, with the GIL held as any Python code holds it, until the context ends."""
    over = threading.Event()

    def compute() -> None:
        while not over.is_set():
            sum(i * i for i in range(STEP))

    thread = threading.Thread(target=compute, name="paceline-beside", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(LAST_MOMENT)
