"""A link of limited bandwidth that all connections share."""

from collections import deque
from time import monotonic
from typing import Protocol

from paceline.server.alarm import Alarm

CHUNK_SECONDS = 0.005
MIN_CHUNK, MAX_CHUNK = 256, 65536


class Receiver(Protocol):
    """Somebody to whom a chunk is on its way."""

    def deliver(self, data: bytes) -> None:
        """The chunk has crossed; the next one, if there is more, goes to the end of the queue."""


class Link:
    """Carries one chunk at a time, in order of asking: senders that ask for one chunk each share the bandwidth evenly.

    A chunk is delivered when its last byte has crossed: n bytes never take less than `n / bandwidth` seconds.

    Args:
        alarm: wakes the link when a chunk has crossed.
        bandwidth: bytes per second, more than 0; heads count too.
    """

    waiting = True

    def __init__(self, alarm: Alarm, bandwidth: float) -> None:
        self.alarm = alarm
        self.bandwidth = bandwidth
        self.chunk = int(min(MAX_CHUNK, max(MIN_CHUNK, bandwidth * CHUNK_SECONDS)))
        self.queue: deque[tuple[Receiver, bytes]] = deque()
        self.crossed_at = 0.0
        self.delivering = False

    def carry(self, receiver: Receiver, data: bytes) -> None:
        """Queue a chunk behind the others."""
        self.queue.append((receiver, data))
        if len(self.queue) == 1 and not self.delivering:
            self.crossed_at = monotonic() + len(data) / self.bandwidth  # an idle link saves nothing up
            self.alarm.at(self.crossed_at, self)

    def ring(self) -> None:
        """Deliver the chunk that has crossed, and those that would have crossed by now had the wake-up not been
        late.
        """
        now = monotonic()
        self.delivering = True
        while self.queue and self.crossed_at <= now:
            receiver, data = self.queue.popleft()
            receiver.deliver(data)
            if self.queue:
                self.crossed_at += len(self.queue[0][1]) / self.bandwidth
        self.delivering = False
        if self.queue:
            self.alarm.at(self.crossed_at, self)
