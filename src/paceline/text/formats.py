"""Figures as people read them: the only place that turns seconds into ms, bytes into KiB and fractions into per cent.

All of it is ASCII, so that a table is the same in every terminal, pipe and log file.
"""

import math
from typing import TypeGuard

NOTHING = "-"
"""What stands where there is no figure."""

TOO_FEW = "too few pairs for an interval"
"""What stands where there is no interval of a comparison."""

_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_SIZES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_LONG = 36_000  # seconds
_MINUTE = 60  # seconds
_LARGEST = 1e300  # false for NaN and infinity too, and for whole numbers that no float holds
_ROUNDS_UP = 0.9995  # from here on, three digits of the smaller unit would read 1000


def seconds(value: float | None) -> str:
    """Write a time with three digits and the unit that fits: "8.34 s", "332 ms", "45.6 us"."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0 s"
    unit, name = next(((unit, name) for unit, name in _TIMES if abs(value) >= unit * _ROUNDS_UP), _TIMES[-1])
    return f"{digits(value / unit)} {name}"


def duration(value: float) -> str:
    """Write a time to wait, in whole seconds: "45 s", "1 min 20 s"; from ten hours on, in those."""
    if value >= _LONG:
        return f"{value / 3600:,.0f} h"
    minutes, rest = divmod(max(0, round(value)), _MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def setting(value: float) -> str:
    """Write a time that somebody chose, without digits nobody gave: "20 ms"."""
    unit, name = next(((unit, name) for unit, name in _TIMES if abs(value) >= unit * _ROUNDS_UP), _TIMES[0])
    return f"{value / unit:.6g} {name}"


def digits(value: float) -> str:
    """Write a number with three digits, more before the point if it needs them, and never an exponent."""
    places = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0  # noqa: PLR2004  # where rounding adds a digit
    return f"{value:.{places}f}"


def percent(fraction: float | None) -> str:
    """Write a fraction as per cent, with a decimal below 10 %."""
    if fraction is None or not math.isfinite(fraction):
        return NOTHING
    value = fraction * 100
    return f"{value:.{1 if abs(value) < 9.95 else 0}f} %"  # noqa: PLR2004  # where rounding adds a digit


def change(ratio: float) -> str:
    """Write how far a ratio is from 1, with its sign: "+3.2 %"."""
    return f"{(ratio - 1) * 100:+.1f} %" if math.isfinite(ratio) else NOTHING


def between(low: float | None, high: float | None, *, to: str = " to ", otherwise: str = NOTHING) -> str:
    """Write an interval of a ratio as changes, "+1.2 % to +3.4 %", or what stands for one that nobody can tell."""
    return otherwise if low is None or high is None else f"{change(low)}{to}{change(high)}"


def times(factor: float | None) -> str:
    """Write a speedup: "7.29x"."""
    return NOTHING if factor is None or not math.isfinite(factor) else f"{digits(factor)}x"


def size(number: int) -> str:
    """Write a number of bytes: "64 KiB", or "1000 B" where no larger unit fits evenly."""
    return next((f"{number // unit} {name}" for unit, name in _SIZES if number and number % unit == 0), f"{number} B")


def many(count: int, what: str) -> str:
    """Write how many there are of something: "1 cell", "2,000 cells"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value that an experiment added is a figure."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def named(name: str, value: object) -> str:
    """Write a figure that an experiment added; its name says whether it is in seconds or bytes."""
    if not is_number(value):
        return NOTHING
    number = float(value)
    if "seconds" in name:
        return seconds(number)
    if "bytes" in name:
        return f"{digits(number / 2**20)} MiB"
    return f"{number:,.0f}" if abs(number) >= 1000 else digits(number)  # noqa: PLR2004  # where three digits end


def plain(text: object) -> str:
    """Make text from a file harmless: what is not printable stands escaped, so no file can steer a terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(text))
