"""`paceline baseline`, from what was typed to its exit status."""

import argparse

from paceline.commands.shared import complain, results_option
from paceline.trends import baselines

SUMMARY = "pin the run that later ones are checked against"
EPILOG = """The run becomes the one that check compares with, for its machine and Python, until another is pinned.
Nothing else ever moves it. It ends with status 0 if done, 2 for a misuse or a failure.

examples:
  paceline baseline                       list what is pinned
  paceline baseline 4 --why "release 1.2"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `paceline baseline`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a file, or a number in this machine's history")
    parser.add_argument("--why", metavar="TEXT", help="why this run; needed with RUN, and kept beside it")
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Pin the run that later ones are checked against, or list what is pinned; returns 2 for a misuse, else 0."""
    return baselines.baseline(arguments, complain)
