"""
Marks: the doubts that travel with a figure, as a letter beside it and a line that explains the letter.
"""

from collections.abc import Iterable, Sequence

from rich.text import Text

from paceline.history import Cell
from paceline.report.figures import plain

LETTERS = {"server-bound": "s", "client-bound": "c", "unproven": "u", "noisy": "n", "limit": "l"}
MEANINGS = {
    "server-bound": "the server took more than half of a core, so the figure may be the server's",
    "client-bound": "the client needed too much CPU time to keep as many items in flight as there were workers",
    "unproven": "no ledger shows how much really ran at once",
    "noisy": "the interquartile range of the rounds is over 10 % of their median",
    "limit": "faster than the limit, so the limit is wrong",
}


def letters(cell: Cell) -> str:
    """
    Give a cell's marks as letters: "c,n"; a mark without a letter stands in full.
    """
    return ",".join(LETTERS.get(mark, plain(mark)) for mark in cell.marks)


def legend(cells: Iterable[Cell], *, short: bool) -> list[Text]:
    """
    Explain each mark that occurs, in one line each.

    Args:
        short: whether letters were used.
    """
    found: dict[str, str] = {}
    for cell in cells:
        for mark, warning in zip(cell.marks, _first_of_each(cell), strict=True):
            found.setdefault(mark, MEANINGS.get(mark, warning))
    return [Text(f"{_name(mark, short=short)}: {plain(meaning)}") for mark, meaning in found.items()]


def _first_of_each(cell: Cell) -> Sequence[str]:
    said = {warning.partition(":")[0].strip(): warning.partition(":")[2].strip() for warning in reversed(cell.warnings)}
    return [said[mark] for mark in cell.marks]


def _name(mark: str, *, short: bool) -> str:
    return f"{LETTERS[mark]} = {mark}" if short and mark in LETTERS else plain(mark)
