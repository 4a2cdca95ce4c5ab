"""
`paceline trend`: where the cells of this machine's history moved for good.
"""

import sys
from argparse import Namespace

from paceline import history, machine
from paceline.gate import trend_showing
from paceline.gate.history_chosen import Complain, measured, whole_runs
from paceline.gate.trend_finding import trend as found_in
from paceline.report import layout


def trend(arguments: Namespace, complain: Complain) -> int:
    """
    Find the change points of each cell, and show them with what else changed there.

    Args:
        arguments: `cell`, `json` and `results`, as typed.
        complain: says a sentence on standard error.

    Returns:
        0, also where nothing moved or nobody can tell; 2: there is no history, or no such cell in it.
    """
    here = machine.fingerprint()
    runs = whole_runs(arguments.results, here, complain)
    if not runs:
        complain(
            f"{arguments.results} has no complete run of this machine, {here}; measure one: {history.store.MEASURE}"
        )
        return 2
    found = found_in(here, [measured(run) for run in runs], arguments.cell)
    if not found.looked_at and not found.too_few:
        complain(f"no cell of {here} has {arguments.cell!r} in its full name; see paceline compare")
        return 2
    if arguments.json:
        sys.stdout.write(f"{trend_showing.as_json(found)}\n")
    else:
        layout.render(trend_showing.tables(found))
    return 0
