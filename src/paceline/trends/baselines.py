"""The run that is pinned to compare with, for each machine and Python; and a run with its cells."""

import contextlib
import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from paceline import machine
from paceline.files import replace
from paceline.history import Cell, HistoryError, Run, holds
from paceline.history.documents import other_form
from paceline.tables.rows import merged
from paceline.text import formats
from paceline.text.formats import plain


@dataclass(frozen=True)
class Measured:
    """One run, and its cells."""

    run: Run  # where they come from
    cells: dict[str, Cell]  # full name -> cell; several processes of one cell put together


def measured(run: Run) -> Measured:
    """Join what several processes measured of the same cell."""
    return Measured(run, {cell.fullname: cell for cell in merged(run.cells)})


def called(run: Run) -> str:
    """Name a run in a sentence: "run 12 (2026-11-22, commit 0123456789+)"."""
    number = f"run {run.number}" if run.number is not None else plain(run.path)
    return f"{number} ({run.datetime:%Y-%m-%d %H:%M} UTC, commit {plain(run.short_commit)})"


def same_file(one: Run, other: Run) -> bool:
    """Return whether two runs were read from one file."""
    return one.path is not None and other.path is not None and one.path.resolve() == other.path.resolve()


NAME = "baselines.toml"
PIN = "paceline baseline RUN --why TEXT"  # what to type for a baseline

_HEADER = (
    "# The run that `paceline check` compares with, for each machine and Python.\n# Written by `paceline baseline`.\n\n"
)
_TYPES = {"run": str, "number": int, "commit": str, "pinned": dt.datetime, "why": str}


class BaselinesError(HistoryError):
    """The file of pinned baselines can't be read or written, or doesn't fit the history."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One machine's pinned run."""

    run: str  # its file, relative to the folder of results, with slashes
    number: int  # its number in its history
    commit: str  # what it measured, as it stands in the run
    pinned: dt.datetime  # when, in UTC
    why: str  # as typed


def pins(results: Path) -> dict[str, Pin]:
    """Return what is pinned, by fingerprint; nothing where there is no file yet, or one of somebody else's.

    Raises:
        BaselinesError: the file is damaged, or can't be read.
    """
    tables = {name: entry for name, entry in _tables(results).items() if machine.is_fingerprint(name)}
    return {fingerprint: _read_pin(results / NAME, fingerprint, entry) for fingerprint, entry in tables.items()}


def pin(results: Path, fingerprint: str, new: Pin) -> None:
    """Write one machine's pin; the others stay as they are. The file is replaced whole, or not at all.

    Raises:
        BaselinesError: the file is damaged or somebody else's, and left as it is; or it can't be written.
    """
    import tomli_w

    known = pins(results)  # a damaged file is for a person to mend, not for us to write over
    if _tables(results) and not known:
        raise BaselinesError(f"{results / NAME} is somebody else's: no pin is in it; pin with --results DIR")
    text = _HEADER + tomli_w.dumps({**_tables(results), fingerprint: asdict(new)})
    with _named(results / NAME, "written; check the folder's permissions and the room on the disk"):
        replace(results / NAME, text.encode())


def _tables(results: Path) -> Mapping[str, Any]:
    path = results / NAME
    try:
        with _named(path, "read; check its permissions"), contextlib.suppress(FileNotFoundError):
            data = path.read_bytes()
            return tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        fault = other_form(data) or f"not TOML ({error}); mend it, or restore it from a copy"
        raise BaselinesError(f"{path}: it is {fault}") from None
    return {}


def _read_pin(path: Path, fingerprint: str, entry: object) -> Pin:
    if not isinstance(entry, dict):
        raise BaselinesError(f"{path}: {fingerprint!r} is no table; mend it, or remove it and type {PIN}")
    for name, kind in _TYPES.items():
        if not isinstance(entry.get(name), kind):
            raise BaselinesError(
                f"{path}: [{fingerprint}] has no {name!r}, or one that is no {kind.__name__}; mend it, or remove the "
                f"table and type {PIN}"
            )
    if not entry["run"].isprintable():
        raise BaselinesError(f"{path}: [{fingerprint}] names no file; mend it, or remove the table and type {PIN}")
    return Pin(**{field.name: entry[field.name] for field in fields(Pin)})


@contextlib.contextmanager
def _named(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BaselinesError(f"{path} can't be {what} ({error.strerror or error})") from None


_COLUMNS = ("machine and Python", "run", "commit", "pinned", "why")


def table(found: Mapping[str, Pin]) -> RenderableType:
    """Lay out what is pinned."""
    made = formats.table(_COLUMNS, left=len(_COLUMNS))
    for fingerprint, pin in found.items():
        commit = pin.commit[:10] + ("+" if pin.commit.endswith("+") else "")
        formats.row(made, map(plain, (fingerprint, pin.number, commit, f"{pin.pinned:%Y-%m-%d %H:%M}", pin.why)))
    return made


def as_pin(run: Run, results: Path, why: str) -> Pin:
    """Make a pin of a run, or raise BaselinesError if it is in no history there."""
    if run.path is None or run.number is None or not holds(results, run):
        raise BaselinesError(
            f"{run.path} is not in a history of {results}, where later runs are; pin one of these: see paceline runs"
        )
    dirty = "+" if run.commit.get("dirty") else ""
    return Pin(
        run=run.path.resolve().relative_to(results.resolve()).as_posix(),
        number=run.number,
        commit=f"{run.commit.get('id', 'unknown')}{dirty}",
        pinned=dt.datetime.now(dt.UTC).replace(microsecond=0),
        why=why,
    )
