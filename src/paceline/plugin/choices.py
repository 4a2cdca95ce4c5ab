"""The scales and strategies that a session's cells are made for: the public options and their ini keys."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest

from paceline import machine
from paceline.server.service import MAX_SECONDS
from paceline.strategies import STRATEGIES, Strategy
from paceline.text import numbers

CPUS = "cpus"  # as a number of workers: one per usable CPU
SMALL = {"items": 6, "workers": 8, "latency": 0.002, "n": 2_000, "rounds": 1}  # enough to see that an experiment works


@dataclass(frozen=True)
class Scale:
    """The size of a cell.

    Args:
        items: units of work in a round.
        workers: how many of them may be under way at once; in a mark also `CPUS`, one per usable CPU.
        latency: seconds the server takes for an item.
        size: bytes of an answer.
        n: steps of one computation.
        share: CPU time of a mixed item over all its time, from 0 to below 1.
        rounds: timed rounds.

    Raises:
        ValueError: if one of them is no number, or out of range.
    """

    items: int = 64
    workers: int = 10
    latency: float = 0.020
    size: int = 1024
    n: int = 100_000
    share: float = 0.5
    rounds: int = 5

    def __post_init__(self) -> None:
        for field in fields(self):
            kind, fits, wanted = RANGES[field.name]
            value = getattr(self, field.name)
            if not isinstance(value, kind) or isinstance(value, bool) or not fits(value):
                raise ValueError(f"{field.name} must be {wanted}, not {value!r}")


_COUNT: Any = (int, lambda value: value >= 1, "a whole number of 1 or more")
RANGES: Mapping[str, tuple[Any, Callable[[Any], bool], str]] = {
    "items": _COUNT,
    "workers": _COUNT,
    "latency": (int | float, lambda value: 0 <= value <= MAX_SECONDS, f"seconds from 0 to {MAX_SECONDS:g}"),
    "size": (int, lambda value: value >= 0, "a whole number of 0 or more"),
    "n": _COUNT,
    "share": (int | float, lambda value: 0 <= value < 1, "from 0 to below 1"),
    "rounds": _COUNT,
}
"""Of each part of a scale: its type, whether a value is in range, and the range in words."""


def chosen(marked: Mapping[str, Any], command_line: Mapping[str, Any], *, lesson: bool, small: bool) -> list[Scale]:
    """Return an experiment's scale; the later of these wins: the defaults, the experiment's `scale` mark, its `lesson`
    there, the small scale of a session that measures nothing, the command line.

    Returns:
        One scale, or for a sweep (a list in the mark) one for each point of it, each once.

    Raises:
        TypeError: if the mark names something that is no part of a scale, or sweeps what can't be swept.
        ValueError: if its lists differ in length, or a value is out of range.
    """
    names = {field.name for field in fields(Scale)}
    typed = {name: value for name, value in command_line.items() if name in names and value is not None}
    return list(dict.fromkeys(replace(_of(point, lesson=lesson, small=small), **typed) for point in _points(marked)))


def _points(marked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a mark's points: its lists run in step, the first of each, then the second of each, and so on."""
    lists = {name: value for name, value in marked.items() if isinstance(value, list)}
    if "rounds" in lists:
        raise TypeError("rounds are the same in all cells of an experiment; give one number")
    if len({len(values) for values in lists.values()}) > 1:
        lengths = ", ".join(f"{name} has {len(values)}" for name, values in lists.items())
        raise ValueError(f"its lists run in step and must have the same length: {lengths}")
    for values in zip(*lists.values(), strict=True) if lists else [()]:
        yield {**marked, **dict(zip(lists, values, strict=True))}


def _of(point: Mapping[str, Any], *, lesson: bool, small: bool) -> Scale:
    own = {name: value for name, value in point.items() if name != "lesson"}
    if own.get("workers") == CPUS:
        own["workers"] = machine.whole_cpus()
    scale = Scale(**own)
    if lesson:
        return replace(scale, **point.get("lesson", {}))
    return replace(scale, **{name: min(value, getattr(scale, name)) for name, value in SMALL.items()} if small else {})


def latency(text: str) -> float:
    """Read a time that the server can take for an item, for argparse."""
    value = numbers.seconds(text)
    if value > MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} must be {MAX_SECONDS:g} seconds at most")
    return value


def duration_id(seconds: float) -> str:
    """Write seconds for a node id: 0.02 is "20ms"."""
    unit, factor = next(((u, f) for u, f in (("s", 1.0), ("ms", 1e-3)) if seconds >= f), ("us", 1e-6))
    return f"{seconds / factor:.6g}{unit}" if seconds else "0"


