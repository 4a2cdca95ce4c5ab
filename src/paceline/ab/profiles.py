"""Two sides' profiles of one cell, read into functions and the calls between them, and their times made comparable."""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path, PurePath
from statistics import median
from typing import Any

Function = tuple[str, str]
"""File, relative to where its side's code or its environment begins ("" for what is written in C); qualified name."""

SMALLEST = 0.005  # of the profiled time: a smaller share is no reason
FEWEST = 3  # pairs of profiles, below which no time counts
_ANCHOR = 0.2  # of the profiled time: how much unchanged code it needs to tell a slow moment by it
_SLIGHT = 0.05  # of a function's own time: less comes of where its code lies in memory
_WITH_REASON = 0.5  # of the scatter that a change must exceed, where the function's code differs
_PACERS = 3  # functions, below which they tell no pace
_PART = re.compile(r"\.<locals>\.<\w+>$")  # a comprehension, a generator expression, a lambda: a part of its function
_INSTALLED = re.compile(r".*/(?:(?:site|dist)-packages|lib/python3\.\d+t?)/(.*)")


@dataclass(frozen=True)
class Profile:
    """One profile of one cell on one side."""

    rows: Sequence[Mapping[str, Any]]  # as `paceline.plugin.profiling.profiled` returns them
    calls: int  # how often the benchmark's function was called
    threads: bool = False  # whether other threads ran
    children: bool = False  # whether other processes ran


@dataclass
class _Calls:
    """Calls in one profile, of a function or from one to another."""

    calls: float = 0.0
    own: float = 0.0
    cumulative: float = 0.0

    def add(self, calls: float, own: float, cumulative: float) -> None:
        self.calls += calls
        self.own += own
        self.cumulative += cumulative


@dataclass
class _Pass:
    """One profile, by functions; what is written in C has calls and no code."""

    totals: dict[Function, _Calls] = field(default_factory=dict)
    edges: dict[Function, dict[Function, _Calls]] = field(default_factory=dict)

    def edge(self, caller: Function, callee: Function) -> _Calls:
        return self.edges.setdefault(caller, {}).setdefault(callee, _Calls())


def _pass(profile: Profile, top: Path, renamed: Mapping[str, str]) -> _Pass:
    """Add up a profile's rows by function, a comprehension to the one around it."""
    keys = [_key(row, top, renamed) for row in profile.rows]
    known = set(keys)
    owners = [_owner(key, known) for key in keys]
    made = _Pass()
    for row, key, owner in zip(profile.rows, keys, owners, strict=True):
        total = made.totals.setdefault(owner, _Calls())
        total.add(row["calls"] if key == owner else 0, row["own"], row["cumulative"] if key == owner else 0)
        for place, calls, own, cumulative in row["callees"]:
            if owners[place] == keys[place] or owners[place] != owner:
                made.edge(owner, owners[place]).add(calls, own, cumulative)
    _through_c(made)
    return made


def _key(row: Mapping[str, Any], top: Path, renamed: Mapping[str, str]) -> Function:
    place = _place(row["file"], top)
    return renamed.get(place, place), row["name"]


def _place(file: str, top: Path) -> str:
    """Return a file's path from where its environment or its side's own code begins."""
    if found := _INSTALLED.fullmatch(file):
        return found[1]
    path = PurePath(file)
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else file


def _owner(key: Function, known: set[Function]) -> Function:
    file, name = key
    while (shorter := _PART.sub("", name)) != name:
        name = shorter
        if (file, name) in known:
            return file, name
    return key


def _through_c(made: _Pass) -> None:
    """Charge what C calls back (`sorted(..., key=f)`) to the function that called into C, where only one can have."""
    for middle in [key for key in made.edges if not key[0]]:
        callers = [
            caller
            for caller, edges in made.edges.items()
            if caller[0] and middle in edges and edges[middle].cumulative > edges[middle].own
        ]
        for callee, edge in made.edges.pop(middle).items():
            if len(callers) == 1 and callee != callers[0]:
                made.edge(callers[0], callee).add(edge.calls, edge.own, edge.cumulative)


