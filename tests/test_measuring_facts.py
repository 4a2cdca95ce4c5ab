"""What bounds a workload, and what its cells are called."""

import pytest

from paceline import machine
from paceline.measuring import cells
from paceline.workloads import Call, Compute, Fetch, Mixed

FETCH = Fetch("http://127.0.0.1:1/item/{item}?latency=0.01&size=100", 100, "raw")


@pytest.fixture(autouse=True)
def two_cpus(monkeypatch):
    monkeypatch.setattr(machine, "usable_cpus", lambda: 2.0)


def limit(workload, *, items=8, workers=4, cpu_seconds=0.0, bandwidth=None):
    return cells.limit(workload, range(items), workers, cpu_seconds, bandwidth)


def test_downloads_are_bounded_by_their_waits():
    assert limit(FETCH) == pytest.approx(0.02)
    assert limit(FETCH, bandwidth=10_000) == pytest.approx(0.08)


def test_computing_is_bounded_by_the_cpus_or_the_workers():
    assert limit(Compute("squares", 10), cpu_seconds=1.0) == pytest.approx(0.5)
    assert limit(Compute("squares", 10), cpu_seconds=1.0, workers=1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("cpu_seconds", "workers", "expected"),
    [
        (0.0, 4, 0.02),  # two waits, one after the other
        (0.01, 4, 0.04),  # two items of 20 ms, one after the other; 8 computations on 2 CPUs take as long
        (0.03, 4, 0.12),  # 8 computations on 2 CPUs
        (0.03, 1, 0.32),  # everything in a row
        (0.03, 8, 0.12),
    ],
)
def test_a_mixed_item_is_bounded_by_its_own_length_and_by_the_cpus(cpu_seconds, workers, expected):
    assert limit(Mixed(FETCH, cpu_seconds), workers=workers) == pytest.approx(expected)


def test_a_mixed_items_download_may_be_bounded_by_the_link():
    assert limit(Mixed(FETCH, 0.01), bandwidth=1000) == pytest.approx(0.8)


def test_nothing_bounds_a_function_of_ones_own():
    assert limit(Call("shop:price"), cpu_seconds=1.0) is None


@pytest.mark.parametrize(
    ("workload", "described"),
    [
        (Compute("hash", 10), {"kernel": "hash", "n": 10}),
        (FETCH, {"client": "raw", "latency": 0.01, "size": 100}),
        (Mixed(FETCH, 0.03), {"client": "raw", "latency": 0.01, "size": 100, "share": pytest.approx(0.75)}),
        (
            Mixed(Fetch("http://127.0.0.1:1/item/{item}", 0, "raw"), 0.0),
            {"client": "raw", "latency": 0.0, "size": 0, "share": 0.0},
        ),
        (Call("shop:price"), {"function": "shop:price"}),
        (object(), {}),
    ],
)
def test_a_cell_says_what_its_work_is(workload, described):
    assert cells.workload_facts(workload, "blocking") == described


def test_a_client_that_was_not_chosen_is_named_after_the_face():
    fetch = Fetch(FETCH.url, 100)
    assert cells.workload_facts(fetch, "blocking")["client"] == "requests"
    assert cells.workload_facts(fetch, "async")["client"] == "aiohttp"
    assert cells.workload_facts(fetch, "trio")["client"] == cells.workload_facts(fetch, "gevent")["client"] == "raw"
