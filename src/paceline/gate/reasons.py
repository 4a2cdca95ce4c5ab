"""
Why a cell got its verdict, in one sentence with figures, for a reader who sees only this.
"""

import math

from paceline.gate.evidence import Evidence
from paceline.report.figures import change, many, percent
from paceline.stats import comparison
from paceline.stats.signed_rank import Effect


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
    if comparison.beyond(main, tolerance):
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
