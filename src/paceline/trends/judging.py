"""Judging one run against a pinned baseline. Pure: it reads runs that others loaded."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from paceline.history import Cell
from paceline.stats import variation
from paceline.stats.comparison import ALPHA, Verdict, holm
from paceline.stats.variation import Change, RunVariation
from paceline.tables.verdicts import Overall, overall
from paceline.trends.baselines import (
    Measured,
)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One cell's verdict and what it rests on.

    Args:
        fullname: the node id, without a process.
        verdict: slower, faster, same or unknown.
        why: in words that many cells may share.
        ratio: run / baseline, 1.05 for five per cent slower.
        low: the lower end of its 95 % interval; None where the history can't say.
        high: the upper end; None as `low`.
        p: that two runs of the same code differ as much, corrected over all cells; None as `low`.
        runs: how many earlier runs its variation is taken from, or would be if they were more.
        baseline_seconds: the baseline's median.
        run_seconds: the run's median.
        marks: doubts that either run's figures carry: "noisy", "server-bound" ...
    """

    fullname: str
    verdict: Verdict = "unknown"
    why: str
    ratio: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    runs: int
    baseline_seconds: float
    run_seconds: float
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """A run, judged.

    Args:
        verdict: "not comparable" if half of the cells moved together, else "slower" if a cell is, else "faster", else
            "unknown", else "not slower".
        cells: those that both runs have, in the order measured.
        missing: full names of the baseline's cells that the run doesn't have.
        added: full names of the run's cells that the baseline doesn't have.
        easy: full names of the cells for which the baseline has become too easy; none where nothing is comparable.
    """

    verdict: Overall
    cells: tuple[Checked, ...]
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    easy: tuple[str, ...] = ()


WHY = "changed, but single runs as far off are not rare in this history; measure again: two in a row will do"


def believable(
    name: str,
    ratio: float,
    logs: Mapping[str, Sequence[float]],
    variations: Mapping[str, RunVariation],
    baseline: float,
) -> bool:
    """Return whether a change may be told from one run.

    Args:
        name: the cell that changed.
        ratio: run / baseline.
        logs: full name -> logarithms of the medians of the runs before, in order.
        variations: full name -> how the cell varies; only cells that have one are asked.
        baseline: the logarithm of this cell's median in the baseline.

    Returns:
        True if a run has fewer than `ALPHA` cells as far off as this on average, or if the run before shows the same.
    """
    shift = variation.in_noises(logs[name], ratio)
    if sum(variation.odd_share(logs[other], shift) for other in variations) <= ALPHA:
        return True
    before = variation.change(baseline, logs[name][-1], variations[name])
    return before.p <= ALPHA and math.log(before.ratio) * math.log(ratio) > 0


LEAST_CELLS = 4
"""With fewer cells than this, nobody can tell a machine that moved from code that did."""


MOVED = "half of all cells moved the same way, so the machine may have; its change says nothing about the code"


_TOO_FEW = "earlier whole runs of this machine that have it: {}; {} more will do"


_NO_VARIATION = "its earlier runs do not vary at all, so they say nothing about chance"


_BEYOND = "changed by more than the tolerance, and by more than its earlier runs vary"


_WITHIN = "the interval lies within the tolerance"


_TOO_WIDE = "its earlier runs vary too much for one run to tell; paceline ab sees more"


def judged(baseline: Measured, run: Measured, earlier: Sequence[Measured], tolerance: float) -> CheckOutcome:
    """Judge each cell that both runs have; it is held against how it varied from each earlier run to the next.

    Args:
        baseline: where the comparison starts.
        run: the one that is judged.
        earlier: the complete runs of the same machine and Python before it, in order; for each cell the last
            `MOST_RUNS` that have it count.
        tolerance: the largest change that counts as none, a fraction: 0.03.
    """
    names = [name for name in run.cells if name in baseline.cells]
    logs = {name: _logs(name, earlier) for name in names}
    variations = {name: varied for name in names if (varied := variation.run_variation(logs[name]))}
    changes = {name: _change(baseline.cells[name], run.cells[name], one) for name, one in variations.items()}
    p = holm({name: change.p for name, change in changes.items()})
    known = [_compared(baseline.cells[name], run.cells[name], len(logs[name])) for name in names]
    cells = [_decided(cell, changes.get(cell.fullname), p.get(cell.fullname, 1.0), tolerance) for cell in known]
    cells = [_believed(cell, logs, variations) for cell in cells]
    moved = _together(changes, variations, tolerance)
    if moved:
        cells = [replace(cell, verdict="unknown", why=MOVED) if cell.fullname in changes else cell for cell in cells]
    return CheckOutcome(
        verdict=overall((cell.verdict for cell in cells), moved=moved),
        cells=tuple(cells),
        missing=tuple(name for name in baseline.cells if name not in run.cells),
        added=tuple(name for name in run.cells if name not in baseline.cells),
        easy=() if moved else tuple(name for name in names if _easy(name, baseline, run, earlier, tolerance)),
    )


