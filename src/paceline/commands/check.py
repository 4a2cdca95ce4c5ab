"""`paceline check`, from what was typed to its exit status."""

import argparse
from functools import cache, partial

from paceline.commands.shared import (
    chosen,
    form_options,
    results_option,
    show,
    status,
    untraced,
    verdict_options,
    whole_runs,
)
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


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="a file, or a number in this machine's history (default: the newest)")
    verdict_options(parser, strict="a cell stays unknown")
    form_options(parser.add_mutually_exclusive_group())
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Judge a saved run against the pinned baseline, and show the verdict.

    Returns:
        0: no cell is slower (faster, either: `fail_on`); 1: one is; 2: with `strict` a cell that stays unknown; 3: half
        of the cells moved together.
    """
    whole = cache(partial(whole_runs, arguments.results))
    saved = chosen(arguments.run, arguments.results, whole)
    pin, baseline = check.baseline_of(saved, arguments.results)
    history = untraced(run for run in whole() if run.fingerprint == saved.fingerprint)
    found = check.checked(saved, baseline, pin.why, history, arguments.tolerance / 100)
    show(arguments, check.answer(found), lambda: check.as_json(found))
    verdicts = [cell.verdict for cell in found.outcome.cells]
    doubted = arguments.strict and "unknown" in verdicts
    return status(found.outcome.verdict, verdicts, fail_on=arguments.fail_on, doubted=doubted)