def size_id(size: int) -> str:
    """Write bytes for a node id: 1024 is "1KiB"."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size}B"


def share_id(share: float) -> str:
    """Write a fraction for a node id: 0.25 is "25%"."""
    return f"{share * 100:.6g}%"


NAMED = {strategy.name: strategy for strategy in STRATEGIES}
SLOW_STARTERS = [strategy.name for strategy in STRATEGIES if strategy.slow_start]
PROCESSES = 3  # the fewest from which an interval can be computed

PREFIX = "--paceline-"  # what no other plugin's options begin with
SHORT = "--"
GROUP = ("paceline", "Paceline: the scale and the choice of cells")


@dataclass(frozen=True)
class Option:
    """An option; those of other projects have an ini key too.

    Args:
        how: how argparse reads it.
        meaning: its help.
        kind: the type of its ini key.
        every: what its ini key means for every session.
    """

    how: Mapping[str, Any]
    meaning: str
    kind: Literal["int", "args", "bool"] = "int"
    every: str = "that of sessions without it; comes before a mark's"


_COUNTED: Mapping[str, Any] = {"type": numbers.positive, "metavar": "N"}
_WHOLE: Mapping[str, Any] = {"type": numbers.whole, "metavar": "N"}
_SWITCH: Mapping[str, Any] = {"action": "store_true", "default": None}
OPTIONS = {
    "items": Option(_COUNTED, "Items in a round. Default: the experiment's, or 64."),
    "workers": Option(_COUNTED, "Items under way at once. Default: the experiment's, or 10."),
    "rounds": Option(_COUNTED, "Timed rounds of each cell. Default: the experiment's, or 5."),
    "strategy": Option(
        {"action": "append", "choices": [*NAMED], "metavar": "NAME"},
        f"Only this strategy; repeat for more. Known: {', '.join(NAMED)}. Of these, slow ones, which take seconds to "
        f"start ({', '.join(SLOW_STARTERS) or 'none'}), are left out unless named here; --paceline-all measures them "
        "too.",
        "args",
        "those of sessions that name none",
    ),
    "seed": Option(
        _WHOLE,
        "Order of the cells; saved with the run. Default: a new one.",
        every="one order for all sessions, so that what drifts meets the same cells each time",
    ),
    "processes": Option(
        _WHOLE,
        "New processes for each replicated cell, with --paceline-all or a file named. Default: 3, unless the "
        "experiment says otherwise, and 1 for slow starters that are not named; 0 measures all in the session.",
    ),
    "all": Option(
        _SWITCH,
        "Extended experiments too, which else run when their file is named, and slow starters: see "
        "--paceline-strategy.",
        "bool",
        "for all sessions that measure; leave it out of one by -o paceline_all=false",
    ),
    "keep_partial": Option(
        _SWITCH, "Keep an interrupted or failed run in results/partial/.", "bool", "for all sessions that measure"
    ),
}


def add_options(parser: pytest.Parser, prefixes: Sequence[str], options: Mapping[str, Option] = OPTIONS) -> None:
    """Add options, the public ones if no others are given, each spelled with every prefix."""
    add = parser.getgroup(*GROUP).addoption
    for name, each in options.items():
        words = [f"{prefix}{name.replace('_', '-')}" for prefix in prefixes]
        add(*words, dest=f"paceline_{name}", help=each.meaning, **each.how)


def add_keys(parser: pytest.Parser) -> None:
    """Add an ini key for each public option."""
    for name, each in OPTIONS.items():
        meaning = f"As {PREFIX}{name.replace('_', '-')}, {each.every}."
        parser.addini(f"paceline_{name}", meaning, type=each.kind, default=None)


def option(config: pytest.Config, name: str) -> Any:
    """Return what the command line chooses, or else the ini file; None if neither does."""
    value = typed(config, name)
    return configured(config, name) if value is None else value


def typed(config: pytest.Config, name: str) -> Any:
    """Return what the command line chooses; the laboratory's options exist only where that is loaded."""
    return getattr(config.option, f"paceline_{name}", None)


def configured(config: pytest.Config, name: str) -> Any:
    """Return what the ini file chooses; None if nothing, or if there is no key for it.

    Raises:
        pytest.UsageError: that is no value for it.
    """
    if name not in OPTIONS:
        return None
    how, key = OPTIONS[name].how, f"paceline_{name}"
    try:
        value = config.getini(key)
        if value is not None and "type" in how:
            how["type"](str(value))
    except (argparse.ArgumentTypeError, TypeError, ValueError, pytest.UsageError) as error:
        raise pytest.UsageError(f"{key} in the ini file: {error}") from None
    if "choices" in how and (unknown := set(value or ()).difference(how["choices"])):
        known = ", ".join(how["choices"])
        raise pytest.UsageError(f"{key} in the ini file names {', '.join(sorted(unknown))}; there are: {known}")
    return value


def refuse_wrong_keys(config: pytest.Config) -> None:
    """Raise a `UsageError` for an ini key whose value is none for its option."""
    for name in OPTIONS:
        configured(config, name)


def at_cluster(strategy: Strategy, address: str | None) -> Strategy:
    """Return a strategy that uses the cluster at `address`, if it is one for it and has none of its own yet."""
    if address is None or strategy.scheme != urlsplit(address).scheme or strategy.options["cluster"]:
        return strategy
    return strategy.clone(strategy.workload, cluster=address)
