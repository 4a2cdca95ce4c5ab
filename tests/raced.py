"""
Functions to race, for tests; in a module of their own so that every kind of worker can import them.
"""
# ruff: noqa: ARG001 - whatever a function does, it takes an item

import asyncio
import functools
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

WAIT = 0.005
number = 7
calls = 0
counter = itertools.count()


def waits(item):
    time.sleep(WAIT)
    return item * 2


def computes(item):
    return sum(i * i for i in range(20_000 + item))


async def awaits(item):
    await asyncio.sleep(WAIT)
    return item * 2


async def fails_async(item):
    raise ValueError(f"no {item}")


def fails_at_3(item):
    return [1, 2, 3][item]


def fails_late(item):
    if item == 9:
        raise ValueError("nine is too many")
    return item


def hangs(item):
    time.sleep(1000)


def hangs_in_threads(item):
    if threading.current_thread() is not threading.main_thread():
        time.sleep(1000)
    return item


def hangs_with_a_child(item):
    """Start a process that outlives its parent, write its id to the file that the item names, and hang."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    Path(item).write_text(str(child.pid))
    child.wait()


def is_in_main_thread(item):
    return threading.current_thread() is threading.main_thread()


def dies_in_processes(item):
    from multiprocessing import parent_process

    if parent_process():
        os._exit(3)
    return item


def dies(item):
    os._exit(3)


def leaves(item):
    sys.exit("enough")


def prints(item):
    print(f"item {item} was here")  # noqa: T201 - it is what is tested
    subprocess.run(["echo", "and its child"], check=True)
    return item


def counts(item):
    global calls  # noqa: PLW0603 - as above
    calls += 1
    return item


def sets_the_environment(item):
    os.environ["RACED"] = str(item)
    return item


def unpicklable(item):
    return lambda: item


def unstable(item):
    return next(counter)


def texts(item):
    """A set, whose order differs from process to process."""
    return {f"{item}-{index}" for index in range(20)}


@functools.cache
def caches(item):
    time.sleep(WAIT)
    return item


def length(item):
    return len(item)


nameless = lambda item: item + 1  # noqa: E731 - it is what is tested


def _made():
    def inner(item):
        return item

    return inner


inner = _made()


class Shop:
    @staticmethod
    def price(item):
        return item * 100
