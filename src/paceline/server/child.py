"""The first and the last words with a server's process."""

import json
import os
import selectors
import subprocess
from time import monotonic
from typing import IO

PATIENCE = 3.0


class ServerError(RuntimeError):
    """The server did not start, died, or does not answer."""


def first_line(process: subprocess.Popen[bytes], stderr: IO[bytes], timeout: float) -> str:
    """Wait for the line in which a server says where it listens, and give its URL."""
    deadline = monotonic() + timeout
    line = read_line(process, deadline)
    try:
        said = json.loads(line)
        return str(said["url"])
    except (ValueError, TypeError, KeyError):
        pass
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
            process.wait(PATIENCE)
            break
        except subprocess.TimeoutExpired:
            end()
    process.wait()
    process.stdout.close()
