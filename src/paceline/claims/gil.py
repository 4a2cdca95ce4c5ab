"""What the GIL holds back, and what it does not."""

from collections.abc import Sequence

from paceline.claims import judging, measures
from paceline.claims.claim import Claim
from paceline.claims.evidence import Evidence, Replicate, Sample, median, quotient, ratios, values
from paceline.claims.finding import Figure, Finding, Part, combine
from paceline.claims.judging import figure
from paceline.claims.measures import BUSY, CODE, GAIN, HOLDS, NO_GAIN, PROCESSES, RELEASES

_ONE_AT_A_TIME = "whatever computes one at a time keeps one CPU busy; a second one would bring it near 2"

IO_LATENCY = 0.005
"""Seconds from which on an item mostly waits: a download takes a client some 0.1 to 1 ms of CPU time."""


def gil_bound(evidence: Evidence) -> Finding:
    """Threads and asyncio compute one at a time, and a kernel that releases the GIL shows that it is the GIL."""
    parts = [_held(evidence, strategy) for strategy in ("threads", "asyncio")]
    parts += [_one_at_a_time(evidence, strategy) for strategy in ("threads", "asyncio")]
    return combine([*parts, _released(evidence)], _not_by_the_gil_alone(evidence))


def _held(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: no gain on {CODE[HOLDS]}"
    told = figure(f"speedup of {strategy}", measures.computing_speedup(evidence, strategy, HOLDS))
    return measures.one_cpu(evidence, part) or judging.below(part, told, GAIN, NO_GAIN, "computing")


def _one_at_a_time(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: no more than one CPU busy with it"
    told = figure(f"CPU seconds over seconds, {strategy}", measures.busy(measures.computing(evidence, strategy, HOLDS)))
    return measures.one_cpu(evidence, part) or judging.below(part, told, BUSY, _ONE_AT_A_TIME, "computing")


def _released(evidence: Evidence) -> Part:
    part = f"control: threads do gain on {CODE[RELEASES]}, so it is the GIL that holds them back"
    told = figure("speedup of threads without the GIL", measures.computing_speedup(evidence, "threads", RELEASES))
    judged = judging.above(part, told, GAIN, "the same margin from the other side", "computing")
    otherwise = "a machine whose CPUs do more than one alone: not even work without the GIL gains here"
    return measures.one_cpu(evidence, part) or judging.control(judged, otherwise)


def _not_by_the_gil_alone(evidence: Evidence) -> list[str]:
    told = figure("", measures.computing_speedup(evidence, "asyncio", RELEASES))
    if not told.processes or told.value > GAIN:
        return []
    said = f"asyncio gains as little on {CODE[RELEASES]} ({told.value:.2f}x)"
    return [f"one thread: {said}: it computes in one thread, and would without a GIL too"]


def gil_io(evidence: Evidence) -> Finding:
    """Downloads come close to their limit as long as nothing in the same interpreter computes."""
    strategies = ("threads", "asyncio")
    return combine([*(_alone(evidence, one) for one in strategies), *(_beside(evidence, one) for one in strategies)])


def _alone(evidence: Evidence, strategy: str) -> Part:
    cells = _waits(evidence, "test_alone", strategy)
    told = {latency: values(found, measures.over_limit) for latency, found in cells.items() if latency}
    long, short = _by_latency("time over limit", told)
    because = (
        f"a quarter above the limit is a problem, whatever causes it; from {IO_LATENCY * 1e3:.0f} ms of waiting on"
    )
    return judging.all_below(
        f"{strategy}: alone, downloads come close to the limit", long, GAIN, because, "beside", beside=short
    )


def _beside(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: beside a thread that computes, downloads are as fast as alone"
    alone = _waits(evidence, "test_alone", strategy)
    beside = _waits(evidence, "test_beside_a_computing_thread", strategy)
    told = {latency: ratios(beside[latency], alone.get(latency, ()), median) for latency in beside}
    long, short = _by_latency("time beside over time alone", told)
    because = "the same quarter; whoever computes gives the GIL back only every 5 ms, once for each wake-up"
    judged = judging.all_below(part, long, GAIN, because, "beside", beside=short)
    return measures.one_cpu(evidence, part) or judged


def _waits(evidence: Evidence, function: str, strategy: str) -> dict[float, list[Replicate]]:
    found: dict[float, list[Replicate]] = {}
    for one in evidence.cells("beside", function, strategy=strategy):
        if one.cell.latency is not None:
            found.setdefault(one.cell.latency, []).append(one)
    return dict(sorted(found.items()))


def _by_latency(what: str, told: dict[float, Sample]) -> tuple[list[Figure], list[Figure]]:
    """Make the figures of items that mostly wait, which decide, and those of shorter ones, which stand beside them."""
    figures = {latency: figure(f"{what} at {latency * 1e3:g} ms", sample) for latency, sample in told.items()}
    long = [one for latency, one in figures.items() if latency >= IO_LATENCY]
    return long, [one for latency, one in figures.items() if latency < IO_LATENCY and one.processes]


def gil_solved(evidence: Evidence) -> Finding:
    """Processes compute at once, and as well with code that holds the GIL as with code that does not."""
    parts = [_at_once(evidence, strategy) for strategy in PROCESSES]
    return combine([*parts, *(_no_difference(evidence, strategy) for strategy in PROCESSES)])


def _at_once(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: most CPUs busy with {CODE[HOLDS]}"
    cells = measures.computing(evidence, strategy, HOLDS)
    told = figure(f"CPU seconds over seconds, {strategy}", measures.busy(cells))
    switches = [
        figure(f"context switches per CPU second, {name}", _switches(evidence, name), "count")
        for name in (strategy, "threads")
    ]
    margin = measures.halfway(evidence.cpus or 1)
    because = "more than half of what the CPUs beyond the first could add; with one GIL for all it would be 1"
    judged = judging.above(part, told, margin, because, "computing", beside=[one for one in switches if one.processes])
    return (
        _without_a_gil(evidence, part) or measures.one_cpu(evidence, part) or measures.unless_crowded(evidence, judged)
    )


def _switches(evidence: Evidence, strategy: str) -> Sample:
    return measures.switches(measures.computing(evidence, strategy, HOLDS))


def _no_difference(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: as much gain on {CODE[HOLDS]} as on {CODE[RELEASES]}"
    gains = [measures.computing_speedup(evidence, strategy, kernel) for kernel in (RELEASES, HOLDS)]
    told = figure(f"speedup of {strategy} where the GIL is released over where it is held", quotient(*gains))
    because = (
        "the GIL no longer matters where holding it costs less than a quarter; under threads it costs half or more"
    )
    judged = judging.below(part, told, GAIN, because, "computing", beside=_speedups(strategy, gains))
    return _without_a_gil(evidence, part) or measures.one_cpu(evidence, part) or judged


def _speedups(strategy: str, gains: Sequence[Sample]) -> list[Figure]:
    return [
        figure(f"speedup of {strategy} on {CODE[kernel]}", gain)
        for kernel, gain in zip((RELEASES, HOLDS), gains, strict=True)
        if len(gain)
    ]


def _without_a_gil(evidence: Evidence, part: str) -> Part | None:
    if evidence.gil:
        return None
    return judging.untold(part, "without a GIL there is nothing to solve", "a Python whose GIL is on")


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "gil-bound",
        "Threads and asyncio live in one interpreter, so the GIL holds them back",
        ("computing",),
        gil_bound,
    ),
    Claim("gil-io", "For I/O-bound work the GIL is no problem", ("beside",), gil_io),
    Claim("gil-solved", "With processes the GIL no longer matters", ("computing",), gil_solved),
)
