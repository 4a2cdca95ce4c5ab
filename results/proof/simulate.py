"""The proof by simulation: both levels over all looks, and how much is found in how many pairs.

It simulates each cell's log ratios, which is all that a decision looks at, and follows them as a comparison does: from
look to look, fresh pairs after a suspicion. `tests/test_proof.py` holds the levels with fewer comparisons.
"""

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paceline.stats import comparison
from paceline.stats.comparison import Direction, Verdict, follow

Noise = Callable[[random.Random], float]
"""Draws what chance adds to one log ratio, symmetrical around 0."""

SPIKES = 1 / 14
SPIKE = math.log(1.3)


def normal(spread: float) -> Noise:
    """Return Normal noise of a standard deviation."""
    return lambda chance: chance.gauss(0, spread)


def spiky(spread: float) -> Noise:
    """Return Normal noise in which one pair in fourteen is 30 % off, either way."""

    def draw(chance: random.Random) -> float:
        off = chance.choice((-SPIKE, SPIKE)) if chance.random() < SPIKES else 0.0
        return off + chance.gauss(0, spread)

    return draw


@dataclass(frozen=True)
class Simulated:
    """A comparison that never was.

    Attributes:
        verdicts: of the cells in their order, the canary last.
        suspects: how many the main pairs put under suspicion.
        pairs: that each cell took part in until it was decided, fresh ones included.
    """

    verdicts: tuple[Verdict, ...]
    suspects: int
    pairs: tuple[int, ...]


def simulated(shifts: Sequence[float], noise: Noise, tolerance: float, chance: random.Random) -> Simulated:
    """Simulate one comparison.

    Args:
        shifts: what each cell really changed by, logarithms; a canary that didn't comes after them.
        noise: of every cell.
        tolerance: a fraction.
        chance: where the noise comes from.
    """
    truth = {str(place): shift for place, shift in enumerate([*shifts, 0.0])}
    main = follow(
        _drawn(truth, noise, chance), comparison.main_looks(comparison.MAIN_LOOKS, len(truth)), len(truth), tolerance
    )
    directions: dict[str, Direction] = {
        name: "slower" if found.verdict == "slower" else "faster"
        for name, found in main.items()
        if found.verdict in ("slower", "faster")
    }
    levels = comparison.confirming_looks(comparison.fresh_looks(len(directions)), len(directions)) if directions else ()
    again = _drawn({name: truth[name] for name in directions}, noise, chance)
    fresh = follow(again, levels, len(directions), tolerance, directions)
    return Simulated(
        verdicts=tuple(fresh[name].verdict if name in fresh else main[name].verdict for name in truth),
        suspects=len(directions),
        pairs=tuple(main[name].pairs + (fresh[name].pairs if name in fresh else 0) for name in truth),
    )


class Drawn(Sequence[float]):
    """Log ratios, each drawn when somebody looks at it: none for a cell that is decided already."""

    def __init__(self, shift: float, noise: Noise, chance: random.Random) -> None:
        self._draw = lambda: shift + noise(chance)
        self._values: list[float] = []

    def __len__(self) -> int:
        return comparison.MAIN_LOOKS[-1]

    def __getitem__(self, wanted: Any) -> Any:
        self._values += [self._draw() for _ in range(wanted.stop - len(self._values))]
        return self._values[wanted]


def _drawn(shifts: Mapping[str, float], noise: Noise, chance: random.Random) -> dict[str, Drawn]:
    return {name: Drawn(shift, noise, chance) for name, shift in shifts.items()}


def levels(noise: Noise, cells: int, tolerance: float, tries: int, seed: int) -> dict[str, Any]:
    """Return how often comparisons of identical cells, and of cells changed by just the tolerance, are wrong."""
    chance = random.Random(seed)
    same = [simulated([0.0] * cells, noise, tolerance, chance) for _ in range(tries)]
    edge = math.log1p(tolerance)
    changed = [simulated([edge], noise, tolerance, chance) for _ in range(tries)]
    return {
        "comparisons": tries,
        "identical: any suspicion": sum(one.suspects > 0 for one in same) / tries,
        "identical: any slower or faster": sum(_moved(one.verdicts) for one in same) / tries,
        "identical: cells same": _share(same, "same"),
        "identical: pairs of a cell": _pairs([pairs for one in same for pairs in one.pairs]),
        "identical: pairs of a comparison": _pairs([max(one.pairs) for one in same]),
        "changed by the tolerance: same": sum(one.verdicts[0] == "same" for one in changed) / tries,
    }


def power(noise: Noise, cells: int, tolerance: float, planted: float, tries: int, seed: int) -> dict[str, Any]:
    """Return how often a change of one of the cells is found, and in how many pairs all are decided."""
    chance = random.Random(seed)
    each = [simulated([math.log1p(planted), *[0.0] * (cells - 1)], noise, tolerance, chance) for _ in range(tries)]
    found = [one for one in each if one.verdicts[0] == "slower"]
    return {
        "comparisons": tries,
        "found": len(found) / tries,
        "called the same": sum(one.verdicts[0] == "same" for one in each) / tries,
        "pairs to find it": _pairs([one.pairs[0] for one in found]),
        "others same": sum(one.verdicts[1:-1].count("same") for one in each) / (tries * (cells - 1)),
        "others slower or faster": sum(_moved(one.verdicts[1:]) for one in each) / tries,
    }


def _moved(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict in ("slower", "faster") for verdict in verdicts)


def _share(each: Sequence[Simulated], verdict: Verdict) -> float:
    return sum(one.verdicts[:-1].count(verdict) for one in each) / sum(len(one.verdicts) - 1 for one in each)


def _pairs(counts: Sequence[int]) -> dict[str, int]:
    """Return how many times each number of pairs sufficed."""
    return {str(pairs): count for pairs, count in sorted(Counter(counts).items())}


NOISES: dict[str, Callable[[float], Noise]] = {"Normal": normal, "spiky": spiky}
UNDECIDED = 1e-6  # a tolerance that keeps no suspicion away, and under which nothing is the same
POWER = (
    *((0.03, spread, planted) for spread in (0.01, 0.02) for planted in (0.05, 0.10)),
    *((0.01, spread, 0.025) for spread in (0.007, 0.01)),
)
"""Tolerance, standard deviation, planted change."""


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate, and write what came of it as JSON."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--cells", type=int, default=24, help="beside the canary (default: %(default)s)")
    made.add_argument("--tries", type=int, default=20_000, help="comparisons for the levels (default: %(default)s)")
    made.add_argument("--power-tries", type=int, default=2000, help="for each line (default: %(default)s)")
    made.add_argument("--seed", type=int, default=1)
    asked = made.parse_args(argv)
    proof = {
        "levels": {
            f"{kind}, sd 1 %, tolerance {100 * tolerance:g} %": levels(
                noise(0.01), asked.cells, tolerance, asked.tries, asked.seed
            )
            for kind, noise in NOISES.items()
            for tolerance in (0.03, UNDECIDED)
        },
        "power": {
            f"{kind}, sd {100 * spread:g} %, tolerance {100 * tolerance:g} %, planted {100 * planted:g} %": power(
                noise(spread), asked.cells, tolerance, planted, asked.power_tries, asked.seed
            )
            for kind, noise in NOISES.items()
            for tolerance, spread, planted in POWER
        },
    }
    sys.stdout.write(json.dumps(proof, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
