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

from paceline.ab.git import SideError
from paceline.ab.judging import Outcome, judged
from paceline.ab.output import answer, as_json
from paceline.ab.pair import SideFailed
from paceline.ab.record import FOLDER, Comparison, load, resolve, save
from paceline.ab.session import ComparisonSpec, run_comparison
from paceline.ab.sides import parse
from paceline.commands import MISUSE, TERMINATED, MisuseError
from paceline.commands.shared import (
    complain,
    form_options,
    results_option,
    seed,
    show,
    status,
    verdict_options,
)
from paceline.files import unfit_folder
from paceline.history import NotSaved
from paceline.server.process import ServerError
from paceline.stats.comparison import MAIN_LOOKS
from paceline.text import numbers
from paceline.text.progress import progress

SUMMARY = "compare two revisions, Pythons or environments by any suite of benchmarks, in lockstep"
EPILOG = """A SIDE is rev:REVISION (a git revision, in a worktree), python:PATH (another Python), or . (the working
tree), each with environment variables and pytest options after it, in one word: ". SLOW=1 --paceline-workers 4".
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
WINDOWS = (
    "paceline ab can't compare on Windows, which hands no socket on to a process and ends no group of them; run it "
    "under WSL, on Linux or on macOS; --read shows a comparison that was saved there"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    looks = f"{len(MAIN_LOOKS)} looks from {MAIN_LOOKS[0]} pairs to {MAIN_LOOKS[-1]}"
    add("--baseline", metavar="SIDE", help="where the comparison starts")
    add("--candidate", metavar="SIDE", default=".", help="where it goes (default: the working tree)")
    pairs = f"decide once, at N pairs of processes (default: at {looks})"
    add("--pairs", type=numbers.positive, metavar="N", help=pairs)
    add(
        "--time",
        type=numbers.timeout,
        default=SECONDS,
        metavar="SECONDS",
        help="for everything, where --pairs doesn't say how many (default: %(default)g)",
    )
    add("--seed", type=numbers.whole, metavar="N", help="order of the cells (default: a new one; saved)")
    add("--install", action="store_true", help="give each revision an environment of its own")
    silence = "without a word from a side, after which it hangs (default: %(default)g)"
    add("--timeout", type=numbers.timeout, default=60.0, metavar="SECONDS", help=silence)
    verdict_options(parser, strict="a cell stays unknown or a count changed")
    why = "say where a slower or faster cell changed: both sides run it again under a profiler"
    add("--why", action="store_true", help=why)
    why_of = "the same for cells with this in their names, whatever the verdict; may be repeated"
    add("--why-of", action="append", default=[], metavar="NAME", help=why_of)
    add("--read", metavar="FILE", help="judge a saved comparison again: a file, or its number in results/ab")
    form_options(parser)
    results_option(parser)
    add("cells", nargs="*", metavar="-- PYTEST ARGUMENTS", help="which cells to compare (default: paceline_ab, or all)")


def run(arguments: Namespace) -> int:
    """Compare two sides in lockstep, or judge a saved comparison again.

    Returns:
        0: no cell is slower. 1: one is, or what `--fail-on` says. 2: a misuse or a failure, a cell that fails on the
        candidate only, or nothing left to compare; with `--strict` also a cell that stays unknown. 3: the canary moved.
        143: SIGTERM.
    """
    try:
        return read(arguments) if arguments.read else compare(arguments)
    except (SideError, SideFailed, ServerError) as error:
        complain(error)
        return MISUSE  # 1 would say that a cell is slower


def read(arguments: Namespace) -> int:
    """Judge a saved comparison again."""
    if arguments.why or arguments.why_of:
        raise MisuseError("--why runs cells again, and --read runs nothing; leave out one of them")
    path = resolve(arguments.read, arguments.results / FOLDER)
    return answered(load(path), path, arguments)


def compare(arguments: Namespace) -> int:
    """Run a comparison, save it and judge it; one that can't be saved is still shown."""
    if platform.system() == "Windows":
        raise MisuseError(WINDOWS)
    spec = spec_of(arguments)
    if why := unfit_folder(arguments.results / FOLDER):
        raise MisuseError(why)

    def keep(comparison: Comparison) -> None:
        try:
            path = save(comparison, arguments.results / FOLDER)
        except NotSaved as error:
            complain(error)
        else:
            complain(f"kept the pairs so far: {path}; judge them by paceline ab --read {path.name[:4]}")

    with terminable(), progress() as reporter:
        comparison = run_comparison(spec, reporter, keep)
    try:
        path = save(comparison, arguments.results / FOLDER)
    except NotSaved as error:
        answered(comparison, None, arguments)
        complain(error)
        return MISUSE
    return answered(comparison, path, arguments)


def spec_of(arguments: Namespace) -> ComparisonSpec:
    """Make sense of what was typed, or raise MisuseError or SideError."""
    if not arguments.baseline:
        raise MisuseError(
            "say with --baseline what to compare with, such as --baseline rev:main; or --read a saved comparison"
        )
    return ComparisonSpec(
        baseline=parse(arguments.baseline),
        candidate=parse(arguments.candidate),
        arguments=tuple(arguments.cells),
        pairs=arguments.pairs,
        time_allowed=arguments.time,
        tolerance=arguments.tolerance / 100,
        seed=seed(arguments.seed),
        install=arguments.install,
        timeout=arguments.timeout,
        why=arguments.why,
        why_of=tuple(arguments.why_of),
    )


def answered(comparison: Comparison, path: Path | None, arguments: Namespace) -> int:
    """Write the decision in the form that was asked for, and return its exit status."""
    outcome = judged(comparison)
    show(arguments, answer(comparison, outcome), lambda: as_json(comparison, outcome, path))
    if path and not (arguments.json or arguments.markdown):
        sys.stdout.write(f"saved: {path}\n")
    return exit_status(outcome, arguments)


def exit_status(outcome: Outcome, arguments: Namespace) -> int:
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
