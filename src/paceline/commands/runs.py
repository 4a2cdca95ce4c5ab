"""`paceline runs`: what is saved, and what can't be read."""

import argparse
import sys

from paceline import history
from paceline.commands import MISUSE
from paceline.commands.shared import results_option
from paceline.tables import runs
from paceline.text import formats
from paceline.text.formats import plain

SUMMARY = "list what is saved, and what can't be read"
EPILOG = """It ends with status 2 if a file can't be read.

examples:
  paceline runs
  paceline runs --results ../elsewhere/results
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """List what is saved; 2 if something there can't be read."""
    results = arguments.results
    whole, damaged = history.runs(results)
    partial, damaged_too = history.partials(results)
    damaged += damaged_too
    if whole or partial or damaged:
        formats.render(runs.listing(whole, partial, damaged))
    else:
        sys.stdout.write(f"{plain(results.absolute())} has no saved run; {history.advice(results)}\n")
    return MISUSE if damaged else 0
