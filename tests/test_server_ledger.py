"""The ledger: what the server says it saw is what happened."""

from contextlib import ExitStack
from dataclasses import replace
from time import monotonic

import pytest
import requests
from server_raw import Raw, until

from paceline.server.ledger import Ledger, Tally
from paceline.server.process import running


@pytest.fixture(scope="module")
def running_server():
    with running() as instrument:
        yield instrument


@pytest.fixture
def server(running_server):
    running_server.reset()
    return running_server


def test_every_item_is_counted_once(server):
    with requests.Session() as session:
        for item in range(10):
            session.get(f"{server.url}/item/{item}?size=100&latency=0.002")
    ledger = server.ledger()
    assert (ledger.connections, ledger.requests, ledger.responses, ledger.bytes) == (1, 10, 10, 1000)
    assert (ledger.in_flight, ledger.max_in_flight) == (0, 1)
    assert 0.002 <= ledger.service_max <= ledger.service_sum
    assert ledger.service_sum >= 10 * 0.002


def test_the_most_in_flight_is_the_number_of_those_who_wait(server):
    with ExitStack() as clients:
        for _ in range(7):
            clients.enter_context(Raw(server.url)).get("/item/1?latency=3000")
        until(lambda: server.ledger().in_flight == 7)
        assert server.ledger().connections == 7
    until(lambda: server.ledger().in_flight == 0)
    assert server.ledger().max_in_flight == 7


def test_control_calls_and_refusals_are_not_counted(server):
    for path in ("/-/ledger", "/item/1?latency=x", "/nowhere"):
        requests.get(server.url + path, timeout=20)
    requests.post(server.url + "/item/1", timeout=20)
    assert server.ledger() == Ledger(0, 0, 0, 0, 0, 0, 0.0, 0.0, cpu_seconds=pytest.approx(0.0, abs=10))


def test_a_warm_connection_is_counted_again_after_a_reset(server):
    with Raw(server.url) as client:
        for _ in range(3):
            server.reset()
            client.get("/item/1", "/item/2")
            client.answer()
            client.answer()
            assert server.ledger().connections == 1


def test_a_reset_leaves_what_is_in_flight_to_the_ledger_before_it(server):
    with Raw(server.url) as early, Raw(server.url) as late:
        early.get("/item/1?latency=3000")
        until(lambda: server.ledger().in_flight == 1)
        server.reset()
        late.get("/item/2?latency=3000")
        until(lambda: server.ledger().in_flight == 1)
    until(lambda: server.ledger().in_flight == 0)
    assert (server.ledger().requests, server.ledger().max_in_flight) == (1, 1)


def test_an_answer_counts_where_its_request_did(server):
    with Raw(server.url) as client:
        client.get("/item/1?latency=0.05&size=1")
        until(lambda: server.ledger().in_flight == 1)
        server.reset()
        assert client.answer()[2] == b"1"
        client.get("/item/2?size=2")
        assert client.answer()[2] == b"2 "
    ledger = server.ledger()
    assert (ledger.requests, ledger.responses, ledger.bytes, ledger.in_flight) == (1, 1, 2, 0)


def test_the_service_time_is_never_more_than_the_client_saw(server):
    with requests.Session() as session:
        start = monotonic()
        session.get(f"{server.url}/item/1?latency=0.01")
        seen = monotonic() - start
    assert 0.01 <= server.ledger().service_max <= seen


def test_cpu_seconds_grow_with_work_and_start_again_at_a_reset(server):
    with requests.Session() as session:
        for item in range(300):
            session.get(f"{server.url}/item/{item}?size=1000")
    spent = server.ledger().cpu_seconds
    assert 0 < spent <= server.cpu_seconds()
    server.reset()
    assert server.cpu_seconds() < spent


def test_a_tally_adds_up():
    tally = Tally()
    tally.begin()
    tally.begin()
    tally.begin()
    tally.answered(10, 0.5)
    tally.answered(20, 0.25)
    tally.abandoned(5)
    tally.begin()
    ledger = tally.ledger()
    assert (ledger.requests, ledger.responses, ledger.in_flight, ledger.max_in_flight) == (4, 2, 1, 3)
    assert (ledger.bytes, ledger.service_sum, ledger.service_max) == (35, 0.75, 0.5)


def test_a_prompt_answer_counts_as_begun_and_answered():
    tallies = Tally(), Tally()
    for tally in tallies:
        tally.begin()
    tallies[0].prompt(10, 0.5)
    tallies[1].begin()
    tallies[1].answered(10, 0.5)
    first, second = (replace(tally.ledger(), cpu_seconds=0.0) for tally in tallies)
    assert first == second
    assert first.max_in_flight == 2
