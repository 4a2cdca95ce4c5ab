"""What the usual gates would have said of the same recorded rounds."""

import math
import random
import statistics
from collections.abc import Callable, Mapping, Sequence

from resampling import Pool

from paceline.ab.record import CANARY, Pair, Taken
from paceline.stats.comparison import log_ratio
from paceline.stats.samples import median

Rounds = Sequence[float]

LEVEL = 0.05


def slower_minimum(before: Rounds, after: Rounds) -> bool:
    """`--benchmark-compare-fail=min:5%`."""
    return min(after) > min(before) * 1.05


def slower_median(before: Rounds, after: Rounds) -> bool:
    """`--benchmark-compare-fail=median:10%`."""
    return median(after) > median(before) * 1.10


def mann_whitney(before: Rounds, after: Rounds) -> bool:
    """A plain two-sided Mann-Whitney test of all rounds at 5 %, as if each round were a new process."""
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(before, after).pvalue) < LEVEL


GATES: dict[str, Callable[[Rounds, Rounds], bool]] = {
    "min:5%": slower_minimum,
    "median:10%": slower_median,
    "Mann-Whitney on rounds, 5 %": mann_whitney,
}


def false_alarms(pool: Pool, tries: int, seed: int) -> dict[str, dict[str, float]]:
    """Return the share of comparisons of identical code in which a gate flags at least one cell.

    Returns:
        gate -> "separate runs" (two processes minutes apart: one side of one pair, the other side of another) and
        "lockstep" (both sides of one pair) -> a fraction.
    """
    chance = random.Random(seed)
    alarms = {name: {"separate runs": 0, "lockstep": 0} for name in GATES}
    for _ in range(tries):
        one, other = chance.sample(pool.pairs, 2)
        flip = chance.random() < 1 / 2
        for name, gate in GATES.items():
            alarms[name]["separate runs"] += flags(gate, *ends(one, other, flip=flip))
            alarms[name]["lockstep"] += flags(gate, *ends(one, one, flip=flip))
    return {name: {how: count / tries for how, count in counts.items()} for name, counts in alarms.items()}


def spreads(pool: Pool, name: str, seed: int) -> dict[str, float]:
    """Return the standard deviation of a cell's log ratio over pairs, as this gate takes it and in two plainer ways.

    Returns:
        "by turns"; "of medians": the ratio of the same rounds' medians; "of medians, separate runs": with the sides
        taken from different pairs, which ran minutes apart.
    """
    pairs = pool.pairs
    apart = random.Random(seed).sample(pairs, len(pairs))
    separate = [both for both in zip(pairs, apart, strict=True) if both[0] != both[1]]
    found = {
        "by turns": [log_ratio(pair.baseline[name].rounds, pair.candidate[name].rounds) for pair in pairs],
        "of medians": [medians(pair, pair, name) for pair in pairs],
        "of medians, separate runs": [medians(*both, name) for both in separate],
    }
    return {how: statistics.stdev(each) for how, each in found.items()}


def medians(one: Pair, other: Pair, name: str) -> float:
    """Return the log ratio of one pair's baseline and another's candidate, each by its median round."""
    return math.log(median(other.candidate[name].rounds) / median(one.baseline[name].rounds))


def ends(one: Pair, other: Pair, *, flip: bool) -> tuple[Mapping[str, Taken], Mapping[str, Taken]]:
    """Return what is compared: one pair's baseline with the other's candidate, or the other way round."""
    return (other.candidate, one.baseline) if flip else (one.baseline, other.candidate)


def flags(gate: Callable[[Rounds, Rounds], bool], before: Mapping[str, Taken], after: Mapping[str, Taken]) -> bool:
    """Whether a gate flags any cell."""
    return any(gate(before[name].rounds, after[name].rounds) for name in before if name != CANARY)
