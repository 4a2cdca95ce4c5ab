"""Marks: the doubts that travel with a figure, as a letter beside it and a line that explains the letter."""

from collections.abc import Iterable

from rich.text import Text

from paceline.history import Cell
from paceline.report.figures import plain

LETTERS = {"server-bound": "s", "client-bound": "c", "unproven": "u", "noisy": "n", "limit": "l", "tracer": "t"}
MEANINGS = {
    "server-bound": "the server took more than half of a core, so the figure may be the server's",
    "client-bound": "the client needed too much CPU time to keep as many items in flight as there were workers",
    "unproven": "no ledger shows how much really ran at once",
    "noisy": "the interquartile range of the rounds is over 10 % of their median",
    "limit": "faster than the limit, so the limit is wrong",
    "tracer": "coverage, a debugger or a debug mode was on: Python code ran slower, and not in all strategies alike",
}


def letters(cell: Cell) -> str:
    """Return a cell's marks as letters: "c,n"; a mark without a letter stands in full."""
    return ",".join(LETTERS.get(mark, plain(mark)) for mark in cell.marks)


def in_full(marks: Iterable[str]) -> str:
    """Return marks as they are called: "client-bound, noisy"."""
    return ", ".join(map(plain, marks))


def by_mark(warnings: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Put the warnings of one mark together.

    Args:
        warnings: whose each is, and what it says.

    Returns:
        Of each mark its name with its meaning, and whose it is, each once.
    """
    said = [(owner, *_divided(warning)) for owner, warning in warnings]
    owners: dict[str, dict[str, None]] = {}
    for owner, mark, _ in said:
        owners.setdefault(mark, {})[owner] = None
    meanings = _meanings((mark, meaning) for _, mark, meaning in said)
    return [(f"{plain(mark)}: {plain(meanings[mark])}", list(whose)) for mark, whose in owners.items()]


def legend(cells: Iterable[Cell], *, short: bool) -> list[Text]:
    """Explain each mark that occurs, in one line each.

    Args:
        short: whether letters were used.
    """
    meanings = _meanings(_divided(warning) for cell in cells for warning in cell.warnings)
    return [Text(f"{_name(mark, short=short)}: {plain(meaning)}") for mark, meaning in meanings.items()]


def _divided(warning: str) -> tuple[str, str]:
    mark, _, meaning = warning.partition(":")
    return mark.strip(), meaning.strip()


def _meanings(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what each mark means: what is known of it, else the first warning that has it."""
    found: dict[str, str] = {}
    for mark, meaning in said:
        found.setdefault(mark, MEANINGS.get(mark, meaning))
    return found


def _name(mark: str, *, short: bool) -> str:
    return f"{LETTERS[mark]} = {mark}" if short and mark in LETTERS else plain(mark)
