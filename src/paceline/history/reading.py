"""From a saved run's JSON to a run, or to the reason why it is none."""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from paceline import __version__, machine
from paceline.files import finite_or_none
from paceline.history import documents
from paceline.history.documents import DAMAGED, Misfit, UnreadableRun
from paceline.history.run import Cell, Count, Glimpse, Run, cells_apart

SCHEMA = 1
"""The version of what Paceline adds; a file with a higher one was written by a newer Paceline."""


@dataclass
class Stats:
    """`benchmarks[i].stats`."""

    data: list[float] = field(default_factory=list)


@dataclass
class Benchmark:
    """`benchmarks[i]`, where it is a cell of ours: its `extra_info` has what `Cell` requires of it."""

    fullname: str
    name: str
    stats: dict[str, Any]
    params: Any = None
    extra_info: dict[str, Any] = field(default_factory=dict)


@dataclass
class Header:
    """The top-level `paceline` key; facts of the moment stand beside these."""

    schema: int  # the version of what Paceline adds to the file
    version: str  # of the Paceline that wrote it
    fingerprint: str  # of the machine and Python that measured
    complete: bool  # whether every cell asked for was measured and nothing failed
    why_incomplete: str | None  # the reason, if not
    seed: int  # what the order of cells and the service times were drawn from
    scale: dict[str, Any]  # the options that decide how much was measured


@dataclass
class Saved:
    """A whole file, cells apart."""

    benchmarks: list[Any]
    datetime: dt.datetime
    paceline: dict[str, Any]
    machine_info: dict[str, Any] = field(default_factory=dict)
    commit_info: dict[str, Any] = field(default_factory=dict)


@dataclass
class Whose:
    """As much of the `paceline` key as says whose run it is."""

    fingerprint: str


@dataclass
class Origin:
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
    known = Header(SCHEMA, __version__, machine.fingerprint(cluster), complete, why_incomplete, seed, scale)
    return {**asdict(known), **machine.volatile_facts()}


_NO_RUN = "it is JSON, but no saved run; name one: see paceline runs"
_FOREIGN = 'it has no "paceline" key, so another suite made it; try pytest-benchmark compare'
_NO_ROUNDS = "has no raw rounds; save with --benchmark-save-data"
LONGEST_ROUND = 1e9  # seconds, 30 years: above it a number is damage, and sums would overflow
_MOST = 2**63 - 1  # of anything that is counted
EXTRAS = {field.name for field in fields(Cell)} - {"fullname", "name", "rounds", "n", "extra"}
"""The keys of `extra_info` that `Cell` has fields for; all else in it is the experiment's."""
_COUNTS = [one.name for one in fields(Cell) if one.type in (Count, Count | None)]
_REQUIRED = {one.name for one in fields(Cell) if one.default is one.default_factory is MISSING} & EXTRAS
_MEASURED = EXTRAS - {"sessions", "process"}  # which the oldest runs lack
_COST = {*_REQUIRED, "process"}
_Kind = TypeVar("_Kind")


class Unfit(Exception):  # noqa: N818  # never leaves this package
    """A reason to refuse that no type can express: what is wrong, a semicolon, and what to do."""


def run(data: Any, path: Path | None) -> Run:
    """Make a run out of decoded JSON; raises Unfit, or Misfit for a value of the wrong type."""
    if not isinstance(data, Mapping) or "benchmarks" not in data:
        raise Unfit(_NO_RUN)
    if "paceline" not in data:
        raise Unfit(_FOREIGN)
    saved = documents.converted(data, Saved)
    head = _header(saved.paceline)
    found, others = sorted_out(saved.benchmarks)
    return Run(
        path=path,
        fingerprint=head.fingerprint,
        machine_info=saved.machine_info,
        commit=saved.commit_info,
        datetime=_in_utc(saved.datetime),
        complete=head.complete,
        why_incomplete=head.why_incomplete,
        facts=saved.paceline,
        cells=found,
        others=others,
    )


def glimpse(origin: Origin) -> Glimpse:
    """Return when and where a run was measured; raises Unfit for an impossible date."""
    return Glimpse(_in_utc(origin.datetime), origin.paceline.fingerprint)


def _in_utc(when: dt.datetime) -> dt.datetime:
    try:
        return when.astimezone(dt.UTC) if when.tzinfo else when.replace(tzinfo=dt.UTC)
    except OverflowError:
        raise Unfit(f"its date is beyond the calendar; {DAMAGED}") from None


def _header(facts: dict[str, Any]) -> Header:
    schema = facts.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise Unfit(f"a newer Paceline wrote it (schema {schema}, this one reads {SCHEMA}); update Paceline")
    return _convert(facts, Header, "$.paceline")


def sorted_out(benchmarks: Sequence[Any]) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """Return the cells, and the names of other benchmarks in the same file, whatever these may be, that have one."""
    ours = [isinstance(one, Mapping) and is_cell(one.get("extra_info")) for one in benchmarks]
    found = tuple(_cell(one, index) for index, one in enumerate(benchmarks) if ours[index])
    repeated = [name for name, count in Counter(cell.fullname for cell in found).items() if count > 1]
    if repeated:
        raise Unfit(f"{repeated[0]!r} stands in it more than once, so no other run can be joined to it; {DAMAGED}")
    others = (_name(one) for one, is_ours in zip(benchmarks, ours, strict=True) if not is_ours)
    return cells_apart(found), tuple(name for name in others if name is not None)


