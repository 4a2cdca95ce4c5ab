"""
What a sitting recorded: every round of every pair of processes, so that its decision can be made again from the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SCHEMA = 1
CANARY = "canary"
"""The name, beside the cells', of the canary's rounds: one native hash, which no change of ours can move."""

Phase = Literal["main", "confirm"]
Which = Literal["baseline", "candidate"]


@dataclass(frozen=True, kw_only=True)
class SideFacts:
    """
    One side of a comparison, as it was run.

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
    """
    What one side measured of one cell in one pair.

    Args:
        rounds: shape (n,), seconds, in the order taken.
        counts: what the server counted in the last round: connections, requests, max_in_flight; empty without one.
    """

    rounds: tuple[float, ...]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """
    Two new processes, one for each side, which took their rounds in turns: the replicate.

    Args:
        number: its place in the sitting, from 1.
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
class Sitting:
    """
    All pairs of one comparison, and what it was asked.

    Args:
        baseline: the side a comparison starts from.
        candidate: the side it goes to.
        fingerprint: the machine and Python build of the process that led it.
        datetime: when it began, ISO 8601 in UTC.
        seed: what the orders were drawn from.
        tolerance: the largest change that counts as none, a fraction: 0.03.
        arguments: the pytest arguments that chose the cells.
        planned: pairs of the main phase that were planned, after the pilot's spread.
        pilot: how many of them were the pilot.
        left_out: full name -> why it was not compared: on one side only, skipped on both, no rounds to take in turns.
        notes: what whoever reads the verdict has to know, one sentence each.
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
    planned: int
    pilot: int
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    schema: int = SCHEMA
