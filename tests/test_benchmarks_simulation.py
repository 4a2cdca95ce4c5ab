"""The apparatus of the million and of the simulation: what they count."""

import sys
from importlib.util import find_spec

import pytest
from predicted import exactly

from paceline.child import processes
from paceline.predict.measured import Work
from paceline.predict.model import Parts
from paceline.server.service import Service

needs_simpy = pytest.mark.skipif(not find_spec("simpy"), reason="needs simpy: pip install 'paceline[simulation]'")


@pytest.mark.parametrize("strategy", ["sequential", "threads", "asyncio", "pool-fork"])
def test_a_round_of_many_items_is_counted_and_checked(strategy):
    figures = processes.call("apparatus.million:measure_round", strategy, 1 if strategy == "sequential" else 3, 2000)
    assert figures["seconds_per_item"] == pytest.approx(figures["seconds"][0] / 2000)
    if sys.platform == "linux":
        assert figures["peak_bytes"] > figures["grown_bytes"] >= 0
        assert figures["memory_per_item"] == figures["grown_bytes"] / 2000


def simulated(parts, work, query="", server=0.0):
    from apparatus.simulation import round_seconds

    return round_seconds(parts, work, Service.parse(query), server)


@needs_simpy
def test_items_that_only_wait_take_a_latency_a_turn():
    work = Work(items=100, workers=10, latency=0.02)
    assert simulated(Parts(), work, "latency=0.02") == pytest.approx(0.2)


@needs_simpy
def test_items_that_only_compute_take_what_the_model_says():
    parts, work = Parts(busy=1e-4, contention=0.4, coherency=0.001), Work(items=6400, workers=64)
    assert simulated(parts, work) == pytest.approx(exactly(parts, work), rel=1e-6)


@needs_simpy
def test_a_server_that_is_slower_than_the_client_sets_the_pace():
    assert simulated(Parts(busy=1e-4), Work(items=1000, workers=10), server=0.01) == pytest.approx(10.0, rel=0.01)


@needs_simpy
def test_service_times_are_the_instruments_own():
    query = "latency=0.02&jitter=lognormal:1&seed=5"
    service = Service.parse(query)
    alone = simulated(Parts(), Work(items=50, workers=1, latency=0.02), query)
    assert alone == pytest.approx(sum(service.seconds(item) for item in range(50)))


@needs_simpy
def test_waiting_and_computing_overlap_by_themselves():
    parts, work = Parts(busy=1e-3, one_at_a_time=True, contention=1.0), Work(items=1000, workers=10, latency=0.02)
    apart, together = exactly(parts, work), max(1000 * 1e-3, 100 * 0.02)
    assert together <= simulated(parts, work, "latency=0.02") < apart