def is_cell(extra: Any) -> bool:
    """Return whether `extra_info` is that of a cell: all that `measure` or `cost` writes, or at least what it needs.

    What lost one key of a full set, or holds a wrong value in it, is a damaged cell; without the full set it is
    somebody else's.
    """
    if not isinstance(extra, Mapping):
        return False
    if len(_MEASURED - extra.keys()) <= 1 or extra.keys() >= _COST:
        return True
    if not extra.keys() >= _REQUIRED:
        return False
    try:
        _added(extra)
    except Misfit:
        return False
    return True


def _added(extra: Mapping[str, Any], fullname: str = "", name: str = "") -> Cell:
    """Make a cell, without its rounds, of what Paceline adds to a benchmark; raises Misfit."""
    known = {key: finite_or_none(extra[key]) for key in EXTRAS if key in extra}
    known |= {"fullname": fullname, "name": name, "rounds": ()}
    found = _convert(known, Cell, "$.extra_info", fullname or None)
    for key in _COUNTS:
        value = getattr(found, key)
        if value is not None and not 0 <= value <= _MOST:
            bound = ">= 0" if value < 0 else f"<= {_MOST}"
            raise Misfit(f"Expected `int` {bound} - at `$.extra_info.{key}`{f' of {fullname}' if fullname else ''}")
    return found


def _name(one: Any) -> str | None:
    names = [one.get("fullname"), one.get("name")] if isinstance(one, Mapping) else []
    return next((name for name in names if isinstance(name, str)), None)


def _cell(data: Mapping[str, Any], index: int) -> Cell:
    name = _name(data) or f"benchmarks[{index}]"
    one = _convert(data, Benchmark, whose=name)
    found = _added(one.extra_info, one.fullname, one.name)
    rest = {key: value for key, value in one.extra_info.items() if key not in EXTRAS}
    steps = _steps(rest.pop("n", None), one.params) if found.workload == "Compute" else None
    return replace(found, rounds=_rounds(one), n=steps, extra=rest)


def _steps(n: Any, params: Any) -> int | None:
    """Return the steps of a computation; older runs say them only as the test's parameter."""
    known = params.get("n") if n is None and isinstance(params, Mapping) else n
    return known if type(known) is int and 0 < known <= _MOST else None


def _rounds(one: Benchmark) -> tuple[float, ...]:
    data = _convert(one.stats, Stats, "$.stats", one.fullname).data
    if not data:
        raise Unfit(_NO_ROUNDS)
    for place, value in enumerate(data):
        if not 0 < value < LONGEST_ROUND:  # false for NaN too
            where = f"$.stats.data[{place}] of {one.fullname}"
            raise Unfit(f"{value!r} at {where} is no time that a round can take; {DAMAGED}")
    return tuple(data)


def _convert(value: Any, kind: type[_Kind], where: str = "$", whose: str | None = None) -> _Kind:
    """Check `value` against a type; the message of a misfit says the place, and the name of what it is part of."""
    try:
        return documents.converted(value, kind)
    except Misfit as error:
        message = str(error)
        inside = message.replace("`$", f"`{where}", 1) if "`$" in message else f"{message} - at `{where}`"
        raise Misfit(f"{inside} of {whose}" if whose else inside) from None


_TAIL = 2**14  # bytes; what follows the benchmarks in a file of ours takes two or three thousand
_DATE = b'\n    "datetime":'  # as a file of ours has it, and the first key after its benchmarks


def load(path: Path) -> Run:
    """Read one saved run.

    Raises:
        UnreadableRun: it does not exist, is no file, too large, damaged, or not ours.
    """
    return from_json(documents.content(path, UnreadableRun), path)


def load_native(path: Path) -> dict[str, Any]:
    """Read one saved run to compare with, as pytest-benchmark knows it: the objects of its JSON.

    Raises:
        UnreadableRun: as for `load`, or it was measured beside a tracer.
    """
    content = documents.content(path, UnreadableRun)
    with _reasons(path, content):
        data = documents.decoded(content, dict[str, Any])
        if tracer := run(data, path).tracer:
            raise Unfit(f"it was measured beside a tracer, and is never compared: {tracer}")
    return data


def glance(path: Path) -> Glimpse:
    """Read when and where a run was measured, from the end of the file where that is enough.

    Raises:
        UnreadableRun: it doesn't say, or is no JSON.
    """
    end = documents.content(path, UnreadableRun, last=_TAIL)
    try:  # from any other place than the top level this is no JSON
        origin = documents.decoded(b"{" + end[end.rindex(_DATE) :], Origin)
    except (Misfit, ValueError):
        whole = documents.content(path, UnreadableRun)
        with _reasons(path, whole):
            origin = documents.decoded(whole, Origin)
    with _reasons(path, end):
        return glimpse(origin)


def from_json(data: bytes | Mapping[str, Any], path: Path | None = None) -> Run:
    """Make a run out of a file's content, or of the objects that pytest-benchmark is about to save.

    Raises:
        UnreadableRun: it is not JSON, not a run of Paceline's, or holds a wrong type or an impossible value.
    """
    with _reasons(path, data):
        return run(documents.decoded(data, object) if isinstance(data, bytes) else data, path)


def cells(benchmarks: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    """Make cells out of what pytest-benchmark's `as_dict(include_data=True)` gave, and leave out what is none.

    Raises:
        UnreadableRun: as for `from_json`.
    """
    with _reasons(None, None):
        return sorted_out(benchmarks)[0]


@contextlib.contextmanager
def _reasons(path: Path | None, data: object) -> Iterator[None]:
    """Turn whatever a decoder can raise into the one error that callers know."""
    with documents.decoding(data, path, UnreadableRun):
        try:
            yield
        except Unfit as unfit:
            raise UnreadableRun(path, str(unfit)) from None
