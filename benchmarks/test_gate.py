"""What does each way of running items cost, cell by cell, so that a change of ours shows?

Question: is this revision slower than that one? These are the cells that `paceline ab` compares if none are named.
Setup:    rounds of 3 to 10 ms, since the machine's state changes within tenths of a second: two rounds that follow each
          other see the same one; no more of them than make the most of a pair of processes, which differ too.
          Computing with one worker, with threads and with a pool; downloads without latency by the raw client, where
          the time is the overhead, with sequential, threads, asyncio and a pool. A cell that can't use more than one
          core (one worker, one event loop, threads that wait for the GIL) shares one with the other side's
          (`one_core`); the server has another. So does the pool that computes: what it costs shows there as well, and
          rounds scatter by 6 % instead of 26; whether its workers share the cores well, `test_computing.py` asks.
          Downloads in a pool scatter most, by a third, wherever their workers run, so they have most rounds.
Expect:   by itself a run of these says little; in lockstep two sides of the same code differ by a few hundredths, and
          a change of 10 % is found in every cell. Downloads in a pool are advisory below that: they scatter too much.
"""

import pytest

pytestmark = [pytest.mark.extended]

squares = pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
raw = pytest.mark.clients("raw")


def computing(rounds):
    return pytest.mark.scale(items=8, workers=2, n=20_000, rounds=rounds)


def downloads(items, rounds):
    return pytest.mark.scale(items=items, workers=8, latency=0.0, rounds=rounds)


@squares
@computing(rounds=16)
@pytest.mark.one_core
@pytest.mark.strategies("sequential")
def test_computing_alone(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items)


@squares
@computing(rounds=16)
@pytest.mark.strategies("threads")
def test_computing(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items)


@squares
@computing(rounds=20)
@pytest.mark.one_core
@pytest.mark.strategies("pool-fork")
def test_computing_in_pool(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items)


@raw
@downloads(items=100, rounds=16)
@pytest.mark.one_core
@pytest.mark.strategies("sequential", "asyncio")
def test_downloads_alone(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)


@raw
@downloads(items=100, rounds=20)
@pytest.mark.one_core
@pytest.mark.strategies("threads")
def test_downloads(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)


@raw
@downloads(items=80, rounds=96)
@pytest.mark.strategies("pool-fork")
def test_downloads_in_pool(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
