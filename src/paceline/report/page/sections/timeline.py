"""Who ran which item when: one traced round of each strategy."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from paceline.history import Cell
from paceline.report.page import tracing
from paceline.report.page.columns import Column
from paceline.report.page.doubting import doubts
from paceline.report.page.model import Figure, Section
from paceline.report.page.sections.laying import Maker, side_by_side
from paceline.report.page.sections.naming import slug
from paceline.stats.saved_traces import TracedSpan, spans
from paceline.stats.traces import makespan
from paceline.tables.rows import shared, varying, wording
from paceline.text import formats


@dataclass(frozen=True)
class Work:
    """What was traced.

    Attributes:
        key: names it in small letters.
        title: what it is called.
        functions: the test functions that trace it.
    """

    key: str
    title: str
    functions: tuple[str, ...]


WORKS = (
    Work("downloads", "Downloads", ("test_downloads", "test_downloads_in_chunks")),
    Work("computing", "Computing", ("test_computing",)),
)

_EXPERIMENT = "timeline"
_HANDING = "handing"  # what the experiment calls the way items are handed out
_MOST = 500  # items of a picture; there are dozens on the page
_ROOM = 1.01  # behind the last end
_LEAD = (
    f"One round of each strategy, traced in a pass of its own. {tracing.READING} One worker alone makes a staircase, a "
    "line for each item. The axes of time of one work are alike, but for one worker alone, which may take much longer."
)
_MISSING = "No round was traced; trace one of each strategy: pytest --benchmark-only benchmarks/test_timeline.py"


def section(columns: Sequence[Column]) -> Section:
    """Make the part on single items."""
    rows = [row for work in WORKS for row in side_by_side(columns, _makers(columns, work))]
    return Section(
        key="timeline",
        title="Who ran which item when",
        lead=_LEAD if rows else "",
        rows=tuple(rows),
        missing=() if rows else (_MISSING,),
    )


def _makers(columns: Sequence[Column], work: Work) -> list[Maker]:
    """Return a maker for each picture, in the order of tables; a strategy may have several, as with and without
    chunks.
    """
    traced = [_traced(column, work) for column in columns]
    counted = Counter[str]()
    for own in traced:
        counted |= Counter(cell.strategy for cell in own)
    every = [cell for own in traced for cell in own]
    ends = {alone: max((_end(cell) for cell in every if _alone(cell) == alone), default=0.0) for alone in (False, True)}
    order = dict.fromkeys(name for column in columns for name in (*column.order, *counted))
    return [partial(_figure, work, ends, name, place) for name in order for place in range(counted[name])]


def _figure(work: Work, ends: Mapping[bool, float], strategy: str, place: int, column: Column) -> Figure | None:
    """Draw one round.

    Args:
        work: what was done in it.
        ends: where the axis of time ends, for rounds of one worker alone and for others, seconds.
        strategy: whose round it is.
        place: which of the strategy's rounds, from 0.
        column: the one to draw.
    """
    own = [cell for cell in _traced(column, work) if cell.strategy == strategy]
    if len(own) <= place:
        return None
    cell = own[place]
    read, wrong = _read(cell)
    drawn = tracing.figure(
        read,
        key=slug("timeline", work.key, _name(cell, own)),
        title=f"{work.title}: {_name(cell, own)}",
        workers=cell.workers,
        end=ends[_alone(cell)],
        most=_MOST,
        column=column.label,
        setting=wording(shared([cell])),
        source=column.source([cell]),
        doubts=(*wrong, *doubts([cell])),
    )
    return replace(drawn, says="Its trace can't be drawn.") if wrong else drawn


def _read(cell: Cell) -> tuple[tuple[TracedSpan, ...], list[str]]:
    """Read a cell's trace; where that fails, say why."""
    try:
        return spans(cell.extra.get("trace")), []
    except ValueError as error:
        return (), [f"the trace can't be read: {formats.plain(error)}"]


def _name(cell: Cell, own: Sequence[Cell]) -> str:
    """Name a cell by its strategy; one of several by how items were handed out too."""
    name, handing = formats.plain(cell.strategy), cell.extra.get(_HANDING)
    if len(own) == 1:
        return name
    return f"{name}, {formats.plain(handing) if isinstance(handing, str) else varying(own)[own.index(cell)]}"


def _traced(column: Column, work: Work) -> list[Cell]:
    return [cell for function in work.functions for cell in column.of(_EXPERIMENT, function)]


def _alone(cell: Cell) -> bool:
    """Whether a single worker did all, which may take so long that it has an axis of its own."""
    return cell.workers == 1


def _end(cell: Cell) -> float:
    read, _ = _read(cell)
    return makespan(read) * _ROOM if read else 0.0
