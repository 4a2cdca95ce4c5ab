"""Held-out cells as people read them."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from paceline.history import Run
from paceline.predict.fitting import LEAST, LEVEL
from paceline.predict.scores import Counts, Score, scores, total
from paceline.predict.validating import NEAR, HeldOut
from paceline.tables import runs
from paceline.text import formats, layout

_HUGE = 1000.0  # a factor that says nothing any more


def validation(run: Run, found: Sequence[HeldOut]) -> list[RenderableType]:
    """Lay out every held-out cell, the groups they belong to, and how many were predicted well."""
    by_group = scores(found)
    return [runs.introduced(run), _cells(found), _groups(by_group), *map(Text, _sentences(total(by_group)))]


def factor(value: float) -> str:
    """Write how many times as long something may be: "1.2", or that nobody can tell."""
    return f"{value:.2f}" if value < _HUGE else "over 1,000"


def _cells(found: Sequence[HeldOut]) -> RenderableType:
    made = layout.table(("cell", "measured", "predicted", "off", "factor", "marks"), left=1)
    for one in found:
        if one.predicted is not None:
            layout.row(made, _row(one))
    return layout.titled("Each cell, predicted from the others", made)


def _row(one: HeldOut) -> tuple[str, ...]:
    assert one.predicted is not None
    marks = [mark for mark, holds in (("far", one.near), ("outside", one.inside)) if not holds]
    return (
        formats.plain(one.cell.name.removeprefix("test_")),
        formats.seconds(one.cell.seconds),
        formats.seconds(one.predicted),
        formats.change(one.predicted / one.cell.seconds),
        factor(one.factor),
        " ".join(marks),
    )


def _groups(found: Sequence[Score]) -> RenderableType:
    made = layout.table(("strategy", "client", "work", "cells", "within 20 %", "inside", "both", "factor"), left=3)
    for one in found:
        if one.cells:
            counts = (one.cells, one.near, one.inside, one.right)
            words = (formats.plain(one.strategy), formats.plain(one.client), one.kind, *map(str, counts))
            layout.row(made, (*words, factor(one.factor or 0.0)))
    return layout.titled("By strategy, client and kind of work", made)


def _sentences(found: Counts) -> list[str]:
    near, inside, right = (
        f"{count} ({formats.percent(count / found.cells)})" for count in (found.near, found.inside, found.right)
    )
    told = [
        (
            f"Of {found.cells} cells {near} lie within {formats.percent(NEAR)} of what was measured, {inside} inside "
            f"of their {formats.percent(LEVEL)} interval, and {right} are both."
        ),
        "far: over 20 % off; outside: of the interval from predicted / factor to predicted x factor.",
    ]
    if found.unpredicted:
        told.append(
            f"Cells that could not be predicted: {found.unpredicted}; without each of them fewer than {LEAST} of its "
            "kind are left."
        )
    return told
