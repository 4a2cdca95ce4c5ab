"""The answer in sentences: what a kind of work should use here, what that gains, and what it costs."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from paceline.claims.cost import memory_of_one_more
from paceline.claims.evidence import Evidence
from paceline.history import Cell
from paceline.report.page.answering import CONTROL, LEVEL, Choice, choose, comparable, contenders, interval, works
from paceline.report.page.columns import Column
from paceline.tables.rows import BASELINE, in_full, speedup, varying
from paceline.text import formats

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
    own = [formats.plain(cell.strategy) for cell in cells]
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
    taken = f"{_with_doubts(cell, formats.plain(cell.strategy))}, which took {_took(cell)}"
    return f"Only one strategy was measured, so nothing can be compared: {taken}."


def _use(choice: Choice, cells: Sequence[Cell]) -> str:
    chosen = choice.chosen
    if chosen.strategy == BASELINE:
        loop = _with_doubts(chosen, "a plain loop")
        return f"Use {loop}: {_took(chosen)}{_efficiency(chosen)}; nothing is told to be 5 % faster."
    gain = speedup(chosen, cells)
    faster = "" if gain is None else f", {formats.times(gain)} as fast as a plain loop"
    workers = f" with {formats.many(chosen.workers, 'worker')}"
    named = _with_doubts(chosen, formats.plain(chosen.strategy))
    return f"Use {named}: {_took(chosen)}{workers}{faster}{_efficiency(chosen)}."


def _took(cell: Cell) -> str:
    return f"{formats.seconds(cell.median)} for {formats.many(cell.items, 'item')}"


def _efficiency(cell: Cell) -> str:
    return "" if cell.efficiency is None else f", an efficiency of {formats.percent(cell.efficiency)}"


def _with_doubts(cell: Cell, name: str) -> str:
    return f"{name} ({in_full(cell.marks)})" if cell.marks else name


def _cost(column: Column, cell: Cell) -> str:
    """Return what the chosen one costs, as far as that was measured; a plain loop costs nothing."""
    if cell.strategy == BASELINE:
        return ""
    start = None if cell.start_seconds is None else f"takes {formats.seconds(cell.start_seconds)} to start"
    memory = memory_per_worker(column, cell.strategy)
    each = None if memory is None else f"{_memory(memory)} of memory for each further worker"
    said = [part for part in (start, each and (each if start else f"takes {each}")) if part]
    return f"It {' and '.join(said)}." if said else ""


def memory_per_worker(column: Column, strategy: str) -> float | None:
    """Return the memory that one more worker takes, bytes, the median over processes; None where it was not measured
    in processes of their own with enough numbers of workers.
    """
    run = column.sources.get("memory")
    slopes = list(memory_of_one_more(Evidence([run]), strategy).values.values()) if run else []
    return statistics.median(slopes) if slopes else None


def _memory(slope: float) -> str:
    return formats.named("bytes", slope) if slope >= _LITTLE else "less than 0.1 MiB"


def _others(choice: Choice, called: dict[int, str]) -> list[str]:
    said = []
    if choice.alike:
        listed = ", ".join(_listed(cell, choice, called) for cell in choice.alike)
        said.append(f"Can't be told to be slower: {listed}.")
    if choice.behind:
        after = choice.behind[0]
        late = formats.percent(after.median / choice.fastest.median - 1)
        next_one = _with_doubts(after, called[id(after)])
        said.append(f"Next comes {next_one} with {formats.seconds(after.median)}, {late} behind the fastest.")
    return said


def _listed(cell: Cell, choice: Choice, called: dict[int, str]) -> str:
    shortest = f" (the shortest median, {formats.seconds(cell.median)})" if cell is choice.fastest else ""
    return called[id(cell)] + shortest


def _level(cells: Sequence[Cell]) -> list[str]:
    least = min(interval(cell).level for cell in cells)
    if least >= LEVEL:
        return []
    if least == 0:
        return ["Some have a single round, which says nothing about chance."]
    return [f"For want of rounds the intervals hold the true medians with {formats.percent(least)} at least."]


def _gil(column: Column, cells: Sequence[Cell]) -> str:
    """Return where computing that holds the GIL had none to hold."""
    off = column.sources[cells[0].experiment].facts.get("gil") == "off"
    return "The GIL was off." if off and cells[0].kernel else ""


def _control(measured: Sequence[Cell], cells: Sequence[Cell]) -> list[str]:
    if all(cell.client == CONTROL for cell in cells):
        return ["Only the raw client was measured, which is a control: real clients cost more."]
    taking_part = {cell.strategy for cell in cells}
    left = dict.fromkeys(formats.plain(cell.strategy) for cell in measured if cell.strategy not in taking_part)
    return [f"Left out, with the raw client only: {', '.join(left)}."] if left else []
