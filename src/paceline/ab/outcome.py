"""What a comparison's pairs say: a verdict for each cell, and one for all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paceline.stats.comparison import Verdict
from paceline.tables.verdicts import Overall


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What some pairs say of one cell: candidate / baseline, 1.05 for five per cent slower.

    Args:
        ratio: the estimate, above 0.
        low: the lower end of its interval; None with too few pairs for one.
        high: the upper end; None as `low`.
        level: of the interval, a fraction: of the look that decided, or the last one reached.
        pairs: how many pairs it rests on, those of that look.
        p: of the test that the sides are equal: in the main phase two-sided, and corrected over all cells and the
            canary; of fresh pairs for that direction alone, and corrected over what is under suspicion. 1.0 before the
            first look.
    """

    ratio: float
    low: float | None
    high: float | None
    level: float
    pairs: int
    p: float


@dataclass(frozen=True, kw_only=True)
class Count:
    """Something counted exactly, as each side's pairs had it: its different values, sorted.

    Args:
        baseline: shape (k,), k at least 1; one value if all pairs agree.
        candidate: the same for the other side.
    """

    baseline: tuple[int, ...]
    candidate: tuple[int, ...]

    @property
    def changed(self) -> bool:
        """Whether each side is certain, and they differ; a count that varies on one side shows nothing."""
        return len(self.baseline) == len(self.candidate) == 1 and self.baseline != self.candidate


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One cell's verdict and what it rests on.

    Args:
        fullname: the node id.
        verdict: slower, faster, same or unknown.
        why: in a sentence, for a reader who sees only this.
        main: what the main phase says.
        fresh: what the fresh pairs say; None where nothing was under suspicion.
        needed: how many pairs would do for an unknown cell; None for a decided one, one that fresh pairs did not bear
            out, or where nobody can tell.
        baseline_seconds: of one call: median over its pairs of the baseline's median round, seconds.
        candidate_seconds: the same for the candidate.
        counts: name -> what was counted.
        growth: by what fraction its rounds grow within a process; None where they don't for certain.
        remarks: what a reader has to know of how it was measured, growth included.
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
    growth: float | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A comparison, judged.

    Args:
        verdict: of all cells: "not comparable" if the canary moved, else "slower" if one cell is, else "faster", else
            "unknown", else "not slower".
        cells: in the order of their names.
        canary: the canary, judged like a cell: "same" or "unknown" are its quiet verdicts.
        failed: full name -> why it fails, on the candidate only.
    """

    verdict: Overall
    cells: tuple[Judged, ...]
    canary: Judged
    failed: Mapping[str, str] = field(default_factory=dict)
