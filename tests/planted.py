"""Stalls for a bystander to find, for tests; in a module of their own so that every kind of worker can import it."""

import ctypes
from contextlib import contextmanager
from dataclasses import dataclass

from paceline.contracts import AWAITED, Wrapper
from paceline.workers.beside import in_thread

PAUSE = ("sleep", 0.005, None)  # between two stalls, or they would be one


def hold(seconds):
    """Sleep with the GIL held."""
    ctypes.PyDLL(None).usleep(round(seconds * 1e6))


@dataclass(frozen=True)
class Holding(Wrapper):
    """An item holds the GIL, and the loop, for so many seconds; before it and after it waits as its worker does.

    Args:
        workload: a `Probe`.
    """

    workload: object

    @contextmanager
    def around(self, run, flavour, places):  # noqa: ARG002
        def holds(item):
            run(PAUSE)
            hold(item)
            run(PAUSE)

        async def holds_on_loop(item):
            await run(PAUSE)
            hold(item)
            await run(PAUSE)

        yield holds_on_loop if flavour in AWAITED else holds


def beside(stalls):
    """Hold the GIL in a thread of this process, for so many seconds in turns."""

    def run(over):
        while not over.is_set():
            for seconds in stalls:
                over.wait(PAUSE[1])
                hold(seconds)

    return in_thread(run, "planted")
