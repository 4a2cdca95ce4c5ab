"""What each kind of work should use: the choice among its cells, and the answer in a line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from paceline.history import Cell
from paceline.stats import samples
from paceline.tables.rows import BASELINE, in_full, merged, ordered, speedup, test, varying
from paceline.text.formats import many, plain, times

LATITUDE = 1.05
"""What is less than this many times as slow as the fastest is as good: other things weigh more."""

CONTROL = "raw"
"""The client that is a control, not an answer."""

KINDS = (
    ("Downloads", "downloads", None),
    ("Computing that holds the GIL", "computing", "squares"),
    ("Computing that releases the GIL", "computing", "hash"),
)
"""What a kind of work is called, the experiment that measures it, and its kernel."""

BEYOND = "more than workers can bring, so the machine was slower during the plain loop"
"""What a speedup above the number of workers says."""

_NAMED = 4  # strategies in a line
_WAITING = {"Downloads": "Waiting (downloads)"}


@dataclass(frozen=True)
class Choice:
    """What a kind of work should use.

    Attributes:
        chosen: the simplest of those that are behind none and gain on a plain loop, as far as can be told.
        fastest: the one with the shortest median.
        alike: the others that can't be told to be behind, in the order of tables.
        behind: the rest, the fastest of them first.
    """

    chosen: Cell
    fastest: Cell
    alike: tuple[Cell, ...]
    behind: tuple[Cell, ...]


def choose(cells: Sequence[Cell]) -> Choice:
    """Choose among cells that do the same work: the simplest of those that are behind none.

    Where a plain loop is behind any, it is the simplest that the loop is behind.

    Args:
        cells: from the simplest to the least simple, n at least 1.
    """
    level = [cell for cell in cells if not any(is_behind(cell, other) for other in cells)]
    loop = next((cell for cell in cells if cell.strategy == BASELINE and cell not in level), None)
    chosen = next(cell for cell in level if loop is None or is_behind(loop, cell))
    alike = tuple(cell for cell in level if cell is not chosen)
    behind = sorted((cell for cell in cells if cell not in level), key=lambda cell: cell.median)
    return Choice(chosen, min(cells, key=lambda cell: cell.median), alike, tuple(behind))


def is_behind(cell: Cell, other: Cell) -> bool:
    """Whether a cell is certainly slower than another.

    Its interval lies beyond `LATITUDE` times all of the other's, or the interval without odd rounds does by far.
    """
    likely, others = (samples.median_interval(each.rounds, samples.LIKELY) for each in (cell, other))
    by_far = LATITUDE * (1 + samples.FAR)
    return interval(cell).low > LATITUDE * interval(other).high or likely.low > by_far * others.high


def comparable(cells: Sequence[Cell]) -> bool:
    """Whether there is more than one strategy to choose from."""
    return len({cell.strategy for cell in cells}) > 1


def interval(cell: Cell) -> samples.Between:
    """Return where the true median of a cell's rounds lies."""
    return samples.median_interval(cell.rounds)


def contenders(cells: Sequence[Cell]) -> list[Cell]:
    """Leave out what was measured with the control's client, unless there is nothing else."""
    return [cell for cell in cells if cell.client != CONTROL] or list(cells)


def kinds(cells: Iterable[Cell]) -> list[tuple[str, list[Cell]]]:
    """Return each kind of work that was measured, with its cells in their order; each scale is a work of its own."""
    found: dict[tuple[object, ...], list[Cell]] = {}
    known = list(cells)
    for name, experiment, kernel in KINDS:
        for cell in known:
            if (cell.experiment, cell.kernel) == (experiment, kernel):
                scale = (test(cell), cell.workload, cell.items, cell.latency, cell.size, cell.share)
                found.setdefault((name, *scale), []).append(cell)
    return [(str(name), group) for (name, *_), group in found.items()]


def names(cells: Sequence[Cell]) -> list[str]:
    """Name cells by their strategies, with what is needed where two are of the same one, shape (n,)."""
    own = [plain(cell.strategy) for cell in cells]
    rest = varying(cells)
    return [f"{name} ({more})" if own.count(name) > 1 else name for name, more in zip(own, rest, strict=True)]


def with_doubts(cell: Cell, name: str) -> str:
    """Put a cell's marks beside its name."""
    return f"{name} ({in_full(cell.marks)})" if cell.marks else name


def in_lines(cells: Iterable[Cell], strategies: Sequence[str] = (), *, gil: bool = True) -> list[str]:
    """Answer in a line for each kind of work of which strategies can be compared: "Waiting (downloads): threads ...".

    Args:
        cells: of one run, in any order.
        strategies: their names, from the simplest to the least simple.
        gil: whether it was on.
    """
    found = [(kind, contenders(group)) for kind, group in kinds(ordered(merged(cells), strategies))]
    off = "" if gil else "; the GIL was off"
    return [
        f"{_WAITING.get(kind, kind)}: {_line(group)}{off if group[0].kernel else ''}"
        for kind, group in found
        if comparable(group)
    ]


def _line(cells: Sequence[Cell]) -> str:
    choice = choose(cells)
    level = [choice.chosen, *choice.alike]
    if choice.chosen.strategy == BASELINE:
        line = f"{with_doubts(choice.chosen, 'a plain loop')}, as nothing is told to be 5 % faster"
    elif not choice.behind:
        line = f"no difference can be told between {_listed(level, cells, 'and')}"
    else:
        line = f"{_listed(level, cells, 'or')}{_gain(level, cells)}"
    return "; ".join([line, *_doubts(level, cells)])


def _listed(level: Sequence[Cell], cells: Sequence[Cell], word: str) -> str:
    """Name those that are level, each with its doubts; of many the first."""
    called = dict(zip(map(id, cells), names(cells), strict=True))
    words = [with_doubts(cell, called[id(cell)]) for cell in level]
    if len(words) > _NAMED:
        words[_NAMED - 1 :] = [f"{len(words) - _NAMED + 1} more"]
    *first, last = words
    return f"{', '.join(first)} {word} {last}" if first else last


def _gain(level: Sequence[Cell], cells: Sequence[Cell]) -> str:
    """Return how many times as fast as a plain loop they are, from the least to the most."""
    gains = [gain for cell in level if (gain := speedup(cell, cells)) is not None]
    loop = next((cell for cell in cells if cell.strategy == BASELINE), None)
    if loop is None or not gains:
        return f", faster than {many(len(cells) - len(level), 'other')}"
    between = " to ".join(dict.fromkeys(map(times, (min(gains), max(gains)))))
    return f", {between} as fast as {with_doubts(loop, 'a plain loop')}"


def _doubts(level: Sequence[Cell], cells: Sequence[Cell]) -> Iterator[str]:
    least = min(len(cell.rounds) for cell in cells)
    if least < samples.ROUNDS_TO_JUDGE:
        yield f"{many(least, 'round')}, too few to tell chance from a lead"
    if any(is_beyond(cell, cells) for cell in level):
        yield BEYOND
    if all(cell.client == CONTROL for cell in cells):
        yield f"the {CONTROL} client is a control, and real ones cost more"


def is_beyond(cell: Cell, cells: Sequence[Cell]) -> bool:
    """Whether a cell gains more over a plain loop than workers can bring: one of the two met another machine."""
    return (speedup(cell, cells) or 0) > cell.workers
