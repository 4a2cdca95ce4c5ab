"""What a comparison recorded, so that its decision can be made again from the file, and that file.

It holds every round of every pair of processes, and lies in `results/ab/NNNN_*.json`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from paceline.ab.why import Explanation
from paceline.files import number_of, publish
from paceline.history import HistoryError, NotSaved
from paceline.history.documents import DAMAGED, UnreadableFile, content, decoding, too_large
from paceline.history.reading import LONGEST_ROUND

SCHEMA = 2
CANARY = "canary"
FOLDER = "ab"
"""Where comparisons are saved, in the folder of results."""

"""The name, beside the cells', of the canary's rounds: one native hash, which no change of ours can move."""

Phase = Literal["main", "confirm"]
Which = Literal["baseline", "candidate"]


@dataclass(frozen=True, kw_only=True)
class SideFacts:
    """One side of a comparison, as it was run.

    Args:
        typed: the SIDE as it was typed: "rev:main", ". SLOW=1 --client raw".
        place: "working tree", "revision main" or "Python /usr/bin/python3.13".
        commit: the commit it ran, in full; None outside of a repository.
        dirty: whether tracked files differed from it.
        python: "CPython 3.11.7".
        environment: the variables set for it.
        options: the pytest options given to it alone.
        libraries: of the packages that decide figures: name -> version.
    """

    typed: str
    place: str
    commit: str | None
    dirty: bool
    python: str
    environment: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    libraries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What one side measured of one cell in one pair.

    Args:
        rounds: shape (n,), seconds, in the order taken.
        counts: what the server counted in the last round: connections, requests, max_in_flight; empty without one.
    """

    rounds: tuple[float, ...]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two new processes, one for each side, which took their rounds in turns: the replicate.

    Args:
        number: its place in the comparison, from 1.
        phase: "main", or "confirm" for the fresh pairs of cells that are under suspicion.
        first: which side was started first and took the first round.
        order: the full names of the cells in the order measured.
        baseline: full name (or `CANARY`) -> what that side measured.
        candidate: the same for the other side.
        seconds: how long the pair took, from the first start to the last exit.
    """

    number: int
    phase: Phase
    first: Which
    order: tuple[str, ...]
    baseline: Mapping[str, Taken]
    candidate: Mapping[str, Taken]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CellPlan:
    """How both sides measure a cell, in all pairs.

    Args:
        calls: of the function in a round.
        rounds: turns in a pair of all cells; in one of those that are still open there may be more.
        warmup: calls before the first round.
        seconds: of one call, on the faster side, from the throw-away pass.
        pinned: whether both sides run on one core.
        remarks: what a reader has to know: "left to the scheduler: starts threads".
    """

    calls: int
    rounds: int
    warmup: int
    seconds: float
    pinned: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All pairs of one comparison, and what it was asked.

    Args:
        baseline: the side a comparison starts from.
        candidate: the side it goes to.
        fingerprint: the machine and Python build of the process that led it.
        datetime: when it began, ISO 8601 in UTC.
        seed: what the orders were drawn from.
        tolerance: the largest change that counts as none, a fraction: 0.03.
        arguments: the pytest arguments that chose the cells.
        looks: numbers of main pairs at which cells are decided, increasing, fixed before the first pair.
        fresh_looks: the same of fresh pairs, fixed before the first of them; empty as long as there are none.
        plan: full name -> how it is measured; empty in files of schema 1.
        failed: full name -> why it fails, on the candidate only.
        left_out: full name -> why it was not compared: on one side only, skipped on both, no rounds to take in turns.
        notes: what whoever reads the verdict has to know, one sentence each.
        explanations: full name -> where the cell changed, of cells that were profiled.
        pairs: in the order run.
        schema: of this file.
    """

    baseline: SideFacts
    candidate: SideFacts
    fingerprint: str
    datetime: str
    seed: int
    tolerance: float
    arguments: tuple[str, ...]
    looks: tuple[int, ...]
    fresh_looks: tuple[int, ...] = ()
    plan: Mapping[str, CellPlan] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    explanations: Mapping[str, Explanation] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()
    schema: int = SCHEMA


@dataclass(frozen=True, kw_only=True)
class _FirstSchema(Comparison):
    """As schema 1 has it: one look at all main pairs, and one at all fresh ones."""

    looks: tuple[int, ...] = ()

    def as_second(self) -> Comparison:
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        looks = {name: _one_look(self.pairs, phase) for name, phase in (("looks", "main"), ("fresh_looks", "confirm"))}
        return Comparison(**{**known, **looks, "schema": SCHEMA})


def _one_look(pairs: Sequence[Pair], phase: str) -> tuple[int, ...]:
    count = sum(pair.phase == phase for pair in pairs)
    return (count,) if count else ()


class UnreadableComparison(UnreadableFile):
    """A file is no saved comparison, or a damaged one."""

    what = "comparison"
    key = b'"pairs"'


class NoComparison(UnreadableComparison):
    """A file holds JSON of somebody else's."""


class _Head(msgspec.Struct):
    """As much of a file as says whether the rest can be understood."""

    schema: int
    pairs: msgspec.Raw


def written(comparison: Comparison) -> bytes:
    """Write a comparison as JSON; a sign that UTF-8 does not have, as file names may hold, becomes a question mark.

    Raises:
        ValueError: a number in it is not finite.
    """
    whole = msgspec.to_builtins(comparison)
    pairs = ",\n".join(json.dumps(pair, ensure_ascii=False, allow_nan=False) for pair in whole.pop("pairs"))
    head = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1).removesuffix("\n}")
    return f'{head},\n "pairs": [\n{pairs}\n ]\n}}\n'.encode("utf-8", "replace")


