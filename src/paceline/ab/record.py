"""What a comparison recorded, so that its decision can be made again from the file, and that file.

It holds every round of every pair of processes, and lies in `results/ab/NNNN_*.json`.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Literal

from paceline.ab.why import Explanation
from paceline.files import Document, number_of, publish
from paceline.history import HistoryError, NotSaved
from paceline.history.documents import DAMAGED, Misfit, UnreadableFile, content, decoded, decoding, too_large
from paceline.history.reading import LONGEST_ROUND

SCHEMA = 2
FOLDER = "ab"  # where comparisons are saved, in the folder of results
CANARY = "canary"  # the name, beside the cells', of the rounds of one native hash, which no change of ours can move

Phase = Literal["main", "confirm"]
Which = Literal["baseline", "candidate"]
WHICH: tuple[Which, Which] = ("baseline", "candidate")


@dataclass(frozen=True, kw_only=True)
class SideFacts:
    """One side of a comparison, as it was run."""

    typed: str  # the SIDE as it was typed: "rev:main", ". SLOW=1 --client raw"
    place: str  # "working tree", "revision main" or "Python /usr/bin/python3.13"
    commit: str | None  # the commit it ran, in full; None outside of a repository
    dirty: bool  # whether tracked files differed from it
    python: str  # "CPython 3.11.7"
    environment: Mapping[str, str] = field(default_factory=dict)  # the variables set for it
    options: tuple[str, ...] = ()  # the pytest options given to it alone
    libraries: Mapping[str, str] = field(default_factory=dict)  # of the packages that decide figures: name -> version


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What one side measured of one cell in one pair."""

    rounds: tuple[float, ...]  # shape (n,), seconds, in the order taken
    # what the server counted in the last round: connections, requests, max_in_flight; empty without one
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two new processes, one for each side, which took their rounds in turns: the replicate."""

    number: int  # its place in the comparison, from 1
    phase: Phase  # "main", or "confirm" for the fresh pairs of cells that are under suspicion
    first: Which  # which side was started first and took the first round
    order: tuple[str, ...]  # the full names of the cells in the order measured
    baseline: Mapping[str, Taken]  # full name (or `CANARY`) -> what that side measured
    candidate: Mapping[str, Taken]  # the same for the other side
    seconds: float  # how long the pair took, from the first start to the last exit


@dataclass(frozen=True, kw_only=True)
class CellPlan:
    """How both sides measure a cell, in all pairs."""

    calls: int  # of the function in a round
    rounds: int  # turns in a pair of all cells; in one of those that are still open there may be more
    warmup: int  # calls before the first round
    seconds: float  # of one call, on the faster side, from the throw-away pass
    pinned: bool  # whether both sides run on one core
    remarks: tuple[str, ...] = ()  # what a reader has to know: "left to the scheduler: starts threads"


@dataclass(frozen=True, kw_only=True)
class ComparisonFacts:
    """What a comparison was asked, and what is known of it beside its pairs."""

    baseline: SideFacts  # the side a comparison starts from
    candidate: SideFacts  # the side it goes to
    fingerprint: str  # the machine and Python build of the process that led it
    datetime: str  # when it began, ISO 8601 in UTC
    seed: int  # what the orders were drawn from
    tolerance: float  # the largest change that counts as none, a fraction: 0.03
    arguments: tuple[str, ...]  # the pytest arguments that chose the cells
    looks: tuple[int, ...]  # numbers of main pairs at which cells are decided, increasing, fixed before the first pair
    # the same of fresh pairs, fixed before the first of them; empty as long as there are none
    fresh_looks: tuple[int, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)  # full name -> why it fails, on the candidate only
    # full name -> why it was not compared: on one side only, skipped on both, no rounds to take in turns
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what a reader of the verdict has to know, one sentence each
    # full name -> where the cell changed, of cells that were profiled
    explanations: Mapping[str, Explanation] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Comparison(ComparisonFacts, Document):
    """All pairs of one comparison, and what it was asked."""

    schema: int = SCHEMA  # the version of this file's fields
    # full name -> how it is measured; empty in files of schema 1
    plan: Mapping[str, CellPlan] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()  # in the order run


@dataclass(frozen=True, kw_only=True)
class _FirstSchema(Comparison):
    """As schema 1 has it: one look at all main pairs, and one at all fresh ones."""

    looks: tuple[int, ...] = ()

    def as_second(self) -> Comparison:
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        main = sum(pair.phase == "main" for pair in self.pairs)
        looks, fresh = (tuple(filter(None, [count])) for count in (main, len(self.pairs) - main))
        return Comparison(**{**known, "looks": looks, "fresh_looks": fresh, "schema": SCHEMA})


class UnreadableComparison(UnreadableFile):
    """A file is no saved comparison, or a damaged one."""

    what = "comparison"
    key = b'"pairs"'


class NoComparison(UnreadableComparison):
    """A file holds JSON of somebody else's."""


