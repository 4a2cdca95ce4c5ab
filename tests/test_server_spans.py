"""A tracing server: what it says of each answer is what happened, and a plain one knows nothing of it."""

from contextlib import ExitStack, closing
from http.client import HTTPConnection
from time import monotonic
from urllib.parse import urlsplit

import pytest
import requests
from server_raw import Raw, until

from paceline.server.ledger import Served, Spans
from paceline.server.process import ServerError, running


@pytest.fixture(scope="module")
def running_server():
    with running(spans=True) as instrument:
        yield instrument


@pytest.fixture
def server(running_server):
    running_server.reset()
    return running_server


def test_every_item_leaves_a_span_within_what_the_client_saw(server):
    seen = []
    with requests.Session() as session:
        for item in range(5):
            begun = monotonic()
            session.get(f"{server.url}/item/{item}?latency=0.003&size=100")
            seen.append((begun, monotonic()))
    spans, dropped = server.spans()
    assert dropped == 0
    assert [span.item for span in spans] == list(range(5))
    for (begun, ended), span in zip(seen, spans, strict=True):
        assert begun <= span.start < span.due <= min(span.end, ended)
        assert span.due - span.start == pytest.approx(0.003)


@pytest.mark.parametrize("query", ["", "size=100", "size=5000", "size=3000000", "status=404&size=4", "latency=0.001"])
def test_every_way_to_answer_leaves_one_span(server, query):
    requests.get(f"{server.url}/item/7?{query}", timeout=20)
    with Raw(server.url) as client:
        client.send(f"GET /item/8?{query} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        client.answer()
    until(lambda: len(server.spans()[0]) == 2)
    spans, _ = server.spans()
    assert [(span.item, span.connection) for span in spans] == [(7, 0), (8, 1)]
    assert (server.ledger().requests, server.ledger().responses) == (2, 2)


def test_connections_are_numbered_as_they_first_carry_an_item(server):
    with ExitStack() as clients:
        one, two = (clients.enter_context(Raw(server.url)) for _ in range(2))
        for client, item in ((two, 1), (one, 2), (two, 3)):
            client.get(f"/item/{item}")
            client.answer()
        assert [(span.item, span.connection) for span in server.spans()[0]] == [(1, 0), (2, 1), (3, 0)]
        server.reset()
        one.get("/item/4")
        one.answer()
        assert [(span.item, span.connection) for span in server.spans()[0]] == [(4, 0)]


def test_what_a_reset_left_behind_is_no_part_of_the_trace(server):
    with Raw(server.url) as client:
        client.get("/item/1?latency=0.05")
        until(lambda: server.ledger().in_flight == 1)
        server.reset()
        client.answer()
        client.get("/item/2")
        client.answer()
    assert [span.item for span in server.spans()[0]] == [2]


@pytest.mark.parametrize("fault", ["reset", "truncate", "stall"])
def test_an_answer_that_is_never_whole_leaves_none(server, fault):
    with Raw(server.url) as client:
        client.get(f"/item/1?size=10&fault={fault}")
        until(lambda: server.ledger().requests == 1)
    until(lambda: not server.ledger().in_flight)
    assert server.spans() == ([], 0)


def test_control_calls_leave_none_and_are_not_counted(server):
    for _ in range(3):
        assert server.spans() == ([], 0)
    assert (server.ledger().requests, server.ledger().connections) == (0, 0)


def test_each_connection_is_known_by_its_host(server):
    for host in ("127.0.0.1", "127.0.0.2"):
        with closing(HTTPConnection(urlsplit(server.url).netloc, source_address=(host, 0))) as connection:
            connection.request("GET", "/item/1")
            connection.getresponse().read()
    assert server.hosts() == ["127.0.0.1", "127.0.0.2"]
    server.reset()
    assert server.hosts() == []


def test_spans_are_only_to_be_read(server):
    answer = requests.post(f"{server.url}/-/spans", timeout=20)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_the_ledger_of_a_tracing_server_is_that_of_a_plain_one(server):
    with running() as plain:
        for each in (server, plain):
            with Raw(each.url) as client:
                client.get(*(f"/item/{item}?size={item}" for item in range(20)))
                for _ in range(20):
                    client.answer()
        ours, its = server.ledger(), plain.ledger()
    assert (ours.connections, ours.requests, ours.responses) == (its.connections, its.requests, its.responses)
    assert ours.bytes == its.bytes


def test_a_plain_server_leaves_no_spans():
    with running() as plain:
        assert requests.get(f"{plain.url}/-/spans", timeout=20).status_code == 404
        with pytest.raises(ServerError, match="/-/spans was refused: no such path"):
            plain.spans()


def test_a_peer_has_no_spans():
    with pytest.raises(ValueError, match="the server 'httpserver' knows no spans"), running("httpserver", spans=True):
        pass


def test_spans_without_end_are_counted_and_not_kept():
    spans = Spans(most=2)
    for item in range(5):
        spans.add(Served(item, 0, 0.0, 0.0, 0.0))
    assert ([span.item for span in spans.kept], spans.dropped) == ([0, 1], 3)
    assert spans.as_json() == '{"spans": [[0, 0, 0.0, 0.0, 0.0], [1, 0, 0.0, 0.0, 0.0]], "dropped": 3, "hosts": []}'
    spans.reset()
    assert (spans.kept, spans.dropped) == ([], 0)
