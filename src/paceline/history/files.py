"""
Files that are read whole: what is wrong with one is said in the same words, whatever it should have held.
"""

import contextlib
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from paceline.history.errors import UnreadableFile

LARGEST = 256 * 2**20
"""Bytes. A default run takes well under one MiB; what is over this is none, and reading it would fill the memory."""

DAMAGED = "the file is damaged; move it away, or restore it from a copy"


def content(path: Path, what: str, error: type[UnreadableFile]) -> bytes:
    """
    Read a file.

    Args:
        path: the file.
        what: what it should hold: "run".
        error: what to raise.

    Raises:
        UnreadableFile: it is not there, not a file, or too large.
    """
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise error(path, "it is a folder; name a file in it")
        if not stat.S_ISREG(facts.st_mode):  # opening a named pipe would wait for ever
            raise error(path, f"it is not a regular file; name a saved {what}")
        if facts.st_size > LARGEST:
            raise error(path, f"it has {facts.st_size} bytes, more than any {what} ({LARGEST}); name a saved {what}")
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, ValueError) as trouble:  # a name with a NUL in it is a ValueError
        reason = getattr(trouble, "strerror", None) or str(trouble)
        raise error(path, f"{reason.lower()}; check the path and its permissions") from None


@contextlib.contextmanager
def decoding(data: object, path: Path | None, error: type[UnreadableFile]) -> Iterator[None]:
    """
    Turn whatever a decoder can raise into the one error that callers know.

    Args:
        data: what is decoded, bytes or objects that were bytes.
        path: where it comes from; None for data that never was a file.
        error: what to raise.
    """
    try:
        yield
    except msgspec.ValidationError as trouble:
        raise error(path, f"{str(trouble).replace('`', '')}; {DAMAGED}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as trouble:
        raise error(path, _malformed(str(trouble), data)) from None
    except RecursionError:
        raise error(path, f"it is nested too deeply; {DAMAGED}") from None


def _malformed(message: str, data: object) -> str:
    if isinstance(data, bytes) and not data.strip():
        return "it is empty, perhaps left by a full disk; remove it"
    if "truncated" in message:
        return f"it ends in the middle, as after a full disk or a kill; {DAMAGED}"
    place = re.search(r"(?:byte|position) ([0-9]+)", message)
    if not place or not isinstance(data, bytes):
        return f"it is not JSON ({message}); {DAMAGED}"
    line = data.count(b"\n", 0, int(place[1])) + 1
    return f"it is not JSON at line {line}; {DAMAGED}"
