"""Runs as tables: the headline, each experiment, the change from one run to another, and what is saved."""

from collections.abc import Iterable, Sequence
from itertools import chain, groupby, zip_longest

from rich.console import RenderableType
from rich.text import Text

from paceline.history import Cell, Run, UnreadableRun
from paceline.tables import builds, rows
from paceline.tables.rows import BASELINE, merged, ordered, shared, speedup, test, varying, wording
from paceline.text import formats
from paceline.text.formats import plain

_FIGURES = ("median", "", "efficiency", "speedup")  # the empty header is the column of marks


IN_HEADLINE = ("downloads", "computing")  # the experiments that the headline shows


def headline(cells: Iterable[Cell], strategies: Sequence[str] = ()) -> list[RenderableType]:
    """Lay out the headline of a run: strategy x (downloads, computing, start), with the marks that occur below.

    A strategy measured with several clients has one row for each. Strategies that are not named come last, in the order
    measured. Nothing if there are no such cells.
    """
    found = ordered(merged(cells), strategies)
    downloads = [cell for cell in found if cell.experiment == "downloads"]
    computing = [cell for cell in found if cell.experiment == "computing" and cell.kernel == "squares"]
    groups = {name: group for name, group in (("downloads", downloads), ("computing", computing)) if group}
    if not groups:
        return []
    scale = [Text(f"{name}: {_scale(group)}", style="dim") for name, group in groups.items()]
    return [_headline_table(groups, strategies), *scale, *rows.legend([*downloads, *computing], short=True)]


def _headline_table(groups: dict[str, list[Cell]], strategies: Sequence[str]) -> RenderableType:
    labels = _labels(groups)
    heads = [f"{name if not place else ''}\n{head}" for name in groups for place, head in enumerate(_FIGURES)]
    made = formats.table(["", *heads, "\nstart"], left=1)
    cells = ordered(chain(*groups.values()), strategies)
    for strategy in dict.fromkeys(cell.strategy for cell in cells):
        of_it = [[cell for cell in group if cell.strategy == strategy] for group in groups.values()]
        for row in zip_longest(*of_it):
            present = [cell for cell in row if cell]
            words = [
                word
                for cell, group in zip(row, groups.values(), strict=True)
                for word in _headline_figures(cell, group)
            ]
            formats.row(made, [labels[present[0].fullname], *words, formats.seconds(present[0].start_seconds)])
    return formats.titled("Strategies beside each other, and beside the limit", made)


def _labels(groups: dict[str, list[Cell]]) -> dict[str, str]:
    """Name each row: the strategy and its client, and what else is needed where two rows would have the same name."""
    labels = {}
    for group in groups.values():
        names = [", ".join(map(plain, filter(None, [cell.strategy, cell.client]))) for cell in group]
        for cell, name, rest in zip(group, names, varying(group), strict=True):
            labels[cell.fullname] = name if names.count(name) == 1 else f"{name} ({rest})"
    return labels


def _headline_figures(cell: Cell | None, group: list[Cell]) -> tuple[str, ...]:
    if cell is None:
        return ("",) * len(_FIGURES)
    gain = formats.times(speedup(cell, group))
    return (formats.seconds(cell.median), rows.letters(cell), formats.percent(cell.efficiency), gain)


def _scale(group: list[Cell]) -> str:
    """Return at what scale a group was measured; `sequential` has one worker by nature and is not asked."""
    return wording(shared([cell for cell in group if cell.strategy != BASELINE] or group))


_EXPERIMENT_COLUMNS = ("median", "spread", "limit", "efficiency", "overhead/item", "speedup")


def experiment_tables(run: Run, strategies: Sequence[str] = ()) -> list[RenderableType]:
    """Lay out every experiment of a run, with the rows in the order of these strategies."""
    return _tables(merged(run.cells), strategies)


def other_experiments(cells: Sequence[Cell], strategies: Sequence[str] = ()) -> list[RenderableType]:
    """Lay out the experiments that have no place in the headline; nothing if there are none."""
    others = [cell for cell in merged(cells) if cell.experiment not in IN_HEADLINE]
    return _tables(others, strategies) if others else []


def _tables(cells: Sequence[Cell], strategies: Sequence[str]) -> list[RenderableType]:
    tables = [_experiment_table(title, group) for title, group in grouped(cells, strategies).items()]
    return [*tables, Text("spread: interquartile range / median", style="dim"), *rows.legend(cells, short=False)]


