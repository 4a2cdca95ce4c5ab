"""How much is measured: what an experiment asks for, what `--lesson` makes of it, and what the command line says."""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from paceline import machine
from paceline.server.service import MAX_SECONDS
from paceline.text import options

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
"""Of each part of a scale: what it is, whether it is in range, and how that is said."""


def chosen(marked: Mapping[str, Any], command_line: Mapping[str, Any], *, lesson: bool, small: bool) -> list[Scale]:
    """Settle an experiment's scale; the later of these wins: the defaults, the experiment's `scale` mark, its `lesson`
    there, the small scale of a session that measures nothing, the command line.

    Returns:
        One scale, or for a sweep (a list in the mark) one for each point of it, each once.

    Raises:
        TypeError: if the mark names something that is no part of a scale, or sweeps what can't be swept.
        ValueError: if its lists differ in length, or a value is out of range.
    """
    return list(dict.fromkeys(_chosen(point, command_line, lesson=lesson, small=small) for point in points(marked)))


def points(marked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Write a mark out: its lists run in step, the first of each, then the second of each, and so on."""
    lists = {name: value for name, value in marked.items() if isinstance(value, list)}
    if "rounds" in lists:
        raise TypeError("rounds are the same in all cells of an experiment; give one number")
    if len({len(values) for values in lists.values()}) > 1:
        told = ", ".join(f"{name} has {len(values)}" for name, values in lists.items())
        raise ValueError(f"its lists run in step and must have the same length: {told}")
    for values in zip(*lists.values(), strict=True) if lists else [()]:
        yield {**marked, **dict(zip(lists, values, strict=True))}


def _chosen(marked: Mapping[str, Any], command_line: Mapping[str, Any], *, lesson: bool, small: bool) -> Scale:
    own = {name: value for name, value in marked.items() if name != "lesson"}
    if own.get("workers") == CPUS:
        own["workers"] = machine.whole_cpus()
    scale = replace(Scale(), **own)
    if lesson:
        scale = replace(scale, **marked.get("lesson", {}))
    elif small:
        scale = replace(scale, **{name: min(value, getattr(scale, name)) for name, value in SMALL.items()})
    names = {field.name for field in fields(Scale)}
    return replace(
        scale, **{name: value for name, value in command_line.items() if name in names and value is not None}
    )


def latency(text: str) -> float:
    """Read a time that the server can take for an item, for argparse."""
    value = options.seconds(text)
    if value > MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} must be {MAX_SECONDS:g} seconds at most")
    return value


def duration_id(seconds: float) -> str:
    """Write seconds for a node id: 0.02 is "20ms"."""
    if not seconds:
        return "0"
    unit, factor = next(((u, f) for u, f in (("s", 1.0), ("ms", 1e-3)) if seconds >= f), ("us", 1e-6))
    return f"{seconds / factor:.6g}{unit}"


def size_id(size: int) -> str:
    """Write bytes for a node id: 1024 is "1KiB"."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size}B"


def share_id(share: float) -> str:
    """Write a fraction for a node id: 0.25 is "25%"."""
    return f"{share * 100:.6g}%"
