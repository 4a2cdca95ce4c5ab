"""The answer on top: what each kind of work should use here, by how much, and at what cost."""

from collections.abc import Mapping, Sequence
from functools import partial

from paceline.history import Cell
from paceline.report.answers import KINDS, LATITUDE, Answer, answers, contenders, interval, names, ranking
from paceline.report.model import Column, Figure, Section, Table, doubts, side_by_side
from paceline.stats.samples import FAR, LEVEL, LIKELY
from paceline.tables.rows import BASELINE, in_full, shared, speedup, wording
from paceline.text import formats

_LEAD = (
    "What to use here. The fastest is the strategy with the shortest median. One is told to be behind another only if "
    f"the {formats.percent(LEVEL)} interval of its median lies wholly above {LATITUDE} times the upper end of the "
    f"other's, or the {formats.percent(LIKELY)} interval, which leaves odd rounds out, above "
    f"{formats.digits(LATITUDE * (1 + FAR))} times. All that are behind none are as fast, as far as can be told. Of "
    "those that a plain loop is behind the simplest is named, in the order of the tables, and the loop if it is behind "
    "none. Faint dots are rounds, marks are medians with their intervals, and dashes are each strategy's limit: the "
    "least time in which the work could be done."
)
_MISSING = "{}: not measured; measure it with: pytest --benchmark-only benchmarks/test_{}.py"


def section(columns: Sequence[Column]) -> Section:
    """Make the part that answers."""
    said = {id(column): answers(column) for column in columns}
    measured = {answer.work for own in said.values() for answer in own}
    makers = [
        partial(_figure, said, name, place)
        for name, *_ in KINDS
        for place in range(max(len(_about(own, name)) for own in said.values()))
    ]
    missing = [_MISSING.format(name, experiment) for name, experiment, _ in KINDS if name not in measured]
    rows = side_by_side(columns, makers)
    return Section(key="answer", title="The answer", lead=_LEAD if rows else "", rows=rows, missing=tuple(missing))


def _about(own: Sequence[Answer], work: str) -> list[Answer]:
    return [answer for answer in own if answer.work == work]


def _figure(said: Mapping[int, Sequence[Answer]], work: str, place: int, column: Column) -> Figure | None:
    """Draw the answer for one kind of work.

    Args:
        said: the answers of every column, by its identity.
        work: the kind.
        place: which of the scales at which the column measured it, from 0.
        column: the one to draw.
    """
    beside = [own[place] for each in said.values() if len(own := _about(each, work)) > place]
    answer = next(iter(_about(said[id(column)], work)[place:]), None)
    if answer is None:
        return None
    cells = contenders(answer.cells)
    return Figure(
        key=f"answer-{'-'.join(work.lower().split())}",
        title=work,
        says=answer.sentence,
        column=column.label,
        setting=wording(shared([cell for cell in cells if cell.strategy != BASELINE] or cells)),
        chart=ranking(cells, [cell for other in beside for cell in contenders(other.cells)], column.order),
        table=_table(answer.cells),
        doubts=(*doubts(cells), *_too_fast(cells)),
        source=column.source(cells),
    )


def _too_fast(cells: Sequence[Cell]) -> list[str]:
    """Name the cells that gain more over a plain loop than their workers can bring: one of the two met another
    machine.
    """
    gains = [(name, cell.workers, speedup(cell, cells)) for cell, name in zip(cells, names(cells), strict=True)]
    beyond = [
        f"{name} ({formats.times(gain)} with {workers})" for name, workers, gain in gains if (gain or 0) > workers
    ]
    if not beyond:
        return []
    return [
        f"speedup: more than workers can bring, so the machine was slower during the plain loop: {', '.join(beyond)}"
    ]


def _table(cells: Sequence[Cell]) -> Table:
    """Return the figures of all that was measured, the control too."""
    rows = [
        (
            name,
            formats.seconds(cell.median),
            _interval(cell),
            formats.times(speedup(cell, cells)),
            formats.percent(cell.efficiency),
            formats.seconds(cell.start_seconds),
            in_full(cell.marks),
        )
        for cell, name in zip(cells, names(cells), strict=True)
    ]
    return Table(("strategy", "median", "interval", "speedup", "efficiency", "start", "marks"), tuple(rows))


def _interval(cell: Cell) -> str:
    if len(cell.rounds) == 1:
        return formats.NOTHING
    between = interval(cell)
    return f"{formats.seconds(between.low)} to {formats.seconds(between.high)} ({formats.percent(between.level)})"
