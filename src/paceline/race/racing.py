"""A race: each strategy in a process of its own, round by round in turns."""

import random
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal

import psutil

from paceline import machine
from paceline.child import processes
from paceline.child.inside import Failed
from paceline.child.processes import Child
from paceline.contracts import Item
from paceline.measuring import values
from paceline.measuring.values import all_same, differing
from paceline.race import choosing
from paceline.race.choosing import PlannedLane
from paceline.race.judging import LaneResult, Race
from paceline.race.messages import Answer, Began, Done, Enter, Findings, Ran, Request
from paceline.race.notes import busy, few_beside, fewer, traced
from paceline.text.formats import duration, many
from paceline.text.progress import Progress
from paceline.workers import tracers

LEAVE_TIMEOUT = 10.0  # seconds that a lane gets to end its strategy in good order; then it is killed

STEPS = {
    "probe": "its process's start",
    "enter": "its start",
    "run": "a round",
    "stall": "the pass beside a bystander",
    "give": "an item that is done again",
    "compare": "the comparison of its results",
}
"""Method of a lane -> what hangs if no answer comes."""


class LaneError(Exception):
    """A lane did not do what it was asked for."""

    def __init__(self, verdict: Literal["hung", "failed"], why: str, *, misuse: bool = False) -> None:
        super().__init__(why)
        self.verdict, self.misuse = verdict, misuse


class LaneProcess:
    """A process that runs `paceline.race.lane`."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.pid = child.pid

    def ask(self, request: Request, timeout: float, began: Callable[[str], None] = lambda _: None) -> Any:
        """Send a request, and return what it is answered with; `began` is called with each step that is announced.

        Raises:
            LaneError: if it failed, a step took more than `timeout` seconds, or the process ended.
        """
        step = STEPS.get(request.method, "an answer")
        try:
            self._child.requests.send(request)
            while isinstance(answer := self._answer(timeout, step), Began):
                step = answer.step
                began(step)
        except (EOFError, OSError):
            raise LaneError("failed", self._child.death(f" at {step}")) from None
        if isinstance(answer, Failed):
            raise LaneError("failed", answer.why, misuse=answer.misuse)
        return answer.value

    def end(self) -> None:
        """Kill the process and all that it started, whatever state they are in."""
        self._child.end()

    def _answer(self, timeout: float, step: str) -> Answer:
        if not self._child.answers.poll(timeout):
            raise LaneError("hung", f"no end of {step} within {timeout:g} s")
        answer: Answer = self._child.answers.recv()
        return answer


@contextmanager
def running() -> Iterator[LaneProcess]:
    """Start a lane's process; nothing of it is left at the end."""
    with processes.running("paceline.race.lane") as child:
        yield LaneProcess(child)


COMPARE_TIMEOUT = 10.0  # seconds that the results of one round may be compared, item by item
AT_ONCE = 1000  # items whose results are compared at once, at most
NO_ANSWER = "they can't be pickled, or their == gives no answer"
KEPT = 64 << 20  # bytes of a lane's results that the race remembers, so that it need not do them again


