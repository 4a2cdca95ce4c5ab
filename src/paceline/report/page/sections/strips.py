"""A strip for each strategy, in which every cell of an experiment has a lane."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import altair as alt

from paceline.history import Cell
from paceline.report.page import look
from paceline.report.page.drawing import Row, named, rounds, row, span, tooltip
from paceline.report.page.sections import axes
from paceline.text import formats

MOST_CELLS = 2000
MOST_STRIPS = 100
MOST_ROUNDS = 2000  # faint dots of a picture: with more, nobody tells one from the next, and the page grows
MOST_HEIGHT = 600  # pixels
_GOLDEN = (5**0.5 - 1) / 2  # its multiples are spread evenly, and in step with nothing
_LANE, _LEAST_STRIP, _MOST_STRIP = 9, 24, 108  # pixels


def drawn(cells: Sequence[Cell], columns: Sequence[Sequence[Cell]], order: Sequence[str]) -> alt.TopLevelMixin:
    """Draw the rows of `data`.

    Args:
        cells: those of one column.
        columns: those of each column; all share the axes.
        order: every strategy there is.
    """
    shown = [_chosen(own) for own in columns]
    every = [cell for own in shown for cell in own]
    ranks = {name: place for place, name in enumerate(order)}
    names = sorted({cell.strategy for cell in every}, key=lambda name: ranks.get(name, len(ranks)))
    strips = list(dict.fromkeys(map(formats.plain, names)))
    height = min(max(map(_strip, shown)) * len(strips), MOST_HEIGHT)
    down = (
        alt.Y("strategy:N").scale(domain=strips, paddingInner=0.15).title(None).axis(ticks=False, labelOverlap="greedy")
    )
    lane = alt.YOffset("lane:Q").scale(domain=[0, 1])
    hue = look.colour(order, _chosen(cells)).legend(None)
    domain = span([seconds for cell in every for seconds in cell.rounds])
    across = partial(axes.across, domain, "time of a round")
    dots = alt.Chart(named("rounds")).mark_circle(size=14, opacity=0.35)
    medians = alt.Chart(named("cells")).encode(down, lane, hue)
    return alt.layer(
        dots.encode(across("seconds"), down, lane, hue),
        medians.mark_rule(strokeWidth=2, opacity=0.8).encode(across("low"), alt.X2("high")),
        medians.mark_tick(orient="vertical", thickness=3, size=_LANE).encode(across("median"), tooltip=tooltip()),
    ).properties(height=height)


def data(cells: Sequence[Cell]) -> dict[str, list[Row]]:
    """Return the rows of the strips; of very many cells and rounds some."""
    shown = _chosen(cells)
    lanes = list(zip(shown, _lanes(shown), strict=True))
    return {
        "cells": [row(cell, lane=lane) for cell, lane in lanes],
        "rounds": _thinned([dot for cell, lane in lanes for dot in rounds(cell, lane=lane)]),
    }


def left_out(cells: Sequence[Cell]) -> str:
    """Return what of the cells and rounds is not drawn."""
    shown = _chosen(cells)
    count = sum(len(cell.rounds) for cell in shown)
    some = f" {len(shown)} of {len(cells)} cells are drawn." if len(shown) < len(cells) else ""
    return f"{some} Of {count} rounds one in {count / MOST_ROUNDS:.2g} is drawn." if count > MOST_ROUNDS else some


def _chosen(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that are drawn: those of the first strategies, and the first of these."""
    strategies = set(list(dict.fromkeys(cell.strategy for cell in cells))[:MOST_STRIPS])
    return [cell for cell in cells if cell.strategy in strategies][:MOST_CELLS]


def _thinned(dots: list[Row]) -> list[Row]:
    share = MOST_ROUNDS / max(len(dots), 1)
    return dots if share >= 1 else [dot for place, dot in enumerate(dots) if place * _GOLDEN % 1 < share]


def _strip(cells: Sequence[Cell]) -> int:
    """Return the height of a strip, pixels: more where a strategy has more cells."""
    most = max(Counter(cell.strategy for cell in cells).values(), default=1)
    return min(max(_LANE * most, _LEAST_STRIP), _MOST_STRIP)


def _lanes(cells: Sequence[Cell]) -> list[float]:
    """Return the place of each cell in its strip, between 0 and 1, in the order of tables."""
    counts, seen = Counter(cell.strategy for cell in cells), Counter[str]()
    lanes = []
    for cell in cells:
        seen[cell.strategy] += 1
        lanes.append(round((seen[cell.strategy] - 0.5) / counts[cell.strategy], 4))
    return lanes
