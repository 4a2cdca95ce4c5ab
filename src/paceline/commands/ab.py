"""`paceline ab`, from what was typed to its exit status."""

import argparse
import platform
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Never

from paceline.ab import judging, output
from paceline.ab.git import SideError
from paceline.ab.judging import Outcome
from paceline.ab.output import as_json, markdown
from paceline.ab.pair import SideFailed
from paceline.ab.record import FOLDER, Comparison, load, resolve, save
from paceline.ab.session import ComparisonSpec, run_comparison
from paceline.ab.sides import parse
from paceline.commands.shared import complain, seed
from paceline.files import unfit_folder
from paceline.history import HistoryError, NotSaved
from paceline.server.process import ServerError
from paceline.stats.comparison import MAIN_LOOKS
from paceline.tables.verdicts import FAILING, MISUSE, status
from paceline.text import options
from paceline.text.formats import render
from paceline.text.progress import progress

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
    looks = f"{len(MAIN_LOOKS)} looks from {MAIN_LOOKS[0]} pairs to {MAIN_LOOKS[-1]}"
    add("--baseline", metavar="SIDE", help="where the comparison starts")
    add("--candidate", metavar="SIDE", default=".", help="where it goes (default: the working tree)")
    add(
        "--pairs",
        type=options.whole,
        metavar="N",
        help=f"decide once, at N pairs of processes (default: at {looks})",
    )
    add(
        "--time",
        type=options.timeout,
        default=SECONDS,
        metavar="SECONDS",
        help="for everything, where --pairs doesn't say how many (default: %(default)g)",
    )
    add(
        "--tolerance",
        type=options.above_zero,
        default=TOLERANCE,
        metavar="PERCENT",
        help="the largest change that counts as none (default: %(default)g)",
    )
    add("--seed", type=options.natural, metavar="N", help="order of the cells (default: a new one; saved)")
    add("--install", action="store_true", help="give each revision an environment of its own")
    add(
        "--timeout",
        type=options.timeout,
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
    options.results(parser)
    add("cells", nargs="*", metavar="-- PYTEST ARGUMENTS", help="which cells to compare (default: paceline_ab, or all)")


TERMINATED = 128 + signal.SIGTERM


WINDOWS = (
    "paceline ab can't compare on Windows, which hands no socket on to a process and ends no group of them; run it "
    "under WSL, on Linux or on macOS; --read shows a comparison that was saved there"
)


class Misuse(Exception):  # noqa: N818 - it says what it is
    """What was typed makes no comparison."""


def run(arguments: Namespace) -> int:
    """Compare two sides in lockstep, or judge a saved comparison again.

    Returns:
        0: no cell is slower. 1: one is, or what `--fail-on` says. 2: a misuse or a failure, a cell that fails on the
        candidate only, or nothing left to compare; with `--strict` also a cell that stays unknown. 3: the canary moved.
        143: SIGTERM.
    """
    try:
        return read(arguments) if arguments.read else measured(arguments)
    except BrokenPipeError:
        raise
    except (Misuse, SideError, SideFailed, ServerError, HistoryError, OSError) as error:
        complain(error)
        return MISUSE  # 1 would say that a cell is slower


def read(arguments: Namespace) -> int:
    """Judge a saved comparison again."""
    path = resolve(arguments.read, arguments.results / FOLDER)
    return shown(load(path), path, arguments)


def measured(arguments: Namespace) -> int:
    """Hold a comparison, save it and judge it; one that can't be saved is still shown."""
    if platform.system() == "Windows":
        raise Misuse(WINDOWS)
    ask = asked(arguments)
    if why := unfit_folder(arguments.results / FOLDER):
        raise Misuse(why)

    def keep(comparison: Comparison) -> None:
        try:
            path = save(comparison, arguments.results / FOLDER)
        except NotSaved as error:
            complain(error)
        else:
            complain(f"kept the pairs so far: {path}; judge them by paceline ab --read {path.name[:4]}")

    with terminable(), progress() as reporter:
        comparison = run_comparison(ask, reporter, keep)
    try:
        path = save(comparison, arguments.results / FOLDER)
    except NotSaved as error:
        shown(comparison, None, arguments)
        complain(error)
        return MISUSE
    return shown(comparison, path, arguments)


def asked(arguments: Namespace) -> ComparisonSpec:
    """Make sense of what was typed.

    Raises:
        Misuse: if a side or the cells are missing.
        SideError: if a side is none.
    """
    if not arguments.baseline:
        raise Misuse(
            "say with --baseline what to compare with, such as --baseline rev:main; or --read a saved comparison"
        )
    cells = tuple(arguments.cells)
    return ComparisonSpec(
        baseline=parse(arguments.baseline),
        candidate=parse(arguments.candidate),
        arguments=cells,
        pairs=arguments.pairs,
        time_allowed=arguments.time,
        tolerance=arguments.tolerance / 100,
        seed=seed(arguments.seed),
        install=arguments.install,
        timeout=arguments.timeout,
        why=arguments.why,
        why_of=tuple(arguments.why_of),
    )


def shown(comparison: Comparison, path: Path | None, arguments: Namespace) -> int:
    """Write the decision in the form that was asked for, and give its exit status."""
    outcome = judging.judged(comparison)
    if arguments.json:
        sys.stdout.write(as_json(comparison, outcome, path) + "\n")
    elif arguments.markdown:
        sys.stdout.write(markdown(comparison, outcome))
    else:
        render(output.tables(comparison, outcome))
        sys.stdout.write(f"saved: {path}\n" if path else "")
    return ended(outcome, arguments)


def ended(outcome: Outcome, arguments: Namespace) -> int:
    """Return the exit status of a judged comparison."""
    if outcome.failed or not outcome.cells:
        return MISUSE
    verdicts = [cell.verdict for cell in outcome.cells]
    changed = any(count.changed for cell in outcome.cells for count in cell.counts.values())
    doubted = arguments.strict and ("unknown" in verdicts or changed)
    return status(outcome.verdict, verdicts, fail_on=arguments.fail_on, doubted=doubted)


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM, by which CI cancels, end everything as Ctrl-C does."""

    def ended(_: int, __: FrameType | None) -> Never:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, ended)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
