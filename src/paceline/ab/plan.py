"""How each cell is measured: from what a trial of both sides found to calls, rounds and a place, within the time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from paceline.ab.record import CellPlan

ROUND = 0.0025
"""Seconds of a round at least: shorter ones are mostly the clock, longer ones see more of the machine's moods."""

FEW, MANY = 10, 24
"""Of a cell in a pair, the fewest and the most rounds that are planned for short calls."""

SCATTER = 16
"""How much more one turn's log ratio varies than one process's does around its own; as measured on two shared cores."""

OVERHEAD = 0.015
"""Seconds that a cell takes in a pair beside its calls, roughly: pytest's own, on both sides."""

FEWEST = 2
"""Below it one disturbed round is the pair's answer."""

CELL_SECONDS = 0.06
"""For all rounds of a cell on one side of a pair."""

LONG = 0.25
"""Seconds of a call that is its own warm-up: it is not made once more only to be thrown away."""

Facts = Mapping[str, Any]
"""What a trial found of one cell on one side, as `paceline.plugin.side.turns.Trial` writes it."""


def rounds(cells: int, start_seconds: float) -> int:
    """Return how many rounds of each cell make the most of a pair's time: many where there are few cells to start for.

    Args:
        cells: that share a start.
        start_seconds: of a pair without any cell.

    Source: W. G. Cochran, Sampling Techniques, 3rd ed., Wiley 1977, (10.25): the best number of parts in each unit is
        the root of the ratio of their variances times that of their costs.
    """
    of_a_cell = start_seconds / cells + OVERHEAD
    return max(FEW, min(MANY, round(math.sqrt(SCATTER * of_a_cell / (2 * ROUND)))))


def planned(baseline: Facts, candidate: Facts, *, most: int, one_core: bool, can_pin: bool) -> CellPlan:
    """Plan one cell, the same for both sides and all pairs.

    Args:
        baseline: what its trial found.
        candidate: the same of the other side.
        most: rounds, of a call that is not long.
        one_core: whether the cell is marked so.
        can_pin: whether there is a CPU for it.
    """
    facts = (baseline, candidate)
    seconds = max(min(each["seconds"] for each in facts), 1e-9)
    free = None if one_core else baseline["free"] or candidate["free"]
    remarks = list(candidate["remarks"])
    if free and can_pin:
        remarks.append(f"left to the scheduler: {free}")
    typed = candidate["rounds"]
    calls = 1 if typed else max(1, math.ceil(ROUND / seconds))
    return CellPlan(
        calls=calls,
        rounds=typed or _fitting(most, calls * max(each["wall"] for each in facts)),
        warmup=candidate["warmup"] if typed else _warmup(calls, seconds),
        seconds=seconds,
        pinned=can_pin and not free,
        remarks=tuple(remarks),
    )


def with_rounds(each: CellPlan, most: int) -> CellPlan:
    """Return a cell's plan with more rounds, where fewer cells share a start; a long one keeps those it has."""
    return replace(each, rounds=max(each.rounds, most)) if FEW <= each.rounds < MANY else each


def _fitting(most: int, seconds: float) -> int:
    return max(FEWEST, min(most, int(CELL_SECONDS / seconds)))


def _warmup(calls: int, seconds: float) -> int:
    return calls if calls > 1 else int(seconds < LONG)


def cost(plan: CellPlan, baseline: Facts, candidate: Facts) -> float:
    """Estimate the seconds that a cell takes in a pair, on both sides."""
    calls = plan.warmup + plan.calls * plan.rounds + (plan.calls > 1)
    return float(sum(calls * each["wall"] + each["overhead"] for each in (baseline, candidate)))


def fitted(
    plans: Mapping[str, CellPlan], facts: Mapping[str, Sequence[Facts]], seconds: float
) -> tuple[dict[str, CellPlan], dict[str, str]]:
    """Fit all cells into the seconds of a pair: first the longest get fewer rounds, then those go that can't have any.

    Args:
        plans: full name -> plan.
        facts: full name -> what the trial found on either side.
        seconds: for all cells of a pair.

    Returns:
        the plans, and full name -> why it is left out.
    """
    kept, too_long = dict(plans), {}
    while kept and sum(costs := [cost(plan, *facts[name]) for name, plan in kept.items()]) > seconds:
        name = max(zip(costs, kept, strict=True))[1]
        plan = kept[name]
        if plan.rounds > 1 and facts[name][1]["rounds"] is None:
            kept[name] = replace(plan, rounds=max(1, min(plan.rounds - 1, int(plan.rounds * 0.7))))
        elif plan.warmup and facts[name][1]["rounds"] is None:
            kept[name] = replace(plan, warmup=0)
        else:
            needed = cost(plan, *facts[name])
            too_long[name] = f"a pair of it takes {needed:.2g} s, for which there is no time; allow more by --time"
            del kept[name]
    return kept, too_long