@dataclass(frozen=True)
class _Head:
    """As much of a file as says whether the rest can be understood."""

    schema: int


def written(comparison: Comparison) -> bytes:
    """Write a comparison as JSON; a character that UTF-8 lacks, as file names may hold, becomes a question mark.

    Raises:
        ValueError: a number in it is not finite.
    """
    whole = asdict(comparison)
    pairs = ",\n".join(json.dumps(pair, ensure_ascii=False, allow_nan=False) for pair in whole.pop("pairs"))
    head = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1).removesuffix("\n}")
    return f'{head},\n "pairs": [\n{pairs}\n ]\n}}\n'.encode("utf-8", "replace")


def read(content: bytes, path: Path) -> Comparison:
    """Make a comparison out of a file's content, whatever it is.

    Raises:
        UnreadableComparison: it is not JSON, no comparison, of another schema, or holds an impossible round.
    """
    with decoding(content, path, UnreadableComparison):
        if _schema(content, path) == SCHEMA:
            comparison = decoded(content, Comparison)
        else:
            comparison = decoded(content, _FirstSchema).as_second()
    _check(comparison, path)
    return comparison


def _schema(content: bytes, path: Path) -> int:
    head = None
    with suppress(Misfit):
        head = decoded(content, _Head)
    if head is None or UnreadableComparison.key not in content:
        raise NoComparison(path, "it is no comparison of paceline ab; name a file from results/ab")
    if head.schema not in (1, SCHEMA):
        whose = "a newer" if head.schema > SCHEMA else "an older"
        raise UnreadableComparison(
            path,
            f"{whose} Paceline wrote it (schema {head.schema}, this one reads 1 and {SCHEMA}); read it with that one",
        )
    return head.schema


def _check(comparison: Comparison, path: Path) -> None:
    """Refuse looks and rounds that are damage."""
    for looks in (comparison.looks, comparison.fresh_looks):
        if any(later <= earlier for earlier, later in pairwise((0, *looks))):
            raise UnreadableComparison(path, f"its looks {list(looks)} are no increasing numbers of pairs; {DAMAGED}")
    for pair in comparison.pairs:
        for side in (pair.baseline, pair.candidate):
            for name, taken in side.items():
                if not taken.rounds or not all(0 < seconds < LONGEST_ROUND for seconds in taken.rounds):
                    told = f"pair {pair.number} has a round of {name!r} that no round can take, or none"
                    raise UnreadableComparison(path, f"{told}; {DAMAGED}")


_NAME = 40  # characters of each side's name; two of them are far from any file system's limit


class NoSuchComparisonError(HistoryError):
    """No saved comparison answers the description."""


def save(comparison: Comparison, folder: Path) -> Path:
    """Save a comparison under the next number of `folder`, which is made if it is not there; returns the file's path.

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
    """Read one saved comparison, or raise UnreadableComparison."""
    return read(content(path, UnreadableComparison), path)


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


def saved(folder: Path) -> list[Path]:
    """List the comparisons in `folder` by their numbers, readable or not."""
    return [path for _, path in _numbered(folder)]


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        return []
    files = (path for path in folder.iterdir() if path.suffix == ".json")
    return sorted((number, path) for path in files if (number := number_of(path.name)) is not None)


def _safe(typed: str) -> str:
    """Make a part of a file's name out of a SIDE as typed: "rev:main" to "rev-main", "." to "here"."""
    words = typed.split()
    named = " ".join(["here", *words[1:]] if words[:1] == ["."] else words)
    return re.sub(r"[^A-Za-z0-9.]+", "-", named)[:_NAME].strip("-.") or "side"
