"""
From a comparison's pairs to verdicts. Pure: whoever has the file can make the decision again.

The canary is judged as one more cell of the same family. Nothing of ours can move it, so if it moves, the sides did not
run under the same conditions, and no other verdict counts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paceline.ab.outcome import Count, Estimate, Judged, Outcome
from paceline.ab.record import CANARY, Comparison, Pair, Phase, Taken
from paceline.report.figures import change, many, percent
from paceline.report.verdicts import overall
from paceline.stats.comparison import (
    TAIL,
    Direction,
    Verdict,
    beyond,
    holm,
    log_ratio,
    pairs_needed,
    pairs_to_reject,
    suspected,
    verdict,
)
from paceline.stats.samples import median
from paceline.stats.signed_rank import Alternative, Effect, effect, sign_flip

Both = tuple[Taken, Taken]
"""What baseline and candidate measured of one cell in one pair."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """
    One cell's evidence.

    Attributes:
        main: what the main phase says.
        p: of its two-sided test, corrected over all cells and the canary.
        fresh: what the fresh pairs say; None where there are none, or main gave no suspicion for them to bear out.
        fresh_p: of their test for main's direction alone, corrected over what is under suspicion; 1.0 without any.
    """

    main: Effect
    p: float
    fresh: Effect | None = None
    fresh_p: float = 1.0

    def suspicion(self, tolerance: float) -> Direction | None:
        """
        Say what the main phase takes the cell for, if fresh pairs are to be asked.
        """
        return suspected(self.main, self.p, tolerance)

    def verdict(self, tolerance: float) -> Verdict:
        """
        Decide.
        """
        return verdict(self.main, self.p, tolerance, self.fresh, self.fresh_p)


def evidence(pairs: Sequence[Pair], tolerance: float) -> dict[str, Evidence]:
    """
    Weigh the pairs of both phases.

    Args:
        pairs: of one comparison.
        tolerance: a fraction.

    Returns:
        name -> evidence, the canary among them, by name; for what some main pair holds on both sides.

    Raises:
        ValueError: a round took no time, or the sides differ in their number of rounds.
    """
    main = log_ratios(pairs, "main")
    first = {name: Evidence(main=effect(main[name]), p=p) for name, p in _tested(main, {}).items()}
    directions = {name: found.suspicion(tolerance) for name, found in first.items()}
    tails = {name: TAIL[direction] for name, direction in directions.items() if direction}
    taken = log_ratios(pairs, "confirm")
    fresh = {name: taken.get(name, []) for name in tails}  # one without fresh pairs yet counts as a test all the same
    again = {
        name: Evidence(main=first[name].main, p=first[name].p, fresh=effect(fresh[name]), fresh_p=p)
        for name, p in _tested(fresh, tails).items()
        if fresh[name]
    }
    return first | again


def log_ratios(pairs: Sequence[Pair], phase: Phase) -> dict[str, list[float]]:
    """
    Give each cell's log ratios in one phase, shape (pairs that hold it on both sides,), in the order of the names.

    Raises:
        ValueError: a round took no time, or the sides differ in their number of rounds.
    """
    found = both_sides([pair for pair in pairs if pair.phase == phase])
    return {name: [log_ratio(one.rounds, other.rounds) for one, other in each] for name, each in found.items()}


def both_sides(pairs: Sequence[Pair]) -> dict[str, list[Both]]:
    """
    Give what the two sides measured of each cell, in the order of the names. A pair in which one side has no rounds of
    a cell says nothing about it.
    """
    found: dict[str, list[Both]] = {}
    for pair in pairs:
        for name in pair.baseline.keys() & pair.candidate.keys():
            both = pair.baseline[name], pair.candidate[name]
            if all(taken.rounds for taken in both):
                found.setdefault(name, []).append(both)
    return dict(sorted(found.items()))


def _tested(ratios: Mapping[str, Sequence[float]], tails: Mapping[str, Alternative]) -> dict[str, float]:
    return holm({name: sign_flip(each, tails.get(name, "two-sided")) for name, each in ratios.items()})


def judged(comparison: Comparison) -> Outcome:
    """
    Judge every cell that some main pair holds on both sides, and all of them together.

    Args:
        comparison: its pairs are its evidence; why other cells are not there, `left_out` says.

    Raises:
        ValueError: no main pair holds the canary, a round took no time, or the sides differ in their number of rounds.
    """
    found = evidence(comparison.pairs, comparison.tolerance)
    if CANARY not in found:
        raise ValueError("no main pair holds the canary on both sides, so nothing can be judged; take new pairs")
    both = both_sides(comparison.pairs)
    each = {name: _judged(name, found[name], both[name], comparison.tolerance, tests=len(found)) for name in found}
    canary = each.pop(CANARY)
    verdict = overall((cell.verdict for cell in each.values()), moved=canary.verdict in ("slower", "faster"))
    return Outcome(verdict=verdict, cells=tuple(each.values()), canary=canary)


def suspects(comparison: Comparison) -> tuple[str, ...]:
    """
    Name what fresh pairs have to be taken for after the main phase, the canary among them: where the corrected test
    rejects equality and the estimate exceeds the tolerance.
    """
    found = evidence(comparison.pairs, comparison.tolerance)
    return tuple(name for name, each in found.items() if each.suspicion(comparison.tolerance))


def decided(comparison: Comparison) -> dict[str, Verdict]:
    """
    Say what each cell, the canary among them, would be called if the pairs so far were all. It is for a display: to
    stop as soon as one likes what it says would void the error rates, which hold for a number fixed beforehand.
    """
    return {
        name: each.verdict(comparison.tolerance)
        for name, each in evidence(comparison.pairs, comparison.tolerance).items()
    }


def spreads(pairs: Sequence[Pair]) -> dict[str, float]:
    """
    Give the standard deviation of each cell's log ratios over main pairs, the canary's too; none for fewer than two.
    """
    found = {name: effect(each).spread for name, each in log_ratios(pairs, "main").items()}
    return {name: spread for name, spread in found.items() if spread is not None}


def _judged(name: str, found: Evidence, both: Sequence[Both], tolerance: float, tests: int) -> Judged:
    verdict = found.verdict(tolerance)
    needed = _needed(found.main, tolerance, tests) if verdict == "unknown" else None
    baseline, candidate = zip(*both, strict=True)
    return Judged(
        fullname=name,
        verdict=verdict,
        why=reason(found, tolerance, needed),
        main=_as_estimate(found.main, found.p),
        fresh=_as_estimate(found.fresh, found.fresh_p) if found.fresh else None,
        needed=needed,
        baseline_seconds=_middle(baseline),
        candidate_seconds=_middle(candidate),
        counts=_counts(baseline, candidate),
    )


def _needed(main: Effect, tolerance: float, tests: int) -> int | None:
    """
    Estimate how many pairs would decide a cell that stays as it is: enough for the test to reject at all, and for an
    interval that reaches from the estimate to the tolerance's edge, at most from 1.

    It is advice to a reader, so it may look at the effect; the plan of a comparison must not.
    """
    limit = math.log1p(tolerance)
    room = min(limit, abs(abs(main.estimate) - limit))
    if main.low is None:  # so few pairs tell no spread
        return pairs_to_reject(tests)
    if main.spread is None or room == 0:
        return None
    enough = pairs_needed(main.spread, room)
    return None if enough is None else max(enough, main.pairs + 1, pairs_to_reject(tests))


def _as_estimate(found: Effect, p: float) -> Estimate:
    low, high = (None if end is None else math.exp(end) for end in (found.low, found.high))
    return Estimate(ratio=math.exp(found.estimate), low=low, high=high, pairs=found.pairs, p=p)


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


def reason(found: Evidence, tolerance: float, needed: int | None) -> str:
    """
    Say what decided, or what was missing for a decision.

    Args:
        found: the cell's evidence.
        tolerance: a fraction.
        needed: how many pairs would do for an unknown cell.
    """
    verdict = found.verdict(tolerance)
    if verdict == "same":
        return f"within {percent(tolerance)} either way: {_estimate(found.main)} in {_pairs(found.main)}"
    if verdict == "unknown":
        return _missing(found, tolerance, needed)
    return f"{verdict}, twice: {_estimate(found.main)} in {_pairs(found.main)}, {_again(found)}"


def _missing(found: Evidence, tolerance: float, needed: int | None) -> str:
    suspicion = found.suspicion(tolerance)
    if suspicion:
        return f"{_estimate(found.main)} in {_pairs(found.main)} looks {suspicion}, but {_not_borne_out(found)}"
    would_do = "nobody can tell how many pairs would do" if needed is None else f"about {needed} pairs would do"
    return f"{_too_little(found, tolerance)}; {would_do}"


def _not_borne_out(found: Evidence) -> str:
    if found.fresh is None:
        return "no fresh pairs were taken to bear it out"
    return f"fresh pairs did not bear it out: {_again(found)} (p = {found.fresh_p:.2g})"


def _too_little(found: Evidence, tolerance: float) -> str:
    main = found.main
    if main.low is None or main.high is None:
        return f"{_pairs(main)} {'is' if main.pairs == 1 else 'are'} too few for an interval"
    if beyond(main, tolerance):
        chance = f"chance is not excluded (p = {found.p:.2g}, corrected)"
        return f"{_estimate(main)} in {_pairs(main)} is beyond {percent(tolerance)}, but {chance}"
    return f"the interval {_interval(main)} of {_pairs(main)} reaches beyond {percent(tolerance)}"


def _again(found: Evidence) -> str:
    fresh = found.fresh
    return "" if fresh is None else f"{_estimate(fresh)} in {fresh.pairs} fresh ones"


def _estimate(found: Effect) -> str:
    estimate = change(math.exp(found.estimate))
    return estimate if found.low is None else f"{estimate} ({_interval(found)})"


def _interval(found: Effect) -> str:
    return " to ".join(change(math.exp(end)) for end in (found.low, found.high) if end is not None)


def _pairs(found: Effect) -> str:
    return many(found.pairs, "pair")
