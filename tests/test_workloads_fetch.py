"""Downloads that go well and downloads that don't, from an independent server: pytest-httpserver."""

import asyncio
import pickle
import re
import socket
import threading
from contextlib import contextmanager

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from paceline.contracts import ItemError
from paceline.server.body import body
from paceline.workloads import Fetch
from paceline.workloads.fetch import CLIENTS

pytestmark = pytest.mark.core

SIZE = 500
PAIRS = [(flavour, client) for flavour, clients in CLIENTS.items() for client in clients]


@pytest.fixture(scope="module")
def make_httpserver():
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture(params=PAIRS, ids="-".join)
def download(request):
    """`download(url, items, **fields)`: what `Fetch` makes of them with one client on one of its flavours."""
    flavour, client = request.param
    ways = {"blocking": blocking, "async": on_a_loop, "trio": under_trio, "gevent": in_a_greenlet}
    if flavour in ("trio", "gevent"):
        pytest.importorskip(flavour)

    def download(url, items, **fields):
        return ways[flavour](Fetch(url, **{"size": SIZE, "client": client, "timeout": 10.0, **fields}), items)

    return download


def blocking(workload, items):
    with workload.worker() as run:
        return [run(item) for item in items]


def in_a_greenlet(workload, items):
    with workload.gevent_worker() as run:
        return [run(item) for item in items]


def on_a_loop(workload, items):
    return asyncio.run(_one_by_one(workload.async_worker(2), items))


def under_trio(workload, items):
    import trio

    return trio.run(_one_by_one, workload.trio_worker(2), items)


async def _one_by_one(opening, items):
    async with opening as run:
        return [await run(item) for item in items]


@contextmanager
def answering(*answers):
    """A bare server that gives each connection in turn one of these answers, byte by byte as written here."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1 << 16)
                    for piece in answer:
                        connection.sendall(piece)
                    if not answer:
                        connection.recv(1 << 16)  # says nothing until the client gives up

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/{{item}}"
        finally:
            thread.join()


def test_the_whole_body_is_read_and_reduced_to_length_and_checksum(download, httpserver):
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(
        lambda request: Response(body(int(request.path[1:]), SIZE))
    )
    url = httpserver.url_for("/{item}")
    expected = Fetch(url, SIZE).expected
    assert download(url, [3, 0, 3]) == [expected(3), expected(0), expected(3)]
    assert expected(3) != expected(0)


def test_a_body_that_comes_slowly_and_in_pieces_is_read_whole(download):
    whole = body(7, SIZE)
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 500\r\n\r\n"
    pieces = [head[:9], head[9:40], head[40:] + whole[:1], whole[1:250], whole[250:]]
    with answering(pieces) as url:
        assert download(url, [7]) == [Fetch(url, SIZE).expected(7)]


@pytest.mark.parametrize("status", [201, 301, 404, 500, 503])
def test_another_status_than_200_is_an_error_that_names_item_url_and_status(download, httpserver, status):
    httpserver.expect_request("/5").respond_with_data(b"x" * SIZE, status=status)
    with pytest.raises(ItemError, match=rf"^item 5: GET http://127.0.0.1:\d+/5: .*status {status} instead of 200"):
        download(httpserver.url_for("/{item}"), [5])


@pytest.mark.parametrize("length", [0, SIZE - 1, SIZE + 1])
def test_an_answer_of_another_length_is_an_error_that_names_the_item(download, httpserver, length):
    httpserver.expect_request("/8").respond_with_data(b"x" * length)
    with pytest.raises(ItemError, match=rf"^item 8: GET .*/8: {length} bytes came where {SIZE} were due"):
        download(httpserver.url_for("/{item}"), [8])


def test_an_answer_cut_short_of_its_declared_length_is_an_error_that_names_the_item(download):
    with (
        answering([b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", b"x" * 499]) as url,
        pytest.raises(ItemError, match="^item 9: GET "),
    ):
        download(url, [9])


def test_an_answer_that_never_comes_is_an_error_once_the_time_is_up(download):
    with answering([]) as url, pytest.raises(ItemError, match="^item 1: GET .*[Tt]ime"):
        download(url, [1], timeout=0.2)


def test_an_answer_that_stalls_half_way_is_an_error_once_the_time_is_up(download):
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(ItemError, match=r"^item 1: GET .*[Tt]ime"):
        thread = threading.Thread(target=_stall, args=[listener])
        thread.start()
        try:
            download(f"http://127.0.0.1:{listener.getsockname()[1]}/{{item}}", [1], timeout=0.2)
        finally:
            thread.join()


def _stall(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 100)
        connection.recv(1 << 16)


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH\r\n\r\n", b"\x00\xff" * 50 + b"\r\n\r\n"])
def test_an_answer_that_is_no_http_is_an_error_that_names_the_item(download, garbage):
    with answering([garbage]) as url, pytest.raises(ItemError, match="^item 4: GET "):
        download(url, [4])


def test_a_server_that_is_not_there_is_an_error_that_names_the_item(download):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ItemError, match="^item 2: GET .*[Cc]onnect"):
        download(f"http://127.0.0.1:{port}/{{item}}", [2])


def test_a_connection_closed_after_each_answer_is_opened_anew(download):
    whole = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 500\r\n\r\n" + body(1, SIZE)
    with answering([whole], [whole]) as url:
        assert len(download(url, [1, 1])) == 2


def test_the_environment_sets_no_proxy(download, httpserver, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "")
    httpserver.expect_request("/1").respond_with_data(body(1, SIZE))
    assert download(httpserver.url_for("/{item}"), [1]) == [Fetch("", SIZE).expected(1)]


@pytest.mark.parametrize(
    ("flavour", "client"),
    [
        ("blocking", "aiohttp"),
        ("async", "requests"),
        ("async", "curl"),
        ("trio", "aiohttp"),
        ("trio", "requests"),
        ("gevent", "requests"),
    ],
)
def test_a_client_without_that_flavour_is_refused_with_those_that_have_one(flavour, client):
    workload = Fetch("http://127.0.0.1:9/{item}", SIZE, client)
    opened = {
        "blocking": lambda: workload.worker().__enter__(),
        "async": lambda: asyncio.run(workload.async_worker(1).__aenter__()),
        "trio": lambda: asyncio.run(workload.trio_worker(1).__aenter__()),
        "gevent": lambda: workload.gevent_worker().__enter__(),
    }
    assert not workload.fits(client, flavour)
    with pytest.raises(ValueError, match=f"client '{client}' has no {flavour} flavour; those that have: .*raw"):
        opened[flavour]()


def test_every_face_has_a_client_that_is_taken_where_none_is_named():
    workload = Fetch("http://127.0.0.1:9/{item}", SIZE)
    assert {flavour: workload.client_for(flavour) for flavour in CLIENTS} == {
        "blocking": "requests",
        "async": "aiohttp",
        "trio": "raw",
        "gevent": "raw",
    }
    assert all(workload.fits(workload.client_for(flavour), flavour) for flavour in CLIENTS)


def test_an_item_error_survives_pickling():
    error = pickle.loads(pickle.dumps(ItemError(3, "came back short")))
    assert (error.item, str(error)) == (3, "item 3: came back short")
