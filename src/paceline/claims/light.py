"""The claim that threads are the lighter way: at the start, and at each item."""

import math
from collections.abc import Sequence
from itertools import pairwise

from paceline.claims.counts import present
from paceline.claims.evidence import Evidence, Replicate, Sample, added, median, ratios, values
from paceline.claims.finding import Figure, Finding, Part, combine
from paceline.claims.judging import above, below, figure
from paceline.claims.starting import longer_to_start

HALF = 2.0
"""Light is who costs half as much or less, at an item as at the start."""

AS_GOOD = 1.05
"""The overhead of processes shows where they take longer than threads by more than this, and is lost elsewhere."""

_BECAUSE = "within 5 % of each other two strategies are as good as the same, as in a race"
_SHORT, _LONG = 10e-6, 100e-3
_SIZES = (0, 64 * 2**10, 2**20)


def threads_light(evidence: Evidence) -> Finding:
    """Judge by the overhead of the lightest processes there are, forked ones: at the start, and at each item.

    If it is overhead that makes processes slow, it shows at short items and is lost in long ones. That threads may then
    be the slower ones, since the GIL lets one at a time compute, is another claim's; where that begins stands beside.
    """
    return combine([longer_to_start(evidence, "pool-fork"), _lighter_per_item(evidence), _caught_up(evidence)])


def _lighter_per_item(evidence: Evidence) -> Part:
    return above(
        "at items of 10 us, threads take half the time of processes that are there already",
        figure("pool-fork: time / that of threads, items of 10 us", _against_threads(evidence, _SHORT)),
        HALF,
        "light is who costs half as much or less, at an item as at the start",
        "break_even",
        beside=present(_time_of_an_item(evidence, strategy) for strategy in ("pool-fork", "threads")),
    )


def _caught_up(evidence: Evidence) -> Part:
    return below(
        "at items of 100 ms, the overhead of processes no longer shows",
        figure("pool-fork: time / that of threads, items of 100 ms", _against_threads(evidence, _LONG)),
        AS_GOOD,
        _BECAUSE,
        "break_even",
        beside=present(_crossing_figure(evidence, size) for size in _SIZES),
    )


def _on_the_map(evidence: Evidence, seconds: float, size: int) -> Sample:
    own, threads = (
        evidence.cells("break_even", "test_break_even", strategy=strategy, item_cpu_seconds=seconds, size=size)
        for strategy in ("pool-fork", "threads")
    )
    return ratios(own, threads, median)


def _against_threads(evidence: Evidence, seconds: float, size: int = 0) -> Sample:
    own, threads = (_break_even(evidence, strategy, seconds, size) for strategy in ("pool-fork", "threads"))
    return ratios(own, threads, median)


def _break_even(evidence: Evidence, strategy: str, seconds: float, size: int = 0) -> list[Replicate]:
    wanted = {"strategy": strategy, "item_cpu_seconds": seconds, "size": size}
    deciding = evidence.cells("break_even", "test_short_and_long", **wanted)
    return deciding or evidence.cells("break_even", "test_break_even", **wanted)


def _time_of_an_item(evidence: Evidence, strategy: str) -> Figure:
    times = values(_break_even(evidence, strategy, _SHORT), lambda cell: cell.median / cell.items)
    return figure(f"{strategy}: time per item of 10 us", times, "s")


def _crossing_figure(evidence: Evidence, size: int) -> Figure:
    payload = "no payload" if not size else f"{size // 2**10} KiB in and out"
    return figure(f"length of an item from which processes are faster, {payload}", _crossing(evidence, size), "s")


def _crossing(evidence: Evidence, size: int) -> Sample:
    """Return the length of an item at which a pool of processes catches up with threads, between two lengths on log
    scales.
    """
    found = evidence.cells("break_even", "test_break_even", strategy="pool-fork", size=size)
    told = {added("item_cpu_seconds")(one.cell) for one in found}
    lengths = sorted(seconds for seconds in told if seconds)
    curves = {seconds: _on_the_map(evidence, seconds, size).values for seconds in lengths}
    keys = sorted({key for curve in curves.values() for key in curve})
    met = {key: _first_crossing([(at, curve[key]) for at, curve in curves.items() if key in curve]) for key in keys}
    known = {key: at for key, at in met.items() if at is not None}
    never = f"no crossing: in {len(keys) - len(known)} of {len(keys)} processes the two do not change places"
    return Sample(known, (never,) if len(known) < len(keys) else ())


def _first_crossing(curve: Sequence[tuple[float, float]]) -> float | None:
    for (short, slower), (long, faster) in pairwise(curve):
        if slower > 1 >= faster:
            way = math.log(slower) / (math.log(slower) - math.log(faster))
            return math.exp(math.log(short) + way * (math.log(long) - math.log(short)))
    return None
