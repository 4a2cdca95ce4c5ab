"""The minimal client under trio and gevent, against the instrument: connections that are kept, given up and timed."""

import time

import pytest

from paceline.contracts import ItemError
from paceline.strategies import STRATEGIES
from paceline.workloads import Fetch, Mixed


@pytest.fixture(params=["trio", "gevent"])
def strategy(request):
    pytest.importorskip(request.param)
    return next(each for each in STRATEGIES if each.name == request.param)


@pytest.fixture(autouse=True)
def _afresh(instrument):
    instrument.reset()


def fetch(instrument, query="", size=300, **fields):
    return Fetch(f"{instrument.url}/item/{{item}}?size={size}{query}", size, **fields)


def test_each_worker_has_one_connection_and_keeps_it(strategy, instrument):
    work = fetch(instrument, "&latency=0.1")
    expected = [work.expected(item) for item in range(20)]
    with strategy(work, 20) as started:
        assert [started.map(range(20)) for _ in range(3)] == [expected] * 3
    ledger = instrument.ledger()
    assert (ledger.connections, ledger.requests, ledger.max_in_flight) == (20, 60, 20)


def test_more_workers_than_may_connect_at_once_all_get_a_connection(strategy, instrument, monkeypatch):
    monkeypatch.setattr(f"paceline.workloads.raw_{strategy.name}.CONNECTING", 20)
    work = fetch(instrument, "&latency=0.1")
    with strategy(work, 110) as started:
        assert started.map(range(110)) == [work.expected(item) for item in range(110)]
    assert instrument.ledger().connections == 110


def test_a_long_answer_is_read_whole(strategy, instrument):
    work = fetch(instrument, size=3_000_000)
    with strategy(work, 2) as started:
        assert started.map(range(3)) == [work.expected(item) for item in range(3)]


def test_a_server_may_be_named(strategy, instrument):
    work = fetch(instrument)
    named = Fetch(work.url.replace("127.0.0.1", "localhost"), work.size)
    with strategy(named, 3) as started:
        assert started.map(range(6)) == [work.expected(item) for item in range(6)]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("reset", "ConnectionResetError"),
        ("truncate", "AnswerError: connection closed after .* bytes, before the answer was whole"),
        ("stall", "TimeoutError: no.* within 0.2 s"),
    ],
)
def test_a_fault_is_an_error_that_names_item_and_url_and_the_next_round_is_whole(strategy, instrument, fault, told):
    broken, sound = fetch(instrument, f"&fault={fault}", timeout=0.2), fetch(instrument)
    with strategy(broken, 3) as started:
        for _ in range(2):
            with pytest.raises(ItemError, match=rf"^item [012]: GET {instrument.url}/item/[012]\?.*: {told}"):
                started.map(range(3))
    with strategy(sound, 3) as started:
        assert started.map(range(6)) == [sound.expected(item) for item in range(6)]


def test_a_stall_fails_its_own_item_and_no_sooner_one_that_is_answered_in_time(strategy, instrument):
    work = fetch(instrument, "&latency=0.3", timeout=5.0)
    with strategy(work, 3) as started:
        assert started.map(range(9)) == [work.expected(item) for item in range(9)]


def test_an_item_may_wait_as_long_as_it_is_allowed_again_and_again(strategy, instrument):
    work = fetch(instrument, "&latency=0.3", timeout=1.0)
    with strategy(work, 1) as started:
        for _ in range(5):  # a clock that ran on from the first request would have run out
            assert started.map([1]) == [work.expected(1)]
    assert instrument.ledger().connections == 1


def test_the_time_between_two_rounds_is_no_waiting(strategy, instrument):
    work = fetch(instrument, "&latency=0.1", timeout=1.0)
    with strategy(work, 2) as started:
        for _ in range(2):
            assert started.map([1, 2, 3]) == [work.expected(item) for item in (1, 2, 3)]
            time.sleep(1.1)


def test_a_mixed_item_is_fetched_by_the_same_face(strategy, instrument):
    work = Mixed(fetch(instrument), cpu_seconds=0.001)
    with strategy(work, 3) as started:
        assert started.map(range(6)) == [work.expected(item) for item in range(6)]
    assert instrument.ledger().requests == 6


def test_a_client_that_people_use_has_no_such_face(strategy, instrument):
    with (
        pytest.raises(ValueError, match=f"client 'requests' has no {strategy.name} flavour; those that have: raw"),
        strategy(fetch(instrument, client="requests"), 2),
    ):
        pytest.fail("entered without a client")
