"""From figures to verdicts: a margin stated beforehand, an interval, and `unknown` wherever the two overlap."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from paceline.claims.evidence import Evidence, Key, Sample
from paceline.stats import inference

Verdict: TypeAlias = Literal["confirmed", "refuted", "unknown"]

Unit: TypeAlias = Literal["x", "s", "bytes", "share", "count", "bytes/s", "items/s"]
"""What a figure counts: "x" is a ratio, "share" a fraction."""


@dataclass(frozen=True)
class Figure:
    """One number that a claim stands or falls with.

    Attributes:
        what: what it is, in words.
        value: the mean over processes: geometric for ratios and times; the median for counts.
        low: the lower end of its 95 % interval, for counts the least seen; None where nobody can tell.
        high: the upper end, for counts the most seen; None as `low`.
        unit: of the three.
        processes: how many it is the mean of.
        values: what each process said, in their order, shape (processes,).
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


class Bound(NamedTuple):
    """A margin that is a number.

    Attributes:
        above: whether the statement holds above it; else it holds below.
        value: in the unit of the figures that decide, as stated beforehand.
    """

    above: bool
    value: float


@dataclass(frozen=True)
class Part:
    """One statement of a claim, with what decides it.

    Attributes:
        part: the statement, in words.
        verdict: of this statement alone.
        figures: the deciding one first, then those that stand beside it for the reader.
        margin: the sentence that states the margin and why it is that one.
        missing: what to run or to have, where the verdict is unknown.
        warnings: doubts that travel with the verdict.
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
        parts: each statement of the claim.
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


def combine(parts: Sequence[Part], warnings: Iterable[str] = ()) -> Finding:
    """Join parts: one refuted part refutes the claim as it stands, and only a claim whose parts all hold is confirmed.

    Args:
        parts: n at least 1.
        warnings: doubts about the claim as a whole.

    Raises:
        ValueError: there are no parts, and nothing is not confirmed.
    """
    if not parts:
        raise ValueError("a claim has at least one part")
    verdicts = {part.verdict for part in parts}
    verdict = next((word for word in _BY_WEIGHT if word in verdicts), _BY_WEIGHT[-1])
    return Finding(verdict, tuple(parts), tuple(dict.fromkeys(warnings)))


_BY_WEIGHT: tuple[Verdict, ...] = ("refuted", "unknown", "confirmed")


@dataclass(frozen=True)
class Claim:
    """A sentence about concurrency that a run can confirm or refute.

    Attributes:
        id: a short name, as typed.
        claim: the sentence.
        experiments: names of the experiments it is judged from.
        judge: says what the evidence comes to; it never raises for evidence that is missing.
    """

    id: str
    claim: str
    experiments: tuple[str, ...]
    judge: Callable[[Evidence], Finding]


LEAST_PROCESSES = 3
"""With fewer, chance alone puts all of them on one side too often, and Student's t is wider than any margin."""

_LOGARITHMIC: tuple[Unit, ...] = ("x", "s", "bytes", "bytes/s", "items/s")


def figure(what: str, sample: Sample, unit: Unit = "x") -> Figure:
    """Make a figure of what each process said, with Student's t interval: of the logarithms for ratios, times, sizes
    and rates, of the values themselves for shares. Counts have their median, the least and the most.

    Args:
        what: what it is, in words.
        sample: one value for each process; none gives NaN.
        unit: what it counts.
    """
    each = tuple(sample.values[key] for key in sorted(sample.values))
    if not each:
        return Figure(what, math.nan, None, None, unit, 0, (), sample.warnings)
    value, low, high = _described(each, unit)
    return Figure(what, value, low, high, unit, len(each), each, sample.warnings)


def above(part: str, decides: Figure, margin: float, because: str, run: str, *, beside: Sequence[Figure] = ()) -> Part:
    """Judge a statement that holds if a figure is above a margin.

    Args:
        part: the statement, in words.
        decides: the figure.
        margin: in the figure's unit, stated before anybody looked at it.
        because: why it is that margin.
        run: the experiment to run where processes are missing.
        beside: figures that the reader needs to see but that decide nothing.

    Returns:
        Confirmed if all of the interval is above, refuted if all of it is below, else unknown.
    """
    stated = f"above {shown(margin, decides.unit)}: {because}"
    return _judged(part, (decides, *beside), margin, stated, run, sides=("confirmed", "refuted"))


def below(part: str, decides: Figure, margin: float, because: str, run: str, *, beside: Sequence[Figure] = ()) -> Part:
    """Judge a statement that holds if a figure is below a margin: the mirror image of `above`."""
    stated = f"below {shown(margin, decides.unit)}: {because}"
    return _judged(part, (decides, *beside), margin, stated, run, sides=("refuted", "confirmed"))


def all_above(
    part: str, decide: Sequence[Figure], margin: float, because: str, run: str, *, beside: Sequence[Figure] = ()
) -> Part:
    """Judge a statement that holds if each of several figures is above a margin: refuted if one is not.

    Args:
        decide: the figures; none leaves the statement unknown.
        part: and the others, as for `above`.
    """
    return _together([above(part, one, margin, because, run) for one in decide], part, because, run, beside)


