"""`paceline check`, from what was typed to its exit status."""

import argparse

from paceline.commands.shared import complain, results_option
from paceline.text import numbers
from paceline.trends import check

SUMMARY = "judge a saved run against the pinned baseline"
EPILOG = """A cell is slower if it changed by more than the tolerance and by more than its earlier runs vary.
One run is one observation: measure again, or ask paceline ab, before you believe it.
It ends with status 0 if no cell is slower (with --fail-on: faster, or either), 1 if one is, 2 for a misuse or a failure
(with --strict also for cells that stay unknown), 3 if half of all cells moved together: then the machine moved.

examples:
  paceline check                          the newest whole run of this machine and Python
  paceline check 12 --tolerance 5         run 12; changes up to 5 % count as none
  paceline check --strict --markdown >> "$GITHUB_STEP_SUMMARY"
"""
_TOLERANCE = 3.0  # per cent
FAIL_ON = ("slower", "faster", "both")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `paceline check`."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="a file, or a number in this machine's history (default: the newest)")
    add(
        "--tolerance",
        type=numbers.above_zero,
        default=_TOLERANCE,
        metavar="PERCENT",
        help="the largest change that counts as none (default: %(default)g)",
    )
    add("--fail-on", choices=FAIL_ON, default="slower", help="what ends with status 1 (default: %(default)s)")
    add("--strict", action="store_true", help="end with status 2 if a cell stays unknown")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write JSON in place of the table")
    form.add_argument("--markdown", action="store_true", help="write Markdown, for a step summary, in its place")
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Judge a saved run against the pinned baseline; returns as `paceline ab`."""
    return check.check(arguments, complain)