class RunningLane:
    """A strategy that takes part; `digests` are of its last round's results, if others are compared with it."""

    def __init__(self, plan: PlannedLane, child: LaneProcess, timeout: float) -> None:
        self.result = LaneResult(plan.name, plan.workers)
        self.child = child
        self._plan, self._timeout = plan, timeout
        self._lost = False
        self.digests = b""
        self._remembered: dict[int, bytes | None] = {}
        self._room = KEPT

    @property
    def racing(self) -> bool:
        """Whether it has not been lost yet."""
        return not self._lost

    def wake(self) -> None:
        """Wait until its process is up, so that no other lane's start is measured beside it."""
        self._ask("forget")

    def start(self, function: str, items: Sequence[Item]) -> None:
        """Start its strategy."""
        if done := self._ask("enter", Enter(self._plan.strategy, function, self._plan.workers, items)):
            self.result.start_seconds = done.value

    def warm_up(self, first: "RunningLane | None") -> float:
        """Do a round that does not count, and return its seconds; then look at its memory."""
        ran = self._round(first)
        if not (ran and self._ask("forget")):
            return 0.0
        self.result.memory_bytes = processes.memory_bytes(self.child.pid)
        return ran.seconds

    def run(self, first: "RunningLane | None") -> None:
        """Do a round."""
        before = processes.workers_cpu_seconds(self.child.pid)
        if ran := self._round(first):
            self.result.rounds.append(ran.seconds)
            workers = processes.workers_cpu_seconds(self.child.pid) - before
            self.result.cpu_seconds = (self.result.cpu_seconds or 0.0) + ran.cpu_seconds + workers

    def stand_beside(self, count: int) -> None:
        """Do so many items once more beside a bystander; what goes wrong there does not change what was measured."""
        try:
            self.result.stall = self.child.ask(Request("stall", (count,)), self._timeout)
        except LaneError as lost:
            self._lost = True
            self.explain(f"no worst stall: {lost}")
            self.child.end()

    def explain(self, words: str) -> None:
        """Add a reason to those that are there."""
        self.result.why = "; ".join(filter(None, [self.result.why, words]))

    def _round(self, first: "RunningLane | None") -> Ran | None:
        """Do a round, and compare its results with those of the first lane; if this is it, others will."""
        other = first if first is not self and self.result.verdict == "ran" else None
        expected = values.digest(other.digests) if other and other.digests else None
        done = self._ask("run", expected)
        ran: Ran | None = done.value if done else None
        if ran and first is self and ran.digests != self.digests:
            self.digests, self._remembered, self._room = ran.digests, {}, KEPT
        if ran and ran.digests and other and expected:
            self._judge(other, differing(other.digests, ran.digests))
            self._ask("forget")
        return ran if self.racing else None

    def _judge(self, first: "RunningLane", places: Sequence[int]) -> None:
        """Tell whether results whose digests differ from those of the first lane do so themselves."""
        done, same = self._compare(first, places)
        if not (self.racing and first.racing) or (same and done == len(places)):
            return
        name = first.result.name
        self.result.verdict = "differs" if same is False else "not compared"
        if same is False:
            self.result.why = f"its results are not those of {name}"
        elif same is None:
            self.result.why = f"its results can't be compared with those of {name}: {NO_ANSWER}"
        else:
            self.result.why = (
                f"in {COMPARE_TIMEOUT:g} s only {done} of {len(places)} results that pickle does not write as those of"
                f" {name} could be compared; they are the same"
            )

    def _compare(self, first: "RunningLane", places: Sequence[int]) -> tuple[int, bool | None]:
        """Compare results with those of the first lane, some at a time, until one is different, time is up or a lane
        lost; return how many were compared, and whether they are the same, None if it can't be told.
        """
        same: bool | None = True
        done = 0
        deadline = time.monotonic() + COMPARE_TIMEOUT
        while done < len(places) and same is not False and time.monotonic() < deadline:
            given = first.give(places[done : done + AT_ONCE])
            compared = given and self._ask("compare", places[done : done + len(given)], given)
            if not given or not compared:
                break
            done, same = done + len(given), all_same([same, compared.value])
        return done, same

    def give(self, places: Sequence[int]) -> Sequence[bytes | None] | None:
        """Return its results of some places, pickled, by doing them once more; None if the lane is lost at it."""
        if known := [self._remembered[place] for place in takewhile(self._remembered.__contains__, places)]:
            return known
        done = self._ask("give", places)
        if done is None:
            return None
        packed: Sequence[bytes | None] = done.value
        size = sum(map(sys.getsizeof, packed))
        if size <= self._room:
            self._room -= size
            self._remembered.update(zip(places, packed, strict=False))  # it gives as many as it has time for
        return packed

    def leave(self) -> None:
        """End its strategy in good order; what happens there does not change its times."""
        if self.racing:
            try:
                self.child.ask(Request("leave"), LEAVE_TIMEOUT)
            except LaneError as lost:
                self.explain(f"it did not end in good order: {lost}")
        self.child.end()

    def _ask(self, method: str, *arguments: Any) -> Done | None:
        """Return the answer; None if the lane is lost, now or before."""
        if not self.racing:
            return None
        try:
            return Done(self.child.ask(Request(method, arguments), self._timeout))
        except LaneError as lost:
            self._lost, self.result.verdict, self.result.why = True, lost.verdict, str(lost)
            self.child.end()
            return None


BUSY_INTERVAL = 0.25  # seconds for which nothing of ours runs, to see what else does; load averages lag minutes behind


class TooLongError(ValueError):
    """A race would go on for longer than anybody waits."""


