"""
From saved sittings to the decisions that a report shows.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from paceline.gate import sentences, storing
from paceline.gate.command import FOLDER
from paceline.gate.concluding import conclusion
from paceline.gate.judging import judged
from paceline.gate.outcome import Judged, Outcome
from paceline.gate.record import CANARY, Sitting
from paceline.gate.sitting_json import NoSitting
from paceline.history import HistoryError
from paceline.report.figures import between, change
from paceline.report.page.given import Change, Decision, Decisions

MOST = 5
"""How many sittings a report shows."""

_NAMED = 3  # cells that a sentence names


def decisions(results: Path, most: int = MOST) -> Decisions:
    """
    Judge the newest saved sittings again.

    Args:
        results: where they are kept, in a folder of their own; there may be none.
        most: how many to show, at least 1.
    """
    folder, unread = results / FOLDER, list[str]()
    try:
        paths = storing.saved(folder)[::-1]
    except OSError as error:
        return Decisions(unread=(f"{folder} can't be listed ({error.strerror or error}); make it a folder to be read",))
    found: list[Decision] = []
    for place, path in enumerate(paths):
        if len(found) == most:
            return Decisions(found=tuple(found), unread=tuple(unread), older=len(paths) - place)
        try:
            found.append(_decision(storing.load(path), path))
        except NoSitting:
            continue  # in a folder that was somebody's before
        except HistoryError as error:
            unread.append(str(error))
        except ValueError as error:
            unread.append(f"{path} can't be judged: {error}")
    return Decisions(found=tuple(found), unread=tuple(unread))


def _decision(sitting: Sitting, path: Path) -> Decision:
    outcome = judged(sitting)
    return Decision(
        label=f"sitting {path.stem.partition('_')[0].lstrip('0') or '0'}",
        when=sitting.datetime,
        sides=sentences.sides(sitting),
        held=sentences.measured(sitting),
        tolerance=sitting.tolerance,
        cells=tuple(_changes(outcome.cells)),
        canary=_change(outcome.canary, CANARY),
        verdict=outcome.verdict,
        conclusion=conclusion(outcome),
        notes=tuple(_notes(sitting, outcome)),
    )


def _changes(cells: Sequence[Judged]) -> Iterator[Change]:
    for cell, name in zip(cells, sentences.short([cell.fullname for cell in cells]), strict=True):
        yield _change(cell, name)


def _change(cell: Judged, name: str) -> Change:
    fresh = cell.fresh
    return Change(
        name=name,
        verdict=cell.verdict,
        why=cell.why,
        ratio=cell.main.ratio,
        low=cell.main.low,
        high=cell.main.high,
        fresh=f"{change(fresh.ratio)} ({between(fresh.low, fresh.high)})" if fresh else "",
        pairs=f"{cell.main.pairs}+{fresh.pairs}" if fresh else str(cell.main.pairs),
        baseline=cell.baseline_seconds,
        candidate=cell.candidate_seconds,
    )


def _notes(sitting: Sitting, outcome: Outcome) -> Iterator[str]:
    moved, said = sentences.canary(outcome)
    if moved:
        yield said
    if different := sentences.libraries(sitting):
        yield different
    for why, names in sentences.by_reason(sitting.left_out).items():
        yield f"left out: {sentences.some(names, _NAMED)} ({why})"
    yield from (f"{what} in {name}; compared exactly" for name, what in sentences.changed_counts(outcome.cells))
    yield from sitting.notes
