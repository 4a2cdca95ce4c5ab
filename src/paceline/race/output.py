"""The outcome of a race, as tables and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from paceline import files
from paceline.child.processes import MEMORY_KIND
from paceline.files import Document
from paceline.race.judging import LaneResult, Race, Recommendation, Verdict
from paceline.race.messages import Findings, Stall
from paceline.stats.samples import median, spread
from paceline.text import formats
from paceline.text.formats import row, table, titled

COLUMNS = (
    *("strategy", "workers", "median", "spread", "speedup", "turn by turn"),
    *("start", "CPU\nper round", f"memory\n({MEMORY_KIND})", "worst\nstall", "marks"),
)
SMALL = 0.1  # below, two decimals say too little
MORE_THAN_ONE = 1.2  # CPU share from which a function must have used more than one CPU, whatever the clocks say


def race_text(race: Race) -> list[RenderableType]:
    """Lay out a race: what the function is like, the table, what to know about it, and the recommendation."""
    made = table(COLUMNS, left=1)
    for lane in race.lanes:
        if lane.verdict != "left out":
            row(made, _row(race, lane))
    rounds = max((len(lane.rounds) for lane in race.lanes), default=0)
    title = f"{race.function}: {race.items} items, {rounds} rounds"
    return [
        *(Text(formats.plain(sentence)) for sentence in described(race.findings)),
        *([titled(formats.plain(title), made)] if made.row_count else []),
        *(Text(formats.plain(sentence)) for sentence in [*race.notes, *_explained(race)]),
        Text(formats.plain(recommended(race)), style="bold"),
    ]


def described(findings: Findings) -> Iterator[str]:
    """Yield what the probe found."""
    kind = "An async function" if findings.face == "async" else "A blocking function"
    own = "" if findings.cpu_share <= MORE_THAN_ONE else ", as it uses several CPUs by itself"
    share = formats.percent(findings.cpu_share)
    yield f"{kind}: about {formats.seconds(findings.seconds)} an item, CPU share {share}{own}."
    if findings.stable is None:
        yield "Whether a second call gives the same result can't be told: its results can't be compared."
    elif not findings.stable:
        yield "A second call gave another result, so results can't be checked against each other."
    if findings.unpicklable:
        yield f"Processes and interpreters get it pickled, and this can't be pickled: {findings.unpicklable}."
    if findings.blocks:
        yield (
            f"It blocks its event loop for {formats.seconds(findings.blocks)} at a stretch, and no other task runs"
            " meanwhile: hand what blocks to asyncio.to_thread, or write a plain def, for threads and processes."
        )
    if findings.changed:
        yield f"It changes {_some(findings.changed)}: threads share that, processes each have their own."
    if findings.caches:
        yield f"A second call is {findings.caches:.0f} times as fast: it keeps what it found; the rounds measure that."
    if findings.printed is not None:
        yield f"It prints ({findings.printed[:60]!r}); that is kept out of this table."


def recommended(race: Race) -> str:
    """Return what to use, in a sentence."""
    chosen = race.recommendation()
    return f"Use {chosen.strategy}: {chosen.reason}." if chosen.strategy else f"No recommendation: {chosen.reason}."


def _row(race: Race, lane: LaneResult) -> list[str]:
    return [
        lane.name,
        str(lane.workers),
        *_times(race, lane),
        formats.seconds(lane.start_seconds),
        formats.seconds(lane.cpu_seconds),
        formats.named("bytes", lane.memory_bytes),
        formats.seconds(lane.stall.seconds if lane.stall else None),
        ", ".join(race.marks(lane)),
    ]


def _times(race: Race, lane: LaneResult) -> list[str]:
    """Write median, spread, speedup and its range."""
    speedup = race.speedup(lane)
    if speedup is None:
        return [formats.NOTHING] * 4
    middle, least, most = speedup
    turns = formats.NOTHING if lane is race.baseline else f"{_factor(least)} .. {_factor(most)}"
    return [formats.seconds(median(lane.rounds)), formats.percent(spread(lane.rounds)), f"{_factor(middle)}x", turns]


def _factor(ratio: float) -> str:
    """Write a speedup, which may be far below 1."""
    return formats.digits(ratio) if ratio >= SMALL else f"{ratio:.1g}"


def _explained(race: Race) -> Iterator[str]:
    """Explain the marks, and why some lanes have no figures."""
    for why, names in _by_reason(lane for lane in race.lanes if lane.why and lane.verdict != "left out"):
        yield f"{names}: {why}"
    if race.findings.gil:
        yield f"gil: {race.findings.gil}"
    if any("noisy" in lane.marks for lane in race.lanes):
        yield "noisy: the interquartile range of the rounds is over 10 % of their median"
    if any("starved" in lane.marks for lane in race.lanes):
        yield "starved: its worst stall was for want of a CPU; neither its loop nor the GIL was held"
    for why, names in _by_reason(lane for lane in race.lanes if lane.verdict == "left out"):
        yield f"left out: {names} ({why})"


def _by_reason(lanes: Iterable[LaneResult]) -> Iterator[tuple[str, str]]:
    """Gather the names of those that have a reason in common."""
    reasons: dict[str, list[str]] = {}
    for lane in lanes:
        reasons.setdefault(lane.why or "", []).append(lane.name)
    return ((why, ", ".join(names)) for why, names in reasons.items())


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004 - enough to know


@dataclass(frozen=True, kw_only=True)
class RacedLane:
    """One strategy in a race."""

    strategy: str  # its name; an async function's baseline is "asyncio, 1 worker"
    workers: int  # asked of it
    verdict: Verdict
    why: str | None  # in words, unless it ran
    rounds: Sequence[float]  # seconds, one for each turn
    median: float | None  # of the rounds, seconds; null if it did not come through
    speedup: float | None  # median of the baseline / median of this one
    speedup_range: Sequence[float] | None  # the least and the largest speedup within one turn
    start_seconds: float | None  # until all workers were ready
    cpu_seconds: float | None  # of one round, in all processes of the lane
    memory_bytes: int | None  # of all processes of the lane, after the warm-up round
    memory_kind: str  # "PSS", or "USS" where the system does not share out what is shared
    worst_stall: Stall | None  # beside it, in one more pass after the rounds; null if it was not measured
    marks: Sequence[str]  # its doubts, in a word each: "noisy", "starved"


@dataclass(frozen=True, kw_only=True)
class RaceDocument(Document):
    """What `paceline race --json` writes; times in seconds, memory in bytes."""

    schema: int = 2  # the version of this document's fields
    function: str  # as it was typed
    items: int  # in a round
    workers: int  # at most, in each lane
    seed: int  # of the order within each turn
    probe: Findings  # what the function is like
    lanes: Sequence[RacedLane]  # in the order of the table, the baseline first
    notes: Sequence[str]  # what was decided on the way, in sentences
    recommendation: Recommendation


def race_json(race: Race) -> str:
    """Write a race as JSON."""
    document = RaceDocument(
        function=race.function,
        items=race.items,
        workers=race.workers,
        seed=race.seed,
        probe=race.findings,
        lanes=[_lane(race, lane) for lane in race.lanes],
        notes=race.notes,
        recommendation=race.recommendation(),
    )
    return files.as_json(document)


def _lane(race: Race, lane: LaneResult) -> RacedLane:
    speedup = race.speedup(lane)
    return RacedLane(
        strategy=lane.name,
        workers=lane.workers,
        verdict=lane.verdict,
        why=lane.why,
        rounds=lane.rounds,
        median=median(lane.rounds) if lane.came_through else None,
        speedup=speedup and speedup[0],
        speedup_range=speedup and speedup[1:],
        start_seconds=lane.start_seconds,
        cpu_seconds=lane.cpu_seconds,
        memory_bytes=lane.memory_bytes,
        memory_kind=MEMORY_KIND,
        worst_stall=lane.stall,
        marks=race.marks(lane),
    )
