"""A JSON file of ours: read whole, or refused with what is wrong with it and what to do."""

import codecs
import contextlib
import json
import re
import stat
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from paceline.files import finite

DAMAGED = "the file is damaged; move it away, or restore it from a copy"
"""What to do about a file whose reason ends in it; said of no data that never was one."""


class HistoryError(Exception):
    """Something wrong with a history: a sentence for the person who asked, without a traceback."""


class UnreadableFile(HistoryError):  # noqa: N818  # the name says what it is: a file among others, not only a failure
    """A file is not what it should be, or damaged.

    Args:
        path: the file; None for data that never was one.
        reason: what is wrong, a semicolon, and what to do.
    """

    what: ClassVar[str]  # it should hold: "run"
    key: ClassVar[bytes]  # that stands in every file that does, also in one that is no JSON any more

    def __init__(self, path: Path | None, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason if path else reason.removesuffix(f"; {DAMAGED}")

    def __str__(self) -> str:
        return f"{self.path or 'these results'}: {self.reason}"


class UnreadableRun(UnreadableFile):
    """A file is no saved run, or a damaged one."""

    what = "run"
    key = b'"benchmarks"'


class NoSuchRunError(HistoryError):
    """No saved run answers the description."""


class Misfit(Exception):  # noqa: N818  # never leaves this package
    """A value in JSON is not of the type that it should be."""


class NotSaved(HistoryError):  # noqa: N818  # said of the run, as a person would
    """A run could not be saved; nothing of it is left in the history."""


LARGEST = 256 * 2**20
"""Bytes. A default run takes well under one MiB; what is over this is none, and reading it would fill the memory."""

_UTF_16 = "UTF-16 text; save it as UTF-8"
_OTHERS = {
    codecs.BOM_UTF16_LE: _UTF_16,
    codecs.BOM_UTF16_BE: _UTF_16,
    b"\x1f\x8b": "compressed with gzip; unpack it first",
    b"BZh": "compressed with bzip2; unpack it first",
    b"\xfd7zXZ": "compressed with xz; unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it first",
    b"PK\x03\x04": "a zip archive; unpack it first",
}
"""What files begin with that are no UTF-8 text -> what they are, and what to do."""

_Kind = TypeVar("_Kind")


def content(path: Path, error: type[UnreadableFile], *, last: int = LARGEST) -> bytes:
    """Read a file, or `last` bytes of its end, without the mark of UTF-8 that editors may put at its begin.

    Raises:
        UnreadableFile: of the kind given: it does not exist, is no file, or too large.
    """
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise error(path, "it is a folder; name a file in it")
        if not stat.S_ISREG(facts.st_mode):  # opening a named pipe would wait for ever
            raise error(path, f"it is not a regular file; name a saved {error.what}")
        if large := too_large(facts.st_size, error):
            raise error(path, f"{large}; name a saved {error.what}")
        with path.open("rb") as file:
            file.seek(max(0, facts.st_size - last))
            return file.read(LARGEST + 1).removeprefix(codecs.BOM_UTF8)
    except FileNotFoundError:
        raise error(path, _absent(str(path))) from None
    except (OSError, ValueError) as trouble:  # a name with a NUL in it is a ValueError
        reason = getattr(trouble, "strerror", None) or str(trouble)
        raise error(path, f"{reason.lower()}; check the path and its permissions") from None


def too_large(size: int, error: type[UnreadableFile]) -> str | None:
    """Return that a file of `size` bytes would not be read; None if it would."""
    return f"it has {size:,} bytes, more than any {error.what} may have ({LARGEST:,})" if size > LARGEST else None


def _absent(name: str) -> str:
    if address := re.match("file:/+", name):
        return f"it is an address; name the file by its path: /{name[address.end() :]}"
    if any(sign in name for sign in "*?["):
        return "no file has this name; if it is a pattern, leave the quotes off, so that the shell fills it in"
    return "no such file or directory; check the path and its permissions"


def other_form(data: bytes) -> str | None:
    """Return what a file is that is no UTF-8 text, and what to do; None if nothing of the kind is to be seen."""
    return next((what for begin, what in _OTHERS.items() if data.startswith(begin)), None)


def unread() -> str | None:
    """Return why this Python can read no file of ours; None if it can. Sessions measure and save all the same."""
    if find_spec("msgspec"):
        return None
    return (
        f"saved runs can't be read by {sys.executable}, as msgspec is not installed there; install it, or, where it "
        "can't be, read them with the paceline of another Python"
    )


def decoded(data: bytes, kind: type[_Kind]) -> _Kind:
    """Decode JSON, with NaN and infinities, which Python's own writer puts into it, as null.

    Raises:
        HistoryError: this Python can read none.
        Misfit: it is not of this kind.
        ValueError: it is no JSON; `decoding` makes a sentence of both.
    """
    if why := unread():
        raise HistoryError(why)
    import msgspec

    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as misfit:
        raise Misfit(str(misfit)) from None
    except msgspec.DecodeError:
        if b"NaN" not in data and b"Infinity" not in data:
            raise
        with contextlib.suppress(ValueError):  # what is wrong besides, the first error says
            return converted(finite(json.loads(data.decode())), kind)
        raise


def converted(value: Any, kind: type[_Kind]) -> _Kind:
    """Make decoded JSON an object of a type, or raise a `Misfit`."""
    if unread():  # then it is what this session has measured itself, and nothing else
        return kind(**{name: value[name] for name in signature(kind).parameters if name in value})
    import msgspec

    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as misfit:
        raise Misfit(str(misfit)) from None


@contextlib.contextmanager
def decoding(data: object, path: Path | None, error: type[UnreadableFile]) -> Iterator[None]:
    """Turn what a decoder of `data`, bytes or objects that were bytes, can raise into the one error callers know."""
    try:
        yield
    except Misfit as trouble:
        raise error(path, f"{str(trouble).replace('`', '')}; {DAMAGED}") from None
    except ValueError as trouble:  # msgspec's own errors, and those of UTF-8
        if not isinstance(data, bytes):
            raise
        raise error(path, _malformed(str(trouble), data, error)) from None
    except RecursionError:
        raise error(path, f"it is nested too deeply; {DAMAGED}") from None


def _malformed(message: str, data: bytes, error: type[UnreadableFile]) -> str:
    if not data.strip():
        return "it is empty, perhaps left by a full disk; remove it"
    if other := other_form(data):
        return f"it is {other}"
    if not data.lstrip().startswith(b"{"):
        return f"it is not JSON; name a saved {error.what}"
    if "truncated" in message:
        return f"it ends in the middle, as after a full disk or a kill; {DAMAGED}"
    place = re.search(r"(?:byte|position) ([0-9]+)", message)
    where = f" at line {data[: int(place[1])].count(10) + 1}" if place else f" ({message})"
    return f"it is not JSON{where}; {DAMAGED if error.key in data else f'name a saved {error.what}'}"
