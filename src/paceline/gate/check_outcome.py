"""
What a run says against a pinned baseline: a verdict for each cell, and one for all.
"""

from dataclasses import dataclass

from paceline.gate.outcome import Overall, Verdict


@dataclass(frozen=True, kw_only=True)
class Checked:
    """
    One cell's verdict and what it rests on.

    Args:
        fullname: the node id, without a process.
        verdict: slower, faster, same or unknown.
        why: in words that many cells may share.
        ratio: run / baseline, 1.05 for five per cent slower.
        low: the lower end of its 95 % interval; None where the history can't say.
        high: the upper end; None as `low`.
        p: that two runs of the same code differ as much, corrected over all cells; None as `low`.
        runs: how many earlier runs are the yardstick, or would be if they were more.
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
    """
    A run, judged.

    Args:
        verdict: "not comparable" if half of the cells moved together, "slower" if a cell is, "unknown" if one is and
            none is slower, else "not slower".
        cells: those that both runs have, in the order measured.
        missing: full names of the baseline's cells that the run doesn't have.
        added: full names of the run's cells that the baseline doesn't have.
    """

    verdict: Overall
    cells: tuple[Checked, ...]
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
