"""Functions to race, for tests; in a module of their own so that every kind of worker can import them."""
# ruff: noqa: ARG001 - whatever a function does, it takes an item

import argparse
import asyncio
import dataclasses
import functools
import io
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.pool import AsyncResult
from pathlib import Path

WAIT = 0.005
BLOCK = 0.05
pool = ThreadPoolExecutor(1)
number = 7
calls = 0
counter = itertools.count()


def waits(item):
    time.sleep(WAIT)
    return item * 2


def computes(item):
    return sum(i * i for i in range(20_000 + item))


def computes_in_a_thread(item):
    return pool.submit(computes, item).result()


async def awaits(item):
    await asyncio.sleep(WAIT)
    return item * 2


async def blocks(item):
    time.sleep(BLOCK)  # noqa: ASYNC251 - it is what is tested
    await asyncio.sleep(0)
    return item


async def blocks_in_its_tasks(item):
    return await asyncio.gather(awaits(item), blocks(item))


async def fails_async(item):
    raise ValueError(f"no {item}")


def fails_at_3(item):
    return [1, 2, 3][item]


def fails_after_eight(item):
    """What a probe and two rounds of four items never see."""
    if next(counter) >= 8:
        raise ValueError("eight are enough")
    return item


def hangs_after_eight(item):
    if next(counter) >= 8:
        time.sleep(1000)
    return item


def fails_late(item):
    if item == 9:
        raise ValueError("nine is too many")
    return item


class RefusedError(Exception):
    """Can be pickled, and not read back."""

    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")


class Stop(BaseException):
    """None of `Exception`'s."""

    def __str__(self):
        raise ValueError("no words")


RAISED = {
    "SystemExit": SystemExit(3),
    "KeyboardInterrupt": KeyboardInterrupt(),
    "GeneratorExit": GeneratorExit(),
    "CancelledError": asyncio.CancelledError(),
    "StopIteration": StopIteration(),
    "RefusedError": RefusedError(13, "no"),
    "Stop": Stop(),
}


def raises(item):
    raise RAISED[item]


async def raises_async(item):
    await asyncio.sleep(0)
    raise RAISED[item]


def is_interrupted(item):
    """Ctrl-C comes while it runs."""
    signal.raise_signal(signal.SIGINT)
    time.sleep(1000)


HANDED_OUT = {
    "generator": lambda: (n for n in "ab"),
    "map": lambda: map(str, [1, 2]),
    "Future": Future,
    "AsyncResult": lambda: AsyncResult.__new__(AsyncResult),
    "async generator": lambda: counts_async(),  # noqa: PLW0108 - it stands further below
    "list": lambda: [1, (n for n in "ab")],
    "dict": lambda: {"one": Future()},
    "file": io.StringIO,
    "view": {1: 2}.values,
    "range": lambda: range(3),
}


async def counts_async():
    yield 1


def hands_out(item):
    return HANDED_OUT[item]()


async def hands_out_async(item):
    return awaits(item) if item == "coroutine" else HANDED_OUT[item]()


def hands_out_a_list(item):
    return [item] if item < 3 else [map(str, [item])]


def wraps_async(item):
    """A plain function around an async one."""
    return awaits(item)


@functools.cache
def caches_coroutines(item):
    return awaits(item)


def takes_two(left, right):
    return left + right


def takes_none():
    return 1


def takes_a_keyword(*, item):
    return item


def sleeps(item):
    time.sleep(item)
    return item


def tires(item):
    """Takes longer and longer from its sixth call on."""
    time.sleep(0.05 * max(0, next(counter) - 5))
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


def parses(item):
    """A program's main function, with a command line that it refuses."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth")
    return parser.parse_args([*sys.argv[1:], "--depth"])


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


@dataclasses.dataclass
class Priced:
    """With an equality that leaves out where it was made."""

    price: int
    pid: int = dataclasses.field(compare=False)


def prices(item):
    return Priced(item, os.getpid())


class Term:
    """Whose `==` is no answer but another term."""

    def __init__(self, item):
        self.item, self.pid = item, os.getpid()

    def __eq__(self, other):
        return Term((self, other))

    __hash__ = None


def terms(item):
    return Term(item)


def arrays(item):
    """A transposed view, which isn't contiguous, with NaN in it, beside a scalar of the same type."""
    import numpy as np

    block = np.full((6, 8), float(item))
    block[0, 0] = np.nan
    return {"block": block[:3, :4].T, "mean": np.nanmean(block)}


def equal(item):
    """What is equal in all processes, and written otherwise in each."""
    return [texts, arrays, prices][item % 3](item)


LARGE = 8 << 20  # bytes


def large(item):
    return bytes([item]) * LARGE


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

    def discounted(self, item):
        return item * 90
