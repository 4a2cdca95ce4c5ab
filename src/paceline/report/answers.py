"""The answer on top: which strategy for which kind of work, and how much it gains."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from paceline.claims.cost import memory_of_one_more
from paceline.claims.evidence import Evidence
from paceline.history import Cell
from paceline.report.model import Column
from paceline.stats import samples
from paceline.tables.rows import BASELINE, in_full, speedup, test, varying
from paceline.text import formats
from paceline.text.formats import many, percent, plain, seconds, times

LATITUDE = 1.05
"""What is less than this many times as slow as the fastest is as good: other things weigh more."""

LEVEL = 0.95
"""How often the interval of a median should hold the true one; few rounds give less."""

CONTROL = "raw"
"""The client that is a control, not an answer."""

KINDS = (
    ("Downloads", "downloads", None),
    ("Computing that holds the GIL", "computing", "squares"),
    ("Computing that releases the GIL", "computing", "hash"),
)
"""What a kind of work is called, the experiment that measures it, and its kernel."""


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
    return samples.median_interval(cell.rounds, LEVEL)


def contenders(cells: Sequence[Cell]) -> list[Cell]:
    """Leave out what was measured with the control's client, unless there is nothing else."""
    return [cell for cell in cells if cell.client != CONTROL] or list(cells)


def works(column: Column) -> list[tuple[str, list[Cell]]]:
    """Return each kind of work and its cells, in the order of tables; each scale is a work of its own."""
    found: dict[tuple[object, ...], list[Cell]] = {}
    for name, experiment, kernel in KINDS:
        for cell in column.of(experiment):
            if cell.kernel == kernel:
                scale = (test(cell), cell.workload, cell.items, cell.latency, cell.size, cell.share)
                found.setdefault((name, *scale), []).append(cell)
    return [(str(key[0]), cells) for key, cells in found.items()]


_LITTLE = 0.1 * 2**20  # bytes; what a worker takes below this is lost in the noise of the measurement


@dataclass(frozen=True)
class Answer:
    """What one kind of work should use.

    Attributes:
        work: what the kind is called.
        sentence: the answer, with its numbers.
        cells: all that was measured of it, in the order of tables.
    """

    work: str
    sentence: str
    cells: tuple[Cell, ...]


def answers(column: Column) -> list[Answer]:
    """Answer for each kind of work that was measured."""
    return [Answer(work, _sentence(column, cells), tuple(cells)) for work, cells in works(column)]


def names(cells: Sequence[Cell]) -> list[str]:
    """Name cells by their strategies, with what is needed where two are of the same one, shape (n,)."""
    own = [plain(cell.strategy) for cell in cells]
    rest = varying(cells)
    return [f"{name} ({more})" if own.count(name) > 1 else name for name, more in zip(own, rest, strict=True)]


def _sentence(column: Column, measured: Sequence[Cell]) -> str:
    cells = contenders(measured)
    called = dict(zip(map(id, cells), names(cells), strict=True))
    choice = choose(cells)
    if comparable(cells):
        parts = [_use(choice, cells), _cost(column, choice.chosen), *_others(choice, called), *_level(cells)]
    else:
        parts = [_alone(choice.fastest)]
    return " ".join(filter(None, [*parts, *_control(measured, cells), _gil(column, cells)]))


def _alone(cell: Cell) -> str:
    took = f"{_with_doubts(cell, plain(cell.strategy))}, which took {_took(cell)}"
    return f"Only one strategy was measured, so nothing can be compared: {took}."


def _use(choice: Choice, cells: Sequence[Cell]) -> str:
    chosen = choice.chosen
    if chosen.strategy == BASELINE:
        loop = _with_doubts(chosen, "a plain loop")
        return f"Use {loop}: {_took(chosen)}{_efficiency(chosen)}; nothing is told to be 5 % faster."
    gain = speedup(chosen, cells)
    faster = "" if gain is None else f", {times(gain)} as fast as a plain loop"
    workers = f" with {many(chosen.workers, 'worker')}"
    named = _with_doubts(chosen, plain(chosen.strategy))
    return f"Use {named}: {_took(chosen)}{workers}{faster}{_efficiency(chosen)}."


def _took(cell: Cell) -> str:
    return f"{seconds(cell.median)} for {many(cell.items, 'item')}"


def _efficiency(cell: Cell) -> str:
    return "" if cell.efficiency is None else f", an efficiency of {percent(cell.efficiency)}"


def _with_doubts(cell: Cell, name: str) -> str:
    return f"{name} ({in_full(cell.marks)})" if cell.marks else name


def _cost(column: Column, cell: Cell) -> str:
    """Return what the chosen one costs, as far as that was measured; a plain loop costs nothing."""
    costs = []
    if cell.strategy != BASELINE and cell.start_seconds is not None:
        costs.append(f"{seconds(cell.start_seconds)} to start")
    if cell.strategy != BASELINE and (memory := memory_per_worker(column, cell.strategy)) is not None:
        costs.append(f"{_memory(memory)} of memory for each further worker")
    return f"It takes {' and '.join(costs)}." if costs else ""


def memory_per_worker(column: Column, strategy: str) -> float | None:
    """Return the memory that one more worker takes, bytes, the median over processes.

    None where it was not measured in processes of their own with enough numbers of workers.
    """
    run = column.sources.get("memory")
    slopes = list(memory_of_one_more(Evidence([run]), strategy).values.values()) if run else []
    return statistics.median(slopes) if slopes else None


def _memory(slope: float) -> str:
    return formats.named("bytes", slope) if slope >= _LITTLE else "less than 0.1 MiB"


def _others(choice: Choice, called: dict[int, str]) -> list[str]:
    words = []
    if choice.alike:
        shortest = f" (the shortest median, {seconds(choice.fastest.median)})"
        alike = ", ".join(called[id(cell)] + (shortest if cell is choice.fastest else "") for cell in choice.alike)
        words.append(f"Can't be told to be slower: {alike}.")
    if choice.behind:
        after = choice.behind[0]
        late = percent(after.median / choice.fastest.median - 1)
        next_one = _with_doubts(after, called[id(after)])
        words.append(f"Next comes {next_one} with {seconds(after.median)}, {late} behind the fastest.")
    return words


def _level(cells: Sequence[Cell]) -> list[str]:
    least = min(interval(cell).level for cell in cells)
    if least >= LEVEL:
        return []
    if least == 0:
        return ["Some have a single round, which says nothing about chance."]
    return [f"For want of rounds the intervals hold the true medians with {percent(least)} at least."]


def _gil(column: Column, cells: Sequence[Cell]) -> str:
    """Return where computing that holds the GIL had none to hold."""
    off = column.sources[cells[0].experiment].facts.get("gil") == "off"
    return "The GIL was off." if off and cells[0].kernel else ""


def _control(measured: Sequence[Cell], cells: Sequence[Cell]) -> list[str]:
    if all(cell.client == CONTROL for cell in cells):
        return ["Only the raw client was measured, which is a control: real clients cost more."]
    taking_part = {cell.strategy for cell in cells}
    left = dict.fromkeys(plain(cell.strategy) for cell in measured if cell.strategy not in taking_part)
    return [f"Left out, with the raw client only: {', '.join(left)}."] if left else []
