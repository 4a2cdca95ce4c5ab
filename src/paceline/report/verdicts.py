"""What every verdict on a change is written with, whichever gate gave it: exit statuses, styles, names, intervals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from paceline.report import figures
from paceline.stats.comparison import Verdict

Overall = Literal["slower", "not slower", "unknown", "not comparable"]

MISUSE = 2
"""The exit status of a misuse or a failure, and with `--strict` of doubt."""

_STATUS: Mapping[Overall, int] = {"not slower": 0, "unknown": 0, "slower": 1, "not comparable": 3}

STYLES = {"slower": "bold red", "faster": "green", "same": "dim", "unknown": "yellow"}
OVERALL = {"slower": "bold red", "not comparable": "bold red", "unknown": "bold yellow", "not slower": "bold green"}


def overall(verdicts: Iterable[Verdict], *, moved: bool) -> Overall:
    """
    Put the verdicts of all cells together.

    Args:
        verdicts: of the cells.
        moved: whether the machine did, so that none of them counts.
    """
    found = set(verdicts)
    if moved:
        return "not comparable"
    if "slower" in found:
        return "slower"
    return "unknown" if "unknown" in found else "not slower"


def status(verdict: Overall, *, doubted: bool) -> int:
    """
    Give the exit status: 0 no cell is slower, 1 one is, 3 not comparable; `MISUSE` for a 0 that is doubted.
    """
    return _STATUS[verdict] or (MISUSE if doubted else 0)


def shared_file(fullnames: Iterable[str]) -> str:
    """
    Give the file that all these cells are in, with its "::"; "" where there are more files than one.
    """
    files = {file + mark for file, mark, _ in (name.partition("::") for name in fullnames)}
    return file if len(files) == 1 and (file := files.pop()).endswith("::") else ""


def short(fullnames: Sequence[str]) -> list[str]:
    """
    Give the cells' names without the file that all of them are in.
    """
    file = shared_file(fullnames)
    return [name.removeprefix(file) for name in fullnames]


def some(names: Iterable[str], most: int) -> str:
    """
    Name the first few, and say how many there are beside them.
    """
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


class Ends(Protocol):
    """
    Whatever has an interval of a ratio, or None for each of its ends.
    """

    @property
    def low(self) -> float | None: ...

    @property
    def high(self) -> float | None: ...


def interval(found: Ends) -> str:
    """
    Write the interval of a change as it stands in a table.
    """
    return figures.between(found.low, found.high, to=" .. ")
