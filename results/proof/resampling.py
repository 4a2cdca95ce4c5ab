"""Families: what a comparison could have been, drawn from a pool of recorded pairs without replacement.

Source: A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application (1997), section 4.3, for tests by
    resampling; swapping the sides of identical code at random makes each family a draw from the same null.
"""

import gzip
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from paceline.ab import judging
from paceline.ab.judging import Outcome
from paceline.ab.record import CANARY, Comparison, Pair, Phase, Taken, read
from paceline.stats import comparison

MAIN_SHARE = 0.7
"""Of the time, for main pairs; the rest is for fresh ones."""


def recorded(path: Path) -> Comparison:
    """Read recorded pairs, as `paceline ab` saves them or compressed."""
    content = path.read_bytes()
    return read(gzip.decompress(content) if path.suffix == ".gz" else content, path)


@dataclass(frozen=True)
class Pool:
    """Pairs to draw families from.

    Args:
        comparison: the recorded one; its pairs are the pool, whatever phase they were taken in.
        time_allowed: seconds of a comparison.
    """

    comparison: Comparison
    time_allowed: float

    @property
    def pairs(self) -> list[Pair]:
        """Those in which each cell was measured: fresh pairs hold only what was under suspicion."""
        cells = max(len(pair.baseline) for pair in self.comparison.pairs)
        return [pair for pair in self.comparison.pairs if len(pair.baseline) == cells]

    @property
    def cells(self) -> list[str]:
        """The names of the cells, without the canary."""
        return sorted(name for name in self.pairs[0].baseline if name != CANARY)

    @property
    def pair_seconds(self) -> float:
        """What a pair takes, a mean."""
        pairs = self.pairs
        return sum(pair.seconds for pair in pairs) / len(pairs)


def swapped(pair: Pair) -> Pair:
    """Return a pair with its sides changed."""
    return replace(pair, baseline=pair.candidate, candidate=pair.baseline)


def with_cell(pair: Pair, cell: str, other: Pair) -> Pair:
    """Return a pair with one cell's rounds taken from another pair."""
    sides: dict[str, Mapping[str, Taken]] = {
        side: {**getattr(pair, side), cell: getattr(other, side)[cell]} for side in ("baseline", "candidate")
    }
    return replace(pair, baseline=sides["baseline"], candidate=sides["candidate"])


def family(pool: Pool, chance: random.Random, slower: tuple[str, Sequence[Pair]] | None = None) -> Outcome:
    """Draw one family and judge it as a comparison: from look to look, and fresh pairs of what is under suspicion.

    Args:
        pool: pairs of identical sides.
        chance: where the draws come from.
        slower: a cell, and pairs in which it was slower, from which its rounds are drawn.
    """
    drawn = chance.sample(pool.pairs, len(pool.pairs))
    drawn = [swapped(pair) if chance.random() < 1 / 2 else pair for pair in drawn]
    if slower:
        cell, slow = slower
        drawn = [with_cell(one, cell, two) for one, two in zip(drawn, chance.sample(slow, len(slow)), strict=False)]
    main = replace(pool.comparison, pairs=(), looks=comparison.MAIN_LOOKS, fresh_looks=(), left_out={})
    main = taken(pool, main, drawn, "main", pool.time_allowed * MAIN_SHARE)
    suspects = judging.suspects(main)
    if not suspects:
        return judging.judged(main)
    whole = replace(main, fresh_looks=comparison.fresh_looks(len(suspects)))
    found = judging.weighed(main).main
    unused = drawn[max(found[name].pairs for name in suspects) :]  # what had no part in any of the suspicions
    return judging.judged(taken(pool, whole, unused, "confirm", pool.time_allowed * (1 - MAIN_SHARE)))


def taken(pool: Pool, comparison: Comparison, drawn: Sequence[Pair], phase: Phase, seconds: float) -> Comparison:
    """Add drawn pairs up to the last look that time and pool allow; the first one is always reached.

    A pair of some of the cells takes their share of the time. It holds the others all the same: nothing that was
    decided at a look hangs on later pairs.
    """
    before = comparison
    for index, look in enumerate(comparison.looks if phase == "main" else comparison.fresh_looks):
        held = len(comparison.pairs) - len(before.pairs)
        still = wanted(pool, comparison, phase)
        seconds -= (look - held) * pool.pair_seconds * len(still) / len(pool.cells)
        if not still or look > len(drawn) or (index and seconds < 0):
            break
        pairs = tuple(replace(pair, phase=phase) for pair in drawn[:look])
        comparison = replace(before, pairs=(*before.pairs, *pairs))
    return comparison


def wanted(pool: Pool, comparison: Comparison, phase: Phase) -> Sequence[str]:
    """Name the cells that a phase still needs pairs of."""
    if phase == "confirm":
        return judging.open_suspects(comparison)
    return judging.open_cells(comparison) if comparison.pairs else pool.cells
