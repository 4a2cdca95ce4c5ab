"""From figures to verdicts: a margin stated beforehand, an interval, and `unknown` wherever the two overlap."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from paceline.claims.evidence import RELEASES, Evidence, Key, Reading, Replicate, Sample, busy, computing, values
from paceline.stats import inference
from paceline.text import formats

Verdict: TypeAlias = Literal["confirmed", "refuted", "unknown"]

Unit: TypeAlias = Literal["x", "s", "bytes", "share", "count", "bytes/s", "items/s"]
"""What a figure counts: "x" is a ratio, "share" a fraction."""

LEAST_PROCESSES = 3
"""With fewer, chance alone puts all of them on one side too often, and Student's t is wider than any margin."""

GAIN = 1.25
"""
From this factor on, something is faster. A second CPU used in full would be a factor of 2; cells that do the same work
in the same process differ by up to a tenth, so with three processes an interval around 1 ends below it.
"""

_BY_WEIGHT: tuple[Verdict, ...] = ("refuted", "unknown", "confirmed")
_LOGARITHMIC: tuple[Unit, ...] = ("x", "s", "bytes", "bytes/s", "items/s")


@dataclass(frozen=True)
class Figure:
    """One number that a claim stands or falls with.

    Attributes:
        value: the mean over processes: geometric for ratios and times; the median for counts.
        low: the lower end of its 95 % interval, for counts the least seen; None where nobody can tell.
        high: the upper end, for counts the most seen; None as `low`.
        values: of each process, in their order, shape (processes,).
        warnings: doubts about the cells it comes from.
    """

    what: str
    value: float
    low: float | None
    high: float | None
    unit: Unit
    processes: int
    values: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()


Deciding: TypeAlias = Figure | Sequence[Figure]
"""The figure that decides; or several that all have to hold, of which none at all leaves a statement unknown."""


class Bound(NamedTuple):
    """A margin that is a number, in the unit of the figures that decide: the statement holds above it, or below."""

    above: bool
    value: float


@dataclass(frozen=True)
class Part:
    """One statement of a claim, with what decides it.

    Attributes:
        figures: the deciding ones first, then those that stand beside them for the reader.
        margin: the sentence that states the margin and why it is that one.
        missing: what to run or to have, where the verdict is unknown.
        deciding: those of the figures that the verdict rests on.
        bound: the margin as a number; None where it is none.
    """

    part: str
    verdict: Verdict
    figures: tuple[Figure, ...]
    margin: str
    missing: str | None
    warnings: tuple[str, ...] = ()
    deciding: tuple[Figure, ...] = ()
    bound: Bound | None = None


@dataclass(frozen=True)
class Finding:
    """What the runs say about a whole claim.

    Attributes:
        verdict: refuted if any part is, else unknown if any part is, else confirmed.
        warnings: doubts about the claim as a whole; those of its parts stand with them.
    """

    verdict: Verdict
    parts: tuple[Part, ...]
    warnings: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[Figure, ...]:
        """All figures, in the order of the parts."""
        return tuple(figure for part in self.parts for figure in part.figures)

    @property
    def missing(self) -> tuple[str, ...]:
        """What to run or to have, each once."""
        return tuple(dict.fromkeys(part.missing for part in self.parts if part.missing))


@dataclass(frozen=True)
class Claim:
    """A sentence about concurrency that a run can confirm or refute; `judge` never raises for missing evidence."""

    id: str
    claim: str
    experiments: tuple[str, ...]
    judge: Callable[[Evidence], Finding]


def claim(name: str, sentence: str, *experiments: str) -> Callable[[Callable[[Evidence], Finding]], Claim]:
    """Make a claim of the function that judges it."""
    return lambda judge: Claim(name, sentence, experiments, judge)


def combine(parts: Sequence[Part], warnings: Iterable[str] = ()) -> Finding:
    """Join parts: one refuted part refutes the claim as it stands, and only a claim whose parts all hold is confirmed.

    Raises:
        ValueError: there are no parts, and nothing is not confirmed.
    """
    if not parts:
        raise ValueError("a claim has at least one part")
    verdict = min((part.verdict for part in parts), key=_BY_WEIGHT.index)
    return Finding(verdict, tuple(parts), tuple(dict.fromkeys(warnings)))


def figure(what: str, sample: Sample, unit: Unit = "x") -> Figure:
    """Make a figure of what each process measured, with Student's t interval: of the logarithms for ratios, times,
    sizes and rates, of the values themselves for shares. Counts have their median, the least and the most; without any
    process the value is NaN.
    """
    each = tuple(sample.values[key] for key in sorted(sample.values))
    value, low, high = _described(each, unit) if each else (math.nan, None, None)
    return Figure(what, value, low, high, unit, len(each), each, sample.warnings)


