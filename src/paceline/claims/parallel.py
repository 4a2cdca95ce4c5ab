"""What the GIL holds back, what interpreters do at the same time, and which strategy is for which work."""

import math
from collections.abc import Sequence
from dataclasses import replace

from paceline.claims import judging
from paceline.claims.evidence import (
    BASELINE,
    CODE,
    HOLDS,
    ONE_INTERPRETER,
    PROCESSES,
    RELEASES,
    Evidence,
    Replicate,
    Sample,
    busy,
    computing,
    computing_speedup,
    counted,
    downloads,
    median,
    over_limit,
    over_loop,
    quotient,
    ratios,
    speedup,
    values,
)
from paceline.claims.judging import GAIN, Figure, Finding, Part, claim, combine, figure
from paceline.history import Cell
from paceline.text import formats

BUSY = 1.15
"""CPU seconds per second above which more than one thread computes at a time; it hardly scatters, as load cancels."""

NO_GAIN = f"a second CPU in full use would gain a factor near 2, and what is below {GAIN}x may be noise"
"""Why `GAIN` is the margin of what should gain nothing."""


@claim("gil-bound", "Threads and asyncio live in one interpreter, so the GIL holds them back", "computing")
def gil_bound(evidence: Evidence) -> Finding:
    """Threads and asyncio compute one at a time, and a kernel that releases the GIL shows that it is the GIL."""
    parts = [_computes_no_faster(evidence, one, HOLDS, "no gain on") for one in ONE_INTERPRETER]
    parts += [_one_at_a_time(evidence, one) for one in ONE_INTERPRETER]
    return combine([*parts, _released(evidence)], _not_by_the_gil_alone(evidence))


def _computes_no_faster(evidence: Evidence, strategy: str, kernel: str, no_gain: str) -> Part:
    part = f"{strategy}: {no_gain} {CODE[kernel]}"
    return judging.one_cpu(evidence, part) or judging.below(
        part, _speedup(evidence, strategy, kernel), GAIN, NO_GAIN, "computing"
    )


def _speedup(evidence: Evidence, strategy: str, kernel: str) -> Figure:
    return figure(f"speedup of {strategy}", computing_speedup(evidence, strategy, kernel))


def _busy(evidence: Evidence, strategy: str) -> Figure:
    cells = computing(evidence, strategy, HOLDS)
    return figure(f"CPU seconds over seconds, {strategy}", busy(cells))


