"""A server in a process of its own, and what talks to it."""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import IO, Any
from urllib.parse import urlsplit

from paceline import __version__
from paceline.server.ledger import Ledger, Served

STOP_TIMEOUT = 3.0  # seconds for each way to end a server


class ServerError(RuntimeError):
    """The server did not start, died, or does not answer."""


def first_line(process: subprocess.Popen[bytes], stderr: IO[bytes], timeout: float) -> str:
    """Wait for the line in which a server says where it listens, and return its URL."""
    deadline = monotonic() + timeout
    line = read_line(process, deadline)
    with suppress(ValueError, TypeError, KeyError):
        return str(json.loads(line)["url"])
    if not line.endswith(b"\n") and monotonic() >= deadline:
        raise ServerError(f"the server said nothing within {timeout:g} s of its start; {complaint(stderr)}")
    raise ServerError(f"the server did not start: it said {line[:200]!r}; {complaint(stderr)}")


def read_line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """Read a process's first line of output, or what there is of it at the deadline."""
    assert process.stdout is not None
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0.0, deadline - monotonic())):
            part = os.read(process.stdout.fileno(), 4096)
            if not part:
                break
            line += part
    return line


def complaint(stderr: IO[bytes]) -> str:
    """Quote the end of what a server wrote to stderr."""
    stderr.seek(0)
    said = stderr.read().decode(errors="replace").strip()
    return f"its stderr: {said[-2000:]}" if said else "its stderr is empty"


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process: by closing its stdin, then by SIGTERM, then by SIGKILL."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    for end in (process.terminate, process.kill):
        try:
            process.wait(STOP_TIMEOUT)
            break
        except subprocess.TimeoutExpired:
            end()
    process.wait()
    process.stdout.close()


__all__ = ["KINDS", "Control", "Instrument", "ServerError", "existing", "lacking", "running"]

ANSWER_TIMEOUT = 10.0
OK = 200
DEATH_TIMEOUT = 1.0  # seconds from a lost connection until a process that is dying can be seen to be dead

KINDS: dict[str, tuple[str, ...]] = {
    "instrument": ("paceline", "serve", "--until-stdin-closes"),
    "httpserver": ("paceline.server.peers", "httpserver"),
    "aiohttp": ("paceline.server.peers", "aiohttp"),
}
"""Kind of server -> module and arguments. All end when their stdin closes."""


@dataclass(eq=False)
class Control:
    """A running server, seen from any process of this machine; it can be sent to one.

    It holds no connection and no thread, so forking is safe.
    """

    url: str  # `http://127.0.0.1:PORT`
    proves: bool  # it keeps a ledger; False for a peer
    bandwidth: float | None = None  # bytes per second of its link; None for no limit

    def ledger(self) -> Ledger | None:
        """Return what the server has seen since the last reset; None if it keeps no ledger.

        Raises:
            ServerError: the server has died, or does not answer.
        """
        return Ledger(**self._ask("GET", "/-/ledger")) if self.proves else None

    def reset(self) -> None:
        """Start the ledger and the CPU time afresh."""
        self._ask("POST", "/-/reset")

    def spans(self) -> tuple[list[Served], int]:
        """Return the spans since the last reset, in order of completion, and how many more there was no room for.

        Raises:
            ServerError: it was not started with `spans`, has died, or does not answer.
        """
        answer = self._ask("GET", "/-/spans")
        return [Served(*span) for span in answer["spans"]], int(answer["dropped"])

    def hosts(self) -> list[str]:
        """Return the address that each connection of the spans came from, by its number; raises as `spans` does."""
        return [str(host) for host in self._ask("GET", "/-/spans")["hosts"]]

    def about(self) -> dict[str, Any]:
        """Return an instrument's versions of "paceline" and "python", and the "bandwidth" of its link."""
        return self._ask("GET", "/-/about")

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server's process since the last reset, or since its start if there was none."""
        return float(self._ask("GET", "/-/ledger")["cpu_seconds"])

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        connection = HTTPConnection(str(urlsplit(self.url).netloc), timeout=ANSWER_TIMEOUT)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            raise ServerError(f"{method} {self.url}{path} failed: {error!r}; {self._state()}") from error
        finally:
            connection.close()
        if answer.status != OK:
            raise ServerError(f"{method} {self.url}{path} was refused: {content.decode(errors='replace').strip()}")
        return dict(json.loads(content)) if method == "GET" else {}

    def _state(self) -> str:
        return "whether the server still runs can't be seen from here"


