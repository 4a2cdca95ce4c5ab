"""The minimal client's async flavour: connections that are kept, given up and timed, thousands at once."""

import asyncio
import socket
from contextlib import ExitStack, aclosing

import pytest

from paceline.contracts import ItemError
from paceline.strategies import STRATEGIES
from paceline.workloads import Fetch, raw
from paceline.workloads.fetch import AnswerError
from paceline.workloads.raw import Answer
from paceline.workloads.raw_async import Client, Deadlines

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


@pytest.mark.parametrize("cut", range(1, len(HEAD) + 4))
def test_an_answer_may_be_cut_anywhere(cut):
    whole, answer = HEAD + b"body", Answer()
    assert answer.feed(whole[:cut]) is None
    assert answer.feed(whole[cut:]) == b"body"
    assert answer.keeps_open


def test_an_answer_may_come_byte_by_byte():
    answer = Answer()
    *rest, last = (bytes([byte]) for byte in HEAD + b"body")
    assert [answer.feed(byte) for byte in rest] == [None] * len(rest)
    assert answer.feed(last) == b"body"


def test_an_answer_that_ends_too_early_says_how_much_came():
    answer = Answer()
    answer.feed(HEAD + b"bo")
    with pytest.raises(AnswerError, match=f"closed after {len(HEAD) + 2} bytes"):
        answer.feed(b"")


class Line:
    """Stands in for a connection: notes how it failed."""

    error = None

    def fail(self, error):
        self.error = error


class Loop:
    """A loop whose clock stands still until it is told, with one timer at most."""

    def __init__(self):
        self.now, self.timer = 0.0, None

    def time(self):
        return self.now

    def call_at(self, when, look):
        assert self.timer is None, "one timer is enough"
        self.timer = (when, look)
        return self

    def cancel(self):
        self.timer = None

    def until(self, now):
        self.now = now
        while self.timer and self.timer[0] <= now:
            look, self.timer = self.timer[1], None
            look()


@pytest.fixture
def loop(monkeypatch):
    loop = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    return loop


def test_each_request_has_the_whole_time_and_no_more(loop):
    deadlines, lines = Deadlines(10.0), [Line() for _ in range(3)]
    for now, line in zip([0.0, 4.0, 8.0], lines, strict=True):
        loop.until(now)
        deadlines.start(line)
    deadlines.stop(lines[0])
    loop.until(13.9)
    assert [line.error for line in lines] == [None, None, None]
    loop.until(14.0)
    assert str(lines[1].error) == "no whole answer within 10 s"
    assert (lines[0].error, lines[2].error) == (None, None)
    loop.until(18.0)
    assert isinstance(lines[2].error, TimeoutError)
    assert loop.timer is None


def test_no_timer_outlives_the_client(loop):
    deadlines = Deadlines(10.0)
    deadlines.start(Line())
    deadlines.close()
    assert loop.timer is None


def test_an_idle_connection_that_the_server_closed_is_not_used_again():
    connections = []

    async def serve(reader, writer):
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"body")
        await writer.drain()
        writer.close()  # and has not said so beforehand

    async def twice():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = Client(10.0)
        async with server, aclosing(client):
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            first = await client.get(url)
            [connection] = client._every
            await connection.lost
            return [first, await client.get(url)]

    assert asyncio.run(twice()) == [b"body", b"body"]
    assert len(connections) == 2


def test_more_workers_than_may_connect_at_once_all_get_a_connection_and_keep_it(monkeypatch, instrument):
    monkeypatch.setattr(raw, "CONNECTING", 20)
    many = 110

    async def rounds(workload):
        async with workload.async_worker(many) as run:
            return [await asyncio.gather(*map(run, range(many))) for _ in range(2)]

    instrument.reset()
    workload = Fetch(f"{instrument.url}/item/{{item}}?size=10&latency=0.1", 10, "raw")
    expected = [workload.expected(item) for item in range(many)]
    assert asyncio.run(rounds(workload)) == [expected, expected]
    assert instrument.ledger().connections == many


@pytest.fixture
def nobody_accepts():
    """The address of a server whose backlog is full: what else connects to it waits for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as queue:
        for _ in range(4):
            line = queue.enter_context(socket.socket())
            line.settimeout(0)
            line.connect_ex(server.getsockname())
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("name", ["threads", "asyncio", "asyncio-uvloop", "trio", "gevent"])
def test_connecting_takes_no_longer_than_an_answer_may(name, nobody_accepts):
    strategy = next(each for each in STRATEGIES if each.name == name)
    if why := strategy.unavailable():
        pytest.skip(why)
    work = Fetch(f"http://{nobody_accepts}/item/{{item}}", 10, "raw", timeout=0.2)
    told = f"no connection to {nobody_accepts} within 0.2 s" if name in {"asyncio", "asyncio-uvloop", "trio"} else "."
    with pytest.raises(ItemError, match=f"TimeoutError: {told}"), strategy(work, 2) as started:
        started.map([1, 2])
