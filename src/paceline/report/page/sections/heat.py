"""A heat map with its number in each field."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from paceline.history import Cell
from paceline.report.page import look
from paceline.report.page.drawing import Row, named, row, tooltip

STEP = 30  # pixels of a row
MOST_HEIGHT = 900  # pixels
_LEAST_STEP = 12  # pixels of a row in which a number can be read
_MOST_ACROSS = 12  # fields beside each other in which a number can be read, on a narrow page too
_DARK, _LIGHT = "#000000", "#ffffff"
_FRAME = "#d55e00"


@dataclass(frozen=True)
class Field:
    """One field of a heat map.

    Args:
        x: the label of its place from left to right.
        y: the label of its row.
        value: what its colour says; None for a field that has only its words.
        words: what stands in it.
        bright: whether its colour is so light that its words have to be dark.
        marked: whether it has a frame, since something is wrong with it.
    """

    cell: Cell
    x: str
    y: str
    value: float | None
    words: str
    bright: bool = True
    marked: bool = False


def drawn(
    xs: Sequence[str], ys: Sequence[str], colour: alt.Color, *, figure: str, titles: tuple[str, str | None]
) -> alt.TopLevelMixin:
    """Draw the fields of `data`.

    Args:
        xs: the labels from left to right.
        ys: the labels from above.
        colour: that of `value:Q`.
        figure: what the words are, as `data` got it.
        titles: of the two axes.
    """
    height = min(STEP * len(ys), MOST_HEIGHT)
    across = (
        alt.X("x:O")
        .scale(domain=list(xs))
        .title(titles[0])
        .axis(labelAngle=0, orient="top", ticks=False, labelOverlap="greedy")
    )
    down = alt.Y("y:O").scale(domain=list(ys)).title(titles[1]).axis(ticks=False, labelOverlap="greedy")
    at = {"x": across, "y": down, "tooltip": tooltip(figure)}
    known, unknown, marked = (alt.Chart(named(name)) for name in ("cells", "unknown", "marked"))
    layers = [
        known.mark_rect(cornerRadius=2).encode(**at, color=colour),
        unknown.mark_rect(fill="transparent", stroke=look.PACE, strokeDash=[2, 3], cornerRadius=2).encode(**at),
        marked.mark_rect(fill="transparent", stroke=_FRAME, strokeWidth=3, cornerRadius=2).encode(**at),
    ]
    if height >= _LEAST_STEP * len(ys) and len(xs) <= _MOST_ACROSS:
        ink = alt.Color("ink:N").scale(None).legend(None)
        layers += [
            known.mark_text(fontSize=12).encode(**at, color=ink, text=f"{figure}:N"),
            unknown.mark_text(fontSize=12).encode(**at, text=f"{figure}:N"),
        ]
    drawn: alt.LayerChart = alt.layer(*layers).resolve_scale(color="independent").properties(height=height)
    return drawn


def data(fields: Sequence[Field], figure: str) -> dict[str, list[Row]]:
    """Return the rows of a heat map.

    Args:
        figure: what the words of the fields are, in one word: hovering shows it.
    """
    known = [field for field in fields if field.value is not None]
    return {
        "cells": [_row(field, figure) for field in known],
        "unknown": [_row(field, figure) for field in fields if field.value is None],
        "marked": [_row(field, figure) for field in known if field.marked],
    }


def _row(field: Field, figure: str) -> Row:
    ink = {} if field.value is None else {"value": field.value, "ink": _DARK if field.bright else _LIGHT}
    return row(field.cell, x=field.x, y=field.y, **{figure: field.words}, **ink)
