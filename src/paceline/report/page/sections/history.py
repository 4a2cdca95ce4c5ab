"""How the times of a machine moved from run to run, and what A/B comparisons decided."""

from collections.abc import Mapping

from paceline.report.page.given import Decisions, Past
from paceline.report.page.model import Figure, Section, Table
from paceline.report.page.sections.comparisons import decided
from paceline.report.page.sections.drift import drifted
from paceline.report.page.sections.moves import beside, moved, where
from paceline.text.formats import between, change, many, plain

MOST = 8
"""How many cells of a history are drawn; the rest stand in a table."""

_LEAD = (
    "A dot is a cell's median in one run, with the interval in which the true median lies; grey lines are its levels. "
    "A dashed line is a change point: the place from which on its runs lie elsewhere, by a test of ranks corrected "
    "over all cells. Runs should vary independently: slow drift of a machine can look like a step. In an A/B "
    "comparison both sides ran in turns; a change counts where it is beyond the tolerance, and fresh pairs bear it out."
)
_MEASURE = "pytest --benchmark-only"
_COMPARE = "paceline ab --baseline SIDE --candidate SIDE"
_DRIFT = 2  # runs that have something to compare


def section(kept: Mapping[str, Past], decisions: Decisions) -> Section:
    """Make the part on histories.

    Args:
        kept: fingerprint -> what its history shows.
        decisions: the saved A/B comparisons.
    """
    several = len(kept) > 1
    rows = [_pictures(past, past.fingerprint if several else "") for past in kept.values()]
    rows += [(decided(decision, rank),) for rank, decision in enumerate(decisions.found, 1)]
    shown = tuple(row for row in rows if row)
    missing = [sentence for past in kept.values() for sentence in _missing(past)]
    return Section(
        key="history",
        title="History and decisions",
        lead=_LEAD if shown else "",
        rows=shown,
        missing=(*missing, *_unseen(decisions)),
    )


def _pictures(past: Past, label: str) -> tuple[Figure, ...]:
    column = plain(label)
    drift = [drifted(past.drift, column)] if len(past.drift) >= _DRIFT else []
    moves = [moved(track, rank, column) for rank, track in enumerate(past.tracks[:MOST], 1)]
    return (*drift, *moves, *([_every(past, column)] if past.tracks else []))


def _every(past: Past, column: str) -> Figure:
    rows = tuple(
        (
            plain(track.name),
            where(track, move),
            change(move.ratio),
            between(move.low, move.high),
            f"{move.p:.2g}",
            beside(move),
        )
        for track in past.tracks
        for move in track.moved
    )
    drawn = min(MOST, len(past.tracks))
    return Figure(
        key="history-moves",
        title="Every change point",
        says=(
            f"{many(len(rows), 'change point')} in {len(past.tracks)} of {many(past.looked_at, 'cell')} that were "
            f"looked at; the {many(drawn, 'cell')} that moved most {'is' if drawn == 1 else 'are'} drawn."
        ),
        column=column,
        table=Table(("cell", "from", "change", "95 % interval", "p", "beside it"), rows, left=2),
        doubts=tuple(map(plain, past.notes)),
    )


def _missing(past: Past) -> list[str]:
    named = plain(past.fingerprint)
    said = [f"{named}: {many(past.traced, 'run')} beside a tracer left out."] if past.traced else []
    if not past.looked_at:
        runs = f"{named} has {many(past.runs, 'whole run')}"
        return [*said, f"{runs}; change points need {past.least} that have the same cells; measure more: {_MEASURE}"]
    if not past.tracks:
        said.append(
            f"{named}: no change point shows in {many(past.looked_at, 'cell')} over {many(past.runs, 'whole run')}; "
            f"with so many cells a change shows with {past.sides} runs on either side of it."
        )
    if past.too_few:
        few = many(past.too_few, "cell")
        said.append(f"{named}: {few} in fewer than {past.least} whole runs: unknown, not looked at.")
    return said


def _unseen(decisions: Decisions) -> list[str]:
    said = [f"Passed over {plain(sentence)}" for sentence in decisions.unread]
    if decisions.older:
        said.append(f"{many(decisions.older, 'older comparison')} not shown; see one: paceline ab --read NUMBER")
    if not decisions.found:
        said.append(f"No A/B comparison is shown; hold one: {_COMPARE}")
    return said
