"""`paceline ab`, from what was typed to its exit status."""

import platform
import random
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Never

from paceline.ab import judging, output
from paceline.ab.outcome import Outcome
from paceline.ab.output import as_json, markdown
from paceline.ab.pair import SideFailed
from paceline.ab.progress import reporting
from paceline.ab.record import Comparison, load, resolve, save
from paceline.ab.request import SideError, parse
from paceline.ab.session import ComparisonSpec, run_comparison
from paceline.history import HistoryError, NotSaved
from paceline.history.publishing import unfit_folder
from paceline.report.layout import render
from paceline.report.verdicts import MISUSE, status
from paceline.server.process import ServerError

FOLDER = "ab"
TERMINATED = 128 + signal.SIGTERM
SEEDS = 2**32


WINDOWS = (
    "paceline ab can't compare on Windows, which hands no socket on to a process and ends no group of them; run it "
    "under WSL, on Linux or on macOS; --read shows a comparison that was saved there"
)


class Misuse(Exception):  # noqa: N818 - it says what it is
    """What was typed makes no comparison."""


def ab(arguments: Namespace, complain: Callable[[object], None]) -> int:
    """Compare two sides in lockstep, or judge a saved comparison again.

    Returns:
        0: no cell is slower. 1: one is, or what `--fail-on` says. 2: a misuse or a failure, a cell that fails on the
        candidate only, or nothing left to compare; with `--strict` also a cell that stays unknown. 3: the canary moved.
        143: SIGTERM.
    """
    try:
        return read(arguments) if arguments.read else measured(arguments, complain)
    except BrokenPipeError:
        raise
    except (Misuse, SideError, SideFailed, ServerError, HistoryError, OSError) as error:
        complain(error)
        return MISUSE  # 1 would say that a cell is slower


def read(arguments: Namespace) -> int:
    """Judge a saved comparison again."""
    if arguments.why or arguments.why_of:
        raise Misuse("--why runs cells again, and --read runs nothing; leave out one of them")
    path = resolve(arguments.read, arguments.results / FOLDER)
    return shown(load(path), path, arguments)


def measured(arguments: Namespace, complain: Callable[[object], None]) -> int:
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

    with terminable(), reporting() as reporter:
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
        seed=random.randrange(SEEDS) if arguments.seed is None else arguments.seed,  # noqa: S311 - an order, no secret
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
