"""One lane as the race sees it."""

import sys
import time
from collections.abc import Sequence
from itertools import takewhile
from typing import TypeVar

from paceline import values
from paceline.child import processes
from paceline.contracts import Item
from paceline.race import results
from paceline.race.child import Child, LostError
from paceline.race.choosing import Entry
from paceline.race.messages import (
    Compare,
    Compared,
    Enter,
    Entered,
    Forget,
    Forgotten,
    Give,
    Given,
    Ran,
    Request,
    Run,
)
from paceline.race.outcome import LaneResult

A = TypeVar("A")

COMPARING = 10.0  # seconds that the results of one round may be compared, item by item
AT_ONCE = 1000  # items whose results are compared at once, at most
NO_ANSWER = "they can't be pickled, or their == gives no answer"
KEPT = 64 << 20  # bytes of a lane's results that the race remembers, so that it need not do them again


class Entrant:
    """A strategy that takes part, and what is known of it.

    Attributes:
        result: how it stands.
        child: its process.
        digests: of the results of its last round, if others are compared with it.
    """

    def __init__(self, entry: Entry, child: Child, timeout: float) -> None:
        self.result = LaneResult(entry.name, entry.workers)
        self.child = child
        self._entry, self._timeout = entry, timeout
        self.digests = b""
        self._remembered: dict[int, bytes | None] = {}
        self._room = KEPT

    @property
    def racing(self) -> bool:
        """Whether it has not been lost yet."""
        return self.result.verdict not in ("failed", "hung")

    def wake(self) -> None:
        """Wait until its process is up, so that no other lane's start is measured beside it."""
        self._ask(Forget(), Forgotten)

    def start(self, function: str, items: Sequence[Item]) -> None:
        """Start its strategy."""
        request = Enter(self._entry.strategy, function, self._entry.workers, items)
        if entered := self._ask(request, Entered):
            self.result.start_seconds = entered.seconds

    def warm_up(self, first: "Entrant | None") -> float:
        """Do a round that does not count, and give its seconds; then look at its memory."""
        ran = self._round(first)
        if not (ran and self._ask(Forget(), Forgotten)):
            return 0.0
        self.result.memory_bytes = processes.memory_bytes(self.child.pid)
        return ran.seconds

    def run(self, first: "Entrant | None") -> None:
        """Do a round."""
        before = processes.workers_cpu_seconds(self.child.pid)
        if ran := self._round(first):
            self.result.rounds.append(ran.seconds)
            workers = processes.workers_cpu_seconds(self.child.pid) - before
            self.result.cpu_seconds = (self.result.cpu_seconds or 0.0) + ran.cpu_seconds + workers

    def _round(self, first: "Entrant | None") -> Ran | None:
        """Do a round, and compare its results with those of the first lane; if this is it, others will."""
        other = first if first is not self and self.result.verdict == "ran" else None
        expected = values.digest(other.digests) if other and other.digests else None
        ran = self._ask(Run(expected), Ran)
        if ran and first is self:
            self._become_reference(ran.digests)
        if ran and ran.digests and other and expected:
            self._judge(other, results.differing(other.digests, ran.digests))
            self._ask(Forget(), Forgotten)
        return ran if self.racing else None

    def _become_reference(self, digests: bytes) -> None:
        if digests != self.digests:
            self.digests, self._remembered, self._room = digests, {}, KEPT

    def _judge(self, first: "Entrant", places: Sequence[int]) -> None:
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
                f"in {COMPARING:g} s only {done} of {len(places)} results that pickle does not write as those of {name}"
                " could be compared; they are the same"
            )

    def _compare(self, first: "Entrant", places: Sequence[int]) -> tuple[int, bool | None]:
        """Compare results with those of the first lane, some at a time, until one is different, time is up or a lane
        lost.

        Returns:
            How many were compared, and whether they are the same; None if it can't be told.
        """
        same: bool | None = True
        done = 0
        deadline = time.monotonic() + COMPARING
        while done < len(places) and same is not False and time.monotonic() < deadline:
            given = first.give(places[done : done + AT_ONCE])
            compared = given and self._ask(Compare(places[done : done + len(given)], given), Compared)
            if not given or not compared:
                break
            done, same = done + len(given), results.all_same([same, compared.same])
        return done, same

    def give(self, places: Sequence[int]) -> Sequence[bytes | None] | None:
        """Give its results of one place or more, pickled, by doing them once more; None if the lane is lost at it."""
        if known := [self._remembered[place] for place in takewhile(self._remembered.__contains__, places)]:
            return known
        given = self._ask(Give(places), Given)
        if given is None:
            return None
        size = sum(map(sys.getsizeof, given.packed))
        if size <= self._room:
            self._room -= size
            self._remembered.update(zip(places, given.packed, strict=False))  # it gives as many as it has time for
        return given.packed

    def leave(self) -> None:
        """End its strategy in good order; what happens there does not change its times."""
        if self.racing:
            try:
                self.child.leave()
            except LostError as lost:
                self.result.why = self.result.why or f"it did not end in good order: {lost}"
        self.child.end()

    def _ask(self, request: Request, expected: type[A]) -> A | None:
        if not self.racing:
            return None
        try:
            answer = self.child.ask(request, self._timeout)
        except LostError as lost:
            self.result.verdict = "hung" if lost.verdict == "hung" else "failed"
            self.result.why = str(lost)
            self.child.end()
            return None
        assert isinstance(answer, expected)
        return answer
