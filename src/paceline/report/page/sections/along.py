"""Along a history: what pictures of it have in common."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import altair as alt

from paceline.report.page.given import Drift, Point

LINE = "#2a8ad0"
"""Of what was measured; it reads by day and by night."""

_Placed = TypeVar("_Placed", Point, Drift)


def across(field: str) -> alt.X:
    """Place a field of rows by runs."""
    axis = alt.Axis(format="d", tickMinStep=1, grid=False)
    return alt.X(f"{field}:Q").scale(zero=False, nice=False, padding=12).title("run of this history").axis(axis)


def places(points: Sequence[_Placed]) -> dict[_Placed, int]:
    """Place each on the axis: by the numbers of the runs, or where these don't ascend by how many came before."""
    numbers = [point.run for point in points]
    known = [number for number in numbers if number is not None]
    ascending = len(known) == len(numbers) and all(one < other for one, other in pairwise(known))
    return dict(zip(points, known if ascending else range(1, len(points) + 1), strict=True))


def called(one: Point | Drift) -> str:
    """Name a run."""
    return f"run {one.run}" if one.run is not None else f"the run of {one.when:%Y-%m-%d %H:%M} UTC"


def hover(*names: str) -> list[alt.Tooltip]:
    """Return what hovering over a run shows."""
    titles = {"name": "run", "when": "saved", "shown": "median"}
    return [alt.Tooltip(f"{name}:N", title=titles.get(name, name)) for name in names]
