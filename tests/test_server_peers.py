"""The peers: other servers, asked the same way."""

import subprocess
import sys
from time import monotonic

import pytest
import requests

from paceline.server.body import body
from paceline.server.process import running
from paceline.server.service import Service


@pytest.fixture(scope="module", params=["httpserver", "aiohttp"])
def peer(request):
    with running(request.param) as server:
        yield server


def test_a_peer_serves_the_same_items(peer):
    with requests.Session() as session:
        for item in range(5):
            answer = session.get(f"{peer.url}/item/{item}?size={100 * item}&status=203")
            assert (answer.status_code, answer.content) == (203, body(item, 100 * item))
            assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_peer_keeps_to_the_same_service_times(peer):
    query = "latency=0.01&jitter=uniform:1&straggler=3:0.05&seed=4"
    for item in range(6):
        start = monotonic()
        requests.get(f"{peer.url}/item/{item}?{query}", timeout=20)
        assert monotonic() - start >= Service.parse(query).seconds(item)


@pytest.mark.parametrize(
    ("query", "line"),
    [("latency=nan", "latency=nan: must be seconds"), ("fault=reset", "fault=reset: only the instrument has faults")],
)
def test_a_peer_refuses_what_it_cannot_honour(peer, query, line):
    answer = requests.get(f"{peer.url}/item/1?{query}", timeout=20)
    assert answer.status_code == 400
    assert answer.text.startswith(line)


def test_a_peer_proves_nothing_but_tells_its_cpu_time(peer):
    assert not peer.proves
    assert peer.ledger() is None
    with requests.Session() as session:
        for item in range(100):
            session.get(f"{peer.url}/item/{item}")
    spent = peer.cpu_seconds()
    assert spent > 0
    peer.reset()
    assert peer.cpu_seconds() < spent


def test_an_unknown_peer_is_refused_with_the_usage():
    ended = subprocess.run(
        [sys.executable, "-m", "paceline.server.peers", "nginx"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (2, "usage: python -m paceline.server.peers httpserver|aiohttp\n")
