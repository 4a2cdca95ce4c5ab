"""
How much is measured: what an experiment asks for, what `--lesson` makes of it, and what the command line says.
"""

import argparse
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from paceline import machine
from paceline.server.service import MAX_SECONDS

T = TypeVar("T", int, float)

CPUS = "cpus"  # as a number of workers: one per usable CPU

SMALL = {"items": 6, "latency": 0.002, "n": 2_000, "rounds": 1}  # enough to see that an experiment works


@dataclass(frozen=True)
class Scale:
    """
    The size of a cell.

    Args:
        items: units of work in a round.
        workers: how many of them may be under way at once; `CPUS` for one per usable CPU.
        latency: seconds the server takes for an item.
        size: bytes of an answer.
        n: steps of one computation.
        rounds: timed rounds.
    """

    items: int = 64
    workers: int | str = 10
    latency: float = 0.020
    size: int = 1024
    n: int = 100_000
    rounds: int = 5

    @property
    def most_workers(self) -> int:
        """
        The number of workers, `CPUS` resolved.
        """
        return machine.whole_cpus() if isinstance(self.workers, str) else self.workers


def chosen(marked: Mapping[str, Any], command_line: Mapping[str, Any], *, lesson: bool, small: bool) -> Scale:
    """
    Settle a cell's scale; the later of these wins: the defaults, the experiment's `scale` mark, its `lesson` there, the
    small scale of a session that measures nothing, the command line.

    Raises:
        TypeError: if the mark names something that is no part of a scale.
    """
    own = {name: value for name, value in marked.items() if name != "lesson"}
    scale = replace(Scale(), **own)
    if lesson:
        scale = replace(scale, **marked.get("lesson", {}))
    elif small:
        scale = replace(scale, **{name: min(value, getattr(scale, name)) for name, value in SMALL.items()})
    names = {field.name for field in fields(Scale)}
    return replace(
        scale, **{name: value for name, value in command_line.items() if name in names and value is not None}
    )


def whole(text: str) -> int:
    """
    Read a whole number of 1 or more, for argparse.
    """
    return _read(text, int, lambda number: number > 0, "a whole number of 1 or more")


def seed(text: str) -> int:
    """
    Read a whole number of 0 or more, for argparse.
    """
    return _read(text, int, lambda number: number >= 0, "a whole number of 0 or more")


def seconds(text: str) -> float:
    """
    Read seconds ("0.02"), or with a unit ("20ms", "500us", "2s"), for argparse.
    """
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
    unit = next((unit for unit in units if text.endswith(unit)), "")
    wanted = 'seconds from 0 to 3600, such as 0.02 or "20ms"'
    number = _read(text.removesuffix(unit), float, math.isfinite, wanted, shown=text)
    return _read(str(number * units.get(unit, 1.0)), float, lambda value: 0 <= value <= MAX_SECONDS, wanted, shown=text)


def _read(text: str, kind: Callable[[str], T], allowed: Callable[[T], bool], wanted: str, shown: str = "") -> T:
    try:
        value = kind(text)
        if allowed(value):
            return value
    except ValueError:
        pass  # told below, with what would do
    raise argparse.ArgumentTypeError(f"{shown or text!r} is not {wanted}")


def duration_id(seconds: float) -> str:
    """
    Write seconds for a node id: 0.02 is "20ms".
    """
    if not seconds:
        return "0"
    unit, factor = next(((u, f) for u, f in (("s", 1.0), ("ms", 1e-3)) if seconds >= f), ("us", 1e-6))
    return f"{seconds / factor:.6g}{unit}"


def size_id(size: int) -> str:
    """
    Write bytes for a node id: 1024 is "1KiB".
    """
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size}B"
