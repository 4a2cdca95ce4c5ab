"""What workers and messages cost: the time to start, memory, and the way to another process and back."""

from collections.abc import Sequence
from functools import partial

from paceline.report.page.columns import Column
from paceline.report.page.model import Section
from paceline.report.page.sections import cost_memory, cost_messages, cost_start
from paceline.report.page.sections.laying import side_by_side
from paceline.report.page.sections.naming import lacking

_LEADS = {
    "start": "The time to start: filled marks are the first, cold, start, hollow ones the second, warm one; faint dots "
    "are the processes that measured it.",
    "start-downloads": "The time to start, as the downloads had it: not a measurement of its own.",
    "memory": "Memory is that of all processes together; its slope is what one more worker takes.",
    "messages": "A message goes to another worker and back. Both axes are logarithmic, but for the place of 0 bytes.",
}
_NEEDS = "pytest --benchmark-only benchmarks/test_{}.py"


def section(columns: Sequence[Column]) -> Section:
    """Make the part on costs."""
    makers = [cost_start.figure, cost_start.of_downloads, cost_memory.figure, cost_messages.figure]
    rows = side_by_side(columns, [partial(maker, columns) for maker in makers])
    keys = {figure.key for row in rows for figure in row}
    return Section(
        key="costs",
        title="What workers and messages cost",
        lead=" ".join(words for key, words in _LEADS.items() if key in keys),
        rows=rows,
        missing=(
            *lacking(columns, cost_start.cells, "The start of workers, cold and warm,", _NEEDS.format("starting")),
            *lacking(columns, cost_memory.cells, "Memory per worker", _NEEDS.format("memory")),
            *lacking(columns, cost_messages.cells, "The cost of messages", _NEEDS.format("talking")),
        ),
    )
