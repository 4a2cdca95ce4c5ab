"""Clients that ask for more than they take must not fill the server's memory."""

import threading

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


def sent_until_refused(raw, request, most):
    raw.socket.settimeout(0.5)
    sent = 0
    try:
        while sent < most:
            sent += raw.socket.send(request)
    except TimeoutError:
        pass
    raw.socket.settimeout(20)
    return sent


def test_a_client_that_pipelines_without_reading_is_not_read_from(server):
    request = b"GET /item/1?size=4096&latency=0.001 HTTP/1.1\r\n\r\n" * 1000
    with Raw(server.url, receive_buffer=4096) as rude:
        assert sent_until_refused(rude, request, most=40 * MIB) < 40 * MIB
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
        slow.get(*(f"/item/{item}?size={size}" for item, size in enumerate(sizes)))
        answers = [slow.answer()[2] for _ in sizes]
    assert answers == [body(item, size) for item, size in enumerate(sizes)]


@pytest.mark.parametrize("latency", [0, 0.0005])
def test_thousands_of_pipelined_requests_are_all_answered(server, latency):
    count = 20_000
    with Raw(server.url) as client:
        writer = threading.Thread(
            target=client.send,
            args=(
                b"".join(b"GET /item/%d?size=9&latency=%g HTTP/1.1\r\n\r\n" % (item, latency) for item in range(count)),
            ),
        )
        writer.start()
        assert all(client.answer()[2] == body(item, 9) for item in range(count))
        writer.join()
    assert server.ledger().responses == count
