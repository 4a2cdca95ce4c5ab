"""The groups that one fit is for: a strategy with one client or kernel, what it costs, and which is meant."""

import statistics
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from paceline.history import Cell, Run
from paceline.predict.measured import COMPUTING, EXPERIMENTS, RELEASING, Measured, usable_cpus
from paceline.predict.model import LEAST, Fit, Parts, fit
from paceline.strategies import by_name
from paceline.tables.rows import merged

Family = tuple[str, str]


Families = Mapping[Family, Sequence[Measured]]


def families(cells: Iterable[Measured]) -> dict[Family, list[Measured]]:
    """Sort cells by strategy and client."""
    found: dict[Family, list[Measured]] = {}
    for cell in cells:
        found.setdefault(cell.family, []).append(cell)
    return found


@dataclass(frozen=True)
class Setting:
    """What a run was measured on.

    Args:
        cpus: how many it could use.
        gil: whether its Python has a GIL, and had it on.
    """

    cpus: float
    gil: bool

    @classmethod
    def of(cls, run: Run) -> "Setting":
        """Read it off a run."""
        return cls(usable_cpus(run), not run.machine_info.get("free_threaded") or run.facts.get("gil") == "on")


def fitted(family: Family, known: Families, setting: Setting) -> Fit | None:
    """Fit a family; None if it has too few cells.

    Args:
        family: strategy and client.
        known: all families of the run, without the cells that are left out.
        setting: what they were measured on.
    """
    cells = known.get(family, ())
    return fit(cells, _given(family, setting)) if len(cells) >= LEAST else None


def _given(family: Family, setting: Setting) -> Parts:
    """Return the parts that a family has before anything is fitted: workers of one interpreter share its CPU time, and
    others do not contend.
    """
    strategy, through = family
    known = by_name().get(strategy)
    computes_in = known.computes_in if known else "processes"
    alone = computes_in == "thread" or (setting.gil and computes_in == "interpreter" and through != RELEASING)
    return Parts(one_at_a_time=alone, cpus=setting.cpus, contention=float(alone))


@dataclass(frozen=True)
class Line:
    """Something that grows with the number of workers.

    Args:
        base: without any worker.
        each: for one more worker.
    """

    base: float
    each: float

    def at(self, workers: int) -> float:
        """Give it for a number of workers."""
        return self.base + self.each * workers


@dataclass(frozen=True)
class Costs:
    """What a strategy's workers cost before and beside their items.

    Args:
        start: seconds until all workers are ready; None if the run can't tell.
        memory: bytes of all processes together; None if the run can't tell.
        server_seconds: CPU time that the server needs for an item, seconds; 0 if nothing was downloaded.
    """

    start: Line | None
    memory: Line | None
    server_seconds: float


def costs(run: Run, strategy: str, through: str) -> Costs:
    """Read a strategy's costs off a run.

    Args:
        run: the saved run.
        strategy: its name.
        through: the client, or the word for what only computes.
    """
    own = [cell for cell in merged(run.cells) if cell.strategy == strategy]
    rounds = [cell for cell in own if cell.experiment in EXPERIMENTS]
    alike = [cell for cell in rounds if through in (cell.client or through)]
    return Costs(
        start=_line((cell.workers, cell.start_seconds) for cell in alike),
        memory=_line((cell.workers, _memory(cell)) for cell in own if cell.experiment == "memory"),
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


def _memory(cell: Cell) -> float | None:
    """Return PSS, or USS where a system doesn't count that."""
    found = cell.extra.get("pss_bytes", cell.extra.get("uss_bytes"))
    return float(found) if isinstance(found, int | float) else None


def _server(cell: Cell) -> float:
    """Return the server's CPU time of an item, seconds, from its ledger; 0 if it has none."""
    ledger = cell.ledger or {}
    spent, answers = ledger.get("cpu_seconds"), ledger.get("responses")
    known = isinstance(spent, int | float) and isinstance(answers, int) and answers > 0
    return float(spent) / answers if known and spent is not None and answers else 0.0


def chosen(arguments: Namespace, known: Families) -> Family:
    """Choose the cells that the question is about: those with the client named, or the one with most of them."""
    if arguments.cpu and not (arguments.latency or arguments.size or arguments.client):
        return arguments.strategy, COMPUTING
    own = [one for one in known if one[0] == arguments.strategy and one[1] not in (COMPUTING, RELEASING)]
    richest = max(own, key=lambda one: len(known[one]), default=(arguments.strategy, "raw"))
    return (arguments.strategy, arguments.client) if arguments.client else richest


def untold(run: Run, family: Family, known: Families) -> str | None:
    """Return why the run can't tell, and what to measure."""
    strategy, through = family
    if len(known.get(family, ())) >= LEAST:
        return None
    there = sorted({f"{one} ({other})" for one, other in known if len(known[one, other]) >= LEAST})
    waits = through not in (COMPUTING, RELEASING)
    where = f"benchmarks/test_latency.py --client {through}" if waits else "benchmarks/test_break_even.py"
    return (
        f"{run.path}: it has {len(known.get(family, ()))} cells of {strategy!r} ({through}), and {LEAST} are needed; "
        f"measure them: pytest --benchmark-only --all {where}, whose mark has to name the strategy; "
        f"it can tell of {', '.join(there) or 'nothing'}"
    )
