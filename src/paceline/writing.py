"""
Putting what was made where it was asked for.
"""

import sys
from pathlib import Path

from paceline.history.publishing import replace

STDOUT = Path("-")


def unfit(path: Path) -> str | None:
    """
    Say why nothing can be written there, as far as that is to be seen beforehand; None if it may be.
    """
    if path == STDOUT:
        return None
    if path.is_dir():
        return f"{path} is a folder; give a file"
    return None if path.parent.is_dir() else f"{path}: there is no folder {path.parent}; make it first"


def put(path: Path, content: bytes) -> None:
    """
    Write a file, all of it or nothing, or to standard output for `-`; what a link leads to is replaced, not the link.

    Raises:
        OSError: the disk is full, or the folder can't be written to; a file that was there is as it was. It has the
            path, which an error of a full disk doesn't know.
    """
    if path == STDOUT:
        sys.stdout.write(content.decode())
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
