"""`paceline trend`, from what was typed to its exit status."""

import argparse

from paceline import history, machine
from paceline.commands import MisuseError
from paceline.commands.shared import form_options, of_this_machine, results_option, show, untraced, whole_runs
from paceline.trends import trend
from paceline.trends.baselines import measured

SUMMARY = "find where a history's cells moved"
EPILOG = """It looks at cells with 8 whole runs or more in this machine's and Python's history; one or two odd runs are
no change point. It ends with status 0, also where nothing moved; 2 for a misuse or a failure.

examples:
  paceline trend
  paceline trend --cell asyncio           the cells with asyncio in their name, judged apart from all others
  paceline trend --json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--cell", default="", metavar="TEXT", help="only cells with this in their full name")
    form_options(parser.add_mutually_exclusive_group())
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Find the change points of each cell, and show them with what else changed there; 0 also if none can be told."""
    if lack := machine.unmet("paceline trend", "history", {"ruptures": "ruptures"}):
        raise MisuseError(lack)
    here = machine.fingerprint()
    runs = untraced(of_this_machine(arguments.results, whole_runs(arguments.results)))
    if not runs:
        raise MisuseError(f"every run of {here} was measured beside a tracer; measure without: {history.store.MEASURE}")
    found = trend.find_trend(here, [measured(run) for run in runs], arguments.cell)
    if not found.looked_at and not found.too_few:
        raise MisuseError(f"no cell of {here} has {arguments.cell!r} in its full name; see paceline compare")
    show(arguments, trend.answer(found), lambda: trend.as_json(found))
    return 0