def read(content: bytes, path: Path) -> Comparison:
    """Make a comparison out of a file's content.

    Args:
        content: whatever the bytes are, the outcome is a comparison or the reason why not.
        path: where it comes from, for messages.

    Raises:
        UnreadableComparison: it is not JSON, no comparison, of another schema, or holds a wrong type or an
            impossible round.
    """
    with decoding(content, path, UnreadableComparison):
        if _schema(content, path) == SCHEMA:
            comparison = msgspec.json.decode(content, type=Comparison)
        else:
            comparison = msgspec.json.decode(content, type=_FirstSchema).as_second()
    _check_rounds(comparison, path)
    _check_looks(comparison, path)
    return comparison


def _schema(content: bytes, path: Path) -> int:
    try:
        head = msgspec.json.decode(content, type=_Head)
    except msgspec.ValidationError:
        raise NoComparison(path, "it is no comparison of paceline ab; name a file from results/ab") from None
    if head.schema not in (1, SCHEMA):
        whose = "a newer" if head.schema > SCHEMA else "an older"
        raise UnreadableComparison(
            path,
            f"{whose} Paceline wrote it (schema {head.schema}, this one reads 1 and {SCHEMA}); read it with that one",
        )
    return head.schema


def _check_looks(comparison: Comparison, path: Path) -> None:
    for looks in (comparison.looks, comparison.fresh_looks):
        if any(later <= earlier for earlier, later in pairwise((0, *looks))):
            raise UnreadableComparison(path, f"its looks {list(looks)} are no increasing numbers of pairs; {DAMAGED}")


def _check_rounds(comparison: Comparison, path: Path) -> None:
    for pair in comparison.pairs:
        for side in (pair.baseline, pair.candidate):
            for name, taken in side.items():
                if not taken.rounds or not all(0 < seconds < LONGEST_ROUND for seconds in taken.rounds):
                    told = f"pair {pair.number} has a round of {name!r} that no round can take, or none"
                    raise UnreadableComparison(path, f"{told}; {DAMAGED}")


_NAME = 40  # signs of each side's name; two of them are far from any file system's limit


class NoSuchComparisonError(HistoryError):
    """No saved comparison answers the description."""


def save(comparison: Comparison, folder: Path) -> Path:
    """Save a comparison under the next number of `folder`, which is made if it is not there.

    Returns:
        The path of the new file.

    Raises:
        NotSaved: the disk is full, the folder can't be written to, or the comparison could not be read again; nothing
            is left behind.
    """
    label = f"{_safe(comparison.baseline.typed)}_{_safe(comparison.candidate.typed)}"
    try:
        whole = written(comparison)
        if large := too_large(len(whole), UnreadableComparison):
            raise NotSaved(f"this comparison is not saved: {large}; compare fewer cells, or fewer pairs")
        read(whole, folder)  # what goes in must come out again
        return publish(folder, label, whole)
    except UnreadableComparison as unfit:
        raise NotSaved(f"this comparison is not saved, it could not be read again: {unfit.reason}") from unfit
    except ValueError as unfit:
        raise NotSaved(f"this comparison is not saved, a number in it is not finite: {unfit}") from unfit
    except OSError as error:
        trouble = f"{error.strerror or error}; make room there, or make it writable, and compare again"
        raise NotSaved(f"this comparison is not saved in {folder}: {trouble}") from error


def load(path: Path) -> Comparison:
    """Read one saved comparison.

    Raises:
        UnreadableComparison: it is not there, not a file, too large, damaged, of another schema, or not ours.
    """
    return read(content(path, UnreadableComparison), path)


def newest(folder: Path) -> Path:
    """Find the comparison with the highest number.

    Raises:
        NoSuchComparisonError: there is none.
    """
    numbered = _numbered(folder)
    if not numbered:
        raise NoSuchComparisonError(
            f"{folder} has no comparison; hold one: paceline ab --baseline SIDE --candidate SIDE"
        )
    return numbered[-1][1]


def saved(folder: Path) -> list[Path]:
    """List the comparisons by their numbers, readable or not.

    Raises:
        OSError: the folder can't be listed.
    """
    return [path for _, path in _numbered(folder)]


def resolve(word: str, folder: Path) -> Path:
    """Find the comparison that a person means: a path, or a number (3, 0003) in `folder`.

    Raises:
        NoSuchComparisonError: no comparison has that number, or more than one.
    """
    if not (word.isascii() and word.isdigit()):
        return Path(word)
    numbered = _numbered(folder)
    fitting = [path for number, path in numbered if number == int(word)]
    if len(fitting) > 1:
        raise NoSuchComparisonError(f"comparison {word} may be {' or '.join(map(str, fitting))}; give the path of one")
    if not fitting:
        held = f"it holds {numbered[0][0]} to {numbered[-1][0]}" if numbered else "it is empty"
        raise NoSuchComparisonError(f"{folder} has no comparison {word}; {held}")
    return fitting[0]


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """List the files of `folder` that have a number, in order."""
    if not folder.is_dir():
        return []
    saved = (path for path in folder.iterdir() if path.suffix == ".json")
    return sorted((number, path) for path in saved if (number := number_of(path.name)) is not None)


def _safe(typed: str) -> str:
    """Make a part of a file's name out of a SIDE as typed: "rev:main" to "rev-main", "." to "here"."""
    words = typed.split()
    named = " ".join(["here", *words[1:]] if words[:1] == ["."] else words)
    return re.sub(r"[^A-Za-z0-9.]+", "-", named)[:_NAME].strip("-.") or "side"
