"""What a race comes to: who is fastest, by how much, and which to use."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from paceline.race.choosing import ONE_WORKER, WAITS_BELOW
from paceline.race.messages import Findings, Stall
from paceline.stats.samples import FAR, LIKELY, is_noisy, median, median_interval
from paceline.strategies import Strategy, by_name
from paceline.text.formats import digits, many, percent, seconds, times

CLOSE = 0.05
"""A lead of less than this fraction is not worth a less simple strategy, however certain it is."""

ENOUGH = 5
"""Below so many turns, chance alone puts all of them on one side more often than in 7 of 100 races."""

CERTAIN = 0.93
"""How often an interval holds the true ratio at least, if all of it beyond 1 is to count: from five turns on."""

FREEZE = 0.02
"""Seconds for which an event loop may be kept before that is worth a word: four of the interpreter's switch intervals,
one of which any thread that computes beside a loop may take.
"""

SHORT = 100e-6  # seconds, of the order of what it costs to hand an item to another process and take the result back


Verdict = Literal["ran", "differs", "not compared", "failed", "hung", "left out"]


@dataclass
class LaneResult:
    """One lane, as it stands.

    Attributes:
        workers: asked of the strategy.
        why: in words, unless it ran.
        start_seconds: until all workers were ready.
        rounds: seconds, one for each turn, shape (n,).
        cpu_seconds: of one round, in all processes of the lane.
        memory_bytes: of all processes of the lane, after the warm-up round.
        stall: the worst beside it, in a pass after the rounds; None if it was not measured.
    """

    name: str
    workers: int
    verdict: Verdict = "ran"
    why: str | None = None
    start_seconds: float | None = None
    rounds: list[float] = field(default_factory=list)
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    stall: Stall | None = None

    @property
    def came_through(self) -> bool:
        """Whether it did all its rounds, with the right results or not."""
        return self.verdict in ("ran", "differs", "not compared") and bool(self.rounds)

    @property
    def fit(self) -> bool:
        """Whether it did all its rounds, and nothing says that its results are wrong."""
        return self.came_through and self.verdict != "differs"

    @property
    def strategy(self) -> type[Strategy]:
        """Which runs in it."""
        return by_name()[self.name.removesuffix(ONE_WORKER)]

    @property
    def simplicity(self) -> tuple[int, bool]:
        """Its place among what one would rather have in a program if the times are the same."""
        return self.strategy.simplicity_rank, self.name == self.strategy.name

    @property
    def marks(self) -> list[str]:
        """Its doubts, in a word each."""
        noisy = ["noisy"] if self.came_through and is_noisy(self.rounds) else []
        starved = ["starved"] if self.stall and self.stall.cause == "starved" else []
        return ([] if self.verdict in ("ran", "left out") else [self.verdict]) + noisy + starved


@dataclass(frozen=True)
class Recommendation:
    """What to use, and why; no strategy if there is nothing to go by.

    Attributes:
        level: others that can't be told apart from it or whose lead is not worth it.
    """

    strategy: str | None
    reason: str
    level: tuple[str, ...] = ()


def speedups(baseline: Sequence[float], rounds: Sequence[float]) -> tuple[float, float, float]:
    """Return how many times as fast as the baseline a lane is: by the medians, and the least and the most by turns."""
    pairs = [one / other for one, other in zip(baseline, rounds, strict=True)]
    return median(baseline) / median(rounds), min(pairs), max(pairs)


def told_apart(faster: Sequence[float], slower: Sequence[float]) -> bool:
    """Whether the first was certainly faster, or likely by far, by the seconds of each turn, shape (n,) both."""
    ratios = [other / one for one, other in zip(faster, slower, strict=True)]
    certain, likely = (median_interval(ratios, level) for level in (CERTAIN, LIKELY))
    return (certain.level >= CERTAIN and certain.low > 1) or likely.low > 1 + FAR


def recommend(
    lanes: Sequence[LaneResult], cpu_share: float, item_seconds: float, *, blocks: bool = False
) -> Recommendation:
    """Recommend the simplest of those that beat the baseline and are beaten by none of the others that do; the
    baseline, if nothing beats it.

    Being level with the fastest would not do: one bad round of the fastest makes it level with everybody.

    Args:
        lanes: the baseline first; only those that are fit.
        cpu_share: of the function.
        item_seconds: that the function takes for an item.
        blocks: whether it is async, and keeps its event loop from going on.
    """
    if not lanes:
        return Recommendation(None, "no strategy came through")
    if len(lanes) == 1:
        parts = ["it is the only one that came through", _freeze(lanes[0], blocks=blocks)]
        return Recommendation(lanes[0].name, "; ".join(filter(None, parts)))
    baseline = lanes[0]
    gaining = [lane for lane in lanes if _beats(lane, baseline)]
    level = _unbeaten(gaining or lanes)
    chosen = min(level, key=lambda lane: lane.simplicity) if gaining else baseline
    parts = [
        _lead(chosen, baseline),
        _cause(chosen, lanes, cpu_share, item_seconds),
        _freeze(chosen, blocks=blocks),
        _rivals(chosen, level, lanes),
        _start(chosen, baseline),
        _doubt(len(baseline.rounds)),
    ]
    others = tuple(lane.name for lane in level if lane is not chosen)
    return Recommendation(chosen.name, "; ".join(filter(None, parts)), others)


def _unbeaten(lanes: Sequence[LaneResult]) -> list[LaneResult]:
    return [lane for lane in lanes if not any(_beats(other, lane) for other in lanes)]


def _beats(one: LaneResult, other: LaneResult) -> bool:
    """Whether one leads by a margin that is certain and worth it; the one with the least median is beaten by nobody."""
    lead = median(other.rounds) / median(one.rounds) - 1
    return lead >= CLOSE and told_apart(one.rounds, other.rounds)


def _lead(chosen: LaneResult, baseline: LaneResult) -> str:
    if chosen is baseline:
        return "nothing is faster by a margin that is certain and worth it"
    middle, least, most = speedups(baseline.rounds, chosen.rounds)
    return f"{digits(middle)} times as fast as {baseline.name} ({digits(least)} to {digits(most)} turn by turn)"


def _cause(chosen: LaneResult, lanes: Sequence[LaneResult], cpu_share: float, item_seconds: float) -> str:
    if chosen is lanes[0] and item_seconds < SHORT:
        return f"handing an item over costs more than doing it, which takes {seconds(item_seconds)}"
    if cpu_share < WAITS_BELOW:
        return f"the function mostly waits (CPU share {percent(cpu_share)})"
    computes = f"the function mostly computes (CPU share {percent(cpu_share)})"
    threads = next((lane for lane in lanes[1:] if lane.name == "threads"), None)
    if threads is None or chosen is lanes[0]:
        return computes
    if _holds_the_gil(threads, lanes):
        return f"{computes} and holds the GIL, as threads come to {times(_gain(threads, lanes))}"
    return f"{computes} and lets threads run beside it" if chosen is threads else computes


def _holds_the_gil(threads: LaneResult, lanes: Sequence[LaneResult]) -> bool:
    """Whether one that computes in several processes, or interpreters, gains by it, and none that does in threads."""
    processes = [lane for lane in lanes[1:] if lane.strategy.computes_in == "processes" and _beats(lane, lanes[0])]
    in_threads = [lane for lane in lanes[1:] if lane.strategy.computes_in == "interpreter"]
    if any(_beats(lane, lanes[0]) or _gain(lane, lanes) >= 1 + FAR for lane in in_threads):
        return False
    return any(_beats(lane, threads) for lane in processes)


def _gain(lane: LaneResult, lanes: Sequence[LaneResult]) -> float:
    return speedups(lanes[0].rounds, lane.rounds)[0]


def _freeze(chosen: LaneResult, *, blocks: bool) -> str:
    """Say for how long nothing else on its loop goes on, and what a function that blocks comes to there."""
    stall = chosen.stall
    wait = ", so that tasks of one loop wait for each other" if blocks else ""
    if stall and stall.loop and stall.cause == "blocked" and stall.seconds >= FREEZE:
        return f"it freezes its event loop for {seconds(stall.seconds)} at a stretch meanwhile{wait}"
    return f"it blocks its event loop{wait}" if blocks else ""


def _rivals(chosen: LaneResult, level: Sequence[LaneResult], lanes: Sequence[LaneResult]) -> str:
    others = [lane.name for lane in level if lane is not chosen]
    if others:
        none = f"no certain lead of {CLOSE:.0%} or more"
        why = "it is the baseline" if chosen is lanes[0] else "it is the simplest of them"
        return f"{_listed(others)} can't be told apart from it ({none}), and {why}"
    second = min((lane for lane in lanes if lane is not chosen), key=lambda lane: median(lane.rounds))
    taken = median(second.rounds) / median(chosen.rounds)
    if taken < 1:
        return f"{second.name} has the shorter median, but no certain lead over {lanes[0].name}"
    return f"the next, {second.name}, takes {digits(taken)} times as long"


def _start(chosen: LaneResult, baseline: LaneResult) -> str:
    """Warn of a start that costs more than a round gains."""
    gain = median(baseline.rounds) - median(chosen.rounds)
    start = chosen.start_seconds or 0.0
    if gain <= 0 or start - (baseline.start_seconds or 0.0) <= gain:
        return ""
    return f"its start of {seconds(start)} costs more than one round gains ({seconds(gain)}), so start it once"


def _doubt(turns: int) -> str:
    if turns >= ENOUGH:
        return ""
    return f"{many(turns, 'turn')}, too few to be certain ({ENOUGH} would do): only leads of {FAR:.0%} in each counted"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True)
class Race:
    """A whole race.

    Attributes:
        items: in a round.
        workers: at most, in each lane.
        seed: of the order within each turn.
        lanes: in the order of the table, the baseline first.
        notes: what was decided on the way, in sentences.
        interrupted: whether Ctrl-C came when all rounds were over.
    """

    function: str
    findings: Findings
    items: int
    workers: int
    seed: int
    lanes: list[LaneResult]
    notes: list[str]
    interrupted: bool = False

    @property
    def baseline(self) -> LaneResult | None:
        """What the others are compared with: the first that came through with the right results."""
        return next((lane for lane in self.lanes if lane.fit), None)

    def speedup(self, lane: LaneResult) -> tuple[float, float, float] | None:
        """Return `speedups` of a lane over the baseline; None without rounds."""
        if self.baseline is None or not lane.came_through:
            return None
        return speedups(self.baseline.rounds, lane.rounds)

    def marks(self, lane: LaneResult) -> list[str]:
        """Return a lane's doubts, and those that the function casts on all of them."""
        return [*lane.marks, *(["gil"] if self.findings.gil and lane.came_through else [])]

    def recommendation(self) -> Recommendation:
        """Return which strategy to use."""
        fit, found = [lane for lane in self.lanes if lane.fit], self.findings
        return recommend(fit, found.cpu_share, found.seconds, blocks=found.blocks is not None)
