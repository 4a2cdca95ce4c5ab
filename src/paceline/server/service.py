"""What is asked of the instrument for one item: how long, how much, and how it should fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

from paceline.server.jitter import Jitter, read_jitter
from paceline.server.parameters import ParameterError, pairs, seconds, short, size, whole, within

__all__ = ["MAX_SECONDS", "MAX_SIZE", "Fault", "Jitter", "ParameterError", "Service"]

MAX_SECONDS = 3600.0
MAX_SIZE = 64 * 2**20
MAX_SEED = 2**64 - 1

Fault = Literal["reset", "truncate", "stall"]
FAULTS: tuple[Fault, ...] = ("reset", "truncate", "stall")


@dataclass(frozen=True, slots=True)
class Service:
    """One way to serve items; its query string is the one way to write it.

    Args:
        latency: seconds from the request to its answer, 0 to 3600.
        jitter: how the latency varies, or None.
        straggler: (every, seconds): items `every - 1`, `2 * every - 1`, ... take `seconds` longer, or None.
        size: bytes of the body, 0 to 64 MiB.
        seed: what the jitter is drawn from, 0 to 2**64 - 1.
        status: the answer's status code, 200 to 599.
        fault: `reset` (the connection is reset in place of an answer), `truncate` (half of the body, then the
            connection is closed), `stall` (half of the body, then silence until the client leaves), or None.

    Raises:
        ParameterError: a value is out of range, or two of them exclude each other.
    """

    latency: float = 0.0
    jitter: Jitter | None = None
    straggler: tuple[int, float] | None = None
    size: int = 0
    seed: int = 0
    status: int = 200
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
        """Write the query string that `parse` reads back as an equal service; what is the default is left out."""
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
    """Write a parameter's value the way its reader takes it."""
    if isinstance(value, tuple):
        return ":".join(short(part) for part in value)
    return short(value) if isinstance(value, (int, float)) else str(value)


def read_straggler(name: str, text: str) -> tuple[int, float]:
    """Read `EVERY:SECONDS`."""
    every, colon, late = text.partition(":")
    if not colon:
        raise ParameterError(name, text, "must be EVERY:SECONDS")
    return whole(name, every), seconds(name, late)


def read_fault(_: str, text: str) -> str:
    """Take a fault as it is; the service itself knows which there are."""
    return text


READERS: dict[str, Callable[[str, str], object]] = {
    "latency": seconds,
    "jitter": read_jitter,
    "straggler": read_straggler,
    "size": size,
    "seed": whole,
    "status": whole,
    "fault": read_fault,
}
"""Parameter -> what reads it, in the order in which they are written."""
