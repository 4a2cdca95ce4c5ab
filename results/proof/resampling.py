"""
Families: what a comparison could have been, drawn from a pool of recorded pairs without replacement.

Source: A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application (1997), section 4.3, for tests by
    resampling; swapping the sides of identical code at random makes each family a draw from the same null.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from paceline.ab import judging
from paceline.ab.outcome import Outcome
from paceline.ab.record import CANARY, Comparison, Pair, Phase, Taken
from paceline.ab.session import FRESH, PILOT, affordable, planned


@dataclass(frozen=True)
class Pool:
    """
    Pairs to draw families from.

    Args:
        comparison: the recorded one; its pairs are the pool, whatever phase they were taken in.
        time_allowed: seconds of a comparison, from which the number of pairs follows.
    """

    comparison: Comparison
    time_allowed: float

    @property
    def pairs(self) -> list[Pair]:
        """
        Those in which each cell was measured: fresh pairs hold only what was under suspicion.
        """
        cells = max(len(pair.baseline) for pair in self.comparison.pairs)
        return [pair for pair in self.comparison.pairs if len(pair.baseline) == cells]

    @property
    def cells(self) -> list[str]:
        """
        The names of the cells, without the canary.
        """
        return sorted(name for name in self.pairs[0].baseline if name != CANARY)

    @property
    def pair_seconds(self) -> float:
        """
        What a pair takes, a mean.
        """
        pairs = self.pairs
        return sum(pair.seconds for pair in pairs) / len(pairs)


def swapped(pair: Pair) -> Pair:
    """
    Give a pair with its sides changed.
    """
    return replace(pair, baseline=pair.candidate, candidate=pair.baseline)


def with_cell(pair: Pair, cell: str, other: Pair) -> Pair:
    """
    Give a pair with one cell's rounds taken from another pair.
    """
    sides: dict[str, Mapping[str, Taken]] = {
        side: {**getattr(pair, side), cell: getattr(other, side)[cell]} for side in ("baseline", "candidate")
    }
    return replace(pair, baseline=sides["baseline"], candidate=sides["candidate"])


def family(pool: Pool, chance: random.Random, slower: tuple[str, Sequence[Pair]] | None = None) -> Outcome:
    """
    Draw one family and judge it as a comparison: a pilot, as many pairs as its spread asks for, and fresh ones.

    Args:
        pool: pairs of identical sides.
        chance: where the draws come from.
        slower: a cell, and pairs in which it was slower, from which its rounds are drawn.
    """
    most = affordable(pool.pair_seconds, pool.time_allowed) + FRESH
    drawn = chance.sample(pool.pairs, min(most, len(pool.pairs)))
    drawn = [swapped(pair) if chance.random() < 1 / 2 else pair for pair in drawn]
    if slower:
        cell, slow = slower
        drawn = [with_cell(one, cell, two) for one, two in zip(drawn, chance.sample(slow, len(slow)), strict=False)]
    pilot = phase(drawn[:PILOT], "main")
    number = planned(judging.spreads(pilot), pool.comparison.tolerance, pool.pair_seconds, pool.time_allowed)
    main, fresh = drawn[: len(drawn) - FRESH][:number], drawn[-FRESH:]
    return judging.judged(replace(pool.comparison, pairs=(*phase(main, "main"), *phase(fresh, "confirm"))))


def phase(pairs: Sequence[Pair], name: Phase) -> tuple[Pair, ...]:
    """
    Give pairs as those of a phase.
    """
    return tuple(replace(pair, phase=name) for pair in pairs)
