"""Experiments of one name that several files have, told apart.

What is saved is the short name, whatever else a session collects; the file stands in each cell's full name.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from paceline.history.run import Cell, Run

Owners = Mapping[str, set[str]]


def told_apart(runs: Sequence[Run]) -> list[Run]:
    """Name the experiments of runs that are read together, those that share a name by their files too."""
    owned = owners((cell.experiment, cell.fullname) for run in runs for cell in run.cells)
    return [replace(run, cells=_named(run.cells, owned)) for run in runs]


def cells_apart(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Name the experiments of one run, as `told_apart` does."""
    found = tuple(cells)
    return _named(found, owners((cell.experiment, cell.fullname) for cell in found))


def owners(named: Iterable[tuple[str, str]]) -> Owners:
    """Return which files each experiment's name is from, given names and full names."""
    files = defaultdict(set)
    for experiment, fullname in named:
        file = fullname.partition("::")[0]
        files[_short(experiment, file)].add(file)
    return files


def called(experiment: str, fullname: str, owned: Owners) -> str:
    """Name an experiment: "x", or "x in a/test_x.py" where another file has an "x" too. The one that is measured by
    `benchmarks/test_x.py` keeps the short name, by which Paceline knows its own.
    """
    file = fullname.partition("::")[0]
    short = _short(experiment, file)
    alone = owned.get(short, {file}) == {file} or file == f"benchmarks/test_{short}.py"
    return short if alone else f"{short} in {file}"


def _named(cells: Sequence[Cell], owned: Owners) -> tuple[Cell, ...]:
    names = [called(cell.experiment, cell.fullname, owned) for cell in cells]
    return tuple(
        cell if cell.experiment == name else replace(cell, experiment=name)
        for cell, name in zip(cells, names, strict=True)
    )


def _short(experiment: str, file: str) -> str:
    return experiment.removesuffix(f" in {file}")
