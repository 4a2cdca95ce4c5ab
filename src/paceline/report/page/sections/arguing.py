"""The whole argument for a claim, in sentences."""

from collections.abc import Mapping, Sequence

from paceline.claims import Finding, Part
from paceline.claims.output import figure_in_words
from paceline.text.formats import plain

Findings = Mapping[str, Finding]
"""What the runs of one column say about each claim, by its id."""


def heading(name: str, labels: Sequence[str], every: Sequence[Findings]) -> str:
    """Name a claim with its verdict, or with each column's where they are not the same."""
    told = [(label, findings[name].verdict) for label, findings in zip(labels, every, strict=True) if name in findings]
    words = {verdict for _, verdict in told}
    said = words.pop() if len(words) == 1 else ", ".join(f"{verdict} by {label}" for label, verdict in told)
    return f"{plain(name)}: {said}"


def arguments(name: str, labels: Sequence[str], every: Sequence[Findings]) -> tuple[str, ...]:
    """Return all that is known of a claim: a line for each part, with its figures, its margin, its doubts, what it
    lacks.
    """
    several = len(labels) > 1
    return tuple(
        f"{label}: {line}" if several else line
        for label, findings in zip(labels, every, strict=True)
        if name in findings
        for line in (*map(_argument, findings[name].parts), *(f"doubt: {plain(w)}" for w in findings[name].warnings))
    )


def _argument(part: Part) -> str:
    measured = "; ".join(map(figure_in_words, part.figures))
    said = [
        f"{part.verdict}: {plain(part.part)}",
        f"margin {plain(part.margin)}",
        *([f"figures: {measured}"] if measured else []),
        *(f"doubt: {plain(warning)}" for warning in part.warnings),
        *([f"needs: {plain(part.missing)}"] if part.missing else []),
    ]
    return ". ".join(said)
