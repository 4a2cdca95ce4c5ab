"""Processes and threads beside this one that always end; a death is an error, and never waited for.

Processes are forked: the apparatus runs in a fresh interpreter with a single thread, where fork is safe, is the
cheapest start, and hands over any object as it is.
"""

import multiprocessing
import signal
import threading
import time
from contextlib import contextmanager
from multiprocessing import connection

from paceline.workers.pool_worker import end_with_parent

FORK = multiprocessing.get_context("fork")
TIMEOUT = 60.0  # seconds for everything that one cell does; far more than it needs


class TooLate(RuntimeError):  # noqa: N818 - it reads as the event it reports
    """A cell was not done in time."""


class PartnerDied(RuntimeError):  # noqa: N818
    """A process ended before its work was done."""


@contextmanager
def in_time(seconds=TIMEOUT):
    """Raise `TooLate` in the block after `seconds`, whatever it waits for. For the main thread."""

    def end(_signal, _frame):
        raise TooLate(f"not done within {seconds:g} s; a partner may hang")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def process(target, *arguments):
    """Run `target(*arguments)` in a process beside the block, and kill it at the end. For the main thread.

    Raises:
        PartnerDied: in the block, wherever it waits, as soon as the process ends badly: SIGCHLD ends a wait for a pipe
            or a semaphore that the dead can't end any more.
    """
    partner = FORK.Process(target=_with_parent, args=(target, arguments), daemon=True)
    partner.start()

    def check(_signal=None, _frame=None):
        if partner.exitcode:
            raise PartnerDied(f"the partner ended in the middle, with exit code {partner.exitcode}")

    before = signal.signal(signal.SIGCHLD, check)
    try:
        check()  # it may have ended before the handler was set
        yield partner
    finally:
        signal.signal(signal.SIGCHLD, before)
        partner.kill()
        partner.join()


def processes(target, places):
    """Run `target(place)` in a process for each of `places` at the same time, and wait for their ends.

    Raises:
        PartnerDied: if one ends badly; the others are killed then.
        TooLate: if one doesn't end in time; all are killed then.
    """
    started = [FORK.Process(target=_with_parent, args=(target, (place,)), daemon=True) for place in range(places)]
    try:
        for one in started:
            one.start()
        _wait_for_ends(started, time.monotonic() + TIMEOUT)
    finally:
        for one in started:
            if one.pid is not None:
                one.kill()
                one.join()


def threads(target, places):
    """Run `target(place)` in a thread for each of `places` at the same time, and wait for their ends.

    Raises:
        TooLate: if one doesn't end; it is left behind, as a thread can't be killed.
    """
    started = [threading.Thread(target=target, args=(place,), daemon=True) for place in range(places)]
    deadline = time.monotonic() + TIMEOUT
    for one in started:
        one.start()
    for one in started:
        one.join(max(0.0, deadline - time.monotonic()))
    if any(one.is_alive() for one in started):
        raise TooLate(f"not all of {places} threads ended within {TIMEOUT:g} s")


def _wait_for_ends(started, deadline):
    left = {one.sentinel: one for one in started}
    while left:
        ended = connection.wait(left, deadline - time.monotonic())
        if not ended:
            raise TooLate(f"{len(left)} of {len(started)} processes did not end within {TIMEOUT:g} s")
        for sentinel in ended:
            one = left.pop(sentinel)
            one.join()
            if one.exitcode:
                raise PartnerDied(f"one of {len(started)} processes ended with exit code {one.exitcode}")


def _with_parent(target, arguments):
    end_with_parent()
    target(*arguments)
