"""What a report is made of, before it is HTML, Markdown or a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Table:
    """Figures as text, which is what those get who can't see a chart.

    Args:
        columns: the headers.
        rows: shape (n, columns), each as it is to be read.
        left: how many columns, from the first, hold words; figures after them stand on the right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1


@dataclass(frozen=True)
class Chart:
    """A picture in Vega-Lite.

    Args:
        spec: the specification; its data stands under names.
        data: name -> rows, each a mapping from field to a number or a text.
    """

    spec: Mapping[str, Any]
    data: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart with all that has to stand beside it.

    Args:
        key: names it, in small letters and hyphens; the same picture of another column has the same key.
        title: what it shows.
        says: what is to be seen on it, with numbers, in a sentence: its text alternative.
        column: the label of the column it is about; "" for one about all of them.
        setting: what all its cells have in common: "client=raw, items=64".
        chart: None where words and table say it all.
        table: the figures that it is drawn from.
        doubts: sentences on what may be wrong with them.
        source: the run that they come from, where it is not the column's own.
        details: what is there for whoever asks, each a heading and its sentences.
    """

    key: str
    title: str
    says: str
    column: str = ""
    setting: str = ""
    chart: Chart | None = None
    table: Table | None = None
    doubts: tuple[str, ...] = ()
    source: str = ""
    details: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report.

    Args:
        key: names it, in small letters and hyphens.
        title: its heading.
        lead: sentences on how to read it.
        rows: figures that stand side by side, row by row.
        missing: what could stand here, and what to run for it.
    """

    key: str
    title: str
    lead: str = ""
    rows: tuple[tuple[Figure, ...], ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report.

    Args:
        title: of the page.
        made: which runs it was made of, in one line each.
        sections: in the order in which they are read.
        loud: what a reader has to know before anything else.
    """

    title: str
    made: tuple[str, ...]
    sections: tuple[Section, ...]
    loud: tuple[str, ...] = field(default=())

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the order in which they are read."""
        return tuple(figure for section in self.sections for row in section.rows for figure in row)

    @property
    def several(self) -> bool:
        """Whether figures of several columns stand side by side, so that they have to say whose they are."""
        return len({figure.column for figure in self.figures if figure.column}) > 1

    @property
    def charts(self) -> tuple[Figure, ...]:
        """Those that have a chart."""
        return tuple(figure for figure in self.figures if figure.chart)
