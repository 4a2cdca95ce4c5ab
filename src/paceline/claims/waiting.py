"""What waiting for a network gains from workers, and what binds it in the end."""

from collections.abc import Callable

from paceline.claims import judging, measures
from paceline.claims.evidence import Evidence, Key, Replicate, Sample, added, median, quotient, ratios, values
from paceline.claims.judging import Claim, Figure, Finding, Part, combine, figure
from paceline.claims.measures import BASELINE, GAIN, PROCESSES
from paceline.history import Cell

SIGNIFICANT = 2.0
"""A speedup is significant if it halves the time, beside being certain; ten at a time could be 10x as fast."""

NO_BETTER = 1.2
"""Below this gain more threads are no better: three times as many could be three times as fast."""

KNEE = 0.9
"""The knee is the least number of threads that reaches this fraction of the best rate."""

_UNLIMITED = "unlimited"


def speedup_io(evidence: Evidence) -> Finding:
    """Processes halve the best time of a plain loop, with and without their start and stop."""
    warm = [_significant(evidence, strategy) for strategy in PROCESSES]
    return combine([*warm, _with_start(evidence, PROCESSES[0])])


def _significant(evidence: Evidence, strategy: str) -> Part:
    told = figure(f"speedup of {strategy} over the best sequential round", _over_best(evidence, strategy, median))
    because = "it halves the time; ten at a time could be 10x as fast"
    return judging.above(f"{strategy}: much faster", told, SIGNIFICANT, because, "downloads")


def _with_start(evidence: Evidence, strategy: str) -> Part:
    told = figure(f"speedup of {strategy}, start and stop counted", _over_best(evidence, strategy, _whole))
    other = figure("speedup of the executor, start and stop counted", _over_best(evidence, PROCESSES[1], _whole))
    because = "the same margin for a program that starts its processes, downloads once and stops them"
    beside = [other] if other.processes else []
    part = f"{strategy}: much faster with start and stop counted"
    return judging.above(part, told, SIGNIFICANT, because, "downloads", beside=beside)


def _over_best(evidence: Evidence, strategy: str, time: Callable[[Cell], float | None]) -> Sample:
    best = values(measures.downloads(evidence, BASELINE), lambda cell: min(cell.rounds))
    return quotient(best, values(measures.downloads(evidence, strategy), time))


def _whole(cell: Cell) -> float | None:
    if cell.start_seconds is None or cell.stop_seconds is None:
        return None
    return cell.start_seconds + cell.median + cell.stop_seconds


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
        return judging.untold(part, because, judging.command("threads_knee"))
    fewer, most = counts[-2:]
    gain = figure(f"rate with {most} threads over rate with {fewer}", _gain(evidence, fewer, most))
    rates = [figure(f"rate with workers={n}", values(_threads(evidence, n), _rate), "items/s") for n in counts]
    knee = figure("the knee: threads", _knee(evidence, counts), "count")
    return judging.below(part, gain, NO_BETTER, because, "threads_knee", beside=[knee, *rates])


_TO_COMPARE = 2


def _gain(evidence: Evidence, fewer: int, most: int) -> Sample:
    return ratios(_threads(evidence, most), _threads(evidence, fewer), _rate)


def _rate(cell: Cell) -> float:
    return cell.items / cell.median


def _knee(evidence: Evidence, counts: list[int]) -> Sample:
    rates = {count: values(_threads(evidence, count), _rate).values for count in counts}
    whole = set.intersection(*(set(each) for each in rates.values()))

    def knee(key: Key) -> int:
        best = max(each[key] for each in rates.values())
        return next(count for count, each in rates.items() if each[key] >= KNEE * best)

    return Sample({key: float(knee(key)) for key in sorted(whole)})


def network_bottleneck(evidence: Evidence) -> Finding:
    """The link is the bottleneck of downloads, whatever their size: without its limit they would be faster."""
    sizes = sorted({one.cell.size for one in _payloads(evidence) if one.cell.size is not None})
    parts = [_the_link_binds(evidence, size) for size in sizes]
    part = "the link is the bottleneck of downloads"
    return combine(parts or [judging.untold(part, _RELAXED, judging.command("bandwidth"))])


_RELAXED = "a bottleneck is what makes the whole faster when it is widened; a gain below may be noise"


def _payloads(evidence: Evidence, **wanted: object) -> list[Replicate]:
    return evidence.cells("bandwidth", "test_payload", strategy="asyncio", **wanted)


def _the_link_binds(evidence: Evidence, size: int) -> Part:
    free = _payloads(evidence, size=size, link=_UNLIMITED)
    limited = {link: _payloads(evidence, size=size, link=link) for link in _links(evidence)}
    told = [
        figure(f"time at {link} over time without a limit", ratios(cells, free, median))
        for link, cells in limited.items()
    ]
    part = f"the link is the bottleneck of downloads of {size / 1024:g} KiB"
    explained = [one for link, cells in limited.items() for one in _explained(f"at {link}", cells)]
    beside = [*explained, *_explained("without a limit", free)]
    return judging.all_above(part, told, GAIN, _RELAXED, "bandwidth", beside=beside)


def _links(evidence: Evidence) -> list[str]:
    """Name the links that have a limit, the widest first."""
    wide = {
        str(one.cell.extra.get("link")): added("bandwidth_bytes_per_second")(one.cell) for one in _payloads(evidence)
    }
    return sorted((link for link in wide if link != _UNLIMITED), key=lambda link: -(wide[link] or 0))


def _explained(where: str, cells: list[Replicate]) -> list[Figure]:
    """Return how much of the time waiting for the server alone, and carrying the bytes alone, would take."""
    limits = (("waiting", "waiting_limit_seconds"), ("carrying", "carrying_limit_seconds"))
    told = {what: quotient(values(cells, added(name)), values(cells, median)) for what, name in limits}
    return [
        figure(f"{what} alone {where}", sample, "share") for what, sample in told.items() if any(sample.values.values())
    ]


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "speedup-io",
        "Processes are a significant speed-up over the best sequential time for downloads",
        ("downloads",),
        speedup_io,
    ),
    Claim(
        "network-bottleneck",
        "There is one network card, and it is the bottleneck",
        ("bandwidth",),
        network_bottleneck,
    ),
    Claim(
        "threads-knee",
        "As many threads as one likes, but more is not always better",
        ("threads_knee",),
        threads_knee,
    ),
)
