"""From a comparison's pairs to verdicts. Pure: the decision can be made again from the saved file."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paceline.ab.record import CANARY, Comparison, Pair, Phase, Taken
from paceline.stats.comparison import (
    Direction,
    Finding,
    Verdict,
    beyond,
    confirming_looks,
    follow,
    log_ratio,
    main_looks,
    needed,
)
from paceline.stats.inference import Effect, effect, growth
from paceline.stats.samples import median
from paceline.tables.verdicts import Overall, overall
from paceline.text.formats import change, many, percent


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What some pairs say of one cell: candidate / baseline, 1.05 for five per cent slower."""

    ratio: float  # the estimate, above 0
    low: float | None  # the lower end of its interval; None with too few pairs for one
    high: float | None  # the upper end; None as `low`
    level: float  # of the interval, a fraction: of the look that decided, or the last one reached
    pairs: int  # how many pairs it rests on, those of that look
    # of the test that the sides are equal: in the main phase two-sided, and corrected over all cells and the canary; of
    # fresh pairs for that direction alone, and corrected over what is under suspicion. 1.0 before the first look
    p: float


@dataclass(frozen=True, kw_only=True)
class Count:
    """Something counted exactly, as each side's pairs had it: its different values, sorted."""

    baseline: tuple[int, ...]  # shape (k,), k at least 1; one value if all pairs agree
    candidate: tuple[int, ...]  # the same for the other side

    @property
    def changed(self) -> bool:
        """Whether each side is certain, and they differ; a count that varies on one side shows nothing."""
        return len(self.baseline) == len(self.candidate) == 1 and self.baseline != self.candidate


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One cell's verdict and what it rests on."""

    fullname: str  # the node id
    verdict: Verdict  # slower, faster, same or unknown
    why: str  # in a sentence, for a reader who sees only this
    main: Estimate  # what the main phase says
    fresh: Estimate | None = None  # what the fresh pairs say; None where nothing was under suspicion
    # how many pairs would do for an unknown cell; None for a decided one, one that fresh pairs did not bear out, or
    # where that can't be told
    needed: int | None = None
    baseline_seconds: float  # of one call: median over its pairs of the baseline's median round, seconds
    candidate_seconds: float  # the same for the candidate
    counts: Mapping[str, Count] = field(default_factory=dict)  # name -> what was counted
    growth: float | None = None  # by what fraction its rounds grow within a process; None where they don't for certain
    remarks: tuple[str, ...] = ()  # what a reader has to know of how it was measured, growth included


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A comparison, judged."""

    # of all cells: "not comparable" if the canary moved, else "slower" if one cell is, else "faster", else "unknown",
    # else "not slower"
    verdict: Overall
    cells: tuple[Judged, ...]  # in the order of their names
    canary: Judged  # the canary, judged like a cell: "same" or "unknown" are its quiet verdicts
    failed: Mapping[str, str] = field(default_factory=dict)  # full name -> why it fails, on the candidate only


Both = tuple[Taken, Taken]  # what baseline and candidate measured of one cell in one pair

Ratios = Mapping[str, Sequence[float]]
"""Full name, or `CANARY` -> a log ratio for each pair that holds it on both sides, in the order run."""

MOVED: Mapping[Verdict, Direction] = {"slower": "slower", "faster": "faster"}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What both phases say of every cell, the canary among them."""

    tests: int  # how many cells the main pairs test together
    ratios: Ratios  # of the main pairs
    main: Mapping[str, Finding]  # full name -> what the looks at main pairs say; "slower" and "faster" are suspicions
    fresh_ratios: Ratios = field(default_factory=dict)  # of the fresh pairs of what is under suspicion
    # full name of a suspect -> what the looks at fresh pairs say
    fresh: Mapping[str, Finding] = field(default_factory=dict)

    def verdict(self, name: str) -> Verdict:
        """Decide: fresh pairs alone where there is a suspicion.

        Main and fresh pairs are never put together: whether there are fresh ones hangs on what main showed, so their
        sum would lean towards it.
        """
        return self.fresh[name].verdict if name in self.fresh else self.main[name].verdict


def weighed(comparison: Comparison) -> Evidence:
    """Weigh the pairs of both phases; those beyond the last look that was reached decide nothing.

    Raises:
        ValueError: a round took no time, or the sides differ in their number of rounds.
    """
    main = log_ratios(comparison.pairs, "main")
    names = dict.fromkeys([*sorted(comparison.plan), CANARY]) if comparison.plan else main
    ratios = {name: main.get(name, []) for name in sorted(names)}
    found = follow(ratios, main_looks(comparison.looks, len(ratios)), len(ratios), comparison.tolerance)
    directions = {name: MOVED[each.verdict] for name, each in found.items() if each.verdict in MOVED}
    if not directions:
        return Evidence(tests=len(ratios), ratios=ratios, main=found)
    taken = log_ratios(comparison.pairs, "confirm")
    fresh = {name: taken.get(name, []) for name in directions}  # one without fresh pairs yet counts as a test too
    levels = confirming_looks(comparison.fresh_looks, len(fresh))
    again = follow(fresh, levels, len(fresh), comparison.tolerance, directions)
    return Evidence(tests=len(ratios), ratios=ratios, main=found, fresh_ratios=fresh, fresh=again)


