"""The model: a round's time from parts that can be measured. Pure arithmetic, seconds and bytes.

A round waits and it computes. Waiting takes a latency for each turn of the workers. The CPU time of all items is shared
by workers that contend for it, as the Universal Scalability Law says. The two may overlap: not at all if all workers
wait for each other in every turn, and wholly if none ever does. How much they do is one more part.

Source: N. J. Gunther, Guerrilla Capacity Planning, Springer 2007, chapters 4 to 6, for the law and for waiting and
    computing one after the other as its synchronous bound; P. J. Denning and J. P. Buzen, The Operational Analysis of
    Queueing Network Models, Computing Surveys 10 (1978), 225-261, for the larger of the two as the asynchronous bound.
"""

import math
from dataclasses import dataclass

import numpy as np

from paceline.predict.work import Columns, Numbers


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a strategy costs, with one way to do items.

    Args:
        round_seconds: of a round, however many items it has.
        trip: seconds of each turn beyond the latency: the way there and back.
        wake: seconds of each turn that has a latency: a worker that slept wakes up late.
        busy: seconds of CPU time of each item beyond its own computing: the overhead per item.
        byte: seconds of CPU time of each byte.
        contention: the fraction of the CPU time that only one worker at a time can have; above 1 a second worker makes
            an item dearer.
        coherency: the fraction that each pair of workers costs.
        overlap: how much of the shorter one of waiting and computing hides behind the longer one, 0 to 1.
        stretch: how many times as long an item's own computing takes as it took one undisturbed worker.
        one_at_a_time: whether items' own computing never runs at once: one thread does it all, or the GIL is held.
        cpus: how many items' own computing can run at once at most.
    """

    round_seconds: float = 0.0
    trip: float = 0.0
    wake: float = 0.0
    busy: float = 0.0
    byte: float = 0.0
    contention: float = 0.0
    coherency: float = 0.0
    overlap: float = 0.0
    stretch: float = 1.0
    one_at_a_time: bool = False
    cpus: float = math.inf


def capacity(parts: Parts, workers: Numbers) -> Numbers:
    """Return how many times the work of one worker all of them do, in the same time.

    Source: N. J. Gunther, A Simple Capacity Model of Massively Parallel Transaction Systems, CMG 1993:
        C(N) = N / (1 + contention (N - 1) + coherency N (N - 1)).
    """
    others = workers - 1
    return workers / (1 + parts.contention * others + parts.coherency * workers * others)


def waiting(parts: Parts, works: Columns) -> Numbers:
    """Return the seconds that pass in turns of waiting: ceil(items / workers) of them.

    Source: R. L. Graham, Bounds on Multiprocessing Timing Anomalies, 1969, exact for equal items.
    """
    turn = works.latency + parts.trip + np.where(works.latency > 0, parts.wake, 0.0)
    return np.asarray(np.ceil(works.items / works.workers) * turn)


def computing(parts: Parts, works: Columns) -> Numbers:
    """Return the seconds that the client's CPU time takes, all workers together.

    Source: the utilisation law of Denning and Buzen (1978): a resource is busy for its demand of all items.
    """
    at_once = np.minimum(works.workers, parts.cpus)
    own = parts.stretch * works.cpu_seconds / (1.0 if parts.one_at_a_time else capacity(parts, at_once))
    overhead = (parts.busy + parts.byte * works.size) / capacity(parts, works.workers)
    return np.asarray(works.items * (own + overhead))


def carrying(works: Columns) -> Numbers:
    """Return the seconds that the link takes: the first answer's latency, then all bytes; 0 for a link without a
    limit.
    """
    seconds = works.items * works.size / works.bandwidth
    return np.asarray(np.where(seconds > 0, seconds + works.latency, 0.0))


def client(parts: Parts, works: Columns) -> Numbers:
    """Return the seconds of a round that the client needs, whatever the link and the server need."""
    waits, computes = waiting(parts, works), computing(parts, works)
    return np.asarray(parts.round_seconds + waits + computes - parts.overlap * np.minimum(waits, computes))


def seconds(parts: Parts, works: Columns) -> Numbers:
    """Return the seconds of a round, shape (n,): the client's or the link's, whichever is longer."""
    return np.maximum(client(parts, works), carrying(works))
