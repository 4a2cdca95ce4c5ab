"""
The last word on a sitting: what all of its verdicts come to, and what to do about them.
"""

from collections.abc import Iterator

from paceline.gate.outcome import Outcome, Verdict
from paceline.gate.sentences import short, some

SOME = 3
"""How many cells a sentence names."""

_NAMED: dict[Verdict, bool] = {"slower": True, "faster": False, "same": False, "unknown": True}
"""In the order told, and whether the cells are named: those that somebody has to look at."""

_MOVED = (
    "the canary moved, so the machine did, and no verdict on a cell speaks of the code; repeat it when it is quieter"
)


def conclusion(outcome: Outcome) -> str:
    """
    Say the overall verdict in a sentence, and what to do where something could not be told.
    """
    if outcome.verdict == "not comparable":
        return f"Not comparable: {_MOVED}."
    if not outcome.cells:
        return "Nothing was compared: there is no cell that both sides measured."
    return " ".join(
        [f"{outcome.verdict.capitalize()}: {', '.join(_tally(outcome))}.", *_advice(outcome), *_counts(outcome)]
    )


def _tally(outcome: Outcome) -> Iterator[str]:
    names = short([cell.fullname for cell in outcome.cells])
    for verdict, named in _NAMED.items():
        these = [name for name, cell in zip(names, outcome.cells, strict=True) if cell.verdict == verdict]
        if these:
            yield f"{len(these)} {verdict}" + (f" ({some(these, SOME)})" if named else "")


def _advice(outcome: Outcome) -> Iterator[str]:
    open_cells = [cell for cell in outcome.cells if cell.verdict == "unknown"]
    needed = [cell.needed for cell in open_cells if cell.needed]
    if needed:
        fitting = "" if len(needed) == len(open_cells) else f" for {len(needed)} of them"
        yield f"--pairs {max(needed)} would do{fitting}."
    elif open_cells:
        yield "How many pairs would do can't be told from these."


def _counts(outcome: Outcome) -> Iterator[str]:
    changed = sum(any(count.changed for count in cell.counts.values()) for cell in outcome.cells)
    if changed:
        yield f"Counts changed in {changed} {'cell' if changed == 1 else 'cells'}."
