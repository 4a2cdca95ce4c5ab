"""
Where sittings are kept: `results/ab/NNNN_<baseline>_<candidate>.json`, whole or not at all, never one over another.
"""

import re
from pathlib import Path

from paceline.gate.record import Sitting
from paceline.gate.sitting_json import UnreadableSitting, read, written
from paceline.history import HistoryError, NotSaved
from paceline.history.files import content, too_large
from paceline.history.publishing import publish
from paceline.history.run import number_of

__all__ = ["NoSuchSittingError", "NotSaved", "UnreadableSitting", "load", "newest", "resolve", "save", "saved"]

_NAME = 40  # signs of each side's name; two of them are far from any file system's limit


class NoSuchSittingError(HistoryError):
    """
    No saved sitting answers the description.
    """


def save(sitting: Sitting, folder: Path) -> Path:
    """
    Save a sitting under the next number of `folder`, which is made if it is not there.

    Returns:
        The path of the new file.

    Raises:
        NotSaved: the disk is full, the folder can't be written to, or the sitting could not be read again; nothing is
            left behind.
    """
    label = f"{_safe(sitting.baseline.typed)}_{_safe(sitting.candidate.typed)}"
    try:
        whole = written(sitting)
        if large := too_large(len(whole), UnreadableSitting):
            raise NotSaved(f"this sitting is not saved: {large}; compare fewer cells, or fewer pairs")
        read(whole, folder)  # what goes in must come out again
        return publish(folder, label, whole)
    except UnreadableSitting as unfit:
        raise NotSaved(f"this sitting is not saved, it could not be read again: {unfit.reason}") from unfit
    except ValueError as unfit:
        raise NotSaved(f"this sitting is not saved, a number in it is not finite: {unfit}") from unfit
    except OSError as error:
        trouble = f"{error.strerror or error}; make room there, or make it writable, and compare again"
        raise NotSaved(f"this sitting is not saved in {folder}: {trouble}") from error


def load(path: Path) -> Sitting:
    """
    Read one saved sitting.

    Raises:
        UnreadableSitting: it is not there, not a file, too large, damaged, of another schema, or not ours.
    """
    return read(content(path, UnreadableSitting), path)


def newest(folder: Path) -> Path:
    """
    Find the sitting with the highest number.

    Raises:
        NoSuchSittingError: there is none.
    """
    numbered = _numbered(folder)
    if not numbered:
        raise NoSuchSittingError(f"{folder} has no sitting; hold one: paceline ab --baseline SIDE --candidate SIDE")
    return numbered[-1][1]


def saved(folder: Path) -> list[Path]:
    """
    List the sittings by their numbers, readable or not.

    Raises:
        OSError: the folder can't be listed.
    """
    return [path for _, path in _numbered(folder)]


def resolve(word: str, folder: Path) -> Path:
    """
    Find the sitting that a person means: a path, or a number (3, 0003) in `folder`.

    Raises:
        NoSuchSittingError: no sitting has that number, or more than one.
    """
    if not (word.isascii() and word.isdigit()):
        return Path(word)
    numbered = _numbered(folder)
    fitting = [path for number, path in numbered if number == int(word)]
    if len(fitting) > 1:
        raise NoSuchSittingError(f"sitting {word} may be {' or '.join(map(str, fitting))}; give the path of one")
    if not fitting:
        held = f"it holds {numbered[0][0]} to {numbered[-1][0]}" if numbered else "it is empty"
        raise NoSuchSittingError(f"{folder} has no sitting {word}; {held}")
    return fitting[0]


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """
    List the files of `folder` that have a number, in order.
    """
    if not folder.is_dir():
        return []
    saved = (path for path in folder.iterdir() if path.suffix == ".json")
    return sorted((number, path) for path in saved if (number := number_of(path.name)) is not None)


def _safe(typed: str) -> str:
    """
    Make a part of a file's name out of a SIDE as typed: "rev:main" to "rev-main", "." to "here".
    """
    words = typed.split()
    named = " ".join(["here", *words[1:]] if words[:1] == ["."] else words)
    return re.sub(r"[^A-Za-z0-9.]+", "-", named)[:_NAME].strip("-.") or "side"
