"""What does it cost to talk to another process?

Question: how long does a message take to another worker and back, and how many bytes per second pass, through each of
          the ways that the standard library has? And does an ordinary object, which needs none of them, get across?
Setup:    one partner, forked beside this process (a thread for `thread-queue`, an interpreter for `interpreter-queue`),
          puts back what it gets: bytes from none to 64 MiB, each trip checked. Value, Array and shared memory only
          hold bytes: a semaphore for each way says that they are written, and is part of the trip; what comes is
          copied out. Then a process changes a list of a module, and a block of shared memory.
Expect:   a small message takes 10 to 150 microseconds, through a manager, which is a third process, some hundred, and
          between interpreters 10 ms, as their queue looks only so often. A large one goes at a gigabyte per second or
          less through pipes, and faster through shared memory; a queue between threads hands over the object itself.
          The other's change is seen in shared memory only.
"""

import sys

import pytest

from paceline.plugin.choices import size_id

KiB, MiB = 1 << 10, 1 << 20
TRIPS = {0: 200, 8: 200, KiB: 200, 64 * KiB: 100, MiB: 20, 64 * MiB: 3}  # by size: a fraction of a second each
POLLED_TRIPS = 10  # through a queue that looks every 10 ms
BY_SIZE = ["queue", "simple-queue", "pipe", "array", "shared-memory", "manager-queue", "thread-queue"]
WITHOUT_INTERPRETERS = pytest.mark.skipif(sys.version_info < (3, 14), reason="interpreter-queue needs Python 3.14")

pytestmark = [pytest.mark.extended, pytest.mark.replicated]


def cells():
    yield cell("value", 8)  # holds one number
    for size in (0, KiB, 64 * KiB, MiB, 64 * MiB):
        yield from (cell(construct, size) for construct in BY_SIZE)
        yield cell("interpreter-queue", size, WITHOUT_INTERPRETERS)


def cell(construct, size, *marks):
    return pytest.param(construct, size, id=f"{construct}-size={size_id(size)}", marks=marks)


@pytest.mark.parametrize(("construct", "size"), [*cells()])
def test_round_trips(cost, timed, construct, size):
    trips = min(TRIPS[size], POLLED_TRIPS) if construct == "interpreter-queue" else TRIPS[size]
    if not timed:
        size, trips = min(size, KiB), 2
    cost("apparatus.talking:round_trips", construct, size, trips, strategy=construct, workload="Echo", size=size)


@pytest.mark.parametrize("kind", ["global-list", "shared-memory"])
def test_ordinary_objects(cost, kind):
    cost("apparatus.talking:change_elsewhere", kind, strategy=kind, workload="Change")
