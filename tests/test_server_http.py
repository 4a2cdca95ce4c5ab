"""The instrument as an HTTP/1.1 server: clients, keep-alive, one answer at a time, bad manners."""

import asyncio
import shutil
import subprocess
from contextlib import ExitStack, suppress
from time import monotonic

import aiohttp
import pytest
import requests
from server_raw import Raw, until

from paceline.server.body import body

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def server(serve):
    with serve() as instrument:
        yield instrument


@pytest.fixture
def raw(server):
    with Raw(server.url) as client:
        yield client


def test_requests_gets_the_body_of_its_item(server):
    with requests.Session() as session:
        answers = [session.get(f"{server.url}/item/{item}", params={"size": 5000 * item}) for item in range(4)]
    assert [answer.content for answer in answers] == [body(item, 5000 * item) for item in range(4)]
    assert {answer.headers["Content-Type"] for answer in answers} == {"text/plain"}


def test_aiohttp_gets_the_bodies_of_many_items_at_once(server):
    async def fetch_all():
        async with aiohttp.ClientSession() as session:

            async def fetch(item):
                async with session.get(f"{server.url}/item/{item}?size=3000000") as answer:
                    return await answer.read()

            return await asyncio.gather(*map(fetch, range(6)))

    assert asyncio.run(fetch_all()) == [body(item, 3_000_000) for item in range(6)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("options", [[], ["--http1.0"], ["-H", "Connection: close"], ["-H", "Expect: 100-continue"]])
def test_curl_gets_the_body_of_its_item(server, options):
    command = ["curl", "--silent", "--noproxy", "*", "--max-time", "20", *options, f"{server.url}/item/7?size=2000"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == body(7, 2000)


def test_a_connection_serves_many_requests(raw):
    for item in range(50):
        raw.get(f"/item/{item}?size=10")
        assert raw.answer() == (200, {"content-type": "text/plain", "content-length": "10"}, body(item, 10))


def test_a_request_that_comes_before_the_answer_to_the_one_before_is_refused_after_that(server, raw):
    server.reset()
    raw.get(*(f"/item/{item}?size=8&latency=0.05" for item in range(20)))
    assert raw.answer()[2] == body(0, 8)
    status, headers, line = raw.answer()
    assert (status, headers["connection"]) == (400, "close")
    assert line == b"an answer is still on its way here; wait for it, or open another connection\n"
    assert raw.stream.read() == b""
    ledger = server.ledger()
    assert (ledger.requests, ledger.responses, ledger.max_in_flight, ledger.in_flight) == (1, 1, 1, 0)


@pytest.mark.parametrize("first", ["size=30000000", "size=30000000&latency=0.01", "fault=truncate&size=9&latency=0.01"])
def test_what_is_refused_is_never_mixed_up_with_the_answer_on_its_way(raw, first):
    raw.get(f"/item/1?{first}", "/-/ledger", "/item/2?size=3")
    size = int(raw.head()[1]["content-length"])
    truncated = "truncate" in first
    assert raw.stream.read(size // 2 if truncated else size) == body(1, size // 2 if truncated else size)
    if truncated:
        assert raw.stream.read() == b""
    else:
        assert raw.answer()[0] == 400


def test_answers_that_wait_for_nothing_come_in_order_however_early_they_are_asked_for(raw):
    raw.get(*(f"/item/{item}?size=8" for item in range(100)))
    assert [raw.answer()[2] for _ in range(100)] == [body(item, 8) for item in range(100)]


def test_requests_cut_anywhere_are_put_together(raw):
    request = b"GET /item/12?size=6 HTTP/1.1\r\nHost: x\r\n\r\n"
    for cut in range(1, len(request)):
        raw.send(request[:cut])
        raw.send(request[cut:])
    for byte in request:
        raw.send(bytes([byte]))
    assert {raw.answer()[2] for _ in range(len(request))} == {body(12, 6)}


@pytest.mark.parametrize("latency", [0.0004, 0.001, 0.0055, 0.02])
def test_no_answer_leaves_before_its_service_time(server, latency):
    with requests.Session() as session:
        for item in range(20):
            start = monotonic()
            session.get(f"{server.url}/item/{item}?latency={latency}")
            assert monotonic() - start >= latency


@pytest.mark.parametrize("status", [200, 201, 299, 404, 418, 500, 503, 599])
def test_the_status_is_what_was_asked_for(raw, status):
    raw.get(f"/item/1?status={status}&size=9")
    assert raw.answer()[::2] == (status, body(1, 9))


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body_have_no_length_either(raw, status):
    raw.get(f"/item/1?status={status}", "/item/2?size=4")
    assert raw.answer() == (status, {}, b"")
    assert raw.answer()[2] == body(2, 4)


@pytest.mark.parametrize(
    ("target", "status", "start"),
    [
        ("/item/1?latency=nan", 400, b"latency=nan: must be"),
        ("/item/1?size=1&size=2", 400, b"size=2: is given more than once"),
        ("/item/1?color=red", 400, b"color=red: is unknown"),
        ("/item/-1", 404, b"no such path: /item/-1"),
        ("/item/", 404, b"no such path: /item/"),
        ("/item/1x", 404, b"no such path"),
        ("/item/" + "1" * 19, 404, b"no such path"),
        ("/%0d%0aSet-Cookie:x", 404, b"no such path"),
        ("/", 404, b"no such path: /; items are at /item/N"),
        ("/-/unknown", 404, b"no such path"),
        ("/-/reset", 405, b"only POST"),
        ("/item/1?" + "x" * 3000, 414, b"the request's target is longer"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_one_line_and_the_connection_goes_on(raw, target, status, start):
    raw.get(target, "/item/5?size=3")
    got, _, line = raw.answer()
    assert got == status
    assert line.startswith(start)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert raw.answer()[2] == body(5, 3)


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"])
def test_a_wrong_method_is_refused_and_its_body_is_skipped(raw, method):
    raw.send(method + b" /item/1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nHELLO")
    raw.get("/item/5?size=3")
    assert (raw.answer()[:2]) == (405, {"content-type": "text/plain", "content-length": "26", "allow": "GET"})
    assert raw.answer()[2] == body(5, 3)


def test_the_answer_to_head_has_no_body(raw):
    raw.send(b"HEAD /item/1 HTTP/1.1\r\n\r\n")
    assert raw.head()[0] == 405
    raw.get("/item/5?size=3")
    assert raw.answer()[2] == body(5, 3)


def test_a_client_that_waits_for_100_continue_gets_the_final_answer(raw):
    raw.send(b"POST /-/reset HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert raw.answer()[0] == 200
    raw.send(b"HELLO")
    raw.get("/item/5?size=3")
    assert raw.answer()[2] == body(5, 3)


def test_a_wish_to_upgrade_is_declined_by_going_on(raw):
    wish = b"GET /item/%d?size=3 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    raw.send(b"".join(wish % item for item in range(500)))
    assert [raw.answer()[2] for _ in range(500)] == [body(item, 3) for item in range(500)]
    raw.get("/item/5?size=3")
    assert raw.answer()[2] == body(5, 3)


@pytest.mark.parametrize(
    "request_", [b"GET /item/3?size=50 HTTP/1.0\r\n\r\n", b"GET /item/3?size=50 HTTP/1.1\r\nConnection: close\r\n\r\n"]
)
@pytest.mark.parametrize("latency", [b"", b"&latency=0.02"])
def test_the_connection_is_closed_where_the_client_wants_it(raw, request_, latency):
    raw.send(request_.replace(b"=50", b"=50" + latency))
    status, headers, content = raw.answer()
    assert (status, headers["connection"], content) == (200, "close", body(3, 50))
    assert raw.stream.read() == b""


@pytest.mark.parametrize("wish", [b"HTTP/1.1\r\nConnection: close", b"HTTP/1.0\r\nConnection: keep-alive"])
def test_what_follows_the_last_answer_is_not_served(server, raw, wish):
    server.reset()
    raw.send(b"GET /item/3?latency=0.01 " + wish + b"\r\n\r\nGET /item/4 HTTP/1.1\r\n\r\n")
    assert raw.answer()[0] == 200
    assert raw.stream.read() == b""
    assert server.ledger().requests == 1


def test_absolute_targets_are_understood(raw):
    raw.get("http://example.invalid:80/item/3?size=7")
    assert raw.answer()[2] == body(3, 7)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\xfe" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"GET\r\n\r\n",
        b"GET /item/1 HTTP/9.9\r\n\r\n",
        b"GET /item/1 HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET /item/1 HTTP/1.1\r\nno colon here\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_garbage_gets_a_400_and_the_server_lives_on(server, garbage):
    with Raw(server.url) as rude:
        rude.send(garbage)
        status, headers, line = rude.answer()
        assert (status, headers["connection"], line.count(b"\n")) == (400, "close", 1)
        with suppress(ConnectionResetError):
            assert rude.stream.read() == b""
    assert requests.get(f"{server.url}/item/1?size=5", timeout=20).content == body(1, 5)


def test_garbage_after_a_good_request_does_not_take_its_answer_away(raw):
    raw.get("/item/3?size=7&latency=0.02")
    raw.send(b"\x00garbage\r\n\r\n")
    assert raw.answer()[2] == body(3, 7)
    assert raw.answer()[0] == 400


@pytest.mark.parametrize("start", [b"GET /item/1?", b"GET /item/1 HTTP/1.1\r\nX: "], ids=["target", "header"])
def test_a_head_without_end_is_cut_off(server, start):
    with Raw(server.url) as rude, pytest.raises(OSError, match=r"reset|Broken pipe"):
        rude.send(start + b"x" * 100_000_000)
    assert requests.get(f"{server.url}/item/1?size=5", timeout=20).content == body(1, 5)


def test_clients_that_leave_in_the_middle_are_forgotten(server):
    server.reset()
    for _ in range(20):
        with ExitStack() as leaving:
            for item in range(100):
                leaving.enter_context(Raw(server.url)).get(f"/item/{item}?latency=3000")
            until(lambda: server.ledger().in_flight == 100)
        until(lambda: server.ledger().in_flight == 0)
    ledger = server.ledger()
    assert (ledger.connections, ledger.requests, ledger.responses, ledger.max_in_flight) == (2000, 2000, 0, 100)
