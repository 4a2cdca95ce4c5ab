"""The parts of pytest-benchmark's JSON that Paceline reads, and what it adds to them.

Unknown keys are left alone everywhere: pytest-benchmark's next version, and experiments, may add what they like.
"""

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from paceline import machine

SCHEMA = 1
"""The version of what Paceline adds; a file with a higher one was written by a newer Paceline."""

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Stats(Struct):
    """`benchmarks[i].stats`."""

    data: list[float] | UnsetType = UNSET


class Extra(Struct):
    """`benchmarks[i].extra_info` of a cell; seconds, bytes and fractions as in `paceline.history.Cell`."""

    experiment: str
    strategy: str
    workload: str
    items: Count
    workers: Count
    options: dict[str, str | int | float | bool | None] = {}
    client: str | None = None
    latency: float | None = None
    size: Count | None = None
    kernel: str | None = None
    share: float | None = None
    limit: float | None = None
    efficiency: float | None = None
    overhead: float | None = None
    ledger: dict[str, Any] | None = None
    start_seconds: float | None = None
    stop_seconds: float | None = None
    cpu_seconds: float | None = None
    context_switches: Count | None = None
    server_share: float | None = None
    sessions: Count | None = None
    process: Count | None = None
    warnings: list[str] = []


class Benchmark(Struct):
    """`benchmarks[i]`, where it is a cell of ours: its `extra_info` has what `Extra` requires."""

    fullname: str
    name: str
    stats: Stats
    params: Any = None
    extra_info: dict[str, Any] = {}


class Header(Struct):
    """The top-level `paceline` key; facts of the moment stand beside these."""

    schema: int
    version: str
    fingerprint: str
    complete: bool
    why_incomplete: str | None
    seed: int
    scale: dict[str, Any]


class Saved(Struct):
    """A whole file, cells apart."""

    benchmarks: list[Any]
    datetime: dt.datetime
    paceline: dict[str, Any]
    machine_info: dict[str, Any] = {}
    commit_info: dict[str, Any] = {}


class Whose(Struct):
    """As much of the `paceline` key as says whose run it is."""

    fingerprint: str


class Origin(Struct):
    """As much of a file as says when it was measured, and where: reading that takes a tenth of the time."""

    datetime: dt.datetime
    paceline: Whose


def header(
    *,
    seed: int,
    scale: dict[str, Any],
    complete: bool = True,
    why_incomplete: str | None = None,
    cluster: str | None = None,
) -> dict[str, Any]:
    """Make the top-level `paceline` key of a run that this process measured.

    Args:
        seed: what the order of cells and the service times were drawn from.
        scale: the options that decide how much was measured.
        complete: whether every cell asked for was measured and nothing failed.
        why_incomplete: the reason, if not.
        cluster: the scheme of the cluster that measured with this machine, if one did.
    """
    version = machine.libraries().get("paceline", "unknown")
    known = Header(SCHEMA, version, machine.fingerprint(cluster), complete, why_incomplete, seed, scale)
    return {**msgspec.structs.asdict(known), **machine.volatile_facts()}
