"""The proof from recorded pairs: false alarms, power, and the usual gates beside it."""

import argparse
import json
import random
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import naive
from resampling import Pool, family, recorded

from paceline.ab.judging import Judged, Outcome
from paceline.ab.record import CANARY
from paceline.commands.ab import SECONDS

LEVEL = 0.05


def main(argv: Sequence[str] | None = None) -> int:
    """Judge families from recorded pairs, and write what came of it as JSON."""
    arguments = parser().parse_args(argv)
    pool = Pool(recorded(arguments.same), arguments.time)
    sys.stderr.write(f"{len(pool.pairs)} pairs of identical sides, {len(pool.cells)} cells\n")
    proof: dict[str, Any] = {
        "spread of the log ratio": {name: naive.spreads(pool, name, arguments.seed) for name in (*pool.cells, CANARY)},
        "same": same(pool, arguments.tries, arguments.seed),
        "usual gates": naive.false_alarms(pool, arguments.tries, arguments.seed),
        "slower": {
            path.name.partition(".")[0]: power(pool, path, arguments.power_tries, arguments.seed)
            for path in arguments.slower
        },
    }
    sys.stdout.write(json.dumps(proof, indent=1) + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what can be told."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("same", type=Path, help="recorded pairs of identical sides")
    made.add_argument("slower", type=Path, nargs="*", help="recorded pairs whose candidate was made slower")
    made.add_argument("--tries", type=int, default=1000, help="families of identical sides (default: %(default)s)")
    made.add_argument("--power-tries", type=int, default=400, help="for each cell and file (default: %(default)s)")
    made.add_argument("--time", type=float, default=SECONDS, help="seconds of a comparison (default: %(default)g)")
    made.add_argument("--seed", type=int, default=1)
    return made


def same(pool: Pool, tries: int, seed: int) -> dict[str, Any]:
    """Return how often identical sides are told apart, and how narrow the intervals are."""
    chance = random.Random(seed)
    outcomes = [family(pool, chance) for _ in range(tries)]
    wrong = sum(any(cell.verdict in ("slower", "faster") for cell in outcome.cells) for outcome in outcomes)
    most = max(cell.main.pairs for outcome in outcomes for cell in outcome.cells)
    independent = len(pool.pairs) // most
    return {
        "pairs": len(pool.pairs),
        "seconds of a pair": pool.pair_seconds,
        "families": tries,
        "slower or faster": wrong / tries,
        "independent families": independent,
        "upper bound by the independent ones alone": 1 - LEVEL ** (1 / independent) if not wrong else None,
        "not comparable": sum(outcome.verdict == "not comparable" for outcome in outcomes) / tries,
        "same": statistics.fmean(cell.verdict == "same" for outcome in outcomes for cell in outcome.cells),
        "same, by cell": {name: share(outcomes, name, "same") for name in pool.cells},
        "points of interval": statistics.median(width for name in pool.cells for width in widths(outcomes, name)),
        "points of interval, by cell": {name: statistics.median(widths(outcomes, name)) for name in pool.cells},
        "pairs of a cell, by cell": {
            name: statistics.fmean(cell_of(outcome, name).main.pairs for outcome in outcomes) for name in pool.cells
        },
        "pairs of a family": statistics.median(max(cell.main.pairs for cell in outcome.cells) for outcome in outcomes),
    }


def power(pool: Pool, path: Path, tries: int, seed: int) -> dict[str, Any]:
    """Return how often a cell that was made slower is found, and how often it passes for the same, one cell at a
    time.
    """
    chance = random.Random(seed)
    slow = Pool(recorded(path), pool.time_allowed).pairs
    found = {name: [family(pool, chance, (name, slow)) for _ in range(tries)] for name in pool.cells}
    return {
        name: {
            "tries": tries,
            "pool": len(slow),
            "ratio": statistics.median(cell_of(outcome, name).main.ratio for outcome in outcomes),
            "slower": share(outcomes, name, "slower"),
            "same": share(outcomes, name, "same"),
        }
        for name, outcomes in found.items()
    }


def share(outcomes: Sequence[Outcome], name: str, verdict: str) -> float:
    """Return the share of families in which a cell has this verdict."""
    return statistics.fmean(cell_of(outcome, name).verdict == verdict for outcome in outcomes)


def widths(outcomes: Sequence[Outcome], name: str) -> list[float]:
    """Return how wide a cell's intervals are, in points."""
    found = [cell_of(outcome, name).main for outcome in outcomes]
    return [100 * (each.high - each.low) for each in found if each.low is not None and each.high is not None]


def cell_of(outcome: Outcome, name: str) -> Judged:
    """Find a cell."""
    return next(cell for cell in outcome.cells if cell.fullname == name)


if __name__ == "__main__":
    sys.exit(main())
