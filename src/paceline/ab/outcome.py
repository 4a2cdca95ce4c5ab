"""
What a comparison's pairs say: a verdict for each cell, and one for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paceline.report.verdicts import Overall
from paceline.stats.comparison import Verdict


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """
    What some pairs say of one cell: candidate / baseline, 1.05 for five per cent slower.

    Args:
        ratio: the estimate, above 0.
        low: the lower end of its 95 % interval; None with too few pairs for one.
        high: the upper end; None as `low`.
        pairs: how many pairs it rests on.
        p: of the test that the sides are equal: in the main phase two-sided, and corrected over all cells and the
            canary; of fresh pairs for that direction alone, and corrected over what is under suspicion.
    """

    ratio: float
    low: float | None
    high: float | None
    pairs: int
    p: float


@dataclass(frozen=True, kw_only=True)
class Count:
    """
    Something counted exactly, as each side's pairs had it: its different values, sorted.

    Args:
        baseline: shape (k,), k at least 1; one value if all pairs agree.
        candidate: the same for the other side.
    """

    baseline: tuple[int, ...]
    candidate: tuple[int, ...]

    @property
    def changed(self) -> bool:
        """
        Whether each side is certain, and they differ; a count that varies on one side shows nothing.
        """
        return len(self.baseline) == len(self.candidate) == 1 and self.baseline != self.candidate


@dataclass(frozen=True, kw_only=True)
class Judged:
    """
    One cell's verdict and what it rests on.

    Args:
        fullname: the node id.
        verdict: slower, faster, same or unknown.
        why: in a sentence, for a reader who sees only this.
        main: what the main phase says.
        fresh: what the fresh pairs say; None where nothing was under suspicion.
        needed: how many pairs would do for an unknown cell; None for a decided one, or where nobody can tell.
        baseline_seconds: median over its pairs of the baseline's median round, seconds.
        candidate_seconds: the same for the candidate.
        counts: name -> what was counted.
    """

    fullname: str
    verdict: Verdict
    why: str
    main: Estimate
    fresh: Estimate | None = None
    needed: int | None = None
    baseline_seconds: float
    candidate_seconds: float
    counts: Mapping[str, Count] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    A comparison, judged.

    Args:
        verdict: of all cells: "not comparable" if the canary moved, "slower" if one cell is, "unknown" if one is and
            none is slower, else "not slower".
        cells: in the order of their names.
        canary: the canary, judged like a cell: "same" or "unknown" are its quiet verdicts.
    """

    verdict: Overall
    cells: tuple[Judged, ...]
    canary: Judged