@dataclass(eq=False, kw_only=True)
class Instrument(Control):
    """A running server, seen from the process that started it."""

    process: subprocess.Popen[bytes]
    stderr: IO[bytes]

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    def control(self) -> Control:
        """Return what another process needs to talk to it."""
        return Control(self.url, proves=self.proves, bandwidth=self.bandwidth)

    def _state(self) -> str:
        try:
            status = self.process.wait(DEATH_TIMEOUT)
        except subprocess.TimeoutExpired:
            return f"the server (pid {self.pid}) still runs, but gave no answer"
        return f"the server (pid {self.pid}) has died with status {status}; {complaint(self.stderr)}"


def existing(url: str) -> tuple[Control, str]:
    """Return the control of an instrument that runs already, and the Python that runs it: "CPython 3.11.7".

    Raises:
        ServerError: nothing answers there, it is no instrument, or one of another Paceline, whose service times and
            bodies may be others than are expected here.
    """
    control = Control(url.rstrip("/"), proves=True)
    try:
        about = control.about()
        version, python, control.bandwidth = about["paceline"], str(about["python"]), about["bandwidth"]
        why = None if version == __version__ else f"it is of Paceline {version}"
    except ServerError as error:
        why = str(error).partition("\n")[0]
    except (ValueError, TypeError, KeyError):
        why = "what answers keeps no ledger"
    if why:
        raise ServerError(f"no instrument of Paceline {__version__} at {url}: {why}; start one by: paceline serve")
    return control, python


def lacking() -> str | None:
    """Return why this Python can't run the instrument; None if it can."""
    missing = [name for name in ("httptools", "uvloop") if find_spec(name) is None]
    return f"the instrument needs {' and '.join(missing)}, not installed for {sys.executable}" if missing else None


@contextmanager
def running(
    kind: str = "instrument",
    *,
    bandwidth: float | None = None,
    start_timeout: float = 30.0,
    python: Path | None = None,
    environment: Mapping[str, str] | None = None,
    spans: bool = False,
    host: str | None = None,
) -> Iterator[Instrument]:
    """Run a server in a process of its own for as long as the context lasts.

    Args:
        kind: `instrument`, or a peer to compare it with: `httpserver` or `aiohttp`.
        bandwidth: bytes per second, for the instrument only.
        start_timeout: seconds until it must listen.
        python: that runs it; this process's own if not given.
        environment: variables to set for it.
        spans: leave a span for each item; for the instrument only, which is then never to be timed.
        host: address to listen at, for the instrument only; 127.0.0.1 if not given.

    Raises:
        ServerError: it does not start; its own words are in the message.
        ValueError: there is no such kind, or it knows no bandwidth or spans.
    """
    if kind == "instrument" and python is None and (why := lacking()):
        raise ServerError(f"{why}; run it by another Python that has them")
    command = [python or sys.executable, "-P", "-m", *arguments(kind, bandwidth, spans=spans, host=host)]
    with TemporaryFile() as stderr:
        try:
            process = subprocess.Popen(  # noqa: S603  # our own module, in our own interpreter
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                process_group=0,
                env={**os.environ, **(environment or {})},
            )
        except OSError as error:
            raise ServerError(f"{command[0]} can't be run: {error.strerror}") from None
        try:
            url = first_line(process, stderr, start_timeout)
            proves = kind == "instrument"
            yield Instrument(url=url, proves=proves, bandwidth=bandwidth, process=process, stderr=stderr)
        finally:
            stop(process)


def arguments(kind: str, bandwidth: float | None, *, spans: bool = False, host: str | None = None) -> list[str]:
    """Return the module and arguments that start a server of this kind."""
    if kind not in KINDS:
        raise ValueError(f"no server {kind!r}; there are {', '.join(KINDS)}")
    wanted = [] if bandwidth is None else ["--bandwidth", repr(float(bandwidth))]
    wanted += ["--spans"] if spans else []
    wanted += ["--host", host] if host else []
    if wanted and kind != "instrument":
        raise ValueError(f"the server {kind!r} knows no {wanted[0].removeprefix('--')}; only the instrument does")
    return [*KINDS[kind], *wanted]
