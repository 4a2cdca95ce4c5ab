"""What an instrument can say of the hosts that items came from."""

import socket

import pytest
from apparatus.dask_on_hosts import items_by_host

from paceline.server.process import running

ONE, TWO = "127.0.0.1", "127.0.0.2"  # all of 127.0.0.0/8 is this machine


@pytest.fixture(scope="module")
def instrument():
    with running(spans=True) as started:
        yield started


@pytest.fixture
def ask(instrument):
    """Ask for an item from an address; gives the connection, on which the answer comes later."""
    instrument.reset()
    port = int(instrument.url.rpartition(":")[2])

    def asked(address, latency):
        line = socket.create_connection((ONE, port), timeout=30, source_address=(address, 0))
        line.sendall(f"GET /item/1?latency={latency}&size=10 HTTP/1.1\r\nHost: {ONE}:{port}\r\n\r\n".encode())
        return line

    return asked


def test_items_of_two_hosts_in_hand_at_once_are_seen_together(instrument, ask):
    with ask(ONE, 1.0) as one, ask(ONE, 1.0) as another, ask(TWO, 1.0) as two:
        assert all(line.recv(1) for line in (one, another, two))
    assert items_by_host(instrument) == ({ONE: 2, TWO: 1}, 2)


def test_items_of_two_hosts_one_after_the_other_are_not(instrument, ask):
    for address in (ONE, TWO, ONE):
        with ask(address, 0.01) as line:
            assert line.recv(1)
    assert items_by_host(instrument) == ({ONE: 2, TWO: 1}, 1)


def test_nothing_came_from_nobody(instrument):
    instrument.reset()
    assert items_by_host(instrument) == ({}, 0)
