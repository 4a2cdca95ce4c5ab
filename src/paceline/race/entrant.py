"""
One lane as the race sees it.
"""

from collections.abc import Sequence
from typing import TypeVar

from paceline import family
from paceline.contracts import Item
from paceline.race.child import Child, LostError
from paceline.race.choosing import Entry
from paceline.race.messages import Compare, Compared, Enter, Entered, Give, Given, Ran, Request, Run
from paceline.race.outcome import LaneResult

A = TypeVar("A")


class Entrant:
    """
    A strategy that takes part, and what is known of it.
    """

    def __init__(self, entry: Entry, child: Child, timeout: float) -> None:
        self.result = LaneResult(entry.name, entry.workers)
        self.child = child
        self._entry, self._timeout = entry, timeout
        self.digest = ""

    @property
    def racing(self) -> bool:
        """
        Whether it has not been lost yet.
        """
        return self.result.verdict in ("ran", "differs")

    def wake(self) -> None:
        """
        Wait until its process is up, so that no other lane's start is measured beside it.
        """
        self._ask(Give(), Given)

    def start(self, function: str, items: Sequence[Item]) -> None:
        """
        Start its strategy.
        """
        request = Enter(self._entry.strategy, function, self._entry.workers, items)
        if entered := self._ask(request, Entered):
            self.result.start_seconds = entered.seconds

    def warm_up(self) -> float:
        """
        Do a round that does not count, and give its seconds; then look at its memory.
        """
        ran = self._ask(Run(), Ran)
        if ran is None:
            return 0.0
        self.digest = ran.digest
        self.result.memory_bytes = family.memory_bytes(self.child.pid)
        return ran.seconds

    def run(self) -> None:
        """
        Do a round.
        """
        before = family.workers_cpu_seconds(self.child.pid)
        if ran := self._ask(Run(), Ran):
            self.digest = ran.digest
            self.result.rounds.append(ran.seconds)
            workers = family.workers_cpu_seconds(self.child.pid) - before
            self.result.cpu_seconds = (self.result.cpu_seconds or 0.0) + ran.cpu_seconds + workers

    def compare(self, other: "Entrant") -> None:
        """
        Compare its last results with another lane's.
        """
        if other is self or self.digest == other.digest or not (self.racing and other.racing):
            return
        others = other.give()
        compared = self._ask(Compare(others), Compared) if others else Compared(equal=False)
        if other.racing and compared and not compared.equal:
            self.result.verdict = "differs"
            self.result.why = f"its results are not those of {other.result.name}"

    def give(self) -> bytes | None:
        """
        Give its last results, pickled; None if they can't be.
        """
        given = self._ask(Give(), Given)
        return given.results if given else None

    def leave(self) -> None:
        """
        End its strategy in good order; what happens there does not change its times.
        """
        if self.racing:
            try:
                self.child.leave()
            except LostError as lost:
                self.result.why = self.result.why or f"it did not end in good order: {lost}"
        self.child.end()

    def _ask(self, request: Request, expected: type[A]) -> A | None:
        try:
            answer = self.child.ask(request, self._timeout)
        except LostError as lost:
            self.result.verdict = "hung" if lost.verdict == "hung" else "failed"
            self.result.why = str(lost)
            self.child.end()
            return None
        assert isinstance(answer, expected)
        return answer
