"""The runs that check, baseline and trend speak of: one machine's history in order, and each cell's medians."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paceline import history, machine
from paceline.history import Cell, NoSuchRunError, Run
from paceline.tables.rows import merged
from paceline.text.formats import plain

Complain = Callable[[object], None]


@dataclass(frozen=True)
class Measured:
    """One run, and its cells.

    Args:
        run: where they come from.
        cells: full name -> cell; several processes of one cell put together.
    """

    run: Run
    cells: dict[str, Cell]


def once(complain: Complain) -> Complain:
    """Hand the same sentence on only once, however often a history is read."""
    said: set[str] = set()

    def tell(trouble: object) -> None:
        if str(trouble) not in said:
            said.add(str(trouble))
            complain(trouble)

    return tell


def measured(run: Run) -> Measured:
    """Join what several processes measured of the same cell."""
    return Measured(run, {cell.fullname: cell for cell in merged(run.cells)})


def whole_runs(results: Path, fingerprint: str, complain: Complain) -> list[Run]:
    """Read one machine's history, and name what was passed over because it can't be read.

    Returns:
        Its complete runs, in order of date.
    """
    found, damaged = history.runs(results)
    for error in damaged:
        complain(f"passed over {error}")
    return [run for run in found if run.complete and run.fingerprint == fingerprint]


def untraced(runs: Sequence[Run], complain: Complain) -> list[Run]:
    """Leave out the runs that were measured beside a tracer, and name them."""
    for run in runs:
        if run.tracer:
            complain(f"passed over {run.path}, measured beside a tracer: {run.tracer}")
    return [run for run in runs if not run.tracer]


def chosen(word: str | None, results: Path, complain: Complain) -> Run:
    """Return the run that was asked for, or the newest of this machine if none was.

    Raises:
        HistoryError: there is none, it can't be read, it is not whole, or it was measured beside a tracer.
    """
    if word is not None:
        run = history.resolve(word, results)
    else:
        run = history.newest_among(of_this_machine(results, complain), machine.fingerprint())
    if not run.complete:
        raise NoSuchRunError(
            f"{run.path} is incomplete ({run.why_incomplete or 'nobody said why'}); take a whole run: see paceline runs"
        )
    if run.tracer:
        raise NoSuchRunError(
            f"{run.path} was measured beside a tracer, and is never compared: {run.tracer}; measure again without that"
        )
    return run


def of_this_machine(results: Path, complain: Complain) -> list[Run]:
    """Read this machine's history.

    Returns:
        Its complete runs that have cells, in order of date.

    Raises:
        NoSuchRunError: there is none.
    """
    here = machine.fingerprint()
    found = [run for run in whole_runs(results, here, complain) if run.cells]
    if not found:
        raise NoSuchRunError(
            f"{results.absolute()} has no complete run of this machine, {here}; {history.advice(results)}"
        )
    return found


def called(run: Run) -> str:
    """Name a run in a sentence: "run 12 (2026-11-22, commit 0123456789+)"."""
    number = f"run {run.number}" if run.number is not None else plain(run.path)
    return f"{number} ({run.datetime:%Y-%m-%d %H:%M} UTC, commit {plain(run.short_commit)})"


def same_file(one: Run, other: Run) -> bool:
    """Return whether two runs were read from one file."""
    return one.path is not None and other.path is not None and one.path.resolve() == other.path.resolve()
