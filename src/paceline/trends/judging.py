"""Judging one run against a pinned baseline. Pure: it reads runs that others loaded."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from paceline.history import Cell
from paceline.stats import variation
from paceline.stats.comparison import ALPHA, Verdict, holm
from paceline.stats.variation import Change, RunVariation
from paceline.tables.verdicts import Overall, overall
from paceline.trends.baselines import Measured


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One cell's verdict and what it rests on."""

    fullname: str  # the node id, without a process
    verdict: Verdict = "unknown"  # slower, faster, same or unknown
    why: str  # in words that many cells may share
    ratio: float  # run / baseline, 1.05 for five per cent slower
    low: float | None = None  # the lower end of its 95 % interval; None where the history can't say
    high: float | None = None  # the upper end; None as `low`
    p: float | None = None  # that two runs of the same code differ as much, corrected over all cells; None as `low`
    runs: int  # how many earlier runs tell how it varies, or would if they were more
    baseline_seconds: float  # the baseline's median
    run_seconds: float  # the run's median
    marks: tuple[str, ...] = ()  # doubts that either run's figures carry: "noisy", "server-bound"


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """A run, judged."""

    # "not comparable" if half of the cells moved together, else "slower" if a cell is, else "faster", else "unknown",
    # else "not slower"
    verdict: Overall
    cells: tuple[Checked, ...]  # those that both runs have, in the order measured
    missing: tuple[str, ...] = ()  # full names of the baseline's cells that the run doesn't have
    added: tuple[str, ...] = ()  # full names of the run's cells that the baseline doesn't have
    # full names of the cells for which the baseline has become too easy; none where nothing is comparable
    easy: tuple[str, ...] = ()


LEAST_CELLS = 4  # with fewer cells than this, one can't tell a machine that moved from code that did
EASY_RUNS = 3  # one run may be an accident; with so many in a row, each as far off, the baseline is behind
_MOVED = "half of all cells moved the same way, so the machine may have; its change says nothing about the code"
_ODD = "changed, but single runs as far off are not rare in this history; measure again: two in a row will do"
_TOO_FEW = "earlier whole runs of this machine that have it: {}; {} more will do"
_NO_VARIATION = "its earlier runs do not vary at all, so they say nothing about chance"
_BEYOND = "changed by more than the tolerance, and by more than its earlier runs vary"
_WITHIN = "the interval lies within the tolerance"
_TOO_WIDE = "its earlier runs vary too much for one run to tell; paceline ab sees more"


def judged(baseline: Measured, run: Measured, earlier: Sequence[Measured], tolerance: float) -> CheckOutcome:
    """Judge each cell that both runs have, by how it varied from each earlier run to the next.

    Args:
        baseline: where the comparison starts.
        run: the one that is judged.
        earlier: the complete runs of the same machine and Python before it, in order; the last `MOST_RUNS` count.
        tolerance: the largest change that counts as none, a fraction: 0.03.
    """
    names = [name for name in run.cells if name in baseline.cells]
    having = {name: [one.cells[name] for one in earlier if name in one.cells][-variation.MOST_RUNS :] for name in names}
    logs = {name: [math.log(cell.median) for cell in cells] for name, cells in having.items()}
    variations = {name: noise for name in names if (noise := variation.run_variation(logs[name]))}
    changes = {
        name: variation.change(math.log(baseline.cells[name].median), math.log(run.cells[name].median), noise)
        for name, noise in variations.items()
    }
    p = holm({name: change.p for name, change in changes.items()})
    known = [_compared(baseline.cells[name], run.cells[name], len(logs[name])) for name in names]
    cells = [_decided(cell, changes.get(cell.fullname), p.get(cell.fullname, 1.0), tolerance) for cell in known]
    cells = [_believed(cell, logs, variations) for cell in cells]
    moved = _together(changes, variations, tolerance)
    if moved:
        cells = [replace(cell, verdict="unknown", why=_MOVED) if cell.fullname in changes else cell for cell in cells]
    return CheckOutcome(
        verdict=overall((cell.verdict for cell in cells), moved=moved),
        cells=tuple(cells),
        missing=tuple(name for name in baseline.cells if name not in run.cells),
        added=tuple(name for name in run.cells if name not in baseline.cells),
        easy=() if moved else tuple(name for name in names if _easy(name, baseline, run, earlier, tolerance)),
    )


def _easy(name: str, baseline: Measured, run: Measured, earlier: Sequence[Measured], tolerance: float) -> bool:
    """Return whether the newest runs since the baseline are all faster than it by more than the tolerance.

    A slow-down back to the baseline's time would then pass unnoticed.
    """
    since = [one for one in earlier if one.run.datetime > baseline.run.datetime and name in one.cells]
    newest = [math.log(one.cells[name].median) for one in (*since, run)][-EASY_RUNS:]
    limit = math.log(baseline.cells[name].median) - math.log1p(tolerance)
    return len(newest) == EASY_RUNS and max(newest) < limit


def _compared(before: Cell, after: Cell, runs: int) -> Checked:
    """Return what is known without its variation, and why that is not."""
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
    """Return a cell as it is if its change may be told from one run, else as unknown.

    It may if a run has fewer than `ALPHA` cells as far off on average, or if the run before shows the same.

    Args:
        cell: as its own variation judges it.
        logs: full name -> logarithms of the medians of the runs before, in order.
        variations: of the cells of which it is known; only these are asked.
    """
    if cell.verdict not in ("slower", "faster"):
        return cell
    shift = variation.in_noises(logs[cell.fullname], cell.ratio)
    if sum(variation.odd_share(logs[other], shift) for other in variations) <= ALPHA:
        return cell
    last = logs[cell.fullname][-1]
    before = variation.change(math.log(cell.baseline_seconds), last, variations[cell.fullname])
    again = before.p <= ALPHA and math.log(before.ratio) * math.log(cell.ratio) > 0
    return cell if again else replace(cell, verdict="unknown", why=_ODD)


def _together(changes: dict[str, Change], variations: dict[str, RunVariation], tolerance: float) -> bool:
    """Return whether half of the cells moved the same way, beyond the tolerance and one standard deviation.

    That is of a difference, and one cell in six exceeds it by chance on either side. A test of each cell would be blind
    to a drift that is small in each and the same in all.
    """
    shifts = {name: math.log(change.ratio) for name, change in changes.items()}
    limits = {name: max(math.log1p(tolerance), variation.standard_error(noise)) for name, noise in variations.items()}
    slower = sum(shift > limits[name] for name, shift in shifts.items())
    faster = sum(-shift > limits[name] for name, shift in shifts.items())
    return len(shifts) >= LEAST_CELLS and 2 * max(slower, faster) >= len(shifts)
