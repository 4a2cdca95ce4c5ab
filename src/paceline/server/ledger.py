"""What the server saw: the ledger's counts, and a span for each answer where they are asked for."""

import json
from dataclasses import asdict, astuple, dataclass, field
from time import process_time


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the server saw since the last reset. Control calls and refused requests are not counted.

    A response is a whole answer, handed to the transport; an answer with a fault is none. What was in flight at the
    reset belongs to the ledger before it. The service time goes from the arrival of a request until its answer was
    handed to the transport.
    """

    connections: int  # that carried at least one counted request
    requests: int  # items asked for
    responses: int
    bytes: int  # of body handed to the transport, of broken answers too
    in_flight: int  # items asked for and not yet answered or abandoned
    max_in_flight: int
    service_sum: float  # seconds, over the responses
    service_max: float  # seconds
    cpu_seconds: float  # of the server's process


@dataclass(slots=True, eq=False)
class Tally:
    """The counter behind a ledger; a reset begins a new one, and a request stays with the one that counted it."""

    connections: int = 0
    requests: int = 0
    responses: int = 0
    bytes: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    service_sum: float = 0.0
    service_max: float = 0.0
    cpu_start: float = field(default_factory=process_time)

    def begin(self) -> None:
        """Count an item that was asked for."""
        self.requests += 1
        self.in_flight += 1
        if self.in_flight > self.max_in_flight:  # noqa: PLR1730  # max() would cost every request a call
            self.max_in_flight = self.in_flight

    def answered(self, size: int, seconds: float) -> None:
        """Count a whole answer of `size` bytes that was handed over `seconds` after its request."""
        self.in_flight -= 1
        self.responses += 1
        self.bytes += size
        self.service_sum += seconds
        if seconds > self.service_max:  # noqa: PLR1730  # as above
            self.service_max = seconds

    def prompt(self, size: int, seconds: float) -> None:
        """Count an item that was asked for and answered at once: `begin` and `answered` in one call."""
        self.requests += 1
        self.responses += 1
        self.bytes += size
        self.service_sum += seconds
        if seconds > self.service_max:  # noqa: PLR1730  # as above
            self.service_max = seconds
        if self.in_flight >= self.max_in_flight:
            self.max_in_flight = self.in_flight + 1

    def abandoned(self, size: int = 0) -> None:
        """Count an item that got no whole answer, only `size` bytes of it."""
        self.in_flight -= 1
        self.bytes += size

    def ledger(self) -> Ledger:
        """Return what has been seen so far."""
        counted = asdict(self)
        spent = process_time() - counted.pop("cpu_start")
        return Ledger(**counted, cpu_seconds=spent)


MOST = 100_000  # spans between two resets: some 20 MB


@dataclass(frozen=True, slots=True)
class Served:
    """One item's way through the server; seconds on `time.monotonic()`, which all processes of a machine share."""

    item: int
    connection: int  # that it came over, numbered from 0 by the first item that each one carried since the last reset
    start: float  # when the request was complete
    due: float  # when its service time was over
    end: float  # when all of its answer had been handed to the transport; a quick client has it a moment earlier


class Spans:
    """The spans since the last reset; what is beyond `most` is counted, not kept."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.reset()

    def add(self, span: Served) -> None:
        """Keep one more, if there is room."""
        if len(self.kept) < self.most:
            self.kept.append(span)
        else:
            self.dropped += 1

    def came(self, host: str) -> None:
        """Note where the next connection comes from."""
        self.hosts.append(host)

    def reset(self) -> None:
        """Forget them all."""
        self.kept: list[Served] = []
        self.dropped = 0
        self.hosts: list[str] = []

    def as_json(self) -> str:
        """Format them, in order of completion, and the hosts in that of the connections' numbers:
        `{"spans": [[item, connection, start, due, end], ...], "dropped": 0, "hosts": [address, ...]}`.
        """
        spans = [astuple(span) for span in self.kept]
        return json.dumps({"spans": spans, "dropped": self.dropped, "hosts": self.hosts})