def _described(each: Sequence[float], unit: Unit) -> tuple[float, float | None, float | None]:
    if unit == "count":
        return statistics.median(each), min(each), max(each)
    logarithmic = unit in _LOGARITHMIC and min(each) > 0
    found = (inference.geometric_mean if logarithmic else inference.mean)(each)
    return found.mean, found.low, found.high


def present(figures: Iterable[Figure]) -> list[Figure]:
    """Leave out the figures of what nobody measured; one that a measured cell lacks stays, with its warning."""
    return [one for one in figures if one.processes or one.warnings]


def unmeasured(names: Sequence[str]) -> list[str]:
    """Return a doubt about a claim that lacks figures of some of what it speaks of."""
    return [f"missing: no figures of {', '.join(names)}"] if names else []


def above(
    part: str, decides: Deciding, margin: float, because: str, run: str, *, beside: Sequence[Figure] = ()
) -> Part:
    """Judge a statement that holds if a figure is above a margin: confirmed if all of its interval is above, refuted if
    all of it is below, else unknown.

    Args:
        part: the statement, in words.
        margin: in the figure's unit, stated before anybody looked at it.
        because: why it is that margin.
        run: the experiment to run where processes are missing.
        beside: figures that the reader needs to see but that decide nothing.
    """
    return _judged(part, decides, Bound(above=True, value=margin), because, run, beside=beside)


def below(
    part: str, decides: Deciding, margin: float, because: str, run: str, *, beside: Sequence[Figure] = ()
) -> Part:
    """Judge a statement that holds if a figure is below a margin: the mirror image of `above`."""
    return _judged(part, decides, Bound(above=False, value=margin), because, run, beside=beside)


def _judged(
    part: str, decides: Deciding, bound: Bound, because: str, run: str, *, beside: Sequence[Figure] = ()
) -> Part:
    if not isinstance(decides, Figure):
        return _together([_judged(part, one, bound, because, run) for one in decides], part, because, run, beside)
    figures = (decides, *beside)
    verdict = _side(decides, bound)
    stated = f"{'above' if bound.above else 'below'} {margin_text(bound.value, decides.unit)}: {because}"
    missing = _lacking(decides, bound.value, run) if verdict == "unknown" else None
    return Part(part, verdict, figures, stated, missing, _doubts(figures), (decides,), bound)


def _together(parts: Sequence[Part], part: str, because: str, run: str, beside: Sequence[Figure]) -> Part:
    if not parts:
        return undecided(part, because, command(run), beside)
    found = combine(parts)
    figures = (*found.evidence, *beside)
    missing = found.missing[0] if found.verdict == "unknown" else None
    deciding = tuple(one.figures[0] for one in parts if one.verdict == found.verdict)
    return Part(part, found.verdict, figures, parts[0].margin, missing, _doubts(figures), deciding, parts[0].bound)


def _side(decides: Figure, bound: Bound) -> Verdict:
    if decides.processes < LEAST_PROCESSES or decides.low is None or decides.high is None:
        return "unknown"
    if not (decides.low > bound.value or decides.high < bound.value):
        return "unknown"
    return "confirmed" if (decides.low > bound.value) is bound.above else "refuted"


def settled(part: Part) -> Part:
    """Decide a part that only its interval leaves open: shares of counted things may be the same in every process,
    which leaves no interval, and then the side of the margin on which all of them stand decides.
    """
    each, bound = part.figures[0].values, part.bound
    if part.verdict != "unknown" or bound is None or len(each) < LEAST_PROCESSES or min(each) != max(each):
        return part
    holds = each[0] > bound.value if bound.above else each[0] < bound.value
    return replace(part, verdict="confirmed" if holds else "refuted", missing=None)


def control(part: Part, otherwise: str) -> Part:
    """Make a part a control: what must hold before the others can be read. One that does not hold refutes no claim, it
    shows that this machine or this run can't tell, and what it takes otherwise.
    """
    return replace(part, verdict="unknown", missing=otherwise) if part.verdict == "refuted" else part


def always(
    part: str, checks: Mapping[Key, bool] | Sequence[bool], because: str, run: str, figures: Sequence[Figure] = ()
) -> Part:
    """Judge a statement about counts: refuted if one process says otherwise, confirmed if all of at least
    `LEAST_PROCESSES` agree, else unknown.

    Args:
        part: the statement, in words.
        checks: whether it held, for each process.
        because: what exactly has to hold, and why.
        run: the experiment to run where processes are missing.
    """
    each = list(checks.values() if isinstance(checks, Mapping) else checks)
    enough = len(each) >= LEAST_PROCESSES
    verdict: Verdict = "refuted" if not all(each) else "confirmed" if enough else "unknown"
    missing = _too_few(run, len(each)) if verdict == "unknown" else None
    stated = f"in every process: {because}"
    return Part(part, verdict, tuple(figures), stated, missing, _doubts(figures), tuple(figures[:1]))


