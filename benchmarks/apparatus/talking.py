"""Round trips between two workers, through each of the standard library's ways to talk.

A way is two channels with `put` and `get`, one there and one back, and a partner that puts back what it gets. What it
gets it takes out as an object of its own; so both ways of a trip cost the same, and a stale answer shows.
"""

import pickle
import queue
import statistics
import threading
import time
from contextlib import contextmanager
from multiprocessing.managers import SyncManager
from multiprocessing.reduction import ForkingPickler
from multiprocessing.shared_memory import SharedMemory
from types import SimpleNamespace

from apparatus import partners
from apparatus.partners import FORK

PICKLINGS = {"queue": 2, "simple-queue": 2, "pipe": 2, "manager-queue": 4}  # a trip's: written once and read once each
PICKLING_ROUNDS = 3

ORDINARY = []  # an object of a module


def round_trips(construct, size, trips):
    """Send `size` bytes there and back `trips` times.

    Returns:
        seconds: of each trip; the first one is the dearest, so three are the least that a median should stand on.
        bytes_per_second: payload both ways over the median trip; absent where there is no payload.
        pickling_share: of the median trip, what writing and reading its pickles takes alone; 0 where there are none.

    Raises:
        PartnerDied: if the partner process ends in the middle.
        ValueError: if something else came back.
    """
    payloads = [b"a" * size, b"b" * size]  # in turns, so that the last trip's bytes are wrong ones
    with partners.in_time(), CONSTRUCTS[construct](size) as (there, back):
        seconds = [_trip(there, back, payloads[turn % 2]) for turn in range(trips)]
    median = statistics.median(seconds)
    pickling = PICKLINGS[construct] * _pickling_seconds(payloads[0]) if construct in PICKLINGS else 0.0
    figures = {"seconds": seconds, "pickling_share": pickling / median}
    return {**figures, "bytes_per_second": 2 * size / median} if size else figures


def change_elsewhere(kind):
    """Have another process change a list of this module ("global-list") or a block of shared memory ("shared-memory").

    Returns:
        seconds: from the start of the process until it reports that it sees the change.
        seen_by_parent: 1 if the change is seen here, else 0.
    """
    with partners.in_time(), CHANGES[kind]() as (change, seen):
        receiver, sender = FORK.Pipe(duplex=False)
        begun = time.perf_counter()
        with partners.process(_change_and_report, change, seen, sender):
            if not receiver.recv():
                raise ValueError("the process does not see its own change")
            return {"seconds": [time.perf_counter() - begun], "seen_by_parent": int(seen())}


def echo(there, back):
    """Put back whatever comes, until None comes."""
    while (message := there.get()) is not None:
        back.put(message)


class Shared:
    """A channel over shared memory, whose other end learns by a semaphore that something was written."""

    def __init__(self, read, write):
        self._read, self._write = read, write
        self._written = FORK.Semaphore(0)

    def put(self, message):
        self._write(message)
        self._written.release()

    def get(self):
        self._written.acquire()
        return self._read()


@contextmanager
def _queues(_size):
    there, back = FORK.Queue(), FORK.Queue()
    there.cancel_join_thread()  # what nobody reads any more must not keep this interpreter from ending
    with partners.process(echo, there, back):
        yield there, back


@contextmanager
def _simple_queues(_size):
    there, back = FORK.SimpleQueue(), FORK.SimpleQueue()
    with partners.process(echo, there, back):
        yield there, back


@contextmanager
def _pipe(_size):
    ours, its = FORK.Pipe()
    there, back = SimpleNamespace(put=ours.send, get=its.recv), SimpleNamespace(put=its.send, get=ours.recv)
    with partners.process(echo, there, back):
        yield there, back


@contextmanager
def _values(_size):
    there, back = (_value(FORK.Value("Q", 0)) for _ in range(2))
    with partners.process(echo, there, back):
        yield there, back


def _value(value):
    return Shared(
        lambda: value.value.to_bytes(8, "little"),
        lambda message: setattr(value, "value", int.from_bytes(message, "little")),
    )


@contextmanager
def _arrays(size):
    there, back = (_array(FORK.Array("c", size)) for _ in range(2))
    with partners.process(echo, there, back):
        yield there, back


def _array(array):
    return Shared(lambda: array.raw, lambda message: setattr(array, "raw", message))


@contextmanager
def _shared_memory(size):
    with _block(size) as one, _block(size) as other:
        there, back = (_in_block(block, size) for block in (one, other))
        with partners.process(echo, there, back):
            yield there, back


@contextmanager
def _block(size):
    """A block without a name: a forked process has it anyway, and nothing is left behind whatever happens."""
    block = SharedMemory(create=True, size=max(1, size))
    block.unlink()
    try:
        yield block
    finally:
        block.close()


def _in_block(block, size):
    return Shared(lambda: bytes(block.buf[:size]), lambda message: block.buf.__setitem__(slice(size), message))


@contextmanager
def _manager_queues(_size):
    manager = SyncManager(ctx=FORK)
    manager.start(partners.end_with_parent)
    with manager:
        there, back = manager.Queue(), manager.Queue()
        with partners.process(echo, there, back):
            yield there, back


@contextmanager
def _thread_queues(_size):
    there, back = queue.Queue(), queue.Queue()
    with _thread(there, echo, there, back):
        yield there, back


@contextmanager
def _interpreter_queues(_size):
    from concurrent import interpreters

    there, back = interpreters.create_queue(), interpreters.create_queue()
    other = interpreters.create()
    other.prepare_main(there=there, back=back)
    loop = "while (message := there.get()) is not None: back.put(message)"  # `echo`, without its module's imports
    try:
        with _thread(there, other.exec, loop):
            yield there, back
    finally:
        other.close()


@contextmanager
def _thread(there, target, *arguments):
    """A thread that ends when None comes through `there`."""
    partner = threading.Thread(target=target, args=arguments, daemon=True)
    partner.start()
    try:
        yield
    finally:
        there.put(None)
        partner.join(partners.TIMEOUT)


CONSTRUCTS = {
    "queue": _queues,
    "simple-queue": _simple_queues,
    "pipe": _pipe,
    "value": _values,
    "array": _arrays,
    "shared-memory": _shared_memory,
    "manager-queue": _manager_queues,
    "interpreter-queue": _interpreter_queues,
    "thread-queue": _thread_queues,
}
"""Each gives two channels, one there and one back, with a partner at the other end."""


def _trip(there, back, payload):
    begun = time.perf_counter()
    there.put(payload)
    answer = back.get()
    seconds = time.perf_counter() - begun
    if answer != payload:
        raise ValueError(f"{len(payload)} bytes went there, and {len(answer)} others came back")
    return seconds


def _pickling_seconds(payload):
    """What it takes to write a pickle as `multiprocessing` does, and to read it; the median of a few."""
    seconds = []
    for _ in range(PICKLING_ROUNDS):
        begun = time.perf_counter()
        pickle.loads(ForkingPickler.dumps(payload))
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def _change_and_report(change, seen, sender):
    change()
    sender.send(seen())


@contextmanager
def _global_list():
    yield lambda: ORDINARY.append("changed"), lambda: bool(ORDINARY)
    ORDINARY.clear()


@contextmanager
def _global_block():
    with _block(1) as block:
        yield lambda: block.buf.__setitem__(0, 1), lambda: bool(block.buf[0])


CHANGES = {"global-list": _global_list, "shared-memory": _global_block}
"""Each gives two functions: one that changes something, and one that says whether the change is seen."""
