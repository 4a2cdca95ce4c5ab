"""From a query string to values: strict, and with one line that says what is wrong."""

from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import unquote

from paceline.text import numbers

SHOWN = 60

T = TypeVar("T")


class ParameterError(ValueError):
    """A parameter that can't be honoured.

    Args:
        name: the parameter, as it was given.
        value: its value, as it was given.
        reason: why not, or what is allowed.
    """

    def __init__(self, name: str, value: object, reason: str) -> None:
        super().__init__(name, value, reason)
        self.name = name
        self.value = value
        self.reason = reason

    def __str__(self) -> str:
        return f"{printable(self.name)}={printable(str(self.value))}: {self.reason}"


def printable(text: str) -> str:
    """Escape and cut what somebody else wrote, so that it stays on one short line of ASCII."""
    escaped = ascii(text)[1:-1]
    return escaped if len(escaped) <= SHOWN else escaped[:SHOWN] + "..."


def pairs(query: str) -> Iterator[tuple[str, str]]:
    """Split a query string into (name, value), percent-decoded; a `+` stays a plus, as in `1e+3`.

    Raises:
        ParameterError: a field has no `=`, or a name stands there twice.
    """
    seen = set()
    for field in filter(None, query.split("&")):
        name, equals, value = (unquote(part) for part in field.partition("="))
        if not equals:
            raise ParameterError(name, "", "has no value")
        if name in seen:
            raise ParameterError(name, value, "is given more than once")
        seen.add(name)
        yield name, value


def reader(read: Callable[[str], T]) -> Callable[[str, str], T]:
    """Let a reader's complaint name the parameter."""

    def named(name: str, text: str) -> T:
        try:
            return read(text)
        except numbers.NumberError as error:
            raise ParameterError(name, text, str(error)) from None

    return named


number = reader(numbers.number)
whole = reader(numbers.whole)
seconds = reader(numbers.seconds)
size = reader(numbers.size)


def within(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Refuse a value outside [low, high]; `nan` is outside of every range."""
    if not low <= value <= high:
        raise ParameterError(name, short(value), f"must be from {low} to {high}{unit}")


def short(value: float) -> str:
    """Write a number as briefly as it can be read back: `0.05`, `1`, `1e-07`."""
    return repr(value + 0).removesuffix(".0")
