"""Putting what was made where it was asked for."""

import os
import sys
from pathlib import Path

from paceline.history.publishing import replace

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
    """Write a file, all of it or nothing, or to standard output for `-`; what a link leads to is replaced, not the
    link.

    Raises:
        OSError: the disk is full, or the folder can't be written to; a file that was there is as it was. It has the
            path, which an error of a full disk doesn't know.
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