@dataclass
class SideProfiles:
    """All profiles of one side."""

    passes: list[_Pass]
    code: dict[Function, str]
    lines: dict[Function, tuple[int, int]]

    @classmethod
    def of(cls, profiles: Sequence[Profile], top: Path, renamed: Mapping[str, str]) -> "SideProfiles":
        lines: dict[Function, tuple[int, int]] = {}
        digests: dict[Function, set[str]] = {}
        for row in (row for profile in profiles for row in profile.rows):
            key = _key(row, top, renamed)
            lines.setdefault(key, (row["line"], row["end"]))
            digests.setdefault(key, set()).add(row["code"])
        words = {key: " ".join(sorted(found)) for key, found in digests.items()}
        return cls([_pass(profile, top, renamed) for profile in profiles], words, lines)

    def functions(self) -> set[Function]:
        return {key for one in self.passes for key in one.totals}

    def calls(self, key: Function) -> list[float]:
        """Return how often a function was called, in each profile."""
        return [one.totals[key].calls if key in one.totals else 0.0 for one in self.passes]

    def edge_calls(self, caller: Function, callee: Function) -> list[float]:
        """Return how often one function called another, in each profile."""
        return [edge.calls if edge else 0.0 for edge in self._edges(caller, callee)]

    def callees(self, caller: Function) -> set[Function]:
        return {callee for one in self.passes for callee in one.edges.get(caller, ())}

    def callers(self) -> dict[Function, dict[Function, float]]:
        """Return by whom each function was called, and how often, in the first profile."""
        found: dict[Function, dict[Function, float]] = {}
        for caller, edges in self.passes[0].edges.items():
            for callee, edge in edges.items():
                found.setdefault(callee, {})[caller] = edge.calls
        return found

    def price(self, caller: Function, callee: Function) -> float:
        """Return what one of these calls takes, seconds; what C calls back is charged apart."""
        edges = [edge for edge in self._edges(caller, callee) if edge and edge.calls]
        return median((edge.cumulative if callee[0] else edge.own) / edge.calls for edge in edges) if edges else 0.0

    def cumulative(self, key: Function) -> float:
        return median(one.totals[key].cumulative if key in one.totals else 0.0 for one in self.passes)

    def total(self) -> float:
        return median(sum(each.own for each in one.totals.values()) for one in self.passes)

    def own(self, *keys: Function) -> list[float]:
        """Return the own time of functions in each profile, calls into C included."""
        return [sum(_own(one, key) for key in keys) for one in self.passes]

    def _edges(self, caller: Function, callee: Function) -> list[_Calls | None]:
        return [one.edges.get(caller, {}).get(callee) for one in self.passes]


def shift(earlier: Sequence[float], later: Sequence[float]) -> float | None:
    """Return by how much a count changed, from profiles taken in pairs; None if the pairs don't agree.

    Both profiles of a pair have one hash seed, and what depends on it is the same in both.
    """
    moved = [after - before for before, after in zip(earlier, later, strict=True)]
    if all(map(math.isclose, earlier, later)):
        return 0.0
    typical = median(moved)
    agreed = min(moved) * max(moved) > 0 and max(moved) - min(moved) <= abs(typical)
    return typical if agreed else None


def _own(one: _Pass, key: Function) -> float:
    total = one.totals.get(key)
    return (total.own if total else 0.0) + sum(
        edge.own for callee, edge in one.edges.get(key, {}).items() if not callee[0]
    )


def is_rewritten(before: SideProfiles, after: SideProfiles, key: Function) -> bool | None:
    """Whether a function's compiled code differs; two Pythons compile the same to something else."""
    one, other = before.code[key], after.code[key]
    known = one and other and one.partition(":")[0] == other.partition(":")[0]
    return one != other if known else None


class Clock:
    """Own times of both sides, made comparable: each profile is timed by what unchanged functions took in it.

    A moment in which the machine is slow slows all of a profile, and would pass for a change.

    Attributes:
        total: the baseline's profiled time, seconds.
    """

    def __init__(self, before: SideProfiles, after: SideProfiles, both: Iterable[Function]) -> None:
        self._sides = before, after
        own = {key: (before.own(key), after.own(key)) for key in both}
        self.total = before.total()
        least = SMALLEST * self.total
        self._own = {
            key: sides for key, sides in own.items() if all(map(all, sides)) and max(map(median, sides)) > least
        }
        self._usual = {key: median(self._own[key][0]) for key in self._own if _same_work(before, after, key)}

    def compared(self, key: Function, in_c: float, *, rewritten: bool | None) -> tuple[float, float | None]:
        """Return by how many seconds a function's own time grew, new calls into C left out, and its ratio.

        Both are nothing, 0 and None, within what the profiles of one side differ by.

        Args:
            key: the function.
            in_c: seconds of the calls into C that are new; they are counted, and need no clock.
            rewritten: whether its code differs: half the evidence will do for one that has a reason.
        """
        if key not in self._own:
            return 0.0, None
        was, now = (median(side.calls(key)) for side in self._sides)
        earlier, later = (self._in_time(key, which) for which in (0, 1))
        expected = [each * now / was for each in earlier]
        grown = [after - in_c - before for before, after in zip(expected, later, strict=True)]
        usual, change = median(expected), median(grown)
        enough = (max(grown) - min(grown)) * (_WITH_REASON if rewritten else 1)
        alike = len(grown) >= FEWEST and min(grown) * max(grown) > 0
        if not alike or abs(change) <= max(enough, _SLIGHT * usual):
            return 0.0, None
        return change, 1 + change / usual

    def _in_time(self, key: Function, side: int) -> list[float]:
        """Return a function's own times as they would be at the others' usual pace."""
        others = {other: usual for other, usual in self._usual.items() if other != key}
        if len(others) < _PACERS or sum(others.values()) < _ANCHOR * self.total:
            return self._own[key][side]
        paces = (
            _middle([(self._own[other][side][turn] / usual, usual) for other, usual in others.items()])
            for turn in range(len(self._own[key][side]))
        )
        return [each / pace for each, pace in zip(self._own[key][side], paces, strict=True)]


def _middle(weighted: Iterable[tuple[float, float]]) -> float:
    """Return the weighted median of (value, weight): one function that changed can't move it far."""
    ordered = sorted(weighted)
    reached = list(accumulate(weight for _, weight in ordered))
    return ordered[bisect_left(reached, reached[-1] / 2)][0]


def _same_work(before: SideProfiles, after: SideProfiles, key: Function) -> bool:
    """Whether a function can't have changed: the same code, as far as that is known, called as often."""
    return shift(before.calls(key), after.calls(key)) == 0 and not is_rewritten(before, after, key)