EASY_RUNS = 3
"""One run may be an accident; with so many in a row, each as far off, the baseline is behind."""


def _easy(name: str, baseline: Measured, run: Measured, earlier: Sequence[Measured], tolerance: float) -> bool:
    """Return whether the newest runs since the baseline are all faster than it by more than the tolerance.

    A slow-down back to the baseline's time would then pass unnoticed.
    """
    since = [one for one in earlier if one.run.datetime > baseline.run.datetime and name in one.cells]
    newest = [math.log(one.cells[name].median) for one in (*since, run)][-EASY_RUNS:]
    limit = math.log(baseline.cells[name].median) - math.log1p(tolerance)
    return len(newest) == EASY_RUNS and max(newest) < limit


def _logs(name: str, earlier: Sequence[Measured]) -> list[float]:
    return [math.log(one.cells[name].median) for one in earlier if name in one.cells][-variation.MOST_RUNS :]


def _change(before: Cell, after: Cell, known: RunVariation) -> Change:
    return variation.change(math.log(before.median), math.log(after.median), known)


def _compared(before: Cell, after: Cell, runs: int) -> Checked:
    """Return what is known without a variation, and why there is none."""
    lacking = variation.LEAST_VARIATION_RUNS - runs
    return Checked(
        fullname=after.fullname,
        why=_TOO_FEW.format(runs, lacking) if lacking > 0 else _NO_VARIATION,
        ratio=after.median / before.median,
        runs=runs,
        baseline_seconds=before.median,
        run_seconds=after.median,
        marks=tuple(dict.fromkeys([*before.marks, *after.marks])),
    )


def _decided(known: Checked, change: Change | None, p: float, tolerance: float) -> Checked:
    if change is None:
        return known
    limit = math.log1p(tolerance)
    verdict: Verdict = "unknown"
    why = _TOO_WIDE
    if p <= ALPHA and abs(math.log(change.ratio)) > limit:
        verdict, why = ("slower" if change.ratio > 1 else "faster"), _BEYOND
    elif change.low >= math.exp(-limit) and change.high <= math.exp(limit):
        verdict, why = "same", _WITHIN
    return replace(known, verdict=verdict, why=why, low=change.low, high=change.high, p=p)


def _believed(cell: Checked, logs: Mapping[str, Sequence[float]], variations: Mapping[str, RunVariation]) -> Checked:
    if cell.verdict not in ("slower", "faster"):
        return cell
    told = believable(cell.fullname, cell.ratio, logs, variations, math.log(cell.baseline_seconds))
    return cell if told else replace(cell, verdict="unknown", why=WHY)


def _together(changes: dict[str, Change], variations: dict[str, RunVariation], tolerance: float) -> bool:
    """Return whether half of the cells moved the same way, beyond the tolerance and one standard deviation.

    That is of a difference, and one cell in six exceeds it by chance on either side. A test of each cell would be blind
    to a drift that is small in each and the same in all.
    """
    shifts = {name: math.log(change.ratio) for name, change in changes.items()}
    limits = {name: max(math.log1p(tolerance), variation.standard_error(one)) for name, one in variations.items()}
    slower = sum(shift > limits[name] for name, shift in shifts.items())
    faster = sum(-shift > limits[name] for name, shift in shifts.items())
    return len(shifts) >= LEAST_CELLS and 2 * max(slower, faster) >= len(shifts)