def log_ratios(pairs: Sequence[Pair], phase: Phase) -> dict[str, list[float]]:
    """Return each cell's log ratios in one phase, shape (pairs that hold it on both sides,), sorted by name."""
    found = both_sides([pair for pair in pairs if pair.phase == phase])
    return {name: [log_ratio(one.rounds, other.rounds) for one, other in each] for name, each in found.items()}


def both_sides(pairs: Sequence[Pair]) -> dict[str, list[Both]]:
    """Return what the two sides measured of each cell, in the order of the names.

    A pair in which one side has no rounds of a cell says nothing about it.
    """
    found: dict[str, list[Both]] = {}
    for pair in pairs:
        for name in pair.baseline.keys() & pair.candidate.keys():
            both = pair.baseline[name], pair.candidate[name]
            if all(taken.rounds for taken in both):
                found.setdefault(name, []).append(both)
    return dict(sorted(found.items()))


def judged(comparison: Comparison) -> Outcome:
    """Judge every cell that some main pair holds on both sides, and all of them together.

    A cell that was left out, or failed, before it was decided is none of them: `left_out` and `failed` say why.

    Raises:
        ValueError: no main pair holds the canary, a round took no time, or the sides differ in their number of rounds.
    """
    found = weighed(comparison)
    if not found.ratios.get(CANARY):
        raise ValueError("no main pair holds the canary on both sides, so nothing can be judged; take new pairs")
    both = both_sides(comparison.pairs)
    each = {
        name: _judged(name, found, both[name], comparison)
        for name, ratios in found.ratios.items()
        if ratios and not (found.main[name].verdict == "unknown" and _gone(comparison, name))
    }
    canary = each.pop(CANARY)
    verdict = overall((cell.verdict for cell in each.values()), moved=canary.verdict in MOVED)
    return Outcome(verdict=verdict, cells=tuple(each.values()), canary=canary, failed=comparison.failed)


def open_cells(comparison: Comparison) -> tuple[str, ...]:
    """Name the cells that need more main pairs after the looks reached so far."""
    found = weighed(comparison).main
    return tuple(
        name
        for name, each in found.items()
        if name != CANARY and each.verdict == "unknown" and not _gone(comparison, name)
    )


def suspects(comparison: Comparison) -> tuple[str, ...]:
    """Name what fresh pairs have to bear out: where equality is rejected and the estimate exceeds the tolerance."""
    return tuple(weighed(comparison).fresh)


def leaning(comparison: Comparison) -> tuple[str, ...]:
    """Name the cells that are or may come under suspicion: beyond the tolerance, and not equal by their interval."""
    found = weighed(comparison)
    seen = {name: _effect(ratios, found.main[name]) for name, ratios in found.ratios.items() if ratios}
    return tuple(
        name
        for name, each in seen.items()
        if name != CANARY and beyond(each.estimate, comparison.tolerance) and (each.low or 0) * (each.high or 0) > 0
    )


def open_suspects(comparison: Comparison) -> tuple[str, ...]:
    """Name the suspects, the canary among them, that need more fresh pairs after the looks reached so far."""
    found = weighed(comparison).fresh
    return tuple(name for name, each in found.items() if each.verdict == "unknown" and not _gone(comparison, name))


def decided(comparison: Comparison) -> dict[str, Verdict]:
    """Return what each cell, the canary among them, is called after the looks reached so far, for a display."""
    found = weighed(comparison)
    return {name: found.verdict(name) for name in found.main}


def _gone(comparison: Comparison, name: str) -> bool:
    return name in comparison.left_out or name in comparison.failed


