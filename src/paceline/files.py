"""A file is written whole or not at all, under the next free number or where it was asked for."""

import contextlib
import dataclasses
import errno
import json
import math
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Document:
    """JSON for programs. Its subclasses are its fields; who adds, removes or redefines one raises the number."""

    schema: int = 1  # the version of this document's fields


def as_json(document: Document) -> str:
    """Write a document: dataclasses by their fields, null for each number that is not finite."""
    return json.dumps(finite(document), indent=2, allow_nan=False)


def finite(value: Any) -> Any:
    """Return the same with None in place of each number that is not finite, dataclasses as dicts, tuples as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = vars(value)
    if isinstance(value, Mapping):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return finite_or_none(value)


def finite_or_none(value: Any) -> Any:
    """Return None for a number that is not finite, and everything else as it is."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


_NUMBER = re.compile(r"([0-9]{4,})_")
_TEMPORARY = ".saving-{}.tmp"  # no glob for saved runs matches it: they all end in .json
_LONGEST_LABEL = 240  # bytes; a name may have 255, with number and suffix
_LOCK_TIMEOUT = 60.0  # seconds; a save takes milliseconds: what holds the folder longer is stopped or stuck
_LINKS_REFUSED = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


def unfit_label(label: str) -> str | None:
    """Return why no file can be called `NNNN_<label>.json`; None if one can."""
    if not label.isprintable():
        return "a file's name should have printable characters only"
    if len(os.fsencode(label)) > _LONGEST_LABEL:
        return f"a file's name has room for {_LONGEST_LABEL} bytes of it, and it has {len(os.fsencode(label))}"
    return None


def unfit_folder(folder: Path) -> str | None:
    """Return why nothing can be saved in a folder that may have to be made yet, as far as can be seen beforehand."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        return f"nothing can be saved in {folder}: {there} is no folder; move it away, or name another place"
    if not os.access(there, os.W_OK):
        return f"nothing can be saved in {folder}: {there} can't be written to; make it writable, or name another place"
    return None


def publish(folder: Path, label: str, content: bytes) -> Path:
    """Save `content` as `NNNN_<label>.json`, NNNN being one more than the highest number there, damaged files included.

    The file appears under its name only when all of it is on the disk. A process killed before that leaves a file that
    no history reads, and that the next save removes.

    Raises:
        OSError: the disk is full, or the folder can't be written to; nothing is left behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / _TEMPORARY.format(secrets.token_hex(8))
    with _held(folder) as alone:
        if alone:
            _sweep(folder)
        try:
            _write(temporary, content)
            target = _claim(folder, label, temporary)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        _settle(folder)
    return target


def replace(path: Path, content: bytes) -> None:
    """Write `content` in the place of a file: all of it or nothing.

    Raises:
        OSError: the disk is full, or the folder can't be written to; the old file is as it was.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")  # its length is not that of the file's name
    try:
        _write(temporary, content)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold `folder` against other savers. The lock ends with the process, so a kill leaves none.

    Yields whether it is ours alone. Some network file systems know no locks: there a number may be given twice, but
    still nothing is overwritten.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    import fcntl  # which Windows lacks, where this module is imported all the same

    deadline = time.monotonic() + _LOCK_TIMEOUT
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            return False
        else:
            return True
    return False


def _sweep(folder: Path) -> None:
    for leftover in folder.glob(_TEMPORARY.format("*")):  # the folder is ours alone, so its owner is gone
        with contextlib.suppress(OSError):
            leftover.unlink()


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _claim(folder: Path, label: str, temporary: Path) -> Path:
    while True:
        target = folder / f"{next_number(folder):04}_{label}.json"
        with contextlib.suppress(FileExistsError):  # somebody without a lock was quicker: take the next number
            _name(temporary, target)
            return target


def _name(temporary: Path, target: Path) -> None:
    try:
        os.link(temporary, target)  # unlike a rename it refuses to replace a file
    except OSError as error:
        if error.errno not in _LINKS_REFUSED:
            raise
        if target.exists():
            raise FileExistsError(target) from None
        temporary.rename(target)


def number_of(name: str) -> int | None:
    """Read the number off a file's name, `NNNN_*`; None if it has none."""
    found = _NUMBER.match(name)
    return int(found[1]) if found else None


def next_number(folder: Path) -> int:
    """Return one more than the highest number that any name in `folder` begins with; 1 if none does."""
    return max((number_of(entry.name) or 0 for entry in folder.iterdir()), default=0) + 1


def _settle(folder: Path) -> None:
    """Get the names onto the disk too: those of the file, and of folders that may be new."""
    for place in (folder, *folder.parents[:2]):
        with contextlib.suppress(OSError):  # some file systems can't sync a folder; the file itself is safe
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


STDOUT = Path("-")


def unfit(path: Path) -> str | None:
    """Return why nothing can be written there, as far as that is to be seen beforehand; None if it may be."""
    if path == STDOUT:
        return None
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except OSError as error:  # a name that is too long, or a file where a folder is due
        return f"{path}: {(error.strerror or str(error)).lower()}; give another path"
    if path.is_dir():
        return f"{path} is a folder; give a file"
    folder = path.resolve().parent
    if not folder.is_dir():
        missing = folder if path.parent.is_dir() else path.parent  # a link may lead to where nothing is
        return f"{path}: there is no folder {missing}; make it first"
    if (path.is_file() or not path.exists()) and not os.access(folder, os.W_OK):
        return f"{path}: the folder {path.parent} can't be written to; make it writable, or give another path"
    return None


def put(path: Path, content: bytes) -> None:
    """Write a file, all of it or nothing, or to standard output for `-`; a link stays, and its target is replaced.

    Raises:
        OSError: with the path, which an error of a full disk lacks; a file that was there is as it was.
    """
    if path == STDOUT:
        sys.stdout.buffer.write(content)  # the file's own bytes, whatever the encoding of text
        return
    try:
        if path.exists() and not path.is_file():  # a device or a pipe, which no file must take the place of
            path.write_bytes(content)
        else:
            replace(path.resolve(), content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
