"""Clients that ask for more than they take must not fill the server's memory."""

from contextlib import suppress

import psutil
import pytest
from server_raw import Raw

from paceline.server.body import body
from paceline.server.process import running

MIB = 2**20


@pytest.fixture
def server():
    with running() as instrument:
        yield instrument


@pytest.mark.parametrize("query", [b"size=4096", b"size=4096&latency=0.001", b"latency=x"])
def test_a_client_that_asks_without_reading_fills_no_memory(server, query):
    request = b"GET /item/1?" + query + b" HTTP/1.1\r\n\r\n"
    with Raw(server.url, receive_buffer=4096) as rude:
        with suppress(ConnectionError):  # it is hung up on, or read and not answered
            rude.send(request * 1_000_000)
        assert server.ledger().requests < 300_000
        assert psutil.Process(server.pid).memory_info().rss < 120 * MIB


def test_a_big_answer_is_made_piece_by_piece(server):
    clients = [Raw(server.url, receive_buffer=4096) for _ in range(8)]
    try:
        for client in clients:
            client.get("/item/1?size=67108864")
        for client in clients:
            assert client.head()[1]["content-length"] == "67108864"
        assert psutil.Process(server.pid).memory_info().rss < 150 * MIB
    finally:
        for client in clients:
            client.__exit__()


def test_a_slow_reader_gets_every_answer_whole_and_in_order(server):
    sizes = [3 * MIB, 10, 2 * MIB + 1, 0, 70_000]
    with Raw(server.url, receive_buffer=4096) as slow:
        for item, size in enumerate(sizes):
            slow.get(f"/item/{item}?size={size}")
            assert slow.answer()[2] == body(item, size)
