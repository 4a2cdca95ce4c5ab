"""
The race's end of the pipe to a lane: ask, wait no longer than allowed, and put an end to it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import IO

from paceline.race import family
from paceline.race.messages import Answer, Began, Enter, Failed, Leave, Probe, Request, Run

FAREWELL = 10.0  # seconds that a lane gets to end its strategy in good order; then it is killed

STEPS = {Probe: "its process's start", Enter: "its start", Run: "a round"}
LAST_MOMENT = 1.0  # seconds from the end of its pipe to its own


class LostError(Exception):
    """
    A lane did not do what it was asked for.

    Args:
        verdict: "hung" or "failed".
        why: in words.
    """

    def __init__(self, verdict: str, why: str, *, misuse: bool = False) -> None:
        super().__init__(why)
        self.verdict, self.misuse = verdict, misuse


class Child:
    """
    A process that runs `paceline.race.lane`, in a session of its own: Ctrl-C reaches the race, which then ends it.
    """

    def __init__(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self.pid = process.pid
        self._process, self._output = process, output
        self._requests: Connection[Request, Answer] = Connection(os.dup(process.stdin.fileno()), readable=False)
        self._answers: Connection[Request, Answer] = Connection(os.dup(process.stdout.fileno()), writable=False)
        process.stdin.close()  # the lane ends when its pipe closes, so nothing else may hold it open
        process.stdout.close()

    def ask(self, request: Request, timeout: float, began: Callable[[str], None] = lambda _: None) -> Answer:
        """
        Send a request and wait for its last answer.

        Args:
            request: what to do.
            timeout: seconds for it, or for each step it announces.
            began: is told of each step.

        Raises:
            LostError: if it failed, took too long, or the process ended.
        """
        step = STEPS.get(type(request), "an answer")
        try:
            self._requests.send(request)
            while isinstance(answer := self._answer(timeout, step), Began):
                step = answer.step
                began(step)
        except (EOFError, OSError):
            raise LostError("failed", self._death(step)) from None
        if isinstance(answer, Failed):
            raise LostError("failed", answer.why, misuse=answer.misuse)
        return answer

    def leave(self) -> None:
        """
        Let the lane end its strategy, if it can.

        Raises:
            LostError: if it can't.
        """
        self.ask(Leave(), FAREWELL)

    def end(self) -> None:
        """
        Kill the process and all that it started, whatever state they are in.
        """
        if self._process.returncode is None:
            family.end(self.pid)
            self._process.wait()
        self._requests.close()
        self._answers.close()

    def _answer(self, timeout: float, step: str) -> Answer:
        if not self._answers.poll(timeout):
            raise LostError("hung", f"no end of {step} within {timeout:g} s")
        return self._answers.recv()

    def _death(self, step: str) -> str:
        """
        Say how the process ended, with the last line it wrote.
        """
        family.wait_for_end(family.members(self.pid)[:1], LAST_MOMENT)  # the pipe closes a little earlier
        family.end(self.pid)
        status = self._process.wait()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        self._output.seek(0)
        last = self._output.read()[-4096:].decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"its process ended with {how} at {step}" + (f": {last}" if last else "")


@contextmanager
def running() -> Iterator[Child]:
    """
    Start a lane's process; nothing of it is left at the end.
    """
    command = [sys.executable, "-m", "paceline.race.lane"]
    with (
        tempfile.TemporaryFile("a+b") as output,
        subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, start_new_session=True
        ) as process,
    ):
        child = Child(process, output)
        try:
            yield child
        finally:
            child.end()
