"""Faults on demand: reset, truncated and stalled answers."""

import pytest
import requests
from server_raw import Raw, until

from paceline.server.body import body
from paceline.server.process import running


@pytest.fixture(scope="module")
def server():
    with running() as instrument:
        yield instrument


@pytest.fixture
def raw(server):
    server.reset()
    with Raw(server.url) as client:
        yield client


@pytest.mark.parametrize("latency", [0, 0.02])
def test_reset_breaks_the_connection_in_place_of_an_answer(server, raw, latency):
    raw.get(f"/item/1?fault=reset&size=100&latency={latency}")
    with pytest.raises(ConnectionResetError):
        raw.stream.read(1)
    until(lambda: server.ledger().in_flight == 0)
    assert (server.ledger().requests, server.ledger().responses, server.ledger().bytes) == (1, 0, 0)


@pytest.mark.parametrize("size", [1, 101, 3_000_000])
def test_truncate_promises_everything_sends_half_and_closes(server, raw, size):
    raw.get(f"/item/1?fault=truncate&size={size}")
    status, headers = raw.head()
    assert (status, headers["content-length"]) == (200, str(size))
    assert raw.stream.read() == body(1, size // 2)
    until(lambda: server.ledger().in_flight == 0)
    assert (server.ledger().requests, server.ledger().responses, server.ledger().bytes) == (1, 0, size // 2)


def test_stall_sends_half_and_then_nothing_until_the_client_leaves(server, raw):
    raw.get("/item/1?fault=stall&size=100")
    assert raw.head()[1]["content-length"] == "100"
    assert raw.stream.read(50) == body(1, 50)
    raw.socket.settimeout(0.2)
    raw.get("/item/2?size=5")
    with pytest.raises(TimeoutError):
        raw.stream.read(1)
    assert server.ledger().in_flight == 1
    raw.__exit__()
    until(lambda: server.ledger().in_flight == 0)
    assert server.ledger().responses == 0


def test_answers_before_a_truncated_one_are_whole(raw):
    raw.get("/item/1?size=9", "/item/2?size=10&fault=truncate", "/item/3?size=9")
    assert raw.answer()[2] == body(1, 9)
    assert raw.head()[1]["content-length"] == "10"
    assert raw.stream.read() == body(2, 5)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset", requests.exceptions.ConnectionError),
        ("truncate", requests.exceptions.ChunkedEncodingError),
        ("stall", requests.exceptions.ConnectionError),
    ],
)
def test_requests_sees_an_error(server, fault, error):
    with requests.Session() as session, pytest.raises(error):
        session.get(f"{server.url}/item/1?size=100&fault={fault}", timeout=0.5)
