"""The race itself: probe, start every lane, warm each up, then turn after turn one round of each in a new order."""

import random
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import psutil

from paceline import machine
from paceline.contracts import Item
from paceline.race import choosing
from paceline.race.child import running
from paceline.race.entrant import Entrant
from paceline.race.messages import Findings, Probe
from paceline.race.outcome import LaneResult, Race
from paceline.race.progress import Progress
from paceline.text.formats import duration, many, percent, seconds, setting
from paceline.workers import tracers

LOOK = 0.25  # seconds for which nothing of ours runs, to see what else does; load averages lag minutes behind
BUSY = 0.2  # share of the CPU time from which on other work is worth a word


class TooLongError(ValueError):
    """A race would go on for longer than anybody waits."""


@dataclass(frozen=True)
class Wish:
    """What was asked for; None where the race shall choose.

    Attributes:
        function: "module:function".
        items: of a round.
        all_items: whether `items` was chosen by somebody, so that all of them are meant.
        workers: in each lane.
        rounds: of each lane, after the warm-up round.
        strategies: names; none means all that can run it.
        timeout: seconds for any one step.
        seed: of the order within each turn.
    """

    function: str
    items: Sequence[Item]
    all_items: bool
    workers: int | None
    rounds: int | None
    strategies: Collection[str]
    timeout: float
    seed: int


def probe(wish: Wish, progress: Progress) -> Findings:
    """Look at the function, in a process of its own.

    Raises:
        LostError: if it fails, hangs or isn't there.
    """
    progress.phase(f"probing {wish.function}")
    with running() as child:
        findings = child.ask(Probe(wish.function, wish.items), wish.timeout, progress.step)
    assert isinstance(findings, Findings)
    return findings


def race(wish: Wish, findings: Findings, progress: Progress) -> Race:
    """Race every strategy that can run the function.

    Raises:
        TooLongError: if nobody could wait for its end.
    """
    workers = wish.workers or choosing.workers_for(findings.cpu_share, machine.whole_cpus())
    count = len(wish.items)
    if not wish.all_items:
        count = choosing.items_for(choosing.line_seconds(findings, count) / count, workers, count)
    entries = choosing.entries(findings, workers, wish.strategies)
    if words := _long(wish, findings, count, workers, sum(not entry.why_not for entry in entries)):
        progress.warn(words)
    notes = [*busy(psutil.cpu_percent(LOOK) / 100), *traced(tracers.inherited())]
    notes += [f"{count} items instead of {len(wish.items)}, as they are long"] if count < len(wish.items) else []
    items = wish.items[:count]
    timeout = max(wish.timeout, choosing.longest_round(choosing.line_seconds(findings, count), count))
    with ExitStack() as stack:
        lanes = [Entrant(entry, stack.enter_context(running()), timeout) for entry in entries if not entry.why_not]
        notes += _run(wish, items, lanes, progress, compare=findings.stable is not False)
    results = {lane.result.name: lane.result for lane in lanes}
    listed = [
        results.get(entry.name) or LaneResult(entry.name, entry.workers, "left out", entry.why_not) for entry in entries
    ]
    return Race(wish.function, findings, count, workers, wish.timeout, wish.seed, listed, notes)


def _long(wish: Wish, findings: Findings, count: int, workers: int, lanes: int) -> str | None:
    """Return that a race should take far longer than one does, if it should.

    Raises:
        TooLongError: if nobody could wait for its end.
    """
    whole = choosing.race_seconds(findings, count, lanes, workers, wish.rounds)
    if whole <= choosing.FAR_BEYOND:
        return None
    line = choosing.line_seconds(findings, count)
    grows = ", as each takes longer than the one before" if choosing.growth(findings.tried) else ""
    words = (
        f"{wish.function} should take about {duration(whole)} to race: {many(count, 'item')} come to some"
        f" {duration(line)} one after the other{grows};"
        f" choose fewer (--count {choosing.fewer(findings, count)}) or shorter ones (--items FILE)"
    )
    if whole > choosing.HOPELESS:
        raise TooLongError(words)
    return words


def busy(share: float) -> list[str]:
    """Warn of a machine that has other work.

    Args:
        share: of all its CPU time that other work takes, 0 to 1.
    """
    if share < BUSY:
        return []
    return [
        f"other work took {percent(share)} of this machine's CPU time before the race: computing gains less beside it"
    ]


def fewer(rounds: int, turn: float) -> list[str]:
    """Return why there are fewer rounds than usual.

    Args:
        rounds: of each lane.
        turn: seconds that one of each takes.
    """
    if rounds >= choosing.ROUNDS:
        return []
    why = f"to take about {setting(choosing.BUDGET)} in all"
    if turn > choosing.BUDGET:
        why = f"as one of each strategy takes {seconds(turn)} in all"
    return [f"{rounds} instead of {choosing.ROUNDS} rounds, {why}"]


def traced(names: list[str]) -> list[str]:
    """Warn of what environment variables put on in every lane."""
    return [f"{tracers.doubt(names)}: race again without"] if names else []


def _run(
    wish: Wish, items: Sequence[Item], lanes: Sequence[Entrant], progress: Progress, *, compare: bool
) -> list[str]:
    """Start, warm up, race and end all lanes; give what was decided on the way."""
    if not lanes:
        return []
    progress.phase(f"starting {', '.join(lane.result.name for lane in lanes)}")
    _each(lanes, progress, Entrant.wake)
    _each(lanes, progress, lambda lane: lane.start(wish.function, items))

    def reference() -> Entrant | None:
        return next((lane for lane in lanes if lane.racing), None) if compare else None

    progress.phase("warming up")
    warm: list[float] = []
    _each(lanes, progress, lambda lane: warm.append(lane.warm_up(reference())))
    rounds = wish.rounds or choosing.rounds_for(warm)
    order = random.Random(wish.seed)  # noqa: S311 - an order to draw, no secret
    for turn in range(rounds):
        progress.phase(f"round {turn + 1} of {rounds}")
        _each(order.sample(lanes, len(lanes)), progress, lambda lane: lane.run(reference()))
    progress.phase("ending")
    _each(lanes, progress, Entrant.leave)
    for lane in lanes:
        if lane.result.cpu_seconds is not None:
            lane.result.cpu_seconds /= len(lane.result.rounds)
    return [] if wish.rounds else fewer(rounds, sum(warm))


def _each(lanes: Sequence[Entrant], progress: Progress, act: Callable[[Entrant], None]) -> None:
    for lane in lanes:
        if lane.racing:
            progress.step(lane.result.name)
            act(lane)