def all_below(
    part: str, decide: Sequence[Figure], margin: float, because: str, run: str, *, beside: Sequence[Figure] = ()
) -> Part:
    """Judge a statement that holds if each of several figures is below a margin: the mirror image of `all_above`."""
    return _together([below(part, one, margin, because, run) for one in decide], part, because, run, beside)


def control(part: Part, otherwise: str) -> Part:
    """Make a part a control: what must hold before the others can be read. One that does not hold refutes no claim, it
    shows that this machine or this run can't tell.

    Args:
        part: as judged.
        otherwise: what it takes, for a control that does not hold.
    """
    return replace(part, verdict="unknown", missing=otherwise) if part.verdict == "refuted" else part


def always(
    part: str, checks: Mapping[Key, bool] | Sequence[bool], because: str, run: str, figures: Sequence[Figure] = ()
) -> Part:
    """Judge a statement about counts, which one process that says otherwise refutes.

    Args:
        part: the statement, in words.
        checks: whether it held, for each process.
        because: what exactly has to hold, and why.
        run: the experiment to run where processes are missing.
        figures: the counts, for the reader.

    Returns:
        Refuted if one process says otherwise, confirmed if all of at least `LEAST_PROCESSES` agree, else unknown.
    """
    each = list(checks.values() if isinstance(checks, Mapping) else checks)
    enough = len(each) >= LEAST_PROCESSES
    verdict: Verdict = "refuted" if not all(each) else "confirmed" if enough else "unknown"
    missing = _too_few(run, len(each)) if verdict == "unknown" else None
    stated = f"in every process: {because}"
    return Part(part, verdict, tuple(figures), stated, missing, _doubts(figures), tuple(figures[:1]))


def untold(part: str, because: str, missing: str, figures: Sequence[Figure] = ()) -> Part:
    """Leave a statement open that this machine or this run can't tell.

    Args:
        part: the statement, in words.
        because: the margin there would be, and why.
        missing: what to run, or what machine or Python it takes.
        figures: what is known all the same.
    """
    return Part(part, "unknown", tuple(figures), because, missing, _doubts(figures))


def checked(sample: Sample, holds: Callable[[float], bool]) -> dict[Key, bool]:
    """Ask of each process whether its value holds, for `always`."""
    return {key: holds(value) for key, value in sample.values.items()}


def command(experiment: str, processes: int | None = None) -> str:
    """Write what to type for more evidence."""
    many = f" --processes {processes}" if processes else ""
    return f"pytest --benchmark-only{many} benchmarks/test_{experiment}.py"


def shown(value: float, unit: Unit) -> str:
    """Write a margin for a sentence."""
    if unit == "share":
        return f"{value * 100:.6g} %"
    if unit == "bytes":
        return size(value)
    return f"{value:.6g}{'' if unit == 'count' else unit if unit == 'x' else f' {unit}'}"


def size(count: float) -> str:
    """Write a number of bytes for a sentence: 1048576 is "1 MiB"."""
    unit, factor = next(((u, f) for u, f in (("MiB", 2.0**20), ("KiB", 2.0**10)) if count >= f), ("B", 1.0))
    return f"{count / factor:.6g} {unit}"


def length(seconds: float) -> str:
    """Write seconds for a sentence: 0.00001 is "10 us"."""
    unit, factor = next(((u, f) for u, f in (("s", 1.0), ("ms", 1e-3)) if seconds >= f), ("us", 1e-6))
    return f"{seconds / factor:.6g} {unit}"


def _described(each: Sequence[float], unit: Unit) -> tuple[float, float | None, float | None]:
    if unit == "count":
        return statistics.median(each), min(each), max(each)
    logarithmic = unit in _LOGARITHMIC and min(each) > 0
    told = (inference.geometric_mean if logarithmic else inference.mean)(each)
    return told.mean, told.low, told.high


def _together(parts: Sequence[Part], part: str, because: str, run: str, beside: Sequence[Figure]) -> Part:
    if not parts:
        return untold(part, because, command(run), beside)
    found = combine(parts)
    figures = (*found.evidence, *beside)
    missing = found.missing[0] if found.verdict == "unknown" else None
    deciding = tuple(one.figures[0] for one in parts if one.verdict == found.verdict)
    return Part(part, found.verdict, figures, parts[0].margin, missing, _doubts(figures), deciding, parts[0].bound)


def _judged(
    part: str, figures: Sequence[Figure], margin: float, stated: str, run: str, *, sides: tuple[Verdict, Verdict]
) -> Part:
    decides = figures[0]
    verdict = _side(decides, margin, sides)
    missing = _lacking(decides, margin, run) if verdict == "unknown" else None
    bound = Bound(above=sides[0] == "confirmed", value=margin)
    return Part(part, verdict, tuple(figures), stated, missing, _doubts(figures), (decides,), bound)


def _side(decides: Figure, margin: float, sides: tuple[Verdict, Verdict]) -> Verdict:
    if decides.processes < LEAST_PROCESSES or decides.low is None or decides.high is None:
        return "unknown"
    if decides.low > margin:
        return sides[0]
    return sides[1] if decides.high < margin else "unknown"


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
    found: dict[str, list[str]] = {}
    for warning in (warning for one in figures for warning in one.warnings):
        found.setdefault(warning.partition(":")[0], []).append(warning)
    return tuple(
        said[0] if len(set(said)) == 1 else f"{mark}: cells of {len(said)} of {len(figures)} figures"
        for mark, said in found.items()
    )
