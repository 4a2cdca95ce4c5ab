"""Does waiting stay cheap beside a thread that computes?

Question: what is left of the efficiency of threads and asyncio when another thread of the same process computes, and
          how late is something else in that process then?
Setup:    downloads that take 0, 1, 5, 20 or 100 ms, 10 at a time, with the raw client; 50 of them where they are
          short, down to 20 where they are long: alone, and beside a thread that only computes, in Python. At 5 ms, in
          a pass of its own, a bystander wants to run every millisecond meanwhile.
Expect:   alone, the GIL is no problem, and less of one the longer the waits are. Beside a thread that computes, one
          that wakes up waits for the GIL first, up to a switch interval (5 ms) each time: short waits become long
          ones, and the bystander is late by as much or more.
"""

import pytest

WATCHED = 0.005  # seconds; the latency at which a bystander's pass follows: it takes half a second

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated,
    pytest.mark.strategies("threads", "asyncio"),
    pytest.mark.clients("raw"),
    pytest.mark.scale(items=[50, 50, 50, 30, 20], latency=[0.0, 0.001, 0.005, 0.020, 0.100], workers=10, rounds=3),
]


def test_alone(measure, benchmark, strategy, fetch, items, workers, latency):
    measure(strategy(fetch, workers), items, bystander=latency == WATCHED)
    benchmark.extra_info["beside"] = "nothing"


def test_beside_a_computing_thread(measure, benchmark, strategy, fetch, items, workers, latency):
    measure(strategy(fetch, workers), items, beside=True, bystander=latency == WATCHED)
    benchmark.extra_info["beside"] = "computing thread"
