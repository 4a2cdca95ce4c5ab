"""
`paceline baseline`: pin the run that later ones are checked against, or list what is pinned.

Only a person moves a baseline, and says why. A gate that moved its own would forget every slow-down it let pass once.
"""

import datetime as dt
import sys
from argparse import Namespace
from pathlib import Path

from rich.console import RenderableType

from paceline.gate import history_pins
from paceline.gate.history_chosen import Complain, called, chosen
from paceline.gate.history_pins import BaselinesError, Pin
from paceline.history import HistoryError, Run, holds
from paceline.report import layout
from paceline.report.figures import plain

_COLUMNS = ("machine and Python", "run", "commit", "pinned", "why")


def baseline(arguments: Namespace, complain: Complain) -> int:
    """
    Pin a run, or list what is pinned if none is named.

    Args:
        arguments: `run`, `why` and `results`, as typed.
        complain: says a sentence on standard error.

    Returns:
        0: done; 2: a misuse, or it can't be done.
    """
    why = (arguments.why or "").strip()
    if arguments.run is None and arguments.why is not None:
        complain(f"which run? {history_pins.PIN}; see paceline runs")
        return 2
    if arguments.run is not None and not why:
        complain(f"say why this run is the one to compare with: paceline baseline {arguments.run} --why TEXT")
        return 2
    try:
        return _list(arguments.results) if arguments.run is None else _pin(arguments, why, complain)
    except HistoryError as error:
        complain(error)
        return 2


def _list(results: Path) -> int:
    found = history_pins.pins(results)
    if found:
        layout.render([_table(found)])
    else:
        sys.stdout.write(f"{results} has no pinned baseline; pin one: {history_pins.PIN}\n")
    return 0


def _table(found: dict[str, Pin]) -> RenderableType:
    made = layout.table(_COLUMNS, left=len(_COLUMNS))
    for fingerprint, pin in found.items():
        commit = pin.commit[:10] + ("+" if pin.commit.endswith("+") else "")
        layout.row(made, map(plain, (fingerprint, pin.number, commit, f"{pin.pinned:%Y-%m-%d %H:%M}", pin.why)))
    return made


def _pin(arguments: Namespace, why: str, complain: Complain) -> int:
    run = chosen(arguments.run, arguments.results, complain)
    before = history_pins.pins(arguments.results).get(run.fingerprint)
    history_pins.pin(arguments.results, run.fingerprint, _as_pin(run, arguments.results, why))
    instead = f", in place of run {before.number} ({plain(before.why)})" if before else ""
    sys.stdout.write(f"{run.fingerprint}: {called(run)} is the baseline now{instead}\n")
    return 0


def _as_pin(run: Run, results: Path, why: str) -> Pin:
    """
    Raises:
        BaselinesError: the run is in no history there.
    """
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
