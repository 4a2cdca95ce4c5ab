"""Functions to watch, for tests; in a module of their own so that every kind of worker can import them."""
# ruff: noqa: ARG001 - whatever a function does, it takes an item

import os
import signal
import time
from multiprocessing import parent_process
from pathlib import Path

calls = 0


def holds_its_third_warm_item(item):
    """In the second round, wait with item 2 until the file that HOLD names is there."""
    global calls  # noqa: PLW0603 - which round it is, only the function can know
    calls += 1
    if calls == 7:
        while not Path(os.environ["HOLD"]).exists():
            time.sleep(0.01)
    return item


def fails_in_the_second_round(item):
    """For 4 items and one worker."""
    global calls  # noqa: PLW0603 - as above
    calls += 1
    if calls == 7:
        raise ValueError("twice is too much")
    return item


def kills_its_process(item):
    """Wherever it is."""
    os.kill(os.getpid(), signal.SIGKILL)


def kills_a_worker(item):
    """Only in a process of its own."""
    if item == 5 and parent_process():
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.005)
    return item
