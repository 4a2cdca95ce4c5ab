"""What a race came to: plain values, for the table and for JSON."""

from dataclasses import dataclass, field
from typing import Literal

from paceline.race.judging import Raced, Recommendation, recommend, speedups
from paceline.race.messages import Findings
from paceline.stats.samples import is_noisy

Verdict = Literal["ran", "differs", "not compared", "failed", "hung", "left out"]


@dataclass
class LaneResult:
    """One lane, as it stands.

    Attributes:
        name: of the lane.
        workers: asked of the strategy.
        verdict: how it went.
        why: in words, unless it ran.
        start_seconds: until all workers were ready.
        rounds: seconds, one for each turn.
        cpu_seconds: of one round, in all processes of the lane.
        memory_bytes: of all processes of the lane, after the warm-up round.
    """

    name: str
    workers: int
    verdict: Verdict = "ran"
    why: str | None = None
    start_seconds: float | None = None
    rounds: list[float] = field(default_factory=list)
    cpu_seconds: float | None = None
    memory_bytes: int | None = None

    @property
    def came_through(self) -> bool:
        """Whether it did all its rounds, with the right results or not."""
        return self.verdict in ("ran", "differs", "not compared") and bool(self.rounds)

    @property
    def fit(self) -> bool:
        """Whether it did all its rounds, and nothing says that its results are wrong."""
        return self.came_through and self.verdict != "differs"

    @property
    def marks(self) -> list[str]:
        """Its doubts, in a word each."""
        noisy = ["noisy"] if self.came_through and is_noisy(self.rounds) else []
        return ([] if self.verdict in ("ran", "left out") else [self.verdict]) + noisy


@dataclass(frozen=True)
class Race:
    """A whole race.

    Attributes:
        function: its name.
        findings: of the probe.
        items: in a round.
        workers: at most, in each lane.
        timeout: seconds.
        seed: of the order within each turn.
        lanes: in the order of the table, the baseline first.
        notes: what was decided on the way, in sentences.
    """

    function: str
    findings: Findings
    items: int
    workers: int
    timeout: float
    seed: int
    lanes: list[LaneResult]
    notes: list[str]

    @property
    def baseline(self) -> LaneResult | None:
        """What the others are compared with: the first that came through with the right results."""
        return next((lane for lane in self.lanes if lane.fit), None)

    def speedup(self, lane: LaneResult) -> tuple[float, float, float] | None:
        """Compare a lane with the baseline: by medians, then the least and the largest turn by turn; None without
        rounds.
        """
        if self.baseline is None or not lane.came_through:
            return None
        return speedups(self.baseline.rounds, lane.rounds)

    def recommendation(self) -> Recommendation:
        """Return which strategy to use."""
        raced = [Raced(lane.name, tuple(lane.rounds), lane.start_seconds or 0.0) for lane in self.lanes if lane.fit]
        found = self.findings
        return recommend(raced, found.cpu_share, found.seconds, blocks=found.blocks is not None)
