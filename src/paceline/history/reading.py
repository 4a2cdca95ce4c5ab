"""
From bytes to a `Run`, or to a sentence that says why not.

Whatever the bytes are, the outcome is one of these two. Nothing in a file is executed, imported or unpickled.
"""

import contextlib
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from paceline.history import checking
from paceline.history.checking import DAMAGED, Unfit
from paceline.history.errors import UnreadableRun
from paceline.history.run import Cell, Run

LARGEST = 256 * 2**20
"""Bytes. A default run takes well under one MiB; what is over this is no run, and reading it would fill the memory."""


def load(path: Path) -> Run:
    """
    Read one saved run.

    Raises:
        UnreadableRun: it is not there, not a file, too large, damaged, or not ours.
    """
    try:
        return from_json(_read(path), path)
    except (OSError, ValueError) as error:  # a name with a NUL in it is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableRun(path, f"{reason.lower()}; check the path and its permissions") from None


def from_json(data: bytes | Mapping[str, Any], path: Path | None = None) -> Run:
    """
    Make a run out of a file's content, or of the objects that pytest-benchmark is about to save.

    Args:
        data: JSON, or what it decodes to.
        path: where it comes from, for messages and for its number.

    Raises:
        UnreadableRun: it is not JSON, not a run of Paceline's, or holds a wrong type or an impossible value.
    """
    with _reasons(path, data):
        return checking.run(msgspec.json.decode(data) if isinstance(data, bytes) else data, path)


def cells(benchmarks: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    """
    Make cells out of what pytest-benchmark's `as_dict(include_data=True)` gave; what is no cell is left out.

    Raises:
        UnreadableRun: as for `from_json`.
    """
    with _reasons(None, b""):
        return checking.sorted_out(benchmarks)[0]


def _read(path: Path) -> bytes:
    facts = path.stat()
    if stat.S_ISDIR(facts.st_mode):
        raise UnreadableRun(path, "it is a folder; name a file in it")
    if not stat.S_ISREG(facts.st_mode):  # opening a named pipe would wait for ever
        raise UnreadableRun(path, "it is not a regular file; name a saved run")
    if facts.st_size > LARGEST:
        raise UnreadableRun(path, f"it has {facts.st_size} bytes, more than any run ({LARGEST}); name a saved run")
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if not content.strip():
        raise UnreadableRun(path, "it is empty, perhaps left by a full disk; remove it")
    return content


@contextlib.contextmanager
def _reasons(path: Path | None, data: object) -> Iterator[None]:
    """
    Turn whatever a decoder can raise into the one error that callers know.
    """
    try:
        yield
    except Unfit as unfit:
        raise UnreadableRun(path, str(unfit)) from None
    except msgspec.ValidationError as error:
        raise UnreadableRun(path, f"{str(error).replace('`', '')}; {DAMAGED}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableRun(path, _malformed(str(error), data)) from None
    except RecursionError:
        raise UnreadableRun(path, f"it is nested too deeply; {DAMAGED}") from None


def _malformed(message: str, data: object) -> str:
    if "truncated" in message:
        return f"it ends in the middle, as after a full disk or a kill; {DAMAGED}"
    place = re.search(r"(?:byte|position) ([0-9]+)", message)
    if not place or not isinstance(data, bytes):
        return f"it is not JSON ({message}); {DAMAGED}"
    line = data.count(b"\n", 0, int(place[1])) + 1
    return f"it is not JSON at line {line}; {DAMAGED}"