@dataclass(frozen=True)
class RaceRequest:
    """What was asked for; None where the race shall choose.

    Attributes:
        function: "module:function".
        items: of a round.
        all_items: whether `items` was chosen by somebody, so that all of them are meant.
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


def probe(request: RaceRequest, progress: Progress) -> Findings:
    """Look at the function, in a process of its own.

    Raises:
        LaneError: if it fails, hangs or isn't there.
    """
    progress.phase(f"probing {request.function}")
    with running() as child:
        asked = Request("probe", (request.function, request.items))
        findings: Findings = child.ask(asked, request.timeout, progress.step)
    return findings


def race(request: RaceRequest, findings: Findings, progress: Progress) -> Race:
    """Race every strategy that can run the function.

    Raises:
        TooLongError: if nobody could wait for its end.
    """
    workers = request.workers or choosing.workers_for(findings.cpu_share, machine.whole_cpus())
    count = len(request.items)
    if not request.all_items:
        count = choosing.items_for(choosing.line_seconds(findings, count) / count, workers, count)
    planned = choosing.planned_lanes(findings, workers, request.strategies)
    if words := _long(request, findings, count, workers, sum(not plan.why_not for plan in planned)):
        progress.warn(words)
    notes = [*busy(psutil.cpu_percent(BUSY_INTERVAL) / 100), *traced(tracers.inherited())]
    notes += [f"{count} items instead of {len(request.items)}, as they are long"] if count < len(request.items) else []
    items = request.items[:count]
    timeout = max(request.timeout, choosing.longest_round(choosing.line_seconds(findings, count), count))
    with ExitStack() as stack:
        lanes = [RunningLane(plan, stack.enter_context(running()), timeout) for plan in planned if not plan.why_not]
        turn = _run(request, items, lanes, progress, compare=findings.stable is not False)
        notes += [] if request.rounds else fewer(choosing.rounds_for([turn]), turn)
        beside = choosing.stall_items(turn, count, workers)
        notes += few_beside(beside, count, turn)
        interrupted = _end(lanes, beside, progress)
    notes += ["interrupted after the last round: a worst stall that is missing was not measured"] if interrupted else []
    results = {lane.result.name: lane.result for lane in lanes}
    listed = [
        results.get(plan.name) or LaneResult(plan.name, plan.workers, "left out", plan.why_not) for plan in planned
    ]
    return Race(request.function, findings, count, workers, request.seed, listed, notes, interrupted)


def _long(request: RaceRequest, findings: Findings, count: int, workers: int, lanes: int) -> str | None:
    """Return that a race should take far longer than one does, if it should.

    Raises:
        TooLongError: if nobody could wait for its end.
    """
    whole = choosing.race_seconds(findings, count, lanes, workers, request.rounds)
    if whole <= choosing.FAR_BEYOND:
        return None
    line = choosing.line_seconds(findings, count)
    grows = ", as each takes longer than the one before" if choosing.growth(findings.tried) else ""
    words = (
        f"{request.function} should take about {duration(whole)} to race: {many(count, 'item')} come to some"
        f" {duration(line)} one after the other{grows};"
        f" choose fewer (--count {choosing.fewer(findings, count)}) or shorter ones (--items FILE)"
    )
    if whole > choosing.HOPELESS:
        raise TooLongError(words)
    return words


def _run(
    request: RaceRequest, items: Sequence[Item], lanes: Sequence[RunningLane], progress: Progress, *, compare: bool
) -> float:
    """Start, warm up and race all lanes; return the seconds that a turn takes, a round of each."""
    if not lanes:
        return 0.0
    progress.phase(f"starting {', '.join(lane.result.name for lane in lanes)}")
    _each(lanes, progress, RunningLane.wake)
    _each(lanes, progress, lambda lane: lane.start(request.function, items))

    def reference() -> RunningLane | None:
        return next((lane for lane in lanes if lane.racing), None) if compare else None

    progress.phase("warming up")
    warm: list[float] = []
    _each(lanes, progress, lambda lane: warm.append(lane.warm_up(reference())))
    rounds = request.rounds or choosing.rounds_for(warm)
    order = random.Random(request.seed)  # noqa: S311 - an order to draw, no secret
    for turn in range(rounds):
        progress.phase(f"round {turn + 1} of {rounds}")
        _each(order.sample(lanes, len(lanes)), progress, lambda lane: lane.run(reference()))
    for lane in lanes:
        if lane.result.cpu_seconds is not None:
            lane.result.cpu_seconds /= len(lane.result.rounds)
    return sum(warm)


def _end(lanes: Sequence[RunningLane], beside: int, progress: Progress) -> bool:
    """Look for stalls with so many items, and end all lanes; return whether Ctrl-C cut it short: the times stay."""
    if not lanes:
        return False
    try:
        if beside:
            progress.phase("looking for stalls")
            _each(lanes, progress, lambda lane: lane.stand_beside(beside))
        progress.phase("ending")
        _each(lanes, progress, RunningLane.leave)
    except KeyboardInterrupt:
        return True
    return False


def _each(lanes: Sequence[RunningLane], progress: Progress, act: Callable[[RunningLane], None]) -> None:
    for lane in lanes:
        if lane.racing:
            progress.step(lane.result.name)
            act(lane)
