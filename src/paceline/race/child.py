"""The race's end of the pipe to a lane: ask, wait no longer than allowed, and put an end to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paceline.child import processes
from paceline.child.inside import Failed
from paceline.child.processes import Piped
from paceline.race.messages import Answer, Began, Compare, Enter, Give, Leave, Probe, Request, Run

FAREWELL = 10.0  # seconds that a lane gets to end its strategy in good order; then it is killed

STEPS = {
    Probe: "its process's start",
    Enter: "its start",
    Run: "a round",
    Give: "an item that is done again",
    Compare: "the comparison of its results",
}


class LostError(Exception):
    """A lane did not do what it was asked for.

    Args:
        verdict: "hung" or "failed".
        why: in words.
    """

    def __init__(self, verdict: str, why: str, *, misuse: bool = False) -> None:
        super().__init__(why)
        self.verdict, self.misuse = verdict, misuse


class Child:
    """A process that runs `paceline.race.lane`."""

    def __init__(self, piped: Piped) -> None:
        self._piped = piped
        self.pid = piped.pid

    def ask(self, request: Request, timeout: float, began: Callable[[str], None] = lambda _: None) -> Answer:
        """Send a request and wait for its last answer.

        Args:
            request: what to do.
            timeout: seconds for it, or for each step it announces.
            began: is told of each step.

        Raises:
            LostError: if it failed, took too long, or the process ended.
        """
        step = STEPS.get(type(request), "an answer")
        try:
            self._piped.requests.send(request)
            while isinstance(answer := self._answer(timeout, step), Began):
                step = answer.step
                began(step)
        except (EOFError, OSError):
            raise LostError("failed", self._piped.death(f" at {step}")) from None
        if isinstance(answer, Failed):
            raise LostError("failed", answer.why, misuse=answer.misuse)
        return answer

    def leave(self) -> None:
        """Let the lane end its strategy, if it can.

        Raises:
            LostError: if it can't.
        """
        self.ask(Leave(), FAREWELL)

    def end(self) -> None:
        """Kill the process and all that it started, whatever state they are in."""
        self._piped.end()

    def _answer(self, timeout: float, step: str) -> Answer:
        if not self._piped.answers.poll(timeout):
            raise LostError("hung", f"no end of {step} within {timeout:g} s")
        answer: Answer = self._piped.answers.recv()
        return answer


@contextmanager
def running() -> Iterator[Child]:
    """Start a lane's process; nothing of it is left at the end."""
    with processes.running("paceline.race.lane") as child:
        yield Child(child)
