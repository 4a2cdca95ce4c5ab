"""What would three million items take?

Question: does the model of `paceline predict` still hold beyond what can be measured, and where service times vary?
Setup:    a simulation of discrete events (SimPy) with the same parts that `paceline predict` fits to the newest whole
          run, and the service times that the instrument itself would give: 100 workers with the raw client, from
          10,000 to 3,000,000 items that are answered at once; 100,000 after 20 ms, without and with jitter; then
          cells of the run itself, where the real figure stands beside.
Expect:   simulation and model agree within a few hundredths where either waiting or computing is nearly all of the
          time. In between all that can overlap does in the simulation, while the model's overlap was fitted to what
          really did; the real cells show how far that is from each.
"""

from importlib.util import find_spec

import pytest

COUNTS = [10_000, 100_000, 1_000_000, 3_000_000]
MEASURED = {0.0: 25, 0.001: 25, 0.005: 8, 0.020: 4}  # seconds -> items of each worker, as test_latency.py has them

pytestmark = [
    pytest.mark.extended(on_request=True),
    pytest.mark.strategies("threads", "asyncio", "pool-fork"),
    pytest.mark.skipif(not find_spec("simpy"), reason="needs simpy: pip install 'paceline[simulation]'"),
]

jitters = pytest.mark.parametrize("jitter", ["none", "lognormal:1"], ids="jitter={}".format)


@pytest.mark.strategies("threads", "asyncio")
@pytest.mark.scale(items=COUNTS, workers=100, latency=0.0)
def test_at_once(cost, strategy, items, workers, latency):
    simulate(cost, strategy, items, workers, latency)


@jitters
@pytest.mark.scale(items=100_000, workers=100, latency=0.020)
def test_waiting(cost, strategy, items, workers, latency, jitter):
    simulate(cost, strategy, items, workers, latency, jitter)


@pytest.mark.scale(latency=[*MEASURED], workers=64, items=[64 * turns for turns in MEASURED.values()])
def test_beside_the_real(cost, strategy, items, workers, latency):
    simulate(cost, strategy, items, workers, latency)


def simulate(cost, strategy, items, workers, latency, jitter="none"):
    work = {"strategy": strategy.name, "workload": "Simulated", "client": "raw", "jitter": jitter}
    work |= {"items": len(items), "workers": workers, "latency": latency}
    figures = cost("apparatus.simulation:compare", strategy.name, "raw", len(items), workers, latency, jitter, **work)
    assert figures["simulated_seconds"] > 0
