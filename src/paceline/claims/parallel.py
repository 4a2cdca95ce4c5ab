"""What the GIL holds back, what interpreters do at the same time, and which strategy is for which work."""

import math
from collections.abc import Sequence

from paceline.claims import judging, measures
from paceline.claims.evidence import Evidence, Replicate, Sample, counted, median, quotient, ratios, values
from paceline.claims.judging import Claim, Figure, Finding, Part, combine, figure
from paceline.claims.measures import BASELINE, BUSY, CODE, GAIN, HOLDS, NO_GAIN, PROCESSES, RELEASES
from paceline.history import Cell

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


GIL_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "gil-bound",
        "Threads and asyncio live in one interpreter, so the GIL holds them back",
        ("computing",),
        gil_bound,
    ),
    Claim("gil-io", "For I/O-bound work the GIL is no problem", ("beside",), gil_io),
    Claim("gil-solved", "With processes the GIL no longer matters", ("computing",), gil_solved),
)


_LONG = 0.010
"""Seconds an item computes from which on handing it to a process is a small part of it."""

_FIRST_WITH_INTERPRETERS = (3, 14)


def threads_io_only(evidence: Evidence) -> Finding:
    """Threads and asyncio make downloads faster, and computing not, whatever the kernel does with the GIL."""
    strategies = ("threads", "asyncio")
    parts = [_helps(evidence, strategy) for strategy in strategies]
    kernels = (HOLDS, RELEASES)
    return combine([*parts, *(_helps_not(evidence, one, kernel) for kernel in kernels for one in strategies)])


def _helps(evidence: Evidence, strategy: str) -> Part:
    told = figure(f"speedup of {strategy}", measures.downloads_speedup(evidence, strategy))
    because = "below it may be noise; ten downloads at a time could be 10x as fast"
    return judging.above(f"{strategy}: a help with downloads", told, GAIN, because, "downloads")


def _helps_not(evidence: Evidence, strategy: str, kernel: str) -> Part:
    part = f"{strategy}: no help with {CODE[kernel]}"
    told = figure(f"speedup of {strategy}", measures.computing_speedup(evidence, strategy, kernel))
    return measures.one_cpu(evidence, part) or judging.below(part, told, GAIN, NO_GAIN, "computing")


def processes_reign(evidence: Evidence) -> Finding:
    """Processes are ahead of every other strategy, for each kernel, item length and payload."""
    rivals = ("threads", "interpreters")
    ahead = [_ahead(evidence, rival, kernel) for rival in rivals for kernel in (HOLDS, RELEASES)]
    worthwhile = [_worthwhile(evidence, long=True), _worthwhile(evidence, long=False)]
    return combine([*(one for one in ahead if one), *worthwhile], _without_interpreters(evidence))


def _ahead(evidence: Evidence, rival: str, kernel: str) -> Part | None:
    part = f"processes are ahead of {rival} on {CODE[kernel]}"
    if rival == "interpreters" and not _has_interpreters(evidence):
        return None
    lead = measures.computing_lead(evidence, PROCESSES[0], rival, kernel)
    told = figure(f"lead of {PROCESSES[0]} over {rival}", lead)
    because = "who reigns is ahead by more than noise; a tie is none"
    return measures.one_cpu(evidence, part) or judging.above(part, told, GAIN, because, "computing")


def _worthwhile(evidence: Evidence, *, long: bool) -> Part:
    which = f"{judging.length(_LONG)} and more" if long else f"less than {judging.length(_LONG)}"
    part = f"processes beat a plain loop with items of {which}, whatever they carry"
    told = [
        figure(
            f"speedup with items of {judging.length(seconds)} and {judging.size(size)}",
            _broken_even(evidence, seconds, size),
        )
        for seconds, size in _grid(evidence)
        if (seconds >= _LONG) is long
    ]
    because = "processes are worth their while from a clear gain on, for every item length and payload measured"
    return measures.one_cpu(evidence, part) or judging.all_above(part, told, GAIN, because, "break_even")


