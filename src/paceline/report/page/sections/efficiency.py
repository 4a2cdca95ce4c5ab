"""How close each strategy comes to the limit, what it costs, and from where on it pays."""

from collections.abc import Callable, Sequence

from paceline.report.page.columns import Column
from paceline.report.page.model import Section
from paceline.report.page.sections import break_even, efficiency_maps, overheads
from paceline.report.page.sections.naming import lacking

_LEAD = (
    "Efficiency is the limit over the median: 100 % is the least time in which the work could be done. Where the limit "
    'is 0 there is no efficiency, which is written "-": all of the time is the strategy\'s own, and the overhead per '
    "item tells it. Above 100 % the limit is wrong: such a field has a frame and a !. An empty field was not measured."
)
_NEEDS = "pytest --benchmark-only benchmarks/test_{}.py"


def section(columns: Sequence[Column]) -> Section:
    """Make the part on efficiency."""
    maps = efficiency_maps.rows(columns)
    even = break_even.rows(columns)
    return Section(
        key="efficiency",
        title="Efficiency and overhead",
        lead=" ".join([*([_LEAD] if maps else []), *([break_even.LEAD] if even else [])]),
        rows=(*maps, *overheads.rows(columns), *even),
        missing=(
            *lacking(columns, _has("latency"), "Efficiency and overhead by latency", _NEEDS.format("latency")),
            *lacking(columns, _has("workers"), "Efficiency by workers", _NEEDS.format("workers")),
            *lacking(columns, break_even.gains, "The break-even map", _NEEDS.format("break_even")),
        ),
    )


def _has(experiment: str) -> Callable[[Column], object]:
    return lambda column: column.of(experiment)
