"""
What there is to say of a judged sitting in words, wherever it is read: a terminal, a log, a step summary.

Names and sentences come as they stand in the file; whoever writes them out makes them harmless.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from paceline.gate.outcome import Judged, Outcome
from paceline.gate.record import SideFacts, Sitting
from paceline.report import figures

COLUMNS = ("cell", "baseline", "candidate", "change", "95 % interval", "pairs", "verdict")
_COMMIT = 12  # signs; as many as stand in the names of saved runs


def shared_file(fullnames: Iterable[str]) -> str:
    """
    Give the file that all these cells are in, with its "::"; "" where there are more files than one.
    """
    files = {file + mark for file, mark, _ in (name.partition("::") for name in fullnames)}
    return file if len(files) == 1 and (file := files.pop()).endswith("::") else ""


def short(fullnames: Sequence[str]) -> list[str]:
    """
    Give the cells' names without the file that all of them are in.
    """
    file = shared_file(fullnames)
    return [name.removeprefix(file) for name in fullnames]


def sides(sitting: Sitting) -> str:
    """
    Say what was compared with what.
    """
    apart = sitting.baseline.python != sitting.candidate.python
    baseline, candidate = (_side(one, with_python=apart) for one in (sitting.baseline, sitting.candidate))
    return f"baseline {baseline} against candidate {candidate}"


def _side(side: SideFacts, *, with_python: bool) -> str:
    commit = side.commit and side.commit[:_COMMIT] + (" and changes" if side.dirty else "")
    named = side.place.partition(" ")[2] in side.typed  # "revision main" says no more than "rev:main"
    known = ["" if named else side.place, side.python if with_python else "", commit or "no commit"]
    return f"{side.typed} ({', '.join(filter(None, known))})"


def measured(sitting: Sitting) -> str:
    """
    Say where the sitting was held, and of how many pairs it is made.
    """
    main, fresh = counted(sitting)
    planned = f" of {sitting.planned} planned" if main < sitting.planned else ""
    taken = f"{main}{planned} {'pair' if main == 1 else 'pairs'} of processes and {fresh} fresh"
    return f"{sitting.fingerprint}: {taken}, seed {sitting.seed}"


def counted(sitting: Sitting) -> tuple[int, int]:
    """
    Count the pairs of the main phase, and the fresh ones.
    """
    main = sum(pair.phase == "main" for pair in sitting.pairs)
    return main, len(sitting.pairs) - main


def libraries(sitting: Sitting) -> str:
    """
    Name the libraries that the sides don't have in the same version; "" if there is none.
    """
    one, other = sitting.baseline.libraries, sitting.candidate.libraries
    moved = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
    said = ", ".join(f"{name} {one.get(name, 'missing')} -> {other.get(name, 'missing')}" for name in moved)
    return said and f"The sides have different libraries: {said}."


def row(cell: Judged, name: str) -> tuple[str, ...]:
    """
    Write one cell's figures under `COLUMNS`, its verdict last.
    """
    return (
        name,
        figures.seconds(cell.baseline_seconds),
        figures.seconds(cell.candidate_seconds),
        figures.change(cell.main.ratio),
        interval(cell.main),
        f"{cell.main.pairs}+{cell.fresh.pairs}" if cell.fresh else str(cell.main.pairs),
        cell.verdict,
    )


class Ends(Protocol):
    """
    Whatever has an interval of a ratio, or None for each of its ends.
    """

    @property
    def low(self) -> float | None: ...

    @property
    def high(self) -> float | None: ...


def interval(found: Ends) -> str:
    """
    Write the interval of a change as it stands in a table.
    """
    return figures.between(found.low, found.high, to=" .. ")


def some(names: Iterable[str], most: int) -> str:
    """
    Name the first few, and say how many there are beside them.
    """
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def changed_counts(cells: Iterable[Judged]) -> Iterator[tuple[str, str]]:
    """
    Give full name and change of each count that is certain on both sides and not the same.
    """
    for cell in cells:
        for name, count in cell.counts.items():
            if count.changed:
                yield cell.fullname, f"{name}: {count.baseline[0]} -> {count.candidate[0]}"


def canary(outcome: Outcome) -> tuple[bool, str]:
    """
    Say what the canary did, and whether it moved.
    """
    one = outcome.canary
    between = figures.between(one.main.low, one.main.high, otherwise=figures.TOO_FEW)
    said = f"{figures.change(one.main.ratio)} ({between})"
    moved = outcome.verdict == "not comparable"
    return moved, f"THE CANARY MOVED: {said}; {one.why}" if moved else f"canary: {said}"


def by_reason(left_out: Mapping[str, str]) -> dict[str, list[str]]:
    """
    Gather the cells that were left out for the same reason.
    """
    reasons: dict[str, list[str]] = {}
    for name, why in left_out.items():
        reasons.setdefault(why, []).append(name)
    return reasons