def grouped(cells: Sequence[Cell], strategies: Sequence[str]) -> dict[str, list[Cell]]:
    """Return the cells of each experiment, or each of its test functions, in the order of rows, by their titles."""
    keys = sorted({(cell.experiment, test(cell)) for cell in cells})
    several = {name for name, _ in keys if sum(other == name for other, _ in keys) > 1}
    groups = {}
    for name, function in keys:
        group = [cell for cell in cells if (cell.experiment, test(cell)) == (name, function)]
        title = f"{formats.plain(name)}, {function}" if name in several else formats.plain(name)
        groups[title] = ordered(group, strategies)
    return groups


def added_figures(cells: Sequence[Cell]) -> list[str]:
    """Name the numbers that an experiment adds to its cells, in the order first met; each has a column."""
    names = dict.fromkeys(name for cell in cells for name in cell.extra)
    return [name for name in names if any(cell.figure(name) is not None for cell in cells)]


def figures_of(cell: Cell, added: Sequence[str]) -> dict[str, str]:
    """Return what stands in a cell's row under each header; `added` are the numbers that its experiment adds."""
    return {
        **{name: formats.named(name, cell.extra.get(name)) for name in added},
        "median": formats.seconds(cell.median),
        "spread": formats.percent(cell.spread),
        "limit": formats.seconds(cell.limit),
        "efficiency": formats.percent(cell.efficiency),
        "overhead/item": formats.seconds(cell.overhead),
        "marks": rows.in_full(cell.marks),
    }


def heading(title: str, cells: Sequence[Cell]) -> str:
    """Put beside a title what all its cells share."""
    common = wording(shared(cells))
    return f"{title} ({common})" if common else title


def _experiment_table(title: str, cells: list[Cell]) -> RenderableType:
    added = added_figures(cells)
    columns = dict.fromkeys((*_EXPERIMENT_COLUMNS, *added, "marks"))
    rows = [{**figures_of(cell, added), "speedup": formats.times(speedup(cell, cells))} for cell in cells]
    filled = [name for name in columns if any(row[name] not in ("", formats.NOTHING) for row in rows)]
    header = [formats.plain(name).replace("_", " ") for name in filled]
    made = formats.table(["strategy", "parameters", *header], left=2)
    for cell, parameters, row in zip(cells, varying(cells), rows, strict=True):
        formats.row(made, (formats.plain(cell.strategy), parameters, *(row[name] for name in filled)))
    return formats.titled(heading(title, cells), made)


_CHANGE_COLUMNS = ("strategy", "parameters", "baseline", "spread", "candidate", "spread", "change", "marks")
_FOOTNOTE = (
    "change: candidate median / baseline median - 1. It is a difference, not a test: one that is not well above both "
    "spreads (interquartile range / median) may be noise."
)


def change_tables(baseline: Run, candidate: Run, strategies: Sequence[str] = ()) -> list[RenderableType]:
    """Lay out how each cell changed from one run to another, joined by full name.

    First what makes the two incomparable, then a table for each experiment, then the cells only one of them has.
    """
    before = {cell.fullname: cell for cell in merged(baseline.cells)}
    after = {cell.fullname: cell for cell in merged(candidate.cells)}
    both = [cell for name, cell in after.items() if name in before]
    tables = [_change_table(title, cells, before) for title, cells in grouped(both, strategies).items()]
    notes = [Text(_FOOTNOTE, style="dim")] if both else [Text("The two runs have no cell in common.", style="bold")]
    joined = [*both, *(before[cell.fullname] for cell in both)]
    return [
        *(Text(formats.plain(doubt), style="bold red") for doubt in doubts(baseline, candidate)),
        *tables,
        *notes,
        *rows.legend(joined, short=False),
        *_alone("baseline", [cell for name, cell in before.items() if name not in after]),
        *_alone("candidate", [cell for name, cell in after.items() if name not in before]),
    ]


def why_incomplete(run: Run) -> str:
    """Return why a run is not whole, as far as it says."""
    return run.why_incomplete or "no reason given"


