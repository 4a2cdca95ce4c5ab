"""Which strategies race, with how many workers, for how many items and rounds. Pure: no clock, no process."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from paceline.race.messages import Findings
from paceline.strategies import STRATEGIES, Strategy
from paceline.strategies.event_loop import Asyncio

WAITS_BELOW = 0.5  # CPU share: with less, most of an item's time is waiting, and more workers than CPUs pay
WAITING_WORKERS = 10
ROUNDS = 5
BUDGET = 60.0  # seconds that the rounds of all lanes together should take
STALL_BUDGET = 10.0  # seconds that all lanes may take for the pass after them, beside a bystander
LONGEST_LINE = 6.0  # seconds that all items should take one after the other, where no number is given
TIMEOUT_FACTOR = 4.0  # times what a round should take
HANDING_OVER = 1e-4  # seconds that an item may take to a worker and back
GROWS = 1.5  # times as long as the second item that the last one tried takes, if later ones are to be taken for longer
LONG = 0.05  # seconds that it takes at least, for that
FAR_BEYOND = 120.0  # seconds: a race that should take longer says so beforehand
HOPELESS = 12 * 3600.0  # seconds: longer than a night, and it isn't begun
MOST_FEW = 1000  # items: more of those that are long never fit
ONE_WORKER = ", 1 worker"


@dataclass(frozen=True)
class PlannedLane:
    """A lane to be: what runs in it, or why it does not race."""

    name: str
    strategy: str
    workers: int
    why_not: str | None = None


def planned_lanes(findings: Findings, workers: int, wanted: Collection[str] = ()) -> list[PlannedLane]:
    """List all strategies, the baseline first, each with the reason if it does not race; all do that can, unless named.

    An async function's baseline is one task on a loop: `sequential` can't await.
    """
    listed = [
        PlannedLane(each.name, each.name, each.bounded(workers), _why_not(each, findings, wanted))
        for each in STRATEGIES
    ]
    if findings.face == "async" and (not wanted or Asyncio.name in wanted):
        listed.insert(0, PlannedLane(Asyncio.name + ONE_WORKER, Asyncio.name, 1))
    return listed


def _why_not(strategy: type[Strategy], findings: Findings, wanted: Collection[str]) -> str | None:
    if wanted and strategy.name not in wanted:
        return "not asked for"
    if strategy.flavour != findings.face:
        return f"runs {strategy.flavour} functions; this one is {findings.face}"
    if findings.unpicklable and strategy.pickles:
        return f"can't be pickled: {findings.unpicklable}"
    if (unmet := strategy.unavailable()) or not strategy.slow_start or wanted:
        return unmet
    return f"takes seconds to start; ask for it: --strategy {strategy.name}"


def workers_for(cpu_share: float, cpus: int) -> int:
    """Return how many workers suit a function: ten if it mostly waits, else one per CPU."""
    return WAITING_WORKERS if cpu_share < WAITS_BELOW else cpus


def items_for(seconds: float, workers: int, most: int) -> int:
    """Return how many items a round should have: fewer than `most` if they are long, one for each worker at least."""
    return max(min(workers, most), min(most, int(LONGEST_LINE / seconds)))


def longest_round(line: float, count: int) -> float:
    """Return how many seconds a round of any strategy may take: one that hands a million short items over is slow, not
    hung. `line` are the seconds that they take one after the other.
    """
    return TIMEOUT_FACTOR * (line + HANDING_OVER * count)


def growth(tried: Sequence[float]) -> float:
    """Return by how many seconds each item takes longer than the one before; 0 where the first few do not show it."""
    steps = [later - earlier for earlier, later in pairwise(tried)]
    steady = len(steps) > 1 and steps[0] > 0 and all(later > earlier / 2 for earlier, later in pairwise(steps))
    grows = steady and tried[-1] > max(LONG, GROWS * tried[1])
    return sum(steps) / len(steps) if grows else 0.0


def line_seconds(findings: Findings, count: int) -> float:
    """Return how long so many items should take one after the other, from the first few."""
    if step := growth(findings.tried):
        return count * findings.tried[0] + step * count * (count - 1) / 2
    return count * findings.seconds


def race_seconds(findings: Findings, count: int, lanes: int, workers: int, rounds: int | None) -> float:
    """Return how long a race should take, if all lanes but the baseline share the waiting, or the computing, evenly."""
    line = line_seconds(findings, count)
    longest = line - line_seconds(findings, count - 1)
    shared = max(longest, line / workers)
    turn = line + max(lanes - 1, 0) * shared
    return turn * (1 + (rounds or rounds_for([turn]))) + min(turn, STALL_BUDGET)


def fewer(findings: Findings, count: int) -> int:
    """Return how many items would fit a race, 1 at least."""
    return max(1, sum(line_seconds(findings, number) <= LONGEST_LINE for number in range(1, min(count, MOST_FEW) + 1)))


def rounds_for(warm_rounds: Sequence[float]) -> int:
    """Return how many rounds there is time for, 1 at least, after a warm-up round of each lane."""
    turn = sum(warm_rounds)
    return ROUNDS if turn * ROUNDS <= BUDGET else max(1, int(BUDGET / turn))


def stall_items(turn: float, count: int, workers: int) -> int:
    """Return how many of a round's items there is time for beside a bystander; 0 if it isn't one for each worker.

    A turn, one round of each lane, takes so many seconds.
    """
    fit = int(count * STALL_BUDGET / max(turn, STALL_BUDGET))
    return fit if fit >= min(workers, count) else 0
