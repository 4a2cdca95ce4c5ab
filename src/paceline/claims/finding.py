"""What a run says about a claim: figures, the parts they decide, and the verdict of all parts together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Verdict: TypeAlias = Literal["confirmed", "refuted", "unknown"]

Unit: TypeAlias = Literal["x", "s", "bytes", "share", "count", "bytes/s", "items/s"]
"""What a figure counts: "x" is a ratio, "share" a fraction."""


@dataclass(frozen=True)
class Figure:
    """One number that a claim stands or falls with.

    Attributes:
        what: what it is, in words.
        value: the mean over processes: geometric for ratios and times; the median for counts.
        low: the lower end of its 95 % interval, for counts the least seen; None where nobody can tell.
        high: the upper end, for counts the most seen; None as `low`.
        unit: of the three.
        processes: how many it is the mean of.
        values: what each process said, in their order, shape (processes,).
        warnings: doubts about the cells it comes from.
    """

    what: str
    value: float
    low: float | None
    high: float | None
    unit: Unit
    processes: int
    values: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()


class Bound(NamedTuple):
    """A margin that is a number.

    Attributes:
        above: whether the statement holds above it; else it holds below.
        value: in the unit of the figures that decide, as stated beforehand.
    """

    above: bool
    value: float


@dataclass(frozen=True)
class Part:
    """One statement of a claim, with what decides it.

    Attributes:
        part: the statement, in words.
        verdict: of this statement alone.
        figures: the deciding one first, then those that stand beside it for the reader.
        margin: the sentence that states the margin and why it is that one.
        missing: what to run or to have, where the verdict is unknown.
        warnings: doubts that travel with the verdict.
        deciding: those of the figures that the verdict rests on.
        bound: the margin as a number; None where it is none.
    """

    part: str
    verdict: Verdict
    figures: tuple[Figure, ...]
    margin: str
    missing: str | None
    warnings: tuple[str, ...] = ()
    deciding: tuple[Figure, ...] = ()
    bound: Bound | None = None


@dataclass(frozen=True)
class Finding:
    """What the runs say about a whole claim.

    Attributes:
        verdict: refuted if any part is, else unknown if any part is, else confirmed.
        parts: each statement of the claim.
        warnings: doubts about the claim as a whole; those of its parts stand with them.
    """

    verdict: Verdict
    parts: tuple[Part, ...]
    warnings: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[Figure, ...]:
        """All figures, in the order of the parts."""
        return tuple(figure for part in self.parts for figure in part.figures)

    @property
    def missing(self) -> tuple[str, ...]:
        """What to run or to have, each once."""
        return tuple(dict.fromkeys(part.missing for part in self.parts if part.missing))


def combine(parts: Sequence[Part], warnings: Iterable[str] = ()) -> Finding:
    """Join parts: one refuted part refutes the claim as it stands, and only a claim whose parts all hold is confirmed.

    Args:
        parts: n at least 1.
        warnings: doubts about the claim as a whole.

    Raises:
        ValueError: there are no parts, and nothing is not confirmed.
    """
    if not parts:
        raise ValueError("a claim has at least one part")
    verdicts = {part.verdict for part in parts}
    verdict = next((word for word in _BY_WEIGHT if word in verdicts), _BY_WEIGHT[-1])
    return Finding(verdict, tuple(parts), tuple(dict.fromkeys(warnings)))


_BY_WEIGHT: tuple[Verdict, ...] = ("refuted", "unknown", "confirmed")
