"""A process of ours in a fresh interpreter, with a pipe each way; nothing of it is left at the end."""

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import IO, Any

from paceline import family

LAST_MOMENT = 1.0  # seconds from the end of its pipe to its own
LAST_WORDS = 4096  # bytes
LONGEST_PLACE = 64  # bytes; a socket's whole path has room for some 100, and 36 are in folders and names below it


class Piped:
    """One that runs, in a session of its own: Ctrl-C reaches this process only, which then ends it.

    Attributes:
        pid: its process, which leads the session.
        requests: where it listens.
        answers: where it speaks.
    """

    def __init__(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self._process, self._output = process, output
        self.pid = process.pid
        self.requests: Connection[Any, Any] = Connection(os.dup(process.stdin.fileno()), readable=False)
        self.answers: Connection[Any, Any] = Connection(os.dup(process.stdout.fileno()), writable=False)
        process.stdin.close()  # it ends when its pipe closes, so nothing else may hold it open
        process.stdout.close()

    def death(self, when: str = "") -> str:
        """Return how it ended, with the last line it wrote; for when its pipe has closed.

        Args:
            when: words to go between the two.
        """
        family.wait_for_end(family.members(self._process.pid)[:1], LAST_MOMENT)  # the pipe closes a little earlier
        family.end(self._process.pid)
        status = self._process.wait()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        self._output.seek(0)
        last = self._output.read()[-LAST_WORDS:].decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"its process ended with {how}{when}" + (f": {last}" if last else "")

    def end(self) -> None:
        """Kill it and all that it started, whatever state they are in."""
        if self._process.returncode is None:
            family.end(self._process.pid)
            self._process.wait()
        self.requests.close()
        self.answers.close()


@contextmanager
def running(module: str) -> Iterator[Piped]:
    """Run a module of ours as `python -P -m` does, for as long as the context lasts; its argument is a folder to
    make.
    """
    with (
        _folder() as folder,
        _appended_file() as output,
        subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
            [sys.executable, "-P", "-m", module, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        piped = Piped(process, output)
        try:
            yield piped
        finally:
            piped.end()


@contextmanager
def _folder() -> Iterator[str]:
    """Name a folder for the process's temporary files, and remove it at the end.

    The process makes it, and removes it if this one is killed, which could leave one behind if it made it beforehand.
    """
    place = tempfile.gettempdir()
    if len(place) > LONGEST_PLACE and os.path.isdir("/tmp"):  # noqa: PTH112, S108 - as multiprocessing does since 3.14
        place = "/tmp"  # noqa: S108
    folder = os.path.join(place, f"pl-{secrets.token_hex(4)}")  # noqa: PTH118 - an argument is text
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _appended_file() -> Iterator[IO[bytes]]:
    """Make a file without a name that can be emptied while processes go on writing to it: each write goes to its end.

    `TemporaryFile("a+b")` does not: it drops the flag on its way to the system.
    """
    with tempfile.TemporaryFile() as file:
        fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
        yield file
