"""`paceline compare`: a saved run as tables, or the change from one to another."""

import argparse
from typing import Any

from paceline import history
from paceline.commands.shared import newest, results_option, table_order
from paceline.tables import runs
from paceline.text import formats

SUMMARY = "show a saved run, or the change from one to another"
EPILOG = """It ends with status 2 if a run is not there or can't be read.

examples:
  paceline compare                        the newest whole run of this machine and Python
  paceline compare 3                      run 3 of this machine and Python
  paceline compare 3 4                    the change from run 3 to run 4
  paceline compare a/0001_x.json b/0002_y.json
"""
_MOST_RUNS = 2


class _Runs(argparse.Action):
    """Takes the words for runs, of which there may be two."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: object) -> None:
        if len(values) > _MOST_RUNS:
            parser.error(f"compare takes two runs at most, {len(values)} given")
        setattr(namespace, self.dest, values)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "run", nargs="*", action=_Runs, metavar="RUN", help="a file, or a number in this machine's history; two at most"
    )
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show a run, or the change from one to another."""
    chosen = [history.resolve(word, arguments.results) for word in arguments.run] or [newest(arguments.results)]
    order = table_order()
    first, *second = chosen
    if second:
        shown = runs.change_tables(first, second[0], order)
    else:
        shown = [*runs.headline(first.cells, order), *runs.experiment_tables(first, order)]
    formats.render([*map(runs.introduced, chosen), *shown])
    return 0
