"""
What each `paceline` subcommand does. It imports what it needs when it runs: `serve` starts faster without tables.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from paceline.history import Run


def serve(host: str, port: int, bandwidth: float | None, until_stdin_closes: bool) -> int:  # noqa: FBT001  # as typed
    """
    Run the instrument in the foreground.
    """
    from paceline.server.serve import serve

    return serve(host, port, bandwidth, until_stdin_closes)


def compare(words: Sequence[str], results: Path) -> int:
    """
    Show a run, or the change from one to another.

    Args:
        words: none for the newest whole run, or one or two runs as typed: paths or numbers.
        results: where the histories are.

    Raises:
        HistoryError: there is no such run, or it can't be read.
    """
    from paceline import history
    from paceline.report import tables

    chosen = [history.resolve(word, results) for word in words] or [_newest(results)]
    first, *second = chosen
    if second:
        shown = tables.change_tables(first, second[0], _order())
    else:
        shown = [*tables.headline(first.cells, _order()), *tables.experiment_tables(first, _order())]
    tables.render([*map(tables.introduced, chosen), *shown])
    return 0


def runs(results: Path) -> int:
    """
    List what is saved.

    Returns:
        1 if something there can't be read, else 0.
    """
    from paceline import history
    from paceline.report import tables

    whole, damaged = history.runs(results)
    partial, damaged_too = history.partials(results)
    damaged += damaged_too
    if whole or partial or damaged:
        tables.render(tables.listing(whole, partial, damaged))
    else:
        sys.stdout.write(f"{results} has no saved run; measure one: pytest --benchmark-only\n")
    return 1 if damaged else 0


def race(arguments: "Namespace") -> int:
    """
    Race the strategies with a function, and say which to use.

    Returns:
        0 with a recommendation; 1 if the function fails or nothing can run it; 2 if it isn't there, or has no items.
    """
    from paceline.race import command

    return command.race(arguments, complain)


def is_expected(error: Exception) -> bool:
    """
    Whether an error speaks for itself, as a history's or the system's does; any other is a bug, with a traceback.
    """
    from paceline.history import HistoryError

    return isinstance(error, HistoryError | OSError)


def complain(trouble: object) -> None:
    """
    Say one sentence on standard error.
    """
    from paceline.report.figures import plain

    if isinstance(trouble, OSError):
        trouble = f"{trouble.filename or 'standard output'}: {trouble.strerror or trouble}"
    sys.stderr.write(f"paceline: {plain(trouble)}\n")


def _newest(results: Path) -> "Run":
    """
    Take the newest run worth showing, and say so aloud where it is not this machine's.
    """
    from paceline import history, machine

    here = machine.fingerprint()
    run = history.newest(results, here, lambda run: bool(run.cells), lambda damaged: complain(f"passed over {damaged}"))
    if run.fingerprint != here:
        complain(
            f"{results} has no whole run of this machine, {here}; this one is of ANOTHER MACHINE, {run.fingerprint}"
        )
    return run


def _order() -> list[str]:
    from paceline.strategies import STRATEGIES

    return [strategy.name for strategy in STRATEGIES]
