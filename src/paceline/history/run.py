"""A saved run and its cells, and names that keep the experiments of several runs apart."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from paceline.contracts import Option
from paceline.files import number_of
from paceline.stats import samples
from paceline.text.numbers import is_number

Count = Annotated[int, "from 0 to below 2**63"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One strategy, workload and set of parameters, measured for some rounds.

    Times are in seconds, sizes in bytes; None stands for what was not measured or has no meaning here.
    """

    fullname: str  # the node id, which decides the cell's work: the only key by which runs are joined
    name: str  # the part of it after the file
    rounds: tuple[float, ...]  # shape (n,), n at least 1, each above 0, in the order measured
    experiment: str  # the name of its file, without "test_"
    strategy: str  # its name
    workload: str  # the name of its class
    items: Count  # in a round
    workers: Count  # how many items may be under way at once
    options: Mapping[str, Option] = field(default_factory=dict)  # of the strategy
    client: str | None = None  # that downloads
    latency: float | None = None  # that the server takes for an item
    size: Count | None = None  # of an answer, or of what is sent to a worker and back
    kernel: str | None = None  # of `Compute`
    n: int | None = None  # steps of one item of `Compute`
    share: float | None = None  # CPU time of an item over its latency and CPU time together, a fraction
    limit: float | None = None  # the least time the work could take
    efficiency: float | None = None  # limit / median, a fraction
    overhead: float | None = None  # (median - limit) / items, seconds per item
    ledger: Mapping[str, Any] | None = None  # what the server saw in the median round
    start_seconds: float | None = None  # until all workers were ready
    stop_seconds: float | None = None  # until all had ended
    cpu_seconds: float | None = None  # of the client, a round
    context_switches: Count | None = None  # of the client, a round
    server_share: float | None = None  # the fraction of a core that the server used meanwhile
    sessions: Count | None = None  # how often workers opened the workload
    process: Count | None = None  # which of the new processes measured it, from 1; None for the session's own
    warnings: tuple[str, ...] = ()  # doubts, each beginning with its mark and a colon
    extra: Mapping[str, Any] = field(default_factory=dict)  # what the experiment adds

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

    @property
    def memory(self) -> float | None:
        """Of all processes, bytes: PSS, or USS where the system does not share out what processes share."""
        shared_out = self.figure("pss_bytes")
        return self.figure("uss_bytes") if shared_out is None else shared_out

    def figure(self, name: str) -> float | None:
        """Return what the experiment added under a name; None where it is no number."""
        value = self.extra.get(name)
        return float(value) if is_number(value) else None

    @property
    def over_loop(self) -> float | None:
        """How many times as fast it was as the plain loops that took turns with its rounds; None where none did."""
        return self.figure("speedup_over_loop")

    def lateness(self, place: str) -> Mapping[str, Any]:
        """Return how late a bystander was, "here" in the measuring process or "apart"; nothing where there was none."""
        bystander = self.extra.get("bystander")
        found = bystander.get(place) if isinstance(bystander, Mapping) else None
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One pytest session, saved as one file."""

    path: Path | None  # None for a run that is not saved
    fingerprint: str  # the machine and Python build it belongs to
    machine_info: Mapping[str, Any]  # their stable facts
    commit: Mapping[str, Any]  # pytest-benchmark's `commit_info`
    datetime: dt.datetime  # when it was saved, in UTC
    complete: bool  # whether every cell asked for was measured and nothing failed
    why_incomplete: str | None
    facts: Mapping[str, Any]  # the whole top-level `paceline` key (seed, scale, load, ...)
    cells: tuple[Cell, ...]  # in the order measured
    others: tuple[str, ...] = ()  # the full names of benchmarks in the same file that are not Paceline's

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
    def usable_cpus(self) -> float | None:
        """How many CPUs it could use, which a quota may make a fraction; None where it doesn't say."""
        cpu = self.machine_info.get("cpu")
        count = cpu.get("count") if isinstance(cpu, Mapping) else None
        return float(count) if is_number(count) and count > 0 else None

    @property
    def tracer(self) -> str | None:
        """What was on beside one of its cells and slows Python code, in a sentence; None if nothing was."""
        said = (warning.partition(":") for cell in self.cells for warning in cell.warnings)
        return next((meaning.strip() for mark, _, meaning in said if mark == "tracer"), None)

    @property
    def short_commit(self) -> str:
        """The commit in ten characters, with a plus where the working tree had changes of its own: "0123456789+"."""
        return f"{str(self.commit.get('id', 'unknown'))[:10]}{'+' if self.commit.get('dirty') else ''}"

    @property
    def libraries(self) -> dict[str, str | None]:
        """The versions of the libraries that it was measured with, of which the file says; None for a missing one."""
        known = self.machine_info.get("libraries")
        found = known.items() if isinstance(known, Mapping) else ()
        return {str(name): None if version is None else str(version) for name, version in found}


class Glimpse(NamedTuple):
    """When a run was saved, in UTC, and the machine and Python build it belongs to."""

    datetime: dt.datetime
    fingerprint: str


Owners = Mapping[str, set[str]]


def told_apart(runs: Sequence[Run]) -> list[Run]:
    """Name the experiments of runs that are read together, those that share a name by their files too."""
    owned = owners((cell.experiment, cell.fullname) for run in runs for cell in run.cells)
    return [replace(run, cells=_named(run.cells, owned)) for run in runs]


def cells_apart(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Name the experiments of one run, as `told_apart` does."""
    return _named(cells, owners((cell.experiment, cell.fullname) for cell in cells))


def owners(named: Iterable[tuple[str, str]]) -> Owners:
    """Return which files each experiment's name is from, given names and full names."""
    files = defaultdict(set)
    for experiment, fullname in named:
        file = fullname.partition("::")[0]
        files[_short(experiment, file)].add(file)
    return files


def called(experiment: str, fullname: str, owned: Owners) -> str:
    """Name an experiment: "x", or "x in a/test_x.py" where another file has an "x" too.

    The one that is measured by `benchmarks/test_x.py` keeps the short name, by which Paceline knows its own.
    """
    file = fullname.partition("::")[0]
    short = _short(experiment, file)
    alone = owned.get(short, {file}) == {file} or file == f"benchmarks/test_{short}.py"
    return short if alone else f"{short} in {file}"


def _named(cells: Sequence[Cell], owned: Owners) -> tuple[Cell, ...]:
    names = [called(cell.experiment, cell.fullname, owned) for cell in cells]
    return tuple(
        cell if cell.experiment == name else replace(cell, experiment=name)
        for cell, name in zip(cells, names, strict=True)
    )


def _short(experiment: str, file: str) -> str:
    return experiment.removesuffix(f" in {file}")