def _judged(name: str, found: Evidence, both: Sequence[Both], comparison: Comparison) -> Judged:
    verdict = found.verdict(name)
    main, fresh = found.main[name], found.fresh.get(name)
    of_main = _effect(found.ratios[name], main)
    of_fresh = _effect(found.fresh_ratios[name], fresh) if fresh and found.fresh_ratios[name] else None
    more = needed(of_main, comparison.tolerance, found.tests) if verdict == "unknown" and not of_fresh else None
    baseline, candidate = zip(*both, strict=True)
    grown = growth([taken.rounds for taken in (*baseline, *candidate)], len(found.main))
    plan = comparison.plan.get(name)
    remarks = plan.remarks if plan else ()
    return Judged(
        fullname=name,
        verdict=verdict,
        why=Reasons(comparison, main, of_main, fresh, of_fresh).why(verdict, more),
        main=_as_estimate(of_main, main),
        fresh=_as_estimate(of_fresh, fresh) if fresh and of_fresh else None,
        needed=more,
        baseline_seconds=_middle(baseline) / (plan.calls if plan else 1),
        candidate_seconds=_middle(candidate) / (plan.calls if plan else 1),
        counts=_counts(baseline, candidate),
        growth=grown,
        remarks=remarks if grown is None else (*remarks, _GROWS.format(percent(grown))),
    )


def _effect(log_ratios: Sequence[float], found: Finding) -> Effect:
    return effect(log_ratios[: found.pairs], found.level)


def _as_estimate(of: Effect, found: Finding) -> Estimate:
    low, high = (None if end is None else math.exp(end) for end in (of.low, of.high))
    return Estimate(ratio=math.exp(of.estimate), low=low, high=high, level=of.level, pairs=of.pairs, p=found.p)


_GROWS = (
    "its rounds grow by {} from first to last: each call may leave something behind; if so, give every round a state "
    "of its own, by benchmark.pedantic with setup"
)


def _middle(each: Sequence[Taken]) -> float:
    return median([median(taken.rounds) for taken in each])


def _counts(baseline: Sequence[Taken], candidate: Sequence[Taken]) -> dict[str, Count]:
    names = [{name for taken in side for name in taken.counts} for side in (baseline, candidate)]
    return {
        name: Count(baseline=_values(baseline, name), candidate=_values(candidate, name))
        for name in sorted(names[0] & names[1])
    }


def _values(side: Sequence[Taken], name: str) -> tuple[int, ...]:
    return tuple(sorted({taken.counts[name] for taken in side if name in taken.counts}))


@dataclass(frozen=True)
class Reasons:
    """What decided a cell, or was missing for a decision, in a sentence."""

    comparison: Comparison
    main: Finding
    of_main: Effect
    fresh: Finding | None
    of_fresh: Effect | None

    def why(self, verdict: Verdict, more: int | None) -> str:
        """Return why the cell got its verdict; `more` is how many pairs would do for an unknown one."""
        seen = f"{_estimate(self.of_main)} in {_pairs(self.of_main)}"
        if verdict == "same":
            return f"within {percent(self.comparison.tolerance)} either way: {seen}"
        if verdict in MOVED:
            return f"{verdict}, twice: {seen}, {self._again()}"
        if self.fresh:
            return f"{seen} looks {self.main.verdict}, but {self._not_borne_out(self.fresh)}"
        would_do = "nobody can tell how many pairs would do" if more is None else f"about {more} pairs would do"
        return f"{self._too_little()}; {would_do}"

    def _not_borne_out(self, fresh: Finding) -> str:
        if self.of_fresh is None:
            return "no fresh pairs were taken to bear it out"
        if self.of_fresh.pairs < self.comparison.fresh_looks[0]:
            return f"there are too few fresh pairs to bear it out: {self._again()}"
        return f"fresh pairs did not bear it out: {self._again()} (p = {fresh.p:.2g})"

    def _too_little(self) -> str:
        main, tolerance = self.of_main, percent(self.comparison.tolerance)
        first = next(iter(self.comparison.looks), main.pairs)
        if main.pairs < first:
            return f"{_pairs(main)} {_is(main)} fewer than the {first} of the first look"
        if main.low is None or main.high is None:
            return f"{_pairs(main)} {_is(main)} too few for an interval"
        if beyond(main.estimate, self.comparison.tolerance):
            chance = f"chance is not excluded (p = {self.main.p:.2g}, corrected)"
            return f"{_estimate(main)} in {_pairs(main)} is beyond {tolerance}, but {chance}"
        return f"the interval {_interval(main)} of {_pairs(main)} reaches beyond {tolerance}"

    def _again(self) -> str:
        fresh = self.of_fresh
        return "" if fresh is None else f"{_estimate(fresh)} in {fresh.pairs} fresh ones"


def _estimate(found: Effect) -> str:
    estimate = change(math.exp(found.estimate))
    return estimate if found.low is None else f"{estimate} ({_interval(found)})"


def _interval(found: Effect) -> str:
    return " to ".join(change(math.exp(end)) for end in (found.low, found.high) if end is not None)


def _is(found: Effect) -> str:
    return "is" if found.pairs == 1 else "are"


def _pairs(found: Effect) -> str:
    return many(found.pairs, "pair")
