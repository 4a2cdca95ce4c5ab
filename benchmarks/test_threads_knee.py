"""How many threads are too many?

Question: from how many threads on do more of them not bring more downloads per second?
Setup:    downloads of 20 ms with the raw client by 1, 10, 32, 100, 320 and 1,000 threads; more items where there are
          more threads, so that a round stays long enough. What is compared is items / median.
Expect:   items per second rise with the threads until one CPU's worth of Python is used up by clients and switches;
          beyond that knee they stay, or fall.
"""

import pytest

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated(processes=6),  # the system places a thousand threads differently each time
    pytest.mark.strategies("threads"),
    pytest.mark.clients("raw"),
    pytest.mark.scale(
        workers=[1, 10, 32, 100, 320, 1000], items=[10, 100, 320, 1000, 1600, 2000], latency=0.020, rounds=2
    ),
]


def test_threads(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
