"""One saved run and its cells, as everybody but this package sees them."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from paceline.contracts import Option
from paceline.stats import samples

_NUMBER = re.compile(r"([0-9]{4,})_")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One strategy, workload and set of parameters, measured for some rounds.

    Times are in seconds, sizes in bytes; None stands for what was not measured or has no meaning here.

    Args:
        fullname: the node id, which decides the cell's work: the only key by which runs are joined.
        name: the part of it after the file.
        rounds: shape (n,), n at least 1, seconds, each above 0, in the order measured.
        limit: the least time the work could take.
        n: steps of one item of `Compute`.
        share: CPU time of an item over its latency and CPU time together, a fraction.
        efficiency: limit / median, a fraction.
        overhead: (median - limit) / items, seconds per item.
        server_share: the fraction of a core that the server used meanwhile.
        sessions: how often workers opened the workload.
        process: which of the fresh processes measured it, from 1; None for the session's own process.
        warnings: doubts, each beginning with its mark and a colon.
        extra: what the experiment adds.
    """

    fullname: str
    name: str
    rounds: tuple[float, ...]
    experiment: str
    strategy: str
    workload: str
    items: int
    workers: int
    options: Mapping[str, Option] = field(default_factory=dict)
    client: str | None = None
    latency: float | None = None
    size: int | None = None
    kernel: str | None = None
    n: int | None = None
    share: float | None = None
    limit: float | None = None
    efficiency: float | None = None
    overhead: float | None = None
    ledger: Mapping[str, Any] | None = None
    start_seconds: float | None = None
    stop_seconds: float | None = None
    cpu_seconds: float | None = None
    context_switches: int | None = None
    server_share: float | None = None
    sessions: int | None = None
    process: int | None = None
    warnings: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The middle of the rounds, seconds."""
        return samples.median(self.rounds)

    @property
    def spread(self) -> float:
        """Interquartile range / median, a fraction; NaN for a single round."""
        return samples.spread(self.rounds)

    @property
    def marks(self) -> tuple[str, ...]:
        """The kinds of doubt, each once: "server-bound", "client-bound", "unproven", "noisy", "limit", ..."""
        return tuple(dict.fromkeys(warning.partition(":")[0].strip() for warning in self.warnings))


@dataclass(frozen=True, kw_only=True)
class Run:
    """One pytest session, saved as one file.

    Args:
        path: the file; None for a run that is not saved.
        fingerprint: the machine and Python build it belongs to.
        machine_info: their stable facts.
        commit: pytest-benchmark's `commit_info`.
        datetime: when it was saved, in UTC.
        complete: whether every cell asked for was measured and nothing failed.
        why_incomplete: the reason, if not.
        facts: the whole top-level `paceline` key (seed, scale, load, ...).
        cells: in the order measured.
        others: the full names of benchmarks in the same file that are not Paceline's.
    """

    path: Path | None
    fingerprint: str
    machine_info: Mapping[str, Any]
    commit: Mapping[str, Any]
    datetime: dt.datetime
    complete: bool
    why_incomplete: str | None
    facts: Mapping[str, Any]
    cells: tuple[Cell, ...]
    others: tuple[str, ...] = ()

    @property
    def number(self) -> int | None:
        """Its place in its history, from the file's name."""
        return number_of(self.path.name) if self.path else None

    @property
    def python(self) -> str:
        """The Python that measured it: "CPython 3.11.7"."""
        info = self.machine_info
        return f"{info.get('python_implementation', 'Python')} {info.get('python_version', '?')}"

    @property
    def tracer(self) -> str | None:
        """What was on beside one of its cells and slows Python code, in a sentence; None if nothing was."""
        said = (warning.partition(":") for cell in self.cells for warning in cell.warnings)
        return next((meaning.strip() for mark, _, meaning in said if mark == "tracer"), None)

    @property
    def short_commit(self) -> str:
        """The commit in ten signs, with a plus where the working tree had changes of its own: "0123456789+"."""
        return f"{str(self.commit.get('id', 'unknown'))[:10]}{'+' if self.commit.get('dirty') else ''}"

    @property
    def libraries(self) -> dict[str, str | None]:
        """The versions of the libraries that it was measured with, None for one that was not there; those of which the
        file doesn't say are left out.
        """
        known = self.machine_info.get("libraries")
        found = known.items() if isinstance(known, Mapping) else ()
        return {str(name): None if version is None else str(version) for name, version in found}


class Glimpse(NamedTuple):
    """When a run was saved, in UTC, and the machine and Python build it belongs to."""

    datetime: dt.datetime
    fingerprint: str


def number_of(name: str) -> int | None:
    """Read the number off a file's name, `NNNN_*`; None if it has none."""
    found = _NUMBER.match(name)
    return int(found[1]) if found else None
