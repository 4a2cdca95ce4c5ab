"""From one run to another: the same cells side by side, and a loud word where they can't be compared."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from paceline.history import Cell, Run
from paceline.report import figures, layout, marks
from paceline.report.experiments import grouped, heading
from paceline.report.merging import merged
from paceline.report.parameters import varying

_COLUMNS = ("strategy", "parameters", "baseline", "spread", "candidate", "spread", "change", "marks")
_FOOTNOTE = (
    "change: candidate median / baseline median - 1. It is a difference, not a test: one that is not well above both "
    "spreads (interquartile range / median) may be noise."
)


def change_tables(baseline: Run, candidate: Run, strategies: Sequence[str] = ()) -> list[RenderableType]:
    """Lay out how each cell changed from one run to another, joined by full name.

    Args:
        baseline: where the comparison starts.
        candidate: where it goes.
        strategies: the order of rows; what it does not name comes after, in the order measured.

    Returns:
        First what makes the two incomparable, then a table for each experiment, then the cells only one of them has.
    """
    before = {cell.fullname: cell for cell in merged(baseline.cells)}
    after = {cell.fullname: cell for cell in merged(candidate.cells)}
    both = [cell for name, cell in after.items() if name in before]
    tables = [_table(title, cells, before) for title, cells in grouped(both, strategies).items()]
    notes = [Text(_FOOTNOTE, style="dim")] if both else [Text("The two runs have no cell in common.", style="bold")]
    joined = [*both, *(before[cell.fullname] for cell in both)]
    return [
        *(Text(figures.plain(doubt), style="bold red") for doubt in doubts(baseline, candidate)),
        *tables,
        *notes,
        *marks.legend(joined, short=False),
        *_alone("baseline", [cell for name, cell in before.items() if name not in after]),
        *_alone("candidate", [cell for name, cell in after.items() if name not in before]),
    ]


def doubts(baseline: Run, candidate: Run) -> list[str]:
    """Return what keeps two runs from being compared, one sentence each."""
    said = []
    if baseline.fingerprint != candidate.fingerprint:
        machines = f"baseline {baseline.fingerprint}, candidate {candidate.fingerprint}"
        said.append(f"DIFFERENT MACHINES OR PYTHONS: {machines}. The changes below say nothing about the code.")
    elif baseline.python != candidate.python:
        said.append(f"DIFFERENT PYTHONS: baseline {baseline.python}, candidate {candidate.python}.")
    said += [f"NOT THE SAME VERSION OF {name}" for name in _moved(baseline, candidate)]
    for word, run in (("BASELINE", baseline), ("CANDIDATE", candidate)):
        if not run.complete:
            said.append(f"THE {word} IS INCOMPLETE: {run.why_incomplete or 'nobody said why'}.")
        if run.tracer:
            said.append(f"THE {word} WAS MEASURED BESIDE A TRACER: {run.tracer}. It says nothing about the code.")
    return said


def _moved(baseline: Run, candidate: Run) -> list[str]:
    one, other = baseline.libraries, candidate.libraries
    moved = [name for name in one if name in other and one[name] != other[name]]
    return [f"{name}: {one[name] or 'missing'} and {other[name] or 'missing'}." for name in moved]


def _table(title: str, cells: list[Cell], before: dict[str, Cell]) -> RenderableType:
    made = layout.table(_COLUMNS, left=2)
    for cell, parameters in zip(cells, varying(cells), strict=True):
        layout.row(made, (figures.plain(cell.strategy), parameters, *_figures(before[cell.fullname], cell)))
    return layout.titled(heading(title, cells), made)


def _figures(old: Cell, new: Cell) -> tuple[str, ...]:
    return (
        figures.seconds(old.median),
        figures.percent(old.spread),
        figures.seconds(new.median),
        figures.percent(new.spread),
        figures.change(new.median / old.median),
        marks.in_full(dict.fromkeys([*old.marks, *new.marks])),
    )


def _alone(word: str, cells: Iterable[Cell]) -> list[Text]:
    names = [figures.plain(cell.fullname) for cell in cells]
    return [Text("\n".join([f"Only in the {word}:", *(f"  {name}" for name in names)]))] if names else []
