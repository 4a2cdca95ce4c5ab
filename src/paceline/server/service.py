"""What is asked of an item: its service time, size and fault, a pure function of seed and item."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import cos, exp, log, pi, sqrt
from typing import Any, Literal, Self, TypeVar, cast
from urllib.parse import unquote

from paceline.text import numbers

SHOWN = 60

T = TypeVar("T")


class ParameterError(ValueError):
    """A parameter that can't be honoured: its name and value as given, and why not, or what is allowed."""

    def __init__(self, name: str, value: object, reason: str) -> None:
        super().__init__(name, value, reason)
        self.name, self.value, self.reason = name, value, reason

    def __str__(self) -> str:
        return f"{printable(self.name)}={printable(str(self.value))}: {self.reason}"


def printable(text: str) -> str:
    """Escape and cut what a client wrote, so that it stays on one short line of ASCII."""
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
            raise ParameterError(name, text, error.must) from None

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
    """Format a number as briefly as it can be read back: `0.05`, `1`, `1e-07`."""
    return repr(value + 0).removesuffix(".0")


WORD = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(value: int) -> int:
    """Scramble 64 bits so that neighbours come out unrelated.

    Source: the finaliser of SplitMix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
    """
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & WORD
    return value ^ (value >> 31)


def uniform(seed: int, item: int, stream: int = 0) -> float:
    """Draw from [0, 1), evenly, in steps of 2**-53; another `stream` is another draw for the same item."""
    start = mix((seed + (stream + 1) * GOLDEN) & WORD)
    return (mix((start + item * GOLDEN) & WORD) >> 11) * 2.0**-53


def normal(seed: int, item: int) -> float:
    """Draw from the standard normal distribution.

    Source: Box and Muller, "A note on the generation of random normal deviates" (1958).
    """
    radius = sqrt(-2.0 * log(1.0 - uniform(seed, item, stream=0)))
    return radius * cos(2.0 * pi * uniform(seed, item, stream=1))


LARGEST_AMOUNTS = {"uniform": 1.0, "lognormal": 2.0}
"""Kind of jitter -> the largest amount."""


@dataclass(frozen=True, slots=True)
class Jitter:
    """How the latency varies from item to item; its mean over many items stays the set latency.

    It does so evenly from `1 - amount` to `1 + amount` times the latency, the amount from 0 to 1, or by a factor whose
    logarithm has the standard deviation `amount`, from 0 to 2.
    """

    kind: Literal["uniform", "lognormal"]
    amount: float

    def __post_init__(self) -> None:
        if self.kind not in LARGEST_AMOUNTS:
            raise ParameterError("jitter", self, "must be uniform:F or lognormal:S")
        within(f"jitter {self.kind}", self.amount, 0.0, LARGEST_AMOUNTS[self.kind])

    def __str__(self) -> str:
        return f"{self.kind}:{short(self.amount)}"

    def factor(self, seed: int, item: int) -> float:
        """Draw what the latency of an item is multiplied by; the mean is 1."""
        if self.kind == "uniform":
            return 1.0 + self.amount * (2.0 * uniform(seed, item) - 1.0)
        return exp(self.amount * normal(seed, item) - self.amount * self.amount / 2.0)


def read_jitter(name: str, text: str) -> Jitter:
    """Read `uniform:F` or `lognormal:S`."""
    kind, colon, amount = text.partition(":")
    if kind not in LARGEST_AMOUNTS or not colon:
        raise ParameterError(name, text, "must be uniform:F or lognormal:S")
    return Jitter(cast(Literal["uniform", "lognormal"], kind), number(name, amount))


MAX_SECONDS = 3600.0
MAX_SIZE = 64 * 2**20
MAX_SEED = 2**64 - 1

Fault = Literal["reset", "truncate", "stall"]
FAULTS: tuple[Fault, ...] = ("reset", "truncate", "stall")


@dataclass(frozen=True, slots=True)
class Service:
    """One way to serve items; its query string is the one way to write it.

    The faults are `reset` (the connection is reset in place of an answer), `truncate` (half of the body, then the
    connection is closed) and `stall` (half of the body, then silence until the client leaves).

    Raises:
        ParameterError: a value is out of range, or two of them exclude each other.
    """

    latency: float = 0.0  # seconds from the request to its answer, 0 to 3600
    jitter: Jitter | None = None  # how the latency varies
    straggler: tuple[int, float] | None = None  # (n, seconds): items n - 1, 2n - 1, ... take `seconds` longer
    size: int = 0  # bytes of the body, 0 to 64 MiB
    seed: int = 0  # what the jitter is drawn from, 0 to 2**64 - 1
    status: int = 200  # the answer's status code, 200 to 599
    fault: Fault | None = None

    def __post_init__(self) -> None:
        within("latency", self.latency, 0.0, MAX_SECONDS, " seconds")
        within("size", self.size, 0, MAX_SIZE, " bytes")
        within("seed", self.seed, 0, MAX_SEED)
        within("status", self.status, 200, 599)
        if self.straggler is not None:
            within("straggler every", self.straggler[0], 1, MAX_SEED, " items")
            within("straggler seconds", self.straggler[1], 0.0, MAX_SECONDS)
        if self.fault is not None and self.fault not in FAULTS:
            raise ParameterError("fault", self.fault, f"must be one of {', '.join(FAULTS)}")
        if self.size and self.status in (204, 304):
            raise ParameterError("size", self.size, f"status {self.status} has no body")
        if self.fault in ("truncate", "stall") and not self.size:
            raise ParameterError("fault", self.fault, "needs a size of at least 1: half of the body is sent")

    @classmethod
    def parse(cls, query: str) -> Self:
        """Read a query string such as `latency=0.05&size=1024`.

        Raises:
            ParameterError: with one line that names the parameter, its value, and what is wrong or allowed.
        """
        fields: dict[str, Any] = {}
        for name, text in pairs(query):
            if name not in READERS:
                raise ParameterError(name, text, f"is unknown; known are {', '.join(READERS)}")
            fields[name] = READERS[name](name, text)
        return cls(**fields)

    def query(self) -> str:
        """Format the query string that `parse` reads back as an equal service; what is the default is left out."""
        default = Service()
        values = ((name, getattr(self, name)) for name in READERS)
        return "&".join(f"{name}={written(value)}" for name, value in values if value != getattr(default, name))

    def seconds(self, item: int) -> float:
        """Return the service time of an item in seconds: a pure function of the parameters and the item."""
        seconds = self.latency
        if self.jitter is not None:
            seconds *= self.jitter.factor(self.seed, item)
        if self.straggler is not None and item % self.straggler[0] == self.straggler[0] - 1:
            seconds += self.straggler[1]
        return seconds


def written(value: object) -> str:
    """Format a parameter's value the way its reader takes it."""
    if isinstance(value, tuple):
        return ":".join(short(part) for part in value)
    return short(value) if isinstance(value, (int, float)) else str(value)


def read_straggler(name: str, text: str) -> tuple[int, float]:
    """Read `EVERY:SECONDS`."""
    every, colon, late = text.partition(":")
    if not colon:
        raise ParameterError(name, text, "must be EVERY:SECONDS")
    return whole(name, every), seconds(name, late)


READERS: dict[str, Callable[[str, str], object]] = {
    "latency": seconds,
    "jitter": read_jitter,
    "straggler": read_straggler,
    "size": size,
    "seed": whole,
    "status": whole,
    "fault": lambda _, text: text,  # the service itself knows which there are
}
"""Parameter -> what reads it, in the order in which they are written."""
