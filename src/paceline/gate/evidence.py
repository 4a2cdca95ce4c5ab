"""
What a sitting's pairs hold for and against a change of each cell: the replicate is the pair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paceline.gate.outcome import Verdict
from paceline.gate.record import Pair, Phase, Taken
from paceline.stats import comparison
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

    def suspicion(self, tolerance: float) -> comparison.Direction | None:
        """
        Say what the main phase takes the cell for, if fresh pairs are to be asked.
        """
        return comparison.suspected(self.main, self.p, tolerance)

    def verdict(self, tolerance: float) -> Verdict:
        """
        Decide.
        """
        return comparison.verdict(self.main, self.p, tolerance, self.fresh, self.fresh_p)


def evidence(pairs: Sequence[Pair], tolerance: float) -> dict[str, Evidence]:
    """
    Weigh the pairs of both phases.

    Args:
        pairs: of one sitting.
        tolerance: a fraction.

    Returns:
        name -> evidence, the canary among them, by name; for what some main pair holds on both sides.

    Raises:
        ValueError: a round took no time, or the sides differ in their number of rounds.
    """
    main = log_ratios(pairs, "main")
    first = {name: Evidence(main=effect(main[name]), p=p) for name, p in _tested(main, {}).items()}
    directions = {name: found.suspicion(tolerance) for name, found in first.items()}
    tails = {name: comparison.TAIL[direction] for name, direction in directions.items() if direction}
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
    return {
        name: [comparison.log_ratio(one.rounds, other.rounds) for one, other in each] for name, each in found.items()
    }


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
    return comparison.holm({name: sign_flip(each, tails.get(name, "two-sided")) for name, each in ratios.items()})
