"""The same work on several builds of Python: what each strategy gains on each of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from paceline import machine
from paceline.history import Cell
from paceline.report import charts
from paceline.report.charts import chart, hovering, named
from paceline.report.model import Chart, Column, Panel, Rows, Section, Table, called, doubts_of, slug
from paceline.report.sections.answer import memory_per_worker
from paceline.tables.builds import Build, build_of, in_words
from paceline.tables.choice import BEYOND, CONTROL, contenders, kinds, names
from paceline.tables.rows import BASELINE, ordered, shared, speedup, wording
from paceline.tables.verdicts import some
from paceline.text.formats import NOTHING, binary, plain, seconds, times

_WORDS = {"gil": "GIL on", "jit": "JIT on", "debug": "debug"}
"""What stands at the end of a fingerprint -> what it says."""


@dataclass(frozen=True)
class Measured:
    """A cell, and how many times as fast it is as the plain loop of its own run; None for that loop itself."""

    cell: Cell
    gain: float | None

    @property
    def words(self) -> str:
        """Its time, and what it gains."""
        time = seconds(self.cell.median)
        return time if self.gain is None else f"{time}, {times(self.gain)}"


@dataclass(frozen=True)
class BuildColumn:
    """All that runs of one machine and build of Python say of it, each cell by the newest run that has it.

    Args:
        label: "3.13t, GIL on".
        columns: its runs, the newest first.
        cells: full name -> what was measured.
    """

    label: str
    columns: tuple[Column, ...]
    cells: Mapping[str, Measured]

    @property
    def facts(self) -> Build:
        """How it was built, by the newest run."""
        return build_of(self.columns[0].run)

    def memory(self) -> dict[str, float]:
        """Return the bytes that one more worker of each strategy takes, by the newest run that knows it."""
        found: dict[str, float] = {}
        for column in self.columns:
            for name in dict.fromkeys(cell.strategy for cell in column.of("memory", "test_memory")):
                if (more := memory_per_worker(column, name)) is not None:
                    found.setdefault(name, more)
        return found


def by_build(columns: Sequence[Column]) -> list[list[BuildColumn]]:
    """Put the runs of each machine in order of its builds; machines with a single build have nothing to compare."""
    found: dict[str, dict[str, list[Column]]] = {}
    for column in columns:
        where, what = machine.machine_and_build(column.run.fingerprint)
        found.setdefault(where, {}).setdefault(what, []).append(column)
    return [[_build(*one) for one in sorted(own.items(), key=_rank)] for own in found.values() if len(own) > 1]


def _rank(named: tuple[str, object]) -> tuple[object, ...]:
    """Sort builds by implementation and version; of one version those without the GIL last."""
    name, version, *words = named[0].split("-")
    threaded = version.endswith("t")
    number = [int(part) for part in version.rstrip("t").split(".")]
    return name, number, threaded, threaded and "gil" not in words, words


def _label(build: str) -> str:
    name, version, *words = build.split("-")
    named = version if name == "cpython" else f"{name} {version}"
    return plain(", ".join([named, *(_WORDS.get(word, word) for word in words)]))


def _build(name: str, columns: Sequence[Column]) -> BuildColumn:
    newest_first = tuple(sorted(columns, key=lambda column: column.run.datetime, reverse=True))
    cells: dict[str, Measured] = {}
    for column in newest_first:
        for cell in column.cells:
            if cell.fullname not in cells:
                gain = None if cell.strategy == BASELINE else speedup(cell, column.cells)
                cells[cell.fullname] = Measured(cell, gain)
    return BuildColumn(_label(name), newest_first, cells)


def _panels(builds: Sequence[BuildColumn], order: Sequence[str], where: str) -> Rows:
    one_of_each = {name: one.cell for build in builds for name, one in build.cells.items()}
    found = kinds(ordered(one_of_each.values(), order))
    works = [_work(builds, kind, cells, where) for kind, cells in found]
    return tuple((panel,) for panel in (_how(builds, where), *works, *_memory(builds, order, where)))


def _how(builds: Sequence[BuildColumn], where: str) -> Panel:
    """Show how each build was made, and what of it shows in a plain loop."""
    rows = [
        (one.label, one.columns[0].run.python, in_words(one.facts), ", ".join(called(each.run) for each in one.columns))
        for one in builds
    ]
    return Panel(
        key="builds",
        title=f"How they were built{where}",
        says=_says(builds),
        table=Table(
            ("build", "Python", "built", "runs"), tuple((plain(a), plain(b), c, d) for a, b, c, d in rows), left=4
        ),
    )


def _says(builds: Sequence[BuildColumn]) -> str:
    made = {in_words({**one.facts, "gil": None, "jit": None}) for one in builds}
    apart = "They were not built alike, and part of what differs is the compiler's. " if len(made) > 1 else ""
    told = ", ".join(f"{seconds(loop.median)} ({label})" for label, loop in _loops(builds).items())
    loops = f"A plain loop that holds the GIL takes {told}: no strategy has a part in that. " if told else ""
    return f"{apart}{loops}What compares Pythons is what a strategy gains over the plain loop of its own build."


def _loops(builds: Sequence[BuildColumn]) -> dict[str, Cell]:
    """Return the plain loop of each build over the work that most of them did."""
    every = [(one.label, each.cell) for one in builds for each in one.cells.values() if _is_loop(each.cell)]
    counted = Counter(cell.fullname for _, cell in every).most_common(1)
    return {label: cell for label, cell in every if cell.fullname == counted[0][0]}


def _is_loop(cell: Cell) -> bool:
    return (cell.strategy, cell.experiment, cell.kernel) == (BASELINE, "computing", "squares")


Row = tuple[str, Sequence[Measured | None]]
"""A strategy's name, and what was measured of it on each build."""


