"""From decoded JSON to a `Run`: every type and every value is looked at before anybody counts with it."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from paceline.history.apart import cells_apart
from paceline.history.errors import DAMAGED
from paceline.history.finite import finite_or_none
from paceline.history.run import Cell, Glimpse, Run
from paceline.history.schema import SCHEMA, Benchmark, Extra, Header, Origin, Saved

_NO_RUN = "it is JSON, but no saved run; name one: see paceline runs"
_FOREIGN = 'it has no "paceline" key, so another suite made it; try pytest-benchmark compare'
_NO_ROUNDS = "has no raw rounds; save with --benchmark-save-data"
_LONGEST_ROUND = 1e9  # seconds, 30 years: above it a number is damage, and sums would overflow
_MOST_STEPS = 2**63  # as for every count
_EXTRAS = {field.name for field in msgspec.structs.fields(Extra)}
_REQUIRED = {field.name for field in msgspec.structs.fields(Extra) if field.required}
_MEASURED = _EXTRAS - {"sessions", "process"}  # which the oldest runs lack
_COST = {*_REQUIRED, "process"}
_Kind = TypeVar("_Kind")


class Unfit(Exception):  # noqa: N818  # never leaves this package
    """A reason to refuse that no type can express: what is wrong, a semicolon, and what to do."""


def run(data: Any, path: Path | None) -> Run:
    """Make a run out of decoded JSON.

    Raises:
        Unfit: a value is impossible, or the run is not ours.
        msgspec.ValidationError: a value has the wrong type.
    """
    if not isinstance(data, Mapping) or "benchmarks" not in data:
        raise Unfit(_NO_RUN)
    if "paceline" not in data:
        raise Unfit(_FOREIGN)
    saved = msgspec.convert(data, Saved)
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
    """Say when and where a run was measured.

    Raises:
        Unfit: its date is impossible.
    """
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
    """Tell cells from other benchmarks in the same file, whatever these may be.

    Returns:
        The cells, and the names of the others that have one.
    """
    ours = [isinstance(one, Mapping) and is_cell(one.get("extra_info")) for one in benchmarks]
    found = tuple(_cell(one, index) for index, one in enumerate(benchmarks) if ours[index])
    repeated = [name for name, count in Counter(cell.fullname for cell in found).items() if count > 1]
    if repeated:
        raise Unfit(f"{repeated[0]!r} stands in it more than once, so no other run can be joined to it; {DAMAGED}")
    others = (_name(one) for one, is_ours in zip(benchmarks, ours, strict=True) if not is_ours)
    return cells_apart(found), tuple(name for name in others if name is not None)


def is_cell(extra: Any) -> bool:
    """Whether the `extra_info` of a benchmark is that of a cell: it has all that `measure` or `cost` writes, or at
    least what a cell needs. What lost one key of a full set, or holds a wrong value in it, is a damaged cell; without
    the
    full set it is somebody else's.
    """
    if not isinstance(extra, Mapping):
        return False
    if len(_MEASURED - extra.keys()) <= 1 or extra.keys() >= _COST:
        return True
    try:
        msgspec.convert(extra, Extra)
    except msgspec.ValidationError:
        return False
    return True


def _name(one: Any) -> str | None:
    names = [one.get("fullname"), one.get("name")] if isinstance(one, Mapping) else []
    return next((name for name in names if isinstance(name, str)), None)


def _cell(data: Mapping[str, Any], index: int) -> Cell:
    name = _name(data) or f"benchmarks[{index}]"
    one = _convert(data, Benchmark, whose=name)
    extra = _convert(one.extra_info, Extra, "$.extra_info", name)
    known = {key: finite_or_none(value) for key, value in msgspec.structs.asdict(extra).items()}
    known["warnings"] = tuple(extra.warnings)
    rest = {key: value for key, value in one.extra_info.items() if key not in _EXTRAS}
    if extra.workload == "Compute":
        known["n"] = _steps(rest.pop("n", None), one.params)
    return Cell(fullname=one.fullname, name=one.name, rounds=_rounds(one), extra=rest, **known)


def _steps(n: Any, params: Any) -> int | None:
    """Return the steps of a computation; older runs say them only as the test's parameter."""
    known = params.get("n") if n is None and isinstance(params, Mapping) else n
    return known if type(known) is int and 0 < known < _MOST_STEPS else None


def _rounds(one: Benchmark) -> tuple[float, ...]:
    if not isinstance(one.stats.data, list) or not one.stats.data:
        raise Unfit(_NO_ROUNDS)
    for place, value in enumerate(one.stats.data):
        if not 0 < value < _LONGEST_ROUND:  # false for NaN too
            where = f"$.stats.data[{place}] of {one.fullname}"
            raise Unfit(f"{value!r} at {where} is no time that a round can take; {DAMAGED}")
    return tuple(float(value) for value in one.stats.data)


def _convert(value: Any, kind: type[_Kind], where: str = "$", whose: str | None = None) -> _Kind:
    """Check `value` against a type; where it does not fit, the message says the place, and the name of what it is part
    of.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        inside = message.replace("`$", f"`{where}", 1) if "`$" in message else f"{message} - at `{where}`"
        raise msgspec.ValidationError(f"{inside} of {whose}" if whose else inside) from None
