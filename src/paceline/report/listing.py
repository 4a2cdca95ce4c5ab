"""What is saved: every history, in order, with what is not whole and what can't be read."""

from collections.abc import Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from paceline.history import Run, UnreadableRun
from paceline.report import layout
from paceline.report.figures import plain

_COLUMNS = ("run", "date", "commit", "cells", "state", "file")


def listing(runs: Sequence[Run], partial: Sequence[Run], damaged: Sequence[UnreadableRun]) -> list[RenderableType]:
    """Lay out the saved runs, a table for each machine and Python, then those kept apart, then files that are no runs.

    Args:
        runs: those of the histories, each history in order and in one piece.
        partial: those kept although they are not whole.
        damaged: what can't be read, each with its reason.
    """
    made = [_table(plain(name), list(history)) for name, history in groupby(runs, key=lambda run: run.fingerprint)]
    if partial:
        made.append(_table("Kept apart, part of no history", partial))
    if damaged:
        names = "\n".join(f"  {plain(error)}" for error in damaged)
        made.append(Text(f"Can't be read ({len(damaged)}):\n{names}", style="bold red"))
    return made


def introduced(run: Run) -> Text:
    """Say in one line which run a reader is looking at."""
    state = "" if run.complete else f"\nINCOMPLETE: {plain(run.why_incomplete or 'nobody said why')}"
    facts = (run.fingerprint, run.python, f"{run.datetime:%Y-%m-%d %H:%M} UTC", f"commit {run.short_commit}")
    return Text(f"{plain(run.path or 'a run that is not saved')}: {', '.join(map(plain, facts))}{state}")


def _table(title: str, runs: Sequence[Run]) -> RenderableType:
    made = layout.table(_COLUMNS, left=len(_COLUMNS))
    for run in runs:
        number = f"{run.number or 0:04}"
        state = "complete" if run.complete else f"incomplete: {plain(run.why_incomplete or 'nobody said why')}"
        when = f"{run.datetime:%Y-%m-%d %H:%M}"
        layout.row(made, (number, when, plain(run.short_commit), str(len(run.cells)), state, plain(run.path)))
    return layout.titled(title, made)
