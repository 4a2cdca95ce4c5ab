"""From saved comparisons to the decisions that a report shows."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from paceline.ab import messages
from paceline.ab import record as storing
from paceline.ab.judging import Judged, Outcome, judged
from paceline.ab.messages import conclusion
from paceline.ab.record import CANARY, FOLDER, Comparison, NoComparison
from paceline.history import HistoryError
from paceline.report.page.given import Change, Decision, Decisions
from paceline.tables.verdicts import short, some
from paceline.text.formats import between, change

MOST = 5
"""How many comparisons a report shows."""

_NAMED = 3  # cells that a sentence names


def decisions(results: Path, most: int = MOST) -> Decisions:
    """Judge the newest saved comparisons again.

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
        except NoComparison:
            continue  # in a folder that was somebody's before
        except HistoryError as error:
            unread.append(str(error))
        except ValueError as error:
            unread.append(f"{path} can't be judged: {error}")
    return Decisions(found=tuple(found), unread=tuple(unread))


def _decision(comparison: Comparison, path: Path) -> Decision:
    outcome = judged(comparison)
    return Decision(
        label=f"comparison {path.stem.partition('_')[0].lstrip('0') or '0'}",
        when=comparison.datetime,
        sides=messages.sides(comparison),
        held=messages.measured(comparison),
        tolerance=comparison.tolerance,
        cells=tuple(_changes(outcome.cells)),
        canary=_change(outcome.canary, CANARY),
        verdict=outcome.verdict,
        conclusion=conclusion(outcome),
        notes=tuple(_notes(comparison, outcome)),
    )


def _changes(cells: Sequence[Judged]) -> Iterator[Change]:
    for cell, name in zip(cells, short([cell.fullname for cell in cells]), strict=True):
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


def _notes(comparison: Comparison, outcome: Outcome) -> Iterator[str]:
    moved, said = messages.canary(outcome)
    if moved:
        yield said
    if different := messages.libraries(comparison):
        yield different
    for why, names in messages.by_reason(comparison.failed).items():
        yield f"fails on the candidate only: {some(names, _NAMED)} ({why})"
    for why, names in messages.by_reason(comparison.left_out).items():
        yield f"left out: {some(names, _NAMED)} ({why})"
    yield from (f"{what} in {name}; compared exactly" for name, what in messages.changed_counts(outcome.cells))
    yield from (f"{some(names, _NAMED)}: {remark}" for remark, names in messages.remarks(outcome).items())
    yield from comparison.notes
