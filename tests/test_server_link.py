"""Limited bandwidth: one link, shared by all connections."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
import requests
from server_raw import Raw, until

from paceline.server import answers as link_module
from paceline.server.answers import Link
from paceline.server.body import body
from paceline.server.process import running

BANDWIDTH = 2_000_000


class Clock:
    """A clock and an alarm that jumps to the next due time."""

    def __init__(self):
        self.now = 100.0
        self.due = []

    def __call__(self):
        return self.now

    def at(self, due, sleeper):
        self.due.append((due, sleeper))

    def run(self, late=0.0):
        while self.due:
            due, sleeper = self.due.pop(0)
            self.now = max(self.now, due) + late
            sleeper.ring()


class Receiver:
    def __init__(self, link, chunks, log):
        self.link, self.chunks, self.log = link, chunks, log

    def deliver(self, data):
        self.log.append((data, self.link.alarm.now))
        if self.chunks:
            self.link.carry(self, self.chunks.pop(0))


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(link_module, "monotonic", clock)
    return clock


def send(link, log, *chunks):
    first, *rest = chunks
    link.carry(Receiver(link, rest, log), first)


def test_senders_take_turns(clock):
    log = []
    link = Link(clock, bandwidth=10.0)
    send(link, log, b"a1", b"a2", b"a3")
    send(link, log, b"b1", b"b2", b"b3")
    clock.run()
    assert [data for data, _ in log] == [b"a1", b"b1", b"a2", b"b2", b"a3", b"b3"]


def test_a_chunk_arrives_when_its_last_byte_has_crossed(clock):
    log = []
    link = Link(clock, bandwidth=10.0)
    send(link, log, b"x" * 10, b"y" * 5)
    clock.run()
    assert log == [(b"x" * 10, 101.0), (b"y" * 5, 101.5)]


def test_late_wake_ups_cost_no_bandwidth(clock):
    log = []
    link = Link(clock, bandwidth=10.0)
    send(link, log, *[b"x"] * 10)
    clock.run(late=0.35)
    assert log[-1][1] == pytest.approx(101.0, abs=0.36)


def test_an_idle_link_saves_nothing_up(clock):
    log = []
    link = Link(clock, bandwidth=10.0)
    send(link, log, b"x" * 10)
    clock.run()
    clock.now += 50
    send(link, log, b"y" * 10)
    clock.run()
    assert log[1] == (b"y" * 10, 152.0)


def test_a_chunk_takes_some_milliseconds_whatever_the_bandwidth(clock):
    assert [Link(clock, bandwidth).chunk for bandwidth in (1.0, 1e6, 1e12)] == [256, 5000, 65536]


@pytest.fixture(scope="module")
def narrow():
    with running(bandwidth=BANDWIDTH) as instrument:
        yield instrument


def test_all_connections_together_are_no_faster_than_the_link(narrow):
    size = 50_000

    def fetch(item):
        return requests.get(f"{narrow.url}/item/{item}?size={size}", timeout=20).content

    start = monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fetch, range(8))) == [body(item, size) for item in range(8)]
    assert monotonic() - start >= 8 * size / BANDWIDTH


def test_a_small_answer_overtakes_a_big_one_on_another_connection(narrow):
    narrow.reset()
    with Raw(narrow.url) as big, Raw(narrow.url) as small:
        big.get("/item/1?size=60000000")
        big.head()
        small.get("/item/2?size=1000")
        assert small.answer()[2] == body(2, 1000)
        assert big.stream.read(100_000) == body(1, 100_000)
        assert (narrow.ledger().requests, narrow.ledger().responses) == (2, 1)


def test_the_answers_of_a_connection_cross_the_link_whole(narrow):
    with Raw(narrow.url) as client:
        for item, size in enumerate([30_000, 0, 5, 20_000]):
            client.get(f"/item/{item}?size={size}")
            assert client.answer()[2] == body(item, size)
        client.get("/item/1?size=30000", "/item/2")
        assert client.answer()[2] == body(1, 30_000)
        assert client.answer()[0] == 400


def test_a_client_that_leaves_gives_the_link_free(narrow):
    narrow.reset()
    with Raw(narrow.url) as leaving:
        leaving.get("/item/1?size=60000000")
        leaving.head()
    until(lambda: narrow.ledger().in_flight == 0)
    assert requests.get(f"{narrow.url}/item/2?size=100", timeout=20).content == body(2, 100)


def test_a_client_that_does_not_read_does_not_hold_the_link(narrow):
    narrow.reset()
    with Raw(narrow.url, receive_buffer=4096) as rude, Raw(narrow.url) as polite:
        rude.get("/item/1?size=60000000")
        polite.get("/item/2?size=1000000")
        assert polite.answer()[2] == body(2, 1_000_000)


def test_control_calls_do_not_wait_for_the_link(narrow):
    with Raw(narrow.url) as big:
        big.get("/item/1?size=60000000")
        big.head()
        assert narrow.ledger().in_flight == 1
