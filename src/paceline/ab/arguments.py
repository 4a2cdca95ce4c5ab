"""What `paceline ab` can be told."""

import argparse

from paceline import typed
from paceline.report.verdicts import FAILING
from paceline.stats.looks import MAIN

SUMMARY = "compare two revisions, Pythons or environments by any suite of benchmarks, in lockstep"
EPILOG = """A SIDE is rev:REVISION (a git revision, in a worktree), python:PATH (another Python), or . (the working
tree), each with environment variables and pytest options after it, in one word: ". SLOW=1 --client raw".
Words after -- are pytest's, and choose the cells: tests that take `benchmark` or `codspeed_benchmark` or bear their
marks. Without any they are those of the ini key paceline_ab, or else all.
Two pytest processes take the rounds of the same cells in turns; each pair of processes is one observation.
It ends with status 0 if no cell is slower, 1 if one is (or what --fail-on says), 2 for a misuse or a failure, a cell
that fails on the candidate only, or nothing left to compare (with --strict also for cells that stay unknown), 3 if the
canary moved, so that nothing can be compared.

examples:
  paceline ab --baseline rev:main --candidate .
  paceline ab --baseline rev:main --why -- tests/test_speed.py
  paceline ab --baseline rev:v1.0 --candidate rev:HEAD --install
  paceline ab --baseline . --candidate python:python3.13 -- benchmarks/test_downloads.py --items 20
  paceline ab --baseline . --candidate ". PYTHONMALLOC=malloc"
  paceline ab --read 3                          show a saved decision again
"""
SECONDS = 240.0
TOLERANCE = 3.0  # per cent


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("--baseline", metavar="SIDE", help="where the comparison starts")
    add("--candidate", metavar="SIDE", default=".", help="where it goes (default: the working tree)")
    add(
        "--pairs",
        type=typed.whole,
        metavar="N",
        help=f"decide once, at N pairs of processes (default: at {len(MAIN)} looks from {MAIN[0]} pairs to {MAIN[-1]})",
    )
    add(
        "--time",
        type=typed.timeout,
        default=SECONDS,
        metavar="SECONDS",
        help="for everything, where --pairs doesn't say how many (default: %(default)g)",
    )
    add(
        "--tolerance",
        type=typed.above_zero,
        default=TOLERANCE,
        metavar="PERCENT",
        help="the largest change that counts as none (default: %(default)g)",
    )
    add("--seed", type=typed.natural, metavar="N", help="order of the cells (default: a new one; saved)")
    add("--install", action="store_true", help="give each revision an environment of its own")
    add(
        "--timeout",
        type=typed.timeout,
        default=60.0,
        metavar="SECONDS",
        help="without a word from a side, after which it hangs (default: %(default)g)",
    )
    add(
        "--fail-on",
        choices=sorted(FAILING),
        default="slower",
        help="the verdict on a cell that ends with status 1 (default: %(default)s)",
    )
    add("--strict", action="store_true", help="end with status 2 if a cell stays unknown or a count changed")
    add(
        "--why",
        action="store_true",
        help="say where a slower or faster cell changed: both sides run it again under a profiler",
    )
    add(
        "--why-of",
        action="append",
        default=[],
        metavar="NAME",
        help="the same for cells with this in their names, whatever the verdict; may be repeated",
    )
    add("--read", metavar="FILE", help="judge a saved comparison again: a file, or its number in results/ab")
    add("--json", action="store_true", help="write JSON in place of the table")
    add("--markdown", action="store_true", help="write Markdown, for a step summary, in place of the table")
    typed.results(parser)
    add("cells", nargs="*", metavar="-- PYTEST ARGUMENTS", help="which cells to compare (default: paceline_ab, or all)")
