"""What waiting for a network gains from workers, what the GIL does to it, and what binds it in the end."""

from paceline.claims import judging
from paceline.claims.evidence import (
    BASELINE,
    ONE_INTERPRETER,
    PROCESSES,
    Evidence,
    Key,
    Reading,
    Replicate,
    Sample,
    added,
    common,
    downloads,
    late,
    median,
    over_limit,
    quotient,
    ratios,
    values,
)
from paceline.claims.judging import GAIN, Figure, Finding, Part, Unit, claim, combine, figure
from paceline.history import Cell

SIGNIFICANT = 2.0
"""A speedup is significant if it halves the time, beside being certain; ten at a time could be 10x as fast."""

NO_BETTER = 1.2
"""Below this gain more threads are no better: three times as many could be three times as fast."""

KNEE = 0.9
"""The knee is the least number of threads that reaches this fraction of the best rate."""

IO_LATENCY = 0.005
"""Seconds from which on an item mostly waits: a download takes a client some 0.1 to 1 ms of CPU time."""

IN_TIME = 0.003
"""
Seconds that what wants to run every millisecond may be late, and be in time: a loop that rounds its waits to whole
milliseconds makes it late by one at most, and a thread that computes gives the GIL back only every 5 ms.
"""

_ALONE, _BESIDE = "test_alone", "test_beside_a_computing_thread"
_TURNS = {_ALONE: "alone", _BESIDE: "beside a thread that computes"}
_TO_COMPARE = 2  # numbers of threads
_UNLIMITED = "unlimited"


@claim("speedup-io", "Processes are a significant speed-up over the best sequential time for downloads", "downloads")
def speedup_io(evidence: Evidence) -> Finding:
    """Processes halve the best time of a plain loop, with and without their start and stop."""
    warm = [_significant(evidence, strategy) for strategy in PROCESSES]
    return combine([*warm, _with_start(evidence, PROCESSES[0])])


def _significant(evidence: Evidence, strategy: str) -> Part:
    gain = figure(f"speedup of {strategy} over the best sequential round", _over_best(evidence, strategy, median))
    because = "it halves the time; ten at a time could be 10x as fast"
    return judging.above(f"{strategy}: much faster", gain, SIGNIFICANT, because, "downloads")


def _with_start(evidence: Evidence, strategy: str) -> Part:
    gain = figure(f"speedup of {strategy}, start and stop counted", _over_best(evidence, strategy, _whole))
    other = figure("speedup of the executor, start and stop counted", _over_best(evidence, PROCESSES[1], _whole))
    because = "the same margin for a program that starts its processes, downloads once and stops them"
    part = f"{strategy}: much faster with start and stop counted"
    return judging.above(part, gain, SIGNIFICANT, because, "downloads", beside=[other] if other.processes else [])


def _over_best(evidence: Evidence, strategy: str, time: Reading) -> Sample:
    best = values(downloads(evidence, BASELINE), lambda cell: min(cell.rounds))
    return quotient(best, values(downloads(evidence, strategy), time))


def _whole(cell: Cell) -> float | None:
    if cell.start_seconds is None or cell.stop_seconds is None:
        return None
    return cell.start_seconds + cell.median + cell.stop_seconds


@claim("gil-io", "For I/O-bound work the GIL is no problem", "beside")
def gil_io(evidence: Evidence) -> Finding:
    """Downloads come close to their limit as long as nothing in the same interpreter computes."""
    parts = [judge(evidence, strategy) for judge in (_alone, _beside) for strategy in ONE_INTERPRETER]
    turns = [_turns(evidence, strategy, function) for function in _TURNS for strategy in ONE_INTERPRETER]
    return combine([*parts, *(part for part in turns if part)])