def _grid(evidence: Evidence) -> list[tuple[float, int]]:
    cells = [one.cell for one in evidence.cells("break_even", "test_break_even", strategy=PROCESSES[0])]
    return sorted({(float(cell.extra.get("item_cpu_seconds") or 0), cell.size or 0) for cell in cells})


def _broken_even(evidence: Evidence, seconds: float, size: int) -> Sample:
    plain, pool = (
        evidence.cells("break_even", "test_break_even", strategy=name, item_cpu_seconds=seconds, size=size)
        for name in (BASELINE, PROCESSES[0])
    )
    return measures.speedup(plain, pool)


def _has_interpreters(evidence: Evidence) -> bool:
    return (
        bool(evidence.cells("computing", "test_computing", strategy="interpreters"))
        or evidence.version >= _FIRST_WITH_INTERPRETERS
    )


def _without_interpreters(evidence: Evidence) -> list[str]:
    if _has_interpreters(evidence):
        return []
    return ["no rival: this Python has no pool of interpreters to be ahead of; Python 3.14 has"]


KIND_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "threads-io-only",
        "Threads and asyncio help I/O, not CPU work",
        ("downloads", "computing"),
        threads_io_only,
    ),
    Claim(
        "processes-reign",
        "CPU-bound work is where processes reign",
        ("computing", "break_even"),
        processes_reign,
    ),
)


NOTHING = 1.2
"""
Below this gain more interpreters gain nothing: twice as many could be twice as fast, and less than a fifth is not worth
twice the memory.
"""

_COMPUTING = "test_computing_with_many"
_WAITING = "test_waiting_with_many"
_MANY = (2, 4, 8)  # times as many workers as CPUs


def cpu_parallel(evidence: Evidence) -> Finding:
    """Processes compute at once on all CPUs, and a single one is no faster than a plain loop."""
    gains = [_gains(evidence, strategy) for strategy in PROCESSES]
    return combine([*gains, *(_computes_at_once(evidence, strategy) for strategy in PROCESSES), _in_step(evidence)])


