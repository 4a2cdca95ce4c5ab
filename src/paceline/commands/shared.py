"""What several commands do alike."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import RenderableType

from paceline import history, machine
from paceline.history import Run
from paceline.strategies import BY_NAME, Strategy
from paceline.text.formats import plain, render

FAILED = 1  # exit statuses
MISUSE = 2


class MisuseError(ValueError):
    """What was typed makes no sense, or asks for what there isn't; it ends a command with status 2."""


def strategy_named(name: str) -> type[Strategy]:
    """Return the strategy of a name that was typed.

    Raises:
        MisuseError: there is none; the message names those there are.
    """
    if name not in BY_NAME:
        raise MisuseError(f"there is no strategy {name!r}; there are: {', '.join(BY_NAME)}")
    return BY_NAME[name]


def complain(trouble: object) -> None:
    """Say something on standard error: a sentence, and lines below it where there is more to show."""
    if isinstance(trouble, OSError):
        trouble = f"{trouble.filename or 'standard output'}: {trouble.strerror or trouble}"
    lines = "\n".join(map(plain, str(trouble).split("\n")))
    sys.stderr.write(f"paceline: {lines}\n")


def write(tables: Iterable[RenderableType], document: str, *, as_json: bool) -> None:
    """Write tables to standard output, or a document in their place."""
    if as_json:
        sys.stdout.write(f"{document}\n")
    else:
        render(tables)


def newest(
    results: Path,
    needs: Callable[[Run], bool] = lambda run: bool(run.cells),
    measure: str = "pytest --benchmark-only",
) -> Run:
    """Take the newest run worth showing, and say so aloud where it is not this machine's.

    Args:
        results: where the histories are.
        needs: whether a run is.
        measure: what to type for one that is.
    """
    here = machine.fingerprint()
    run = history.newest(results, here, needs, lambda damaged: complain(f"passed over {damaged}"), measure)
    if run.fingerprint != here:
        complain(
            f"{results} has no whole run of this machine, {here}; this one is of ANOTHER MACHINE, {run.fingerprint}"
        )
    return run


def table_order() -> list[str]:
    """Return the names of the strategies in the order of every table."""
    return list(BY_NAME)