def _work(builds: Sequence[BuildColumn], kind: str, cells: Sequence[Cell], where: str) -> Panel:
    """Show a kind of work: each strategy's time on each build, and what it gains."""
    rows = _rows(builds, cells)
    labels = [build.label for build in builds]
    each = [(f"{label}: {name}", one) for name, own in rows for label, one in zip(labels, own, strict=True) if one]
    doubts = [*doubts_of((name, one.cell) for name, one in each), *_beyond(each)]
    words = tuple((name, *(one.words if one else NOTHING for one in own)) for name, own in rows)
    drawn = _rows(builds, contenders(cells))
    return Panel(
        key=slug("builds", kind),
        title=f"{kind}, by build{where}",
        says=_most(labels, drawn),
        setting=wording(shared([cell for cell in cells if cell.strategy != BASELINE] or cells)),
        chart=_chart(labels, drawn),
        table=Table(("strategy", *labels), words),
        doubts=tuple(doubts),
    )


def _rows(builds: Sequence[BuildColumn], cells: Sequence[Cell]) -> list[Row]:
    found = zip(names(cells), cells, strict=True)
    return [(_named(name, cell), [build.cells.get(cell.fullname) for build in builds]) for name, cell in found]


def _named(name: str, cell: Cell) -> str:
    return f"{name} (client={CONTROL})" if cell.client == CONTROL and CONTROL not in name else name


def _beyond(each: Sequence[tuple[str, Measured]]) -> list[str]:
    """Name what gains more than its workers can bring."""
    named = [
        f"{name} ({times(one.gain)} with {one.cell.workers})"
        for name, one in each
        if (one.gain or 0) > one.cell.workers
    ]
    return [f"speedup: {BEYOND}: {some(named, 3)}"] if named else []


def _most(labels: Sequence[str], rows: Sequence[Row]) -> str:
    """Return what is gained at most on each build."""
    told = []
    for place, label in enumerate(labels):
        known = [(one.gain, name) for name, own in rows if (one := own[place]) and one.gain is not None]
        if known:
            gain, name = max(known)
            told.append(f"{times(gain)} on {label} ({name})")
    return f"The most that is gained over a plain loop: {', '.join(told)}." if told else "No plain loop was measured."


_STEP = 14  # pixels of a build in a strategy's row
_TALLEST = 900  # pixels


def _chart(labels: Sequence[str], rows: Sequence[Row]) -> Chart | None:
    """Draw what each strategy gains, a mark for each build; None where nothing is known to gain."""
    data: list[charts.Row] = [
        {"strategy": name, "build": label, "gain": one.gain, "shown": one.words}
        for name, own in rows
        for label, one in zip(labels, own, strict=True)
        if one and one.gain is not None
    ]
    if not data:
        return None
    legend = alt.Legend(title="build", orient="bottom", columns=3, symbolLimit=0, symbolOpacity=1)
    hue = alt.Color("build:N").scale(domain=labels).legend(legend)
    mark = alt.Shape("build:N").scale(domain=labels, range=charts.shapes()[: len(labels)]).legend(legend)
    strategies = list(dict.fromkeys(one["strategy"] for one in data))
    base = alt.Chart(named("cells")).encode(
        alt.X("gain:Q")
        .scale(domain=[0, max(one["gain"] for one in data) * 1.05], nice=False)
        .title("speedup over the plain loop of the same build"),
        alt.Y("strategy:N").scale(domain=strategies).sort(None).title(None).axis(grid=True, labelLimit=200),
        yOffset=alt.YOffset("build:N").scale(domain=labels),
    )
    points = base.mark_point(size=70, filled=True, opacity=1)
    shown = hovering({"strategy": "strategy", "build": "build", "shown": "median, speedup"})
    height = min(_STEP * len(labels) * len(strategies), _TALLEST)
    return chart(points.encode(hue, mark, tooltip=shown).properties(height=height), {"cells": data})


def _memory(builds: Sequence[BuildColumn], order: Sequence[str], where: str) -> list[Panel]:
    """Show what one more worker takes on each build; nothing where at most one build knows."""
    known = [build.memory() for build in builds]
    if sum(map(bool, known)) < 2:  # noqa: PLR2004 - to compare
        return []
    strategies = [name for name in order if any(name in own for own in known)]
    rows = [(plain(name), *(binary(own.get(name)) for own in known)) for name in strategies]
    most = max(strategies, key=lambda name: max(own.get(name, 0) for own in known))
    panel = Panel(
        key="builds-memory",
        title=f"Memory of one more worker, by build{where}",
        says=f"The most is taken by {plain(most)}.",
        table=Table(("strategy", *(build.label for build in builds)), tuple(rows)),
    )
    return [panel]


_LEAD = (
    "The same work on several builds of Python on one machine, each cell by the newest run that has it. Beside a time "
    "stands how many times as fast it is as the plain loop of the same run."
)


def section(columns: Sequence[Column]) -> Section:
    """Make the part on builds; it is empty where no machine has runs of several."""
    machines = by_build(columns)
    rows: Rows = ()
    for builds in machines:
        where = machine.machine_and_build(builds[0].columns[0].run.fingerprint)[0]
        rows += _panels(builds, columns[0].order, f" ({plain(where)})" if len(machines) > 1 else "")
    return Section(key="builds", title="Builds of Python, side by side", lead=_LEAD, rows=rows)
