"""What a tracing server keeps of each answer, as many as there is room for."""

import json
from dataclasses import astuple, dataclass

MOST = 100_000  # spans between two resets: some 20 MB


@dataclass(frozen=True, slots=True)
class Served:
    """One item's way through the server; seconds on `time.monotonic()`, which all processes of a machine share.

    Args:
        item: its number.
        connection: that it came over, numbered from 0 by the first item that each one carried since the last reset.
        start: when the request was complete.
        due: when its service time was over.
        end: when the last of its answer had been handed to the transport; a quick client has it a moment earlier.
    """

    item: int
    connection: int
    start: float
    due: float
    end: float


class Spans:
    """The spans since the last reset; what is too much is counted, not kept.

    Args:
        most: how many are kept.
    """

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
        """Write them down: `{"spans": [[item, connection, start, due, end], ...], "dropped": 0, "hosts": [address,
        ...]}`, the spans in order of completion, the hosts in that of the connections' numbers.
        """
        spans = [astuple(span) for span in self.kept]
        return json.dumps({"spans": spans, "dropped": self.dropped, "hosts": self.hosts})
