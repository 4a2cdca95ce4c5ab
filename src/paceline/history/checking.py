"""
From decoded JSON to a `Run`: every type and every value is looked at before anybody counts with it.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from paceline.history.files import DAMAGED
from paceline.history.finite import finite_or_none
from paceline.history.run import Cell, Run
from paceline.history.schema import SCHEMA, Benchmark, Extra, Header, Saved

_FOREIGN = 'it has no "paceline" key, so another suite made it; try pytest-benchmark compare'
_NO_ROUNDS = "has no raw rounds; save with --benchmark-save-data"
_LONGEST_ROUND = 1e9  # seconds, 30 years: above it a number is damage, and sums would overflow
_MOST_STEPS = 2**63  # as for every count
_EXTRAS = {field.name for field in msgspec.structs.fields(Extra)}
_Kind = TypeVar("_Kind")


class Unfit(Exception):  # noqa: N818  # never leaves this package
    """
    A reason to refuse that no type can express: what is wrong, a semicolon, and what to do.
    """


def run(data: Any, path: Path | None) -> Run:
    """
    Make a run out of decoded JSON.

    Raises:
        Unfit: a value is impossible, or the run is not ours.
        msgspec.ValidationError: a value has the wrong type.
    """
    if isinstance(data, Mapping) and "benchmarks" in data and "paceline" not in data:
        raise Unfit(_FOREIGN)
    saved = msgspec.convert(data, Saved)
    if saved.paceline is msgspec.UNSET:
        raise Unfit(_FOREIGN)
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
    """
    Tell cells from other benchmarks in the same file.

    Returns:
        The cells, and the full names of the others.
    """
    read = [(_convert(one, Benchmark, f"$.benchmarks[{index}]"), index) for index, one in enumerate(benchmarks)]
    repeated = [name for name, count in Counter(one.fullname for one, _ in read).items() if count > 1]
    if repeated:
        raise Unfit(f"{repeated[0]!r} stands in it more than once, so no other run can be joined to it; {DAMAGED}")
    found = tuple(_cell(one, index) for one, index in read if "experiment" in one.extra_info)
    return found, tuple(one.fullname for one, _ in read if "experiment" not in one.extra_info)


def _cell(one: Benchmark, index: int) -> Cell:
    where = f"$.benchmarks[{index}]"
    extra = _convert(one.extra_info, Extra, f"{where}.extra_info")
    known = {name: finite_or_none(value) for name, value in msgspec.structs.asdict(extra).items()}
    known["warnings"] = tuple(extra.warnings)
    rest = {key: value for key, value in one.extra_info.items() if key not in _EXTRAS}
    if extra.workload == "Compute":
        known["n"] = _steps(rest.pop("n", None), one.params)
    return Cell(fullname=one.fullname, name=one.name, rounds=_rounds(one, where), extra=rest, **known)


def _steps(n: Any, params: Any) -> int | None:
    """
    Give the steps of a computation; older runs say them only as the test's parameter.
    """
    known = params.get("n") if n is None and isinstance(params, Mapping) else n
    return known if type(known) is int and 0 < known < _MOST_STEPS else None


def _rounds(one: Benchmark, where: str) -> tuple[float, ...]:
    if not isinstance(one.stats.data, list) or not one.stats.data:
        raise Unfit(_NO_ROUNDS)
    for place, value in enumerate(one.stats.data):
        if not 0 < value < _LONGEST_ROUND:  # false for NaN too
            raise Unfit(f"{value!r} at {where}.stats.data[{place}] is no time that a round can take; {DAMAGED}")
    return tuple(float(value) for value in one.stats.data)


def _convert(value: Any, kind: type[_Kind], where: str) -> _Kind:
    """
    Check `value` against a type; where it does not fit, the path in the message starts at the top of the file.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        inside = message.replace("`$", f"`{where}", 1) if "`$" in message else f"{message} - at `{where}`"
        raise msgspec.ValidationError(inside) from None
