"""What every verdict on a change is written with, whichever gate gave it: styles, names, intervals."""

from collections.abc import Iterable, Sequence
from typing import Literal

from paceline.stats.comparison import Verdict
from paceline.text import formats
from paceline.text.blocks import naming

Overall = Literal["slower", "faster", "not slower", "unknown", "not comparable"]

STYLES = {"slower": "bold red", "faster": "bold green", "same": "dim", "unknown": "yellow"}
OVERALL = {
    "slower": "bold red",
    "not comparable": "bold red",
    "faster": "bold green",
    "unknown": "bold yellow",
    "not slower": "bold green",
}


def overall(verdicts: Iterable[Verdict], *, moved: bool) -> Overall:
    """Put the verdicts of all cells together: what changed is louder than what stays unknown.

    None of them counts if the machine `moved`.
    """
    found = set(verdicts)
    if moved:
        return "not comparable"
    if "slower" in found:
        return "slower"
    if "faster" in found:
        return "faster"
    return "unknown" if "unknown" in found else "not slower"


def shared_file(fullnames: Iterable[str]) -> str:
    """Return the file that all these cells are in, with its "::"; "" where there are more files than one."""
    files = {file + mark for file, mark, _ in (name.partition("::") for name in fullnames)}
    return file if len(files) == 1 and (file := files.pop()).endswith("::") else ""


def short(fullnames: Sequence[str]) -> list[str]:
    """Return the cells' names without the file that all of them are in."""
    file = shared_file(fullnames)
    return [name.removeprefix(file) for name in fullnames]


def some(names: Iterable[str], most: int) -> str:
    """Name the first few, and say how many there are beside them."""
    return "".join(naming(names, most))


def interval(low: float | None, high: float | None) -> str:
    """Write the interval of a change as it stands in a table."""
    return formats.between(low, high, to=" .. ")
