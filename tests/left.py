"""Functions that leave something behind which their process would wait for, for tests."""

import multiprocessing
import threading
import time

from paceline.workers import pool_worker


def _forever():
    while True:
        time.sleep(1)


def thread_anywhere(item):
    """Item 0 leaves a thread that never ends."""
    if item == 0:
        threading.Thread(target=_forever).start()
    return item


def thread(item):
    """Only in a process of its own."""
    return thread_anywhere(item) if multiprocessing.parent_process() else item


def thread_without_end(item):
    """And the worker does not end by itself in spite of it."""
    pool_worker.LEFT_TIMEOUT = threading.TIMEOUT_MAX
    return thread(item)


async def thread_in_a_loop(item):
    return thread(item)


def process(item):
    """Item 0 leaves a process that never ends, where its worker may have any."""
    if item == 0 and not multiprocessing.current_process().daemon:
        multiprocessing.get_context("spawn").Process(target=_forever).start()
    return item
