"""What several commands do alike."""

import argparse
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import RenderableType

from paceline import history, machine
from paceline.commands import FAILED, MISUSE, NOT_COMPARABLE, MisuseError
from paceline.history import NoSuchRunError, Run
from paceline.history.store import MEASURE
from paceline.stats.comparison import Verdict
from paceline.strategies import Strategy, by_name
from paceline.tables.runs import why_incomplete
from paceline.tables.verdicts import Overall
from paceline.text import numbers
from paceline.text.blocks import Answer, markdown, terminal
from paceline.text.formats import plain, render

FAILING: Mapping[str, tuple[Verdict, ...]] = {
    "slower": ("slower",),
    "faster": ("faster",),
    "both": ("slower", "faster"),
}
"""What `--fail-on` may say -> the verdicts on a cell that end with status 1."""
TOLERANCE = 3.0  # per cent


def results_option(parser: argparse.ArgumentParser) -> None:
    """Add the folder of the saved runs."""
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="default: %(default)s")


def verdict_options(parser: argparse.ArgumentParser, *, strict: str) -> None:
    """Add what decides a gate's verdicts and its exit status; `strict` is what else ends with status 2."""
    add = parser.add_argument
    add(
        "--tolerance",
        type=numbers.above_zero,
        default=TOLERANCE,
        metavar="PERCENT",
        help="the largest change that counts as none (default: %(default)g)",
    )
    fails = "the verdict on a cell that ends with status 1 (default: %(default)s)"
    add("--fail-on", choices=sorted(FAILING), default="slower", help=fails)
    add("--strict", action="store_true", help=f"end with status 2 if {strict}")


def form_options(parser: argparse._ActionsContainer) -> None:
    """Add the forms that an answer has."""
    parser.add_argument("--json", action="store_true", help="write JSON in place of the table")
    parser.add_argument("--markdown", action="store_true", help="write Markdown, for a step summary, in its place")


def show(arguments: argparse.Namespace, answer: Answer, as_json: Callable[[], str]) -> None:
    """Write an answer to standard output, in the form that was asked for."""
    if arguments.json:
        sys.stdout.write(f"{as_json()}\n")
    elif arguments.markdown:
        sys.stdout.write(markdown(answer))
    else:
        render(terminal(answer))


def status(verdict: Overall, cells: Iterable[Verdict], *, fail_on: str, doubted: bool) -> int:
    """Return the exit status of a gate; `doubted` is whether a status of 0 may not be."""
    if verdict == "not comparable":
        return NOT_COMPARABLE
    if set(cells) & set(FAILING[fail_on]):
        return FAILED
    return MISUSE if doubted else 0


def strategy_named(name: str) -> type[Strategy]:
    """Return the strategy of a name that was typed.

    Raises:
        MisuseError: there is none; the message names those there are.
    """
    known = by_name()
    if name not in known:
        raise MisuseError(f"there is no strategy {name!r}; there are: {', '.join(known)}")
    return known[name]


def complain(trouble: object) -> None:
    """Write to standard error: a sentence, and lines below it where there is more to show."""
    if isinstance(trouble, OSError):
        trouble = f"{trouble.filename or 'standard output'}: {trouble.strerror or trouble}"
    lines = "\n".join(map(plain, str(trouble).split("\n")))
    sys.stderr.write(f"paceline: {lines}\n")


def whole_runs(results: Path) -> list[Run]:
    """Read the complete runs of every history, in order, and name the files that can't be read."""
    found, damaged = history.runs(results)
    for error in damaged:
        complain(f"passed over {error}")
    return [run for run in found if run.complete]


def of_this_machine(results: Path, whole: Sequence[Run]) -> list[Run]:
    """Return the runs of this machine that have cells, or raise NoSuchRunError if there is none."""
    here = machine.fingerprint()
    found = [run for run in whole if run.fingerprint == here and run.cells]
    if not found:
        raise NoSuchRunError(
            f"{results.absolute()} has no complete run of this machine, {here}; {history.advice(results)}"
        )
    return found


def untraced(runs: Iterable[Run]) -> list[Run]:
    """Leave out the runs that were measured beside a tracer, and name them."""
    kept = []
    for run in runs:
        if run.tracer:
            complain(f"passed over {run.path}, measured beside a tracer: {run.tracer}")
        else:
            kept.append(run)
    return kept


def chosen(word: str | None, results: Path, whole: Callable[[], Sequence[Run]]) -> Run:
    """Return the run that was asked for, or the newest of this machine if none was; `whole` reads the complete runs.

    Raises:
        HistoryError: there is none, it can't be read, it is not whole, or it was measured beside a tracer.
    """
    if word is not None:
        run = history.resolve(word, results)
    else:
        run = history.newest_among(of_this_machine(results, whole()), machine.fingerprint())
    if not run.complete:
        raise NoSuchRunError(f"{run.path} is incomplete ({why_incomplete(run)}); take a whole run: see paceline runs")
    if run.tracer:
        raise NoSuchRunError(
            f"{run.path} was measured beside a tracer, and is never compared: {run.tracer}; measure again without that"
        )
    return run


def write(tables: Iterable[RenderableType], document: str, *, as_json: bool) -> None:
    """Write tables to standard output, or a document in their place."""
    if as_json:
        sys.stdout.write(f"{document}\n")
    else:
        render(tables)


def newest(
    results: Path,
    needs: Callable[[Run], bool] = lambda run: bool(run.cells),
    measure: str = MEASURE,
    *,
    aloud: bool = True,
) -> Run:
    """Return the newest run that fits, by `needs`, and complain where it is not this machine's.

    Args:
        results: where the histories are.
        needs: whether a run has the cells that are wanted.
        measure: what to type for a run that has them.
        aloud: whether to complain; what is shown may say it itself.
    """
    here = machine.fingerprint()
    run = history.newest(results, here, needs, lambda damaged: complain(f"passed over {damaged}"), measure)
    if aloud and (elsewhere := of_another_machine(results, run, measure)):
        complain(elsewhere)
    return run


def of_another_machine(results: Path, run: Run, measure: str = MEASURE) -> str | None:
    """Return that a run which nobody named is another machine's, and what to type for one's own; None if it is not."""
    here = machine.fingerprint()
    if run.fingerprint == here:
        return None
    return (
        f"{results} has no whole run of this machine, {here}; this one is of ANOTHER MACHINE, {run.fingerprint}. "
        f"Measure your own: {measure}"
    )


def seed(given: int | None) -> int:
    """Return the seed of an order that was given, or draw one."""
    return random.SystemRandom().randrange(2**32) if given is None else given


def table_order() -> list[str]:
    """Return the names of the strategies in the order of every table."""
    return list(by_name())