def doubts(baseline: Run, candidate: Run) -> list[str]:
    """Return what keeps two runs from being compared, one sentence each."""
    said = []
    if baseline.fingerprint != candidate.fingerprint:
        machines = f"baseline {baseline.fingerprint}, candidate {candidate.fingerprint}"
        said.append(f"DIFFERENT MACHINES OR PYTHONS: {machines}. The changes below say nothing about the code.")
    elif baseline.python != candidate.python:
        said.append(f"DIFFERENT PYTHONS: baseline {baseline.python}, candidate {candidate.python}.")
    before, after = map(builds.build_of, (baseline, candidate))
    if builds.differ(before, after):
        each = f"baseline {builds.in_words(before)}; candidate {builds.in_words(after)}"
        said.append(f"PYTHONS BUILT OR STARTED IN DIFFERENT WAYS: {each}.")
    for name, (old, new) in changed_libraries(baseline, candidate).items():
        said.append(f"NOT THE SAME VERSION OF {name}: {old or 'missing'} and {new or 'missing'}.")
    for word, run in (("BASELINE", baseline), ("CANDIDATE", candidate)):
        if not run.complete:
            said.append(f"THE {word} IS INCOMPLETE: {why_incomplete(run)}.")
        if run.tracer:
            said.append(f"THE {word} WAS MEASURED BESIDE A TRACER: {run.tracer}. It says nothing about the code.")
    return said


def changed_libraries(before: Run, after: Run) -> dict[str, tuple[str | None, str | None]]:
    """Return the libraries that both runs looked for and have in other versions: before and after, None for missing."""
    one, other = before.libraries, after.libraries
    return {name: (one[name], other[name]) for name in sorted(one.keys() & other) if one[name] != other[name]}


def _change_table(title: str, cells: list[Cell], before: dict[str, Cell]) -> RenderableType:
    made = formats.table(_CHANGE_COLUMNS, left=2)
    for cell, parameters in zip(cells, varying(cells), strict=True):
        formats.row(made, (formats.plain(cell.strategy), parameters, *_change_figures(before[cell.fullname], cell)))
    return formats.titled(heading(title, cells), made)


def _change_figures(old: Cell, new: Cell) -> tuple[str, ...]:
    return (
        formats.seconds(old.median),
        formats.percent(old.spread),
        formats.seconds(new.median),
        formats.percent(new.spread),
        formats.change(new.median / old.median),
        rows.in_full(dict.fromkeys([*old.marks, *new.marks])),
    )


def _alone(word: str, cells: Iterable[Cell]) -> list[Text]:
    names = [formats.plain(cell.fullname) for cell in cells]
    return [Text("\n".join([f"Only in the {word}:", *(f"  {name}" for name in names)]))] if names else []


_LISTING_COLUMNS = ("run", "date", "commit", "cells", "state", "file")


def listing(runs: Sequence[Run], partial: Sequence[Run], damaged: Sequence[UnreadableRun]) -> list[RenderableType]:
    """Lay out the saved runs, a table for each machine and Python, then those kept apart, then files that are no runs.

    Each history of `runs` must be in order and in one piece.
    """
    made = [
        _listing_table(plain(name), list(history)) for name, history in groupby(runs, key=lambda run: run.fingerprint)
    ]
    if partial:
        made.append(_listing_table("Kept apart, part of no history", partial))
    if damaged:
        names = "\n".join(f"  {plain(error)}" for error in damaged)
        made.append(Text(f"Can't be read ({len(damaged)}):\n{names}", style="bold red"))
    return made


def introduced(run: Run) -> Text:
    """Return in one line which run a reader is looking at."""
    state = "" if run.complete else f"\nINCOMPLETE: {plain(why_incomplete(run))}"
    facts = (run.fingerprint, run.python, f"{run.datetime:%Y-%m-%d %H:%M} UTC", f"commit {run.short_commit}")
    return Text(f"{plain(run.path or 'a run that is not saved')}: {', '.join(map(plain, facts))}{state}")


def _listing_table(title: str, runs: Sequence[Run]) -> RenderableType:
    made = formats.table(_LISTING_COLUMNS, left=len(_LISTING_COLUMNS))
    for run in runs:
        number = f"{run.number or 0:04}"
        state = "complete" if run.complete else f"incomplete: {plain(why_incomplete(run))}"
        when = f"{run.datetime:%Y-%m-%d %H:%M}"
        formats.row(made, (number, when, plain(run.short_commit), str(len(run.cells)), state, plain(run.path)))
    return formats.titled(title, made)
