"""`paceline baseline`, from what was typed to its exit status."""

import argparse
import sys
from functools import partial
from pathlib import Path

from paceline import machine
from paceline.commands import MisuseError
from paceline.commands.shared import chosen, results_option, whole_runs
from paceline.text.formats import plain, render
from paceline.trends import baselines
from paceline.trends.baselines import PIN, called

SUMMARY = "pin the run that later ones are checked against"
EPILOG = """The run becomes the one that check compares with, for its machine and Python, until another is pinned.
Nothing else ever moves it. It ends with status 0 if done, 2 for a misuse or a failure.

examples:
  paceline baseline                       list what is pinned
  paceline baseline 4 --why "release 1.2"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a file, or a number in this machine's history")
    parser.add_argument("--why", metavar="TEXT", help="why this run; needed with RUN, and kept beside it")
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Pin a run, or list what is pinned if none is named."""
    why = (arguments.why or "").strip()
    if arguments.run is None and arguments.why is not None:
        raise MisuseError(f"which run? {PIN}; see paceline runs")
    if arguments.run is not None and not why:
        raise MisuseError(f"say why this run is the one to compare with: paceline baseline {arguments.run} --why TEXT")
    if arguments.run is None:
        _list(arguments.results)
    elif lack := machine.unmet("paceline baseline RUN", "history", {"tomli_w": "tomli-w"}):
        raise MisuseError(lack)
    else:
        _pin(arguments.run, arguments.results, why)
    return 0


def _list(results: Path) -> None:
    if found := baselines.pins(results):
        render([baselines.table(found)])
    else:
        sys.stdout.write(f"{results} has no pinned baseline; pin one: {PIN}\n")


def _pin(word: str, results: Path, why: str) -> None:
    run = chosen(word, results, partial(whole_runs, results))
    before = baselines.pins(results).get(run.fingerprint)
    baselines.pin(results, run.fingerprint, baselines.as_pin(run, results, why))
    instead = f", in place of run {before.number} ({plain(before.why)})" if before else ""
    sys.stdout.write(f"{run.fingerprint}: {called(run)} is the baseline now{instead}\n")
