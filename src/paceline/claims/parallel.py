"""What interpreters do at the same time, and how many of them are worth having."""

import math

from paceline.claims import judging, measures
from paceline.claims.claim import Claim
from paceline.claims.evidence import Evidence, Replicate, Sample, counted, median, ratios, values
from paceline.claims.finding import Finding, Part, combine
from paceline.claims.judging import figure
from paceline.claims.measures import BASELINE, CODE, GAIN, HOLDS, PROCESSES
from paceline.history import Cell

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


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "cpu-parallel",
        "Processes give one interpreter per CPU and so CPU-bound concurrency",
        ("computing", "too_many"),
        cpu_parallel,
    ),
    Claim("four-at-once", "Four interpreters do four things at once", ("downloads", "computing"), four_at_once),
    Claim("no-more-than-cpus", "More interpreters than CPUs gain nothing", ("too_many",), no_more_than_cpus),
)
