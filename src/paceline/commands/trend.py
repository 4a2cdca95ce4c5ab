"""`paceline trend`, from what was typed to its exit status."""

import argparse

from paceline.commands.shared import complain, results_option
from paceline.trends import trend

SUMMARY = "find where a history's cells moved"
EPILOG = """It looks at cells with 8 whole runs or more in this machine's and Python's history; one or two odd runs are
no change point. It ends with status 0, also where nothing moved; 2 for a misuse or a failure.

examples:
  paceline trend
  paceline trend --cell asyncio           the cells with asyncio in their name, judged apart from all others
  paceline trend --json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `paceline trend`."""
    parser.add_argument("--cell", default="", metavar="TEXT", help="only cells with this in their full name")
    parser.add_argument("--json", action="store_true", help="write JSON in place of the tables")
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Find where a history's cells moved; returns 2 for a misuse, else 0."""
    return trend.trend(arguments, complain)
