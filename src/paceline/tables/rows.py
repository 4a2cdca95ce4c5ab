"""A run's cells as rows: what tells them apart, their processes merged, and the marks beside a figure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from rich.text import Text

from paceline.history import Cell
from paceline.stats import samples
from paceline.text.formats import plain, setting, size
from paceline.text.numbers import is_number

PROCESSES = "processes"  # what a merged cell has in `extra` in place of `process`: how many there were, as a word

_FIGURES = (
    "limit",
    "efficiency",
    "overhead",
    "start_seconds",
    "stop_seconds",
    "cpu_seconds",
    "context_switches",
    "server_share",
)


def merged(cells: Iterable[Cell]) -> list[Cell]:
    """Put cells that differ in nothing but their process together, in the order first met.

    The rounds of a merged cell are the medians of its processes, so its spread is the one between processes; each of
    its figures is the median of theirs, and it carries every process's doubts. Its name has no process in it.
    """
    groups: dict[tuple[bool, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.process is None, _fullname(cell)), []).append(cell)
    return [_merged(group) if group[0].process is not None else group[0] for group in groups.values()]


def _merged(group: Sequence[Cell]) -> Cell:
    first = group[0]
    named: dict[str, Any] = {name: _middle([getattr(cell, name) for cell in group]) for name in _FIGURES}
    extra = {name: _middle([cell.extra.get(name) for cell in group]) for name in first.extra}
    return replace(
        first,
        fullname=_fullname(first),
        name=_name(first),
        rounds=tuple(samples.median(cell.rounds) for cell in group),
        process=None,
        warnings=tuple(dict.fromkeys(warning for cell in group for warning in cell.warnings)),
        extra={**extra, PROCESSES: str(len(group))},
        **named,
    )


def _middle(values: Sequence[Any]) -> Any:
    """The median of numbers; of anything else the first."""
    numbers = [value for value in values if is_number(value)]
    return median(numbers) if numbers and len(numbers) == len(values) else values[0]


def _fullname(cell: Cell) -> str:
    return cell.fullname.removesuffix(cell.name) + _name(cell)


def _name(cell: Cell) -> str:
    """Take the cell's own process out of its name: the first word that says so, as the plugin's stand before all."""
    if cell.process is None:
        return cell.name
    own = f"process={cell.process}"
    return re.sub(rf"-{own}(?=[-\]])|(?<=\[){own}-|\[{own}\]$", "", cell.name, count=1)


BASELINE = "sequential"  # the strategy that speedups start from


def described(cell: Cell) -> dict[str, str]:
    """Return the parameters of a cell, options of its strategy last, each as it stands in a table."""
    known = {
        "client": cell.client,
        "kernel": cell.kernel,
        "items": cell.items,
        "workers": cell.workers,
        "latency": None if cell.latency is None else setting(cell.latency),
        "size": None if cell.size is None else size(cell.size),
        "share": None if cell.share is None else f"{cell.share * 100:.3g}%",
        **{plain(name): plain(value) for name, value in cell.extra.items() if isinstance(value, str)},
        "rounds": None if PROCESSES in cell.extra else len(cell.rounds),
    }
    words = {**known, **cell.options}
    return {plain(name): plain(value) for name, value in words.items() if value is not None}


def shared(cells: Sequence[Cell]) -> dict[str, str]:
    """Return the parameters that all the cells have in common."""
    first, *rest = [described(cell) for cell in cells]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in rest)}


def wording(parameters: dict[str, str]) -> str:
    """Write parameters in one line: "client=raw, items=64"."""
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


def varying(cells: Sequence[Cell]) -> list[str]:
    """Return for each cell what it does not share with all the others, shape (n,).

    Where that can't tell two cells apart, it is everything in the brackets of their names.
    """
    common = shared(cells) if cells else {}
    labels = [wording({k: v for k, v in described(cell).items() if k not in common}) for cell in cells]
    seen = [(cell.strategy, test(cell), label) for cell, label in zip(cells, labels, strict=True)]
    if len(set(seen)) == len(seen):
        return labels
    return [plain(cell.name.partition("[")[2].removesuffix("]")) or plain(cell.name) for cell in cells]


def test(cell: Cell) -> str:
    """Name the function that measured a cell."""
    return plain(cell.name.partition("[")[0])


def ordered(cells: Iterable[Cell], strategies: Sequence[str]) -> list[Cell]:
    """Sort cells for reading, since a run measures them in random order.

    The same work together, the lesson's kernel first, then by strategy, the `raw` control after other clients, then by
    workers. Strategies that `strategies` does not name come after, in the order measured.
    """
    found = list(cells)
    names = list(dict.fromkeys([*strategies, *(cell.strategy for cell in found)]))

    def place(cell: Cell) -> tuple[object, ...]:
        kernel = (cell.kernel not in (None, "squares"), cell.kernel or "")
        client = (cell.client == "raw", cell.client or "")
        work = (*kernel, cell.items, cell.share or 0, cell.latency or 0, cell.size or 0)
        return (*work, names.index(cell.strategy), *client, cell.workers, cell.name)

    return sorted(found, key=place)


def speedup(cell: Cell, cells: Iterable[Cell]) -> float | None:
    """Return how many times as fast a cell is as a plain loop, in the same run.

    That is over the plain loops that took turns with its rounds, if there were any; else the median of `sequential` for
    the same work over its own. Where `sequential` ran with several clients, the one with this cell's client counts,
    else the one that is not the `raw` control. None where no cell, or more than one, could be the start.
    """
    if cell.over_loop and cell.strategy != BASELINE:
        return cell.over_loop
    same = [other for other in cells if other.strategy == BASELINE and _work(other) == _work(cell)]
    for client_fits in (lambda c: c == cell.client, lambda c: c != "raw", lambda _: True):
        fitting = [other for other in same if client_fits(other.client)]
        if fitting:
            return fitting[0].median / cell.median if len(fitting) == 1 else None
    return None


def _work(cell: Cell) -> tuple[object, ...]:
    same = (cell.experiment, test(cell), cell.workload, cell.items)
    return (*same, cell.latency, cell.size, cell.kernel, cell.n, cell.share)


LETTERS = {
    "server-bound": "s",
    "client-bound": "c",
    "unproven": "u",
    "noisy": "n",
    "limit": "l",
    "tracer": "t",
    "gil": "g",  # its warning says what it means, as it names the library
}
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
    means = _meanings((mark, meaning) for _, mark, meaning in said)
    return [(f"{plain(mark)}: {plain(means[mark])}", list(whose)) for mark, whose in owners.items()]


def legend(cells: Iterable[Cell], *, short: bool) -> list[Text]:
    """Explain each mark that occurs, in one line each; `short` if letters were used."""
    return [Text(f"{_mark_name(mark, short=short)}: {plain(meaning)}") for mark, meaning in meanings(cells).items()]


def meanings(cells: Iterable[Cell]) -> dict[str, str]:
    """Return what each mark of cells means."""
    return _meanings(_divided(warning) for cell in cells for warning in cell.warnings)


def _divided(warning: str) -> tuple[str, str]:
    mark, _, meaning = warning.partition(":")
    return mark.strip(), meaning.strip()


def _meanings(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what each mark means: what is known of it, else the first warning that has it."""
    found: dict[str, str] = {}
    for mark, meaning in said:
        found.setdefault(mark, MEANINGS.get(mark, meaning))
    return found


def _mark_name(mark: str, *, short: bool) -> str:
    return f"{LETTERS[mark]} = {mark}" if short and mark in LETTERS else plain(mark)