def _one_at_a_time(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: no more than one CPU busy with it"
    because = "whatever computes one at a time keeps one CPU busy; a second one would bring it near 2"
    return judging.one_cpu(evidence, part) or judging.below(part, _busy(evidence, strategy), BUSY, because, "computing")


def _released(evidence: Evidence) -> Part:
    part = f"control: threads do gain on {CODE[RELEASES]}, so it is the GIL that holds them back"
    gain = figure("speedup of threads without the GIL", computing_speedup(evidence, "threads", RELEASES))
    judged = judging.above(part, gain, GAIN, "the same margin from the other side", "computing")
    otherwise = "a machine whose CPUs do more than one alone: not even work without the GIL gains here"
    return judging.one_cpu(evidence, part) or judging.control(judged, otherwise)


def _not_by_the_gil_alone(evidence: Evidence) -> list[str]:
    gain = _speedup(evidence, "asyncio", RELEASES)
    if not gain.processes or gain.value > GAIN:
        return []
    as_little = f"asyncio gains as little on {CODE[RELEASES]} ({gain.value:.2f}x)"
    return [f"one thread: {as_little}: it computes in one thread, and would without a GIL too"]


@claim("gil-solved", "With processes the GIL no longer matters", "computing")
def gil_solved(evidence: Evidence) -> Finding:
    """Processes compute at once, and as well with code that holds the GIL as with code that does not."""
    return combine([judge(evidence, strategy) for judge in (_at_once, _no_difference) for strategy in PROCESSES])


def _at_once(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: most CPUs busy with {CODE[HOLDS]}"
    switches = [
        figure(f"context switches per CPU second, {name}", _switches(computing(evidence, name, HOLDS)), "count")
        for name in (strategy, "threads")
    ]
    because = "more than half of what the CPUs beyond the first could add; with one GIL for all it would be 1"
    beside = [one for one in switches if one.processes]
    judged = judging.above(
        part, _busy(evidence, strategy), judging.halfway(evidence.cpus), because, "computing", beside=beside
    )
    return _without_a_gil(evidence, part) or judging.one_cpu(evidence, part) or judging.unless_crowded(evidence, judged)


def _switches(cells: Sequence[Replicate]) -> Sample:
    return quotient(values(cells, lambda cell: cell.context_switches), values(cells, lambda cell: cell.cpu_seconds))


def _no_difference(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: as much gain on {CODE[HOLDS]} as on {CODE[RELEASES]}"
    gains = {kernel: computing_speedup(evidence, strategy, kernel) for kernel in (RELEASES, HOLDS)}
    less = figure(f"speedup of {strategy} where the GIL is released over where it is held", quotient(*gains.values()))
    because = (
        "the GIL no longer matters where holding it costs less than a quarter; under threads it costs half or more"
    )
    beside = [figure(f"speedup of {strategy} on {CODE[each]}", gain) for each, gain in gains.items() if len(gain)]
    judged = judging.below(part, less, GAIN, because, "computing", beside=beside)
    return _without_a_gil(evidence, part) or judging.one_cpu(evidence, part) or judged


def _without_a_gil(evidence: Evidence, part: str) -> Part | None:
    if evidence.gil:
        return None
    return judging.undecided(part, "without a GIL there is nothing to solve", "a Python whose GIL is on")


_LONG = 0.010
"""Seconds an item computes from which on handing it to a process is a small part of it."""

_FIRST_WITH_INTERPRETERS = (3, 14)


@claim("threads-io-only", "Threads and asyncio help I/O, not CPU work", "downloads", "computing")
def threads_io_only(evidence: Evidence) -> Finding:
    """Threads and asyncio make downloads faster, and computing not, whatever the kernel does with the GIL."""
    help_not = [
        _computes_no_faster(evidence, strategy, kernel, "no help with")
        for kernel in (HOLDS, RELEASES)
        for strategy in ONE_INTERPRETER
    ]
    return combine([*(_helps(evidence, strategy) for strategy in ONE_INTERPRETER), *help_not])


def _helps(evidence: Evidence, strategy: str) -> Part:
    plain, helped = (downloads(evidence, name) for name in (BASELINE, strategy))
    gain = figure(f"speedup of {strategy}", speedup(plain, helped))
    because = "below it may be noise; ten downloads at a time could be 10x as fast"
    return judging.above(f"{strategy}: a help with downloads", gain, GAIN, because, "downloads")


@claim("processes-reign", "CPU-bound work is where processes reign", "computing", "break_even")
def processes_reign(evidence: Evidence) -> Finding:
    """Processes are ahead of every other strategy, for each kernel, item length and payload."""
    interpreters = _has_interpreters(evidence)
    rivals = ("threads", "interpreters") if interpreters else ("threads",)
    ahead = [_ahead(evidence, rival, kernel) for rival in rivals for kernel in (HOLDS, RELEASES)]
    no_rival = "no rival: this Python has no pool of interpreters to be ahead of; Python 3.14 has"
    worthwhile = [_worthwhile(evidence, long=long) for long in (True, False)]
    return combine([*ahead, *worthwhile], [] if interpreters else [no_rival])


def _has_interpreters(evidence: Evidence) -> bool:
    return (
        bool(evidence.cells("computing", "test_computing", strategy="interpreters"))
        or evidence.version >= _FIRST_WITH_INTERPRETERS
    )


def _ahead(evidence: Evidence, rival: str, kernel: str) -> Part:
    """Judge by the speedups of both over loops, where there were any, else by their times."""
    part = f"processes are ahead of {rival} on {CODE[kernel]}"
    ours, theirs = (computing(evidence, name, kernel) for name in (PROCESSES[0], rival))
    over_loops = ratios(ours, theirs, over_loop)
    lead = over_loops if len(over_loops) else speedup(theirs, ours)
    decides = figure(f"lead of {PROCESSES[0]} over {rival}", lead)
    because = "who reigns is ahead by more than noise; a tie is none"
    return judging.one_cpu(evidence, part) or judging.above(part, decides, GAIN, because, "computing")


def _worthwhile(evidence: Evidence, *, long: bool) -> Part:
    which = f"{formats.setting(_LONG)} and more" if long else f"less than {formats.setting(_LONG)}"
    part = f"processes beat a plain loop with items of {which}, whatever they carry"
    gains = [
        figure(
            f"speedup with items of {formats.setting(seconds)} and {formats.size(size)}",
            _broken_even(evidence, seconds, size),
        )
        for seconds, size in _grid(evidence)
        if (seconds >= _LONG) is long
    ]
    because = "processes are worth their while from a clear gain on, for every item length and payload measured"
    return judging.one_cpu(evidence, part) or judging.above(part, gains, GAIN, because, "break_even")


def _grid(evidence: Evidence) -> list[tuple[float, int]]:
    cells = [one.cell for one in evidence.cells("break_even", "test_break_even", strategy=PROCESSES[0])]
    return sorted({(float(cell.extra.get("item_cpu_seconds") or 0), cell.size or 0) for cell in cells})


def _broken_even(evidence: Evidence, seconds: float, size: int) -> Sample:
    plain, pool = (
        evidence.cells("break_even", "test_break_even", strategy=name, item_cpu_seconds=seconds, size=size)
        for name in (BASELINE, PROCESSES[0])
    )
    return speedup(plain, pool)


NOTHING = 1.2
"""
Below this gain more interpreters gain nothing: twice as many could be twice as fast, and less than a fifth is not worth
twice the memory.
"""

_COMPUTING = "test_computing_with_many"
_WAITING = "test_waiting_with_many"
_MANY = (2, 4, 8)  # times as many workers as CPUs


@claim("cpu-parallel", "Processes give one interpreter per CPU and so CPU-bound concurrency", "computing", "too_many")
def cpu_parallel(evidence: Evidence) -> Finding:
    """Processes compute at once on all CPUs, and a single one is no faster than a plain loop."""
    parts = [judge(evidence, strategy) for judge in (_gains, _computes_at_once) for strategy in PROCESSES]
    return combine([*parts, _in_step(evidence)])


def _gains(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: with an interpreter for each CPU, a gain on {CODE[HOLDS]}"
    limit = figure("time over limit", values(computing(evidence, strategy, HOLDS), over_limit))
    margin = 1 + ((evidence.cpus or 1) - 1) / 4
    because = (
        "more than a quarter of what the CPUs beyond the first could add: two that share a core slow each other down, "
        "and how much is the machine's matter; whether they are busy at the same time is another part"
    )
    beside = [limit] if limit.processes else []
    judged = judging.above(part, _speedup(evidence, strategy, HOLDS), margin, because, "computing", beside=beside)
    return judging.one_cpu(evidence, part) or judging.unless_crowded(evidence, judged)


def _computes_at_once(evidence: Evidence, strategy: str) -> Part:
    part = f"{strategy}: most CPUs busy at the same time"
    because = "more than half of what the CPUs beyond the first could add, as two of them may share one core"
    judged = judging.above(part, _busy(evidence, strategy), judging.halfway(evidence.cpus), because, "computing")
    return judging.one_cpu(evidence, part) or judging.unless_crowded(evidence, judged)


def _in_step(evidence: Evidence) -> Part:
    """Judge that fewer interpreters than CPUs gain no more than these can: more is gained by something else."""
    part = "control: fewer interpreters than CPUs gain no more than their number"
    fewer = [n for n in evidence.workers("too_many", _COMPUTING, strategy=PROCESSES[0]) if n < (evidence.cpus or 1)]
    plain = evidence.cells("too_many", _COMPUTING, strategy=BASELINE)
    gains = {n: speedup(plain, _many(evidence, n)) for n in fewer}
    per_worker = [
        figure(
            f"speedup over workers, {n} of {PROCESSES[0]}",
            replace(gain, values={key: value / n for key, value in gain.values.items()}),
        )
        for n, gain in gains.items()
    ]
    because = f"what is below {GAIN}x may be noise; above it the plain loop is slow for another reason"
    judged = judging.below(part, per_worker, GAIN, because, "too_many")
    return judging.one_cpu(evidence, part) or judging.control(judged, "a run whose plain loop is undisturbed")


def _many(
    evidence: Evidence, workers: int, function: str = _COMPUTING, strategy: str = PROCESSES[0]
) -> list[Replicate]:
    return evidence.cells("too_many", function, strategy=strategy, workers=workers)


@claim("no-more-than-cpus", "More interpreters than CPUs gain nothing", "too_many")
def no_more_than_cpus(evidence: Evidence) -> Finding:
    """Twice, four and eight times as many interpreters as CPUs are no faster, computing or waiting."""
    others = ["interpreters"] if _many(evidence, evidence.cpus or 1, _COMPUTING, "interpreters") else []
    computes = [_no_gain(evidence, _COMPUTING, strategy) for strategy in (PROCESSES[0], *others)]
    return combine([*computes, _no_gain(evidence, _WAITING, PROCESSES[0])])


def _no_gain(evidence: Evidence, function: str, strategy: str) -> Part:
    doing = "computing" if function == _COMPUTING else "waiting"
    name = "processes" if strategy in PROCESSES else strategy
    cpus = evidence.cpus or 1
    enough = _many(evidence, cpus, function, strategy)
    gains = [
        figure(f"gain from {times} x as many {name} as CPUs", ratios(enough, more, median))
        for times in _MANY
        if (
            more := [one for one in _many(evidence, times * cpus, function, strategy) if one.cell.items >= times * cpus]
        )
    ]
    margin = NOTHING * (_rounding(enough, cpus) if doing == "computing" else 1.0)
    because = "twice the interpreters could be twice as fast; less than a fifth is not worth twice the memory"
    return judging.below(f"more {name} than CPUs gain nothing {doing}", gains, margin, because, "too_many")


def _rounding(cells: Sequence[Replicate], cpus: int) -> float:
    """Return what one worker for each CPU loses because the items can't be split evenly."""
    items = max((one.cell.items for one in cells), default=cpus)
    return math.ceil(items / cpus) * cpus / items


@claim("four-at-once", "Four interpreters do four things at once", "downloads", "computing")
def four_at_once(evidence: Evidence) -> Finding:
    """As many interpreters as there are do as many downloads at once, and as many computations where each has a CPU."""
    cells = {strategy: downloads(evidence, strategy) for strategy in (*PROCESSES, "interpreters")}
    waiting = [_all_in_flight(strategy, found) for strategy, found in cells.items() if found or strategy in PROCESSES]
    return combine([*waiting, _computes_at_once(evidence, PROCESSES[0])])


def _all_in_flight(strategy: str, cells: Sequence[Replicate]) -> Part:
    part = f"as many downloads are under way as there are workers of {strategy}"
    most = [figure(what, values(cells, read), "count") for what, read in _IN_FLIGHT.items() if cells]
    because = "the most in flight that the server saw is the number of workers; one less is one that was idle"
    checks = judging.checked(values(cells, _short_of_workers), lambda short: not short)
    return judging.always(part, checks, because, "downloads", most)


def _short_of_workers(cell: Cell) -> float | None:
    most = counted("max_in_flight")(cell)
    return None if most is None else cell.workers - most


_IN_FLIGHT = {"most in flight": counted("max_in_flight"), "workers": lambda cell: cell.workers}