def _gains(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: with an interpreter for each CPU, a gain on {CODE[HOLDS]}"
    told = figure(f"speedup of {strategy}", measures.computing_speedup(evidence, strategy, HOLDS))
    limit = figure("time over limit", values(measures.computing(evidence, strategy, HOLDS), measures.over_limit))
    margin = 1 + ((evidence.cpus or 1) - 1) / 4
    judged = judging.above(part, told, margin, _A_QUARTER, "computing", beside=[limit] if limit.processes else [])
    return measures.one_cpu(evidence, part) or measures.unless_crowded(evidence, judged)


def _computes_at_once(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: most CPUs busy at the same time"
    told = figure(f"CPU seconds over seconds, {strategy}", measures.busy(measures.computing(evidence, strategy, HOLDS)))
    judged = judging.above(part, told, measures.halfway(evidence.cpus or 1), _HALFWAY, "computing")
    return measures.one_cpu(evidence, part) or measures.unless_crowded(evidence, judged)


_A_QUARTER = (
    "more than a quarter of what the CPUs beyond the first could add: two that share a core slow each other down, and "
    "how much is the machine's matter; whether they are busy at the same time is another part"
)
_HALFWAY = "more than half of what the CPUs beyond the first could add, as two of them may share one core"


def _in_step(evidence: Evidence) -> Part:
    """Whoever is faster with fewer interpreters than CPUs than these can be has gained by something else."""
    part = "control: fewer interpreters than CPUs gain no more than their number"
    fewer = [n for n in evidence.workers("too_many", _COMPUTING, strategy=PROCESSES[0]) if n < (evidence.cpus or 1)]
    plain = evidence.cells("too_many", _COMPUTING, strategy=BASELINE)
    told = [
        figure(f"speedup over workers, {n} of {PROCESSES[0]}", _scaled(measures.speedup(plain, _many(evidence, n)), n))
        for n in fewer
    ]
    because = f"what is below {GAIN}x may be noise; above it the plain loop is slow for another reason"
    judged = judging.all_below(part, told, GAIN, because, "too_many")
    return measures.one_cpu(evidence, part) or judging.control(judged, "a run whose plain loop is undisturbed")


def _many(
    evidence: Evidence, workers: int, function: str = _COMPUTING, strategy: str = PROCESSES[0]
) -> list[Replicate]:
    return evidence.cells("too_many", function, strategy=strategy, workers=workers)


def _scaled(sample: Sample, by: int) -> Sample:
    return Sample({key: value / by for key, value in sample.values.items()}, sample.warnings)


def no_more_than_cpus(evidence: Evidence) -> Finding:
    """Twice, four and eight times as many interpreters as CPUs are no faster, computing or waiting."""
    computing = [_no_gain(evidence, _COMPUTING, strategy) for strategy in (PROCESSES[0], "interpreters")]
    return combine([*(part for part in computing if part), _waiting(evidence)])


def _waiting(evidence: Evidence) -> Part:
    part = _no_gain(evidence, _WAITING, PROCESSES[0])
    if part is None:
        because = f"below {NOTHING}x for twice the interpreters"
        return judging.untold("more processes than CPUs gain nothing waiting", because, judging.command("too_many"))
    return part


def _no_gain(evidence: Evidence, function: str, strategy: str) -> Part | None:
    doing = "computing" if function == _COMPUTING else "waiting"
    name = "processes" if strategy in PROCESSES else strategy
    part = f"more {name} than CPUs gain nothing {doing}"
    cpus = evidence.cpus or 1
    enough = _many(evidence, cpus, function, strategy)
    if not enough and strategy not in PROCESSES:
        return None
    told = [
        figure(f"gain from {times} x as many {name} as CPUs", ratios(enough, more, median))
        for times in _MANY
        if (
            more := [one for one in _many(evidence, times * cpus, function, strategy) if one.cell.items >= times * cpus]
        )
    ]
    margin = NOTHING * (_rounding(enough, cpus) if doing == "computing" else 1.0)
    because = "twice the interpreters could be twice as fast; less than a fifth is not worth twice the memory"
    return judging.all_below(part, told, margin, because, "too_many")


def _rounding(cells: list[Replicate], cpus: int) -> float:
    """Return what one worker for each CPU loses because the items can't be dealt out evenly."""
    items = max((one.cell.items for one in cells), default=cpus)
    return math.ceil(items / cpus) * cpus / items


def four_at_once(evidence: Evidence) -> Finding:
    """As many interpreters as there are do as many downloads at once, and as many computations where each has a CPU."""
    waiting = [_all_in_flight(evidence, strategy) for strategy in (*PROCESSES, "interpreters")]
    return combine([*(part for part in waiting if part), _computes_at_once(evidence, PROCESSES[0])])


def _all_in_flight(evidence: Evidence, strategy: str) -> Part | None:
    cells = measures.downloads(evidence, strategy)
    if not cells and strategy not in PROCESSES:
        return None
    told = values(cells, _short_of_workers)
    part = f"as many downloads are under way as there are workers of {strategy}"
    most = [figure(what, values(cells, get), "count") for what, get in _IN_FLIGHT if cells]
    because = "the most in flight that the server saw is the number of workers; one less is one that was idle"
    return judging.always(part, judging.checked(told, lambda short: not short), because, "downloads", most)


def _short_of_workers(cell: Cell) -> float | None:
    most = counted("max_in_flight")(cell)
    return None if most is None else cell.workers - most


_IN_FLIGHT = (("most in flight", counted("max_in_flight")), ("workers", lambda cell: cell.workers))


PARALLEL_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "cpu-parallel",
        "Processes give one interpreter per CPU and so CPU-bound concurrency",
        ("computing", "too_many"),
        cpu_parallel,
    ),
    Claim("four-at-once", "Four interpreters do four things at once", ("downloads", "computing"), four_at_once),
    Claim("no-more-than-cpus", "More interpreters than CPUs gain nothing", ("too_many",), no_more_than_cpus),
)
