"""The one reader of the numbers that people write, in options as in query strings: `3`, `0`, `0.02`, `20ms`, `1KiB`."""

import math
import re
from argparse import ArgumentTypeError
from collections.abc import Mapping
from functools import partial
from typing import TypeGuard

MAX_DIGITS = 20
SECONDS: Mapping[str, float] = {"us": 1e6, "ms": 1e3, "s": 1.0}
"""Unit -> how many of it are a second; a number alone is in seconds."""

BYTES: Mapping[str, float] = {"KiB": 2.0**-10, "MiB": 2.0**-20, "GiB": 2.0**-30, "B": 1.0}
"""Unit -> how many of it are a byte; a number alone is in bytes."""

_WHOLE = re.compile(rf"\d{{1,{MAX_DIGITS}}}", re.ASCII)
_LARGEST = 1e300  # false for NaN and infinity too, and for whole numbers that no float holds
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class NumberError(ArgumentTypeError, ValueError):
    """A text is not the number that is due, in a sentence that argparse shows as it is.

    Attributes:
        must: what it must be, for a caller that names the text in its own way.
    """

    def __init__(self, text: str, must: str) -> None:
        super().__init__(f"{text!r} {must}")
        self.must = must


def whole(text: str, least: int = 0) -> int:
    """Read a whole number of `least` or more."""
    if not _WHOLE.fullmatch(text) or int(text) < least:
        raise NumberError(text, f"must be a whole number of {least} or more, of at most {MAX_DIGITS} digits")
    return int(text)


def number(text: str, *, above_zero: bool = False) -> float:
    """Read a plain decimal number: no sign, blanks, underscores, `nan` or `inf`."""
    return _read(text, {}, "a decimal number", "0.05", above_zero=above_zero)


def seconds(text: str, *, above_zero: bool = False) -> float:
    """Read a time: `0.02`, `20ms`, `500us`, `2s`."""
    return _read(text, SECONDS, "seconds", "0.05 or 50ms", above_zero=above_zero)


def size(text: str, least: int = 0) -> int:
    """Read a number of bytes: `1024`, `1KiB`, `1.5MiB`."""
    value = int(text) if _WHOLE.fullmatch(text) else _value(text, BYTES)
    if value is None or value < least or value != int(value):
        raise NumberError(text, f"must be a whole number of bytes of {least} or more, such as 1024 or 1KiB")
    return int(value)


def bandwidth(text: str) -> float:
    """Read bytes per second above 0: `12500000`, `12.5MiB`."""
    return _read(text, BYTES, "bytes per second", "12500000 or 12MiB", above_zero=True)


def _read(text: str, units: Mapping[str, float], what: str, example: str, *, above_zero: bool) -> float:
    value = _value(text, units)
    if value is None or (above_zero and not value):
        raise NumberError(text, f"must be {what} {'above 0' if above_zero else 'of 0 or more'}, such as {example}")
    return value


def _value(text: str, units: Mapping[str, float]) -> float | None:
    """Return a finite number with a unit or without; None if it is none."""
    unit = next((unit for unit in units if text.endswith(unit)), "")
    digits = text.removesuffix(unit)
    value = float(digits) / units.get(unit, 1.0) if _NUMBER.fullmatch(digits) else math.inf
    return value if math.isfinite(value) else None


positive = partial(whole, least=1)
above_zero = partial(number, above_zero=True)
timeout = partial(seconds, above_zero=True)
memory = partial(size, least=1)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value from a file can be counted with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