def same(part: str, cells: Sequence[Replicate], counts: Mapping[str, Reading | str], because: str, run: str) -> Part:
    """Judge, as `always` does, that two counts, by what they are called, are the same in every process."""
    samples = {what: values(cells, reading) for what, reading in counts.items()}
    figures = [figure(what, sample, "count") for what, sample in samples.items()]
    return always(part, equal(*samples.values()), because, run, figures)


def equal(left: Sample, right: Sample) -> dict[Key, bool]:
    """Ask of each process that has both counts whether they are the same."""
    return {key: left.values[key] == right.values[key] for key in left.values.keys() & right.values.keys()}


def checked(sample: Sample, holds: Callable[[float], bool]) -> dict[Key, bool]:
    """Ask of each process whether its value holds, for `always`."""
    return {key: holds(value) for key, value in sample.values.items()}


def undecided(part: str, because: str, missing: str, figures: Sequence[Figure] = ()) -> Part:
    """Leave a statement open: with the margin there would be, what to run or to have, and what is known already."""
    return Part(part, "unknown", tuple(figures), because, missing, _doubts(figures))


def halfway(cpus: int | None) -> float:
    """Return the speedup that uses half of what the CPUs beyond the first could add."""
    return 1 + ((cpus or 1) - 1) / 2


def one_cpu(evidence: Evidence, part: str) -> Part | None:
    """Leave a statement open on a machine where nothing can compute beside anything; None where something can."""
    if evidence.cpus is not None and evidence.cpus > 1:
        return None
    because = "on one CPU nothing computes beside anything, with a GIL or without"
    return undecided(part, because, "a machine with at least 2 usable CPUs, or a run that says how many there are")


def unless_crowded(evidence: Evidence, judged: Part) -> Part:
    """Take back what was refuted on a machine that had no CPUs to give: there, not even threads whose code releases the
    GIL keep them busy, and processes that computed at once would look as if they had taken turns.
    """
    if judged.verdict != "refuted":
        return judged
    idle = figure(
        "control: CPU seconds over seconds, threads without the GIL", busy(computing(evidence, "threads", RELEASES))
    )
    judged = replace(judged, figures=(*judged.figures, idle))
    if idle.processes >= LEAST_PROCESSES and idle.value > halfway(evidence.cpus):
        return judged
    missing = "a machine that is otherwise idle: no threads were seen that kept most CPUs busy without the GIL either"
    return replace(judged, verdict="unknown", missing=missing)


def command(experiment: str, processes: int | None = None) -> str:
    """Write what to type for more evidence."""
    many = f" --processes {processes}" if processes else ""
    return f"pytest --benchmark-only{many} benchmarks/test_{experiment}.py"


def margin_text(value: float, unit: Unit) -> str:
    """Write a margin for a sentence, with all the digits that it was stated with."""
    match unit:
        case "share":
            return f"{value * 100:.6g} %"
        case "bytes":
            return formats.size(int(value))
        case "count":
            return f"{value:.6g}"
        case "x":
            return f"{value:.6g}x"
        case _:
            return f"{value:.6g} {unit}"


def _lacking(decides: Figure, margin: float, run: str) -> str:
    if decides.processes < LEAST_PROCESSES:
        return _too_few(run, decides.processes)
    if decides.low is None:
        return f"{command(run)} (all {decides.processes} processes gave the very same value, which no clock does)"
    needed = _needed(decides, margin)
    if needed is None:
        return (
            f"nothing that pays: the figure lies too close to its margin for {inference.MOST_PROCESSES} processes to "
            f"tell; a quieter machine might"
        )
    return f"{command(run, needed)} (about {needed} processes would tell, if they scatter as these do)"


def _needed(decides: Figure, margin: float) -> int | None:
    if decides.unit in _LOGARITHMIC and min(decides.values) > 0 and margin > 0:
        return inference.processes_to_tell([math.log(value) for value in decides.values], math.log(margin))
    return inference.processes_to_tell(decides.values, margin)


def _too_few(run: str, processes: int) -> str:
    return command(run) if not processes else f"{command(run)} ({LEAST_PROCESSES} processes at least, not {processes})"


def _doubts(figures: Sequence[Figure]) -> tuple[str, ...]:
    """Return one doubt for each mark; where it differs from figure to figure, how many of them have it."""
    found: dict[str, dict[str, None]] = {}
    for warning in (warning for one in figures for warning in one.warnings):
        mark, _, meaning = warning.partition(": ")
        found.setdefault(mark, {})[meaning] = None
    return tuple(f"{mark}: {_told(mark, list(each), figures)}" for mark, each in found.items())


def _told(mark: str, meanings: Sequence[str], figures: Sequence[Figure]) -> str:
    if len(meanings) == 1 or len(figures) == 1:
        return "; ".join(meanings)
    marked = sum(any(warning.startswith(f"{mark}: ") for warning in one.warnings) for one in figures)
    return f"cells of {marked} of {len(figures)} figures"