def _alone(evidence: Evidence, strategy: str) -> Part:
    cells = _waits(evidence, _ALONE, strategy)
    over = {latency: values(found, over_limit) for latency, found in cells.items() if latency}
    long, short = _by_latency("time over limit", over)
    because = (
        f"a quarter above the limit is a problem, whatever causes it; from {IO_LATENCY * 1e3:.0f} ms of waiting on"
    )
    return judging.below(
        f"{strategy}: alone, downloads come close to the limit", long, GAIN, because, "beside", beside=short
    )


def _beside(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: beside a thread that computes, downloads are as fast as alone"
    alone = _waits(evidence, _ALONE, strategy)
    beside = _waits(evidence, _BESIDE, strategy)
    over = {latency: ratios(found, alone.get(latency, ()), median) for latency, found in beside.items()}
    long, short = _by_latency("time beside over time alone", over)
    because = "the same quarter; whoever computes gives the GIL back only every 5 ms, once for each wake-up"
    return judging.one_cpu(evidence, part) or judging.below(part, long, GAIN, because, "beside", beside=short)


def _turns(evidence: Evidence, strategy: str, function: str) -> Part | None:
    """Judge how late a bystander in the same process was while items waited; None where there was none."""
    cells = {
        latency: found
        for latency, found in _waits(evidence, function, strategy).items()
        if any(one.cell.lateness("here") for one in found)
    }
    if not cells:
        return None
    late_by = {name: {at: values(found, late(name)) for at, found in cells.items()} for name in ("median", "worst")}
    held = {at: quotient(*(values(found, late(name)) for name in ("blocked", "ticks"))) for at, found in cells.items()}
    long, short = _by_latency("lateness of a bystander", late_by["median"], "s")
    worst, _ = _by_latency("worst lateness of a bystander", late_by["worst"], "s")
    blocked, _ = _by_latency("share of its turns that the loop or the GIL held up", held, "share")
    part = f"{strategy}: {_TURNS[function]}, something else in the process gets its turn in time"
    because = "a loop's clock makes it late by 1 ms at most; whoever computes gives the GIL back only every 5 ms"
    judged = judging.below(part, long, IN_TIME, because, "beside", beside=[*worst, *blocked, *short])
    return judging.one_cpu(evidence, part) or judged


def _waits(evidence: Evidence, function: str, strategy: str) -> dict[float, list[Replicate]]:
    found: dict[float, list[Replicate]] = {}
    for one in evidence.cells("beside", function, strategy=strategy):
        if one.cell.latency is not None:
            found.setdefault(one.cell.latency, []).append(one)
    return dict(sorted(found.items()))


def _by_latency(what: str, over: dict[float, Sample], unit: Unit = "x") -> tuple[list[Figure], list[Figure]]:
    """Make the figures of items that mostly wait, which decide, and those of shorter ones, which stand beside them."""
    figures = {latency: figure(f"{what} at {latency * 1e3:g} ms", sample, unit) for latency, sample in over.items()}
    long = [one for latency, one in figures.items() if latency >= IO_LATENCY]
    return long, [one for latency, one in figures.items() if latency < IO_LATENCY and one.processes]


@claim("threads-knee", "As many threads as one likes, but more is not always better", "threads_knee")
def threads_knee(evidence: Evidence) -> Finding:
    """Any number of threads can be had, but from some number on more of them download no faster."""
    counts = evidence.workers("threads_knee", "test_threads", strategy="threads")
    return combine([_as_many_as_one_likes(evidence, counts), _not_always_better(evidence, counts)])


def _threads(evidence: Evidence, workers: int) -> list[Replicate]:
    return evidence.cells("threads_knee", "test_threads", strategy="threads", workers=workers)


def _as_many_as_one_likes(evidence: Evidence, counts: list[int]) -> Part:
    most = max(counts, default=1000)
    cells = _threads(evidence, most)
    opened = values(cells, lambda cell: cell.sessions)
    figures = [figure("threads that opened their workload", opened, "count")] if len(opened) else []
    figures += [figure("their start", values(cells, lambda cell: cell.start_seconds), "s")] if cells else []
    because = f"all {most} threads started and each opened its workload; more than that nobody likes"
    checks = judging.checked(opened, lambda sessions: sessions == most)
    return judging.always("as many threads as one likes", checks, because, "threads_knee", figures)


def _not_always_better(evidence: Evidence, counts: list[int]) -> Part:
    part = "more threads are not always better"
    because = "three times the threads could do three times the downloads; less than a fifth more is no better"
    if len(counts) < _TO_COMPARE:
        return judging.undecided(part, because, judging.command("threads_knee"))
    fewer, most = counts[-2:]
    gain = ratios(_threads(evidence, most), _threads(evidence, fewer), _rate)
    rates = {n: values(_threads(evidence, n), _rate) for n in counts}
    beside = [
        figure("the knee: threads", _knee(rates), "count"),
        *(figure(f"rate with workers={n}", rate, "items/s") for n, rate in rates.items()),
    ]
    what = f"rate with {most} threads over rate with {fewer}"
    return judging.below(part, figure(what, gain), NO_BETTER, because, "threads_knee", beside=beside)


def _rate(cell: Cell) -> float:
    return cell.items / cell.median


def _knee(rates: dict[int, Sample]) -> Sample:
    def knee(key: Key) -> int:
        best = max(rate.values[key] for rate in rates.values())
        return next(count for count, rate in rates.items() if rate.values[key] >= KNEE * best)

    return Sample({key: float(knee(key)) for key in common(rates.values())})


_RELAXED = "a bottleneck is what makes the whole faster when it is widened; a gain below may be noise"


@claim("network-bottleneck", "There is one network card, and it is the bottleneck", "bandwidth")
def network_bottleneck(evidence: Evidence) -> Finding:
    """The link is the bottleneck of downloads, whatever their size: without its limit they would be faster."""
    sizes = sorted({one.cell.size for one in _payloads(evidence) if one.cell.size is not None})
    parts = [_the_link_binds(evidence, size) for size in sizes]
    part = "the link is the bottleneck of downloads"
    return combine(parts or [judging.undecided(part, _RELAXED, judging.command("bandwidth"))])


def _payloads(evidence: Evidence, **wanted: object) -> list[Replicate]:
    return evidence.cells("bandwidth", "test_payload", strategy="asyncio", **wanted)


def _the_link_binds(evidence: Evidence, size: int) -> Part:
    free = _payloads(evidence, size=size, link=_UNLIMITED)
    limited = {link: _payloads(evidence, size=size, link=link) for link in _links(evidence)}
    slowed = [
        figure(f"time at {link} over time without a limit", ratios(cells, free, median))
        for link, cells in limited.items()
    ]
    beside = [one for link, cells in limited.items() for one in _explained(f"at {link}", cells)]
    beside += _explained("without a limit", free)
    part = f"the link is the bottleneck of downloads of {size / 1024:g} KiB"
    return judging.above(part, slowed, GAIN, _RELAXED, "bandwidth", beside=beside)


def _links(evidence: Evidence) -> list[str]:
    """Name the links that have a limit, the widest first."""
    bandwidth = added("bandwidth_bytes_per_second")
    wide = {str(one.cell.extra.get("link")): bandwidth(one.cell) for one in _payloads(evidence)}
    return sorted((link for link in wide if link != _UNLIMITED), key=lambda link: -(wide[link] or 0))


def _explained(where: str, cells: list[Replicate]) -> list[Figure]:
    """Return how much of the time waiting for the server alone, and carrying the bytes alone, would take."""
    limits = {"waiting": "waiting_limit_seconds", "carrying": "carrying_limit_seconds"}
    shares = {what: quotient(values(cells, name), values(cells, median)) for what, name in limits.items()}
    return [figure(f"{what} alone {where}", one, "share") for what, one in shares.items() if any(one.values.values())]
