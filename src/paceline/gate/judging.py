"""
From a sitting's pairs to verdicts. Pure: whoever has the file can make the decision again.

The canary is judged as one more cell of the same family. Nothing of ours can move it, so if it moves, the sides did not
run under the same conditions, and no other verdict counts.
"""

import math
from collections.abc import Sequence

from paceline.gate.evidence import Both, Evidence, both_sides, evidence, log_ratios
from paceline.gate.outcome import Count, Estimate, Judged, Outcome, Verdict, overall
from paceline.gate.reasons import reason
from paceline.gate.record import CANARY, Pair, Sitting, Taken
from paceline.stats import comparison
from paceline.stats.samples import median
from paceline.stats.signed_rank import Effect, effect


def judged(sitting: Sitting) -> Outcome:
    """
    Judge every cell that some main pair holds on both sides, and all of them together.

    Args:
        sitting: its pairs are its evidence; why other cells are not there, `left_out` says.

    Raises:
        ValueError: no main pair holds the canary, a round took no time, or the sides differ in their number of rounds.
    """
    found = evidence(sitting.pairs, sitting.tolerance)
    if CANARY not in found:
        raise ValueError("no main pair holds the canary on both sides, so nothing can be judged; take new pairs")
    both = both_sides(sitting.pairs)
    each = {name: _judged(name, found[name], both[name], sitting.tolerance, tests=len(found)) for name in found}
    canary = each.pop(CANARY)
    verdict = overall((cell.verdict for cell in each.values()), moved=canary.verdict in ("slower", "faster"))
    return Outcome(verdict=verdict, cells=tuple(each.values()), canary=canary)


def suspects(sitting: Sitting) -> tuple[str, ...]:
    """
    Name what fresh pairs have to be taken for after the main phase, the canary among them: where the corrected test
    rejects equality and the estimate exceeds the tolerance.
    """
    found = evidence(sitting.pairs, sitting.tolerance)
    return tuple(name for name, each in found.items() if each.suspicion(sitting.tolerance))


def decided(sitting: Sitting) -> dict[str, Verdict]:
    """
    Say what each cell, the canary among them, would be called if the pairs so far were all. It is for a display: to
    stop as soon as one likes what it says would void the error rates, which hold for a number fixed beforehand.
    """
    return {name: each.verdict(sitting.tolerance) for name, each in evidence(sitting.pairs, sitting.tolerance).items()}


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
        main=_estimate(found.main, found.p),
        fresh=_estimate(found.fresh, found.fresh_p) if found.fresh else None,
        needed=needed,
        baseline_seconds=_middle(baseline),
        candidate_seconds=_middle(candidate),
        counts=_counts(baseline, candidate),
    )


def _needed(main: Effect, tolerance: float, tests: int) -> int | None:
    """
    Estimate how many pairs would decide a cell that stays as it is: enough for the test to reject at all, and for an
    interval that reaches from the estimate to the tolerance's edge, at most from 1.

    It is advice to a reader, so it may look at the effect; the plan of a sitting must not.
    """
    limit = math.log1p(tolerance)
    room = min(limit, abs(abs(main.estimate) - limit))
    if main.low is None:  # so few pairs tell no spread
        return comparison.pairs_to_reject(tests)
    if main.spread is None or room == 0:
        return None
    enough = comparison.pairs_needed(main.spread, room)
    return None if enough is None else max(enough, main.pairs + 1, comparison.pairs_to_reject(tests))


def _estimate(found: Effect, p: float) -> Estimate:
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
