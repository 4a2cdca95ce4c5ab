"""The groups that one fit is for: a strategy with one client or kernel, what it costs, and which is meant."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from paceline.history import Cell, Run
from paceline.predict.measured import COMPUTING, EXPERIMENTS, RELEASING, Measured
from paceline.predict.model import LEAST, Fit, Parts, fit
from paceline.strategies import by_name
from paceline.tables.rows import merged

Group = tuple[str, str]
"""A strategy, and the client or the word for what only computes: cells that share all parts of the model."""

Groups = Mapping[Group, Sequence[Measured]]


def by_group(cells: Iterable[Measured]) -> dict[Group, list[Measured]]:
    """Sort cells into groups."""
    found: dict[Group, list[Measured]] = {}
    for cell in cells:
        found.setdefault(cell.group, []).append(cell)
    return found


@dataclass(frozen=True)
class Setting:
    """What a run was measured on: the CPUs it could use, and whether its Python has a GIL, and had it on."""

    cpus: float
    gil: bool

    @classmethod
    def of(cls, run: Run) -> "Setting":
        """Read it off a run."""
        return cls(run.usable_cpus or 1.0, not run.machine_info.get("free_threaded") or run.facts.get("gil") == "on")


def fitted(group: Group, known: Groups, setting: Setting) -> Fit | None:
    """Fit a group of those that a run has, without the cells that are left out; None if it has too few."""
    cells = known.get(group, ())
    return fit(cells, _given(group, setting)) if len(cells) >= LEAST else None


def _given(group: Group, setting: Setting) -> Parts:
    """Return the parts before a fit: workers of one interpreter share its CPU time, and others do not contend."""
    strategy, through = group
    known = by_name().get(strategy)
    computes_in = known.computes_in if known else "processes"
    alone = computes_in == "thread" or (setting.gil and computes_in == "interpreter" and through != RELEASING)
    return Parts(one_at_a_time=alone, cpus=setting.cpus, contention=float(alone))


@dataclass(frozen=True)
class Line:
    """Something that grows with the number of workers: what it is without any, and for each more."""

    base: float
    each: float

    def at(self, workers: int) -> float:
        """Return what it is for a number of workers."""
        return self.base + self.each * workers


@dataclass(frozen=True)
class Costs:
    """What a strategy's workers cost before and beside their items; None where the run can't tell.

    Attributes:
        start: seconds until all workers are ready.
        memory: bytes of all processes together.
        server_seconds: CPU time that the server needs for an item, seconds; 0 if nothing was downloaded.
    """

    start: Line | None
    memory: Line | None
    server_seconds: float


def costs(run: Run, strategy: str, through: str) -> Costs:
    """Read the costs of a group off a run."""
    own = [cell for cell in merged(run.cells) if cell.strategy == strategy]
    rounds = [cell for cell in own if cell.experiment in EXPERIMENTS]
    alike = [cell for cell in rounds if cell.client in (None, through)]
    return Costs(
        start=_line((cell.workers, cell.start_seconds) for cell in alike),
        memory=_line((cell.workers, cell.memory) for cell in own if cell.experiment == "memory"),
        server_seconds=min((_server(cell) for cell in rounds if cell.client == through and _server(cell)), default=0.0),
    )


def _line(points: Iterable[tuple[int, float | None]]) -> Line | None:
    """Fit a line whose base and slope are not below 0 through the median at each number of workers.

    Source: C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, 1974: non-negative least squares, here of
        the relative distances, so that one worker counts as much as a thousand.
    """
    seen: dict[int, list[float]] = {}
    for workers, value in points:
        if value is not None and value > 0:
            seen.setdefault(workers, []).append(value)
    if not seen:
        return None
    middles = np.array([statistics.median(values) for values in seen.values()])
    matrix = np.column_stack([np.ones(len(seen)), np.array(list(seen))]) / middles[:, None]
    base, each = optimize.nnls(matrix, np.ones(len(seen)))[0]
    return Line(float(base), float(each))


def _server(cell: Cell) -> float:
    """Return the server's CPU time of an item, seconds, from its ledger; 0 if it has none."""
    ledger = cell.ledger or {}
    spent, answers = ledger.get("cpu_seconds"), ledger.get("responses")
    known = isinstance(spent, int | float) and isinstance(answers, int) and answers > 0
    return float(spent) / answers if known and spent is not None and answers else 0.0


def choose_group(strategy: str, client: str | None, known: Groups, *, computes: bool) -> Group:
    """Choose the cells that a question is about: of the client named, or the one with most; or what computes."""
    if computes and not client:
        return strategy, COMPUTING
    own = [one for one in known if one[0] == strategy and one[1] not in (COMPUTING, RELEASING)]
    richest = max(own, key=lambda one: len(known[one]), default=(strategy, "raw"))
    return (strategy, client) if client else richest


def lacking(run: Run, group: Group, known: Groups) -> str | None:
    """Return why the run can't tell, and what to measure."""
    strategy, through = group
    if len(known.get(group, ())) >= LEAST:
        return None
    there = sorted({f"{one} ({other})" for one, other in known if len(known[one, other]) >= LEAST})
    waits = through not in (COMPUTING, RELEASING)
    where = f"benchmarks/test_latency.py --client {through}" if waits else "benchmarks/test_break_even.py"
    return (
        f"{run.path}: it has {len(known.get(group, ()))} cells of {strategy!r} ({through}), and {LEAST} are needed; "
        f"measure them: pytest --benchmark-only --all {where}, whose mark has to name the strategy; "
        f"it can tell of {', '.join(there) or 'nothing'}"
    )
