"""
`paceline trend`: where the cells of this machine's history moved for good.
"""

import sys
from argparse import Namespace

from paceline import history, machine
from paceline.gate import trend_showing
from paceline.gate.history_chosen import Complain, measured, of_this_machine, untraced
from paceline.gate.outcome import MISUSE
from paceline.gate.trend_finding import trend as found_in
from paceline.history import NoSuchRunError
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
    try:
        runs = untraced(of_this_machine(arguments.results, complain), complain)
    except NoSuchRunError as error:
        complain(error)
        return MISUSE
    if not runs:
        complain(f"every run of {here} was measured beside a tracer; measure without: {history.store.MEASURE}")
        return MISUSE
    found = found_in(here, [measured(run) for run in runs], arguments.cell)
    if not found.looked_at and not found.too_few:
        complain(f"no cell of {here} has {arguments.cell!r} in its full name; see paceline compare")
        return MISUSE
    if arguments.json:
        sys.stdout.write(f"{trend_showing.as_json(found)}\n")
    else:
        layout.render(trend_showing.tables(found))
    return 0
