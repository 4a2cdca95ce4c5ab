"""What leads a comparison listens to: the words of a side, and the silence after which it hangs."""

import io
import json
import socket
from pathlib import Path

import pytest

from paceline.ab import pair
from paceline.ab.pair import SideFailed, SideProcess
from paceline.ab.sides import Side, parse

TIMEOUT = 60.0


class Talking:
    """A side's process that says its next word, and lets some seconds pass, each time somebody looks whether it is
    alive.
    """

    def __init__(self, socket, seconds, words):
        self.now, self._socket, self._seconds, self._words = 0.0, socket, seconds, iter(words)

    def poll(self):
        self.now += self._seconds
        if word := next(self._words, None):
            self._socket.sendall(json.dumps(word).encode() + b"\n")


@pytest.fixture
def listening(monkeypatch):
    """Listen to a process that says `words`, with `seconds` before each; gives the side process afterwards."""

    def to(seconds, words):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = Talking(theirs, seconds, words)
            monkeypatch.setattr(pair.time, "monotonic", lambda: process.now)
            side = Side("baseline", parse("."), Path(), Path())
            listener = SideProcess(side, process, ours, io.BytesIO(b"its last words"), TIMEOUT)
            listener.receive()
            return listener

    monkeypatch.setattr(pair, "POLL_INTERVAL", 0.0)
    return to


WORDS = [{"say": "begun", "cell": f"test_{number}"} for number in range(5)] + [
    {"say": "round", "cell": "x", "round": 0}
]


def test_a_side_that_talks_does_not_hang_however_long_the_exchange_takes(listening):
    listener = listening(0.9 * TIMEOUT, WORDS)
    assert (listener.at, listener.turn) == ("test_4", ("x", 0))


def test_a_side_hangs_once_it_has_said_nothing_for_too_long_after_its_last_word(listening):
    with pytest.raises(SideFailed, match=r"hung in test_1: no word for 60 s; .* --timeout\n  \| its last words"):
        listening(0.6 * TIMEOUT, WORDS[:2])
