"""Does waiting stay cheap beside a thread that computes?

Question: what is left of the efficiency of threads and asyncio when another thread of the same process computes?
Setup:    downloads that take 0, 1, 5, 20 or 100 ms, 10 at a time, with the raw client; 50 of them where they are
          short, down to 20 where they are long: alone, and beside a thread that only computes, in Python.
Expect:   alone, the GIL is no problem, and less of one the longer the waits are. Beside a thread that computes, one
          that wakes up waits for the GIL first, up to a switch interval (5 ms) each time: short waits become long ones.
"""

import pytest

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated,
    pytest.mark.strategies("threads", "asyncio"),
    pytest.mark.clients("raw"),
    pytest.mark.scale(items=[50, 50, 50, 30, 20], latency=[0.0, 0.001, 0.005, 0.020, 0.100], workers=10, rounds=3),
]


def test_alone(measure, benchmark, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
    benchmark.extra_info["beside"] = "nothing"


def test_beside_a_computing_thread(measure, benchmark, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items, beside=True)
    benchmark.extra_info["beside"] = "computing thread"
