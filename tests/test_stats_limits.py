"""Limits, on cases one can check by hand and on all others."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.stats import samples

LATENCIES = st.lists(st.floats(0, 100), min_size=1, max_size=30)
WORKERS = st.integers(1, 40)


@pytest.mark.parametrize(
    ("latencies", "workers", "limit"),
    [
        ([], 4, 0.0),
        ([0.02] * 64, 10, 0.14),  # seven turns of ten
        ([0.05] * 160, 10, 0.8),
        ([0.05] * 160, 160, 0.05),
        ([0.05] * 160, 1, 8.0),
        ([1.0, 0.1, 0.1], 3, 1.0),  # the longest item
        ([1.0, 2.0, 3.0], 2, 3.0),  # as long as the mean load
        ([2.0, 2.0, 3.0], 2, 3.5),  # the mean load
    ],
)
def test_waiting_by_hand(latencies, workers, limit):
    assert samples.waiting(latencies, workers) == pytest.approx(limit)


@given(LATENCIES, WORKERS)
def test_no_schedule_beats_the_limit_of_waiting(latencies, workers):
    free = [0.0] * workers  # list scheduling: each item goes to the worker that is free first
    for latency in latencies:
        first = free.index(min(free))
        free[first] += latency
    limit = samples.waiting(latencies, workers)
    assert limit <= max(free) or math.isclose(limit, max(free))


@given(LATENCIES, WORKERS)
def test_more_workers_never_raise_the_limit(latencies, workers):
    more = samples.waiting(latencies, workers + 1)
    assert more <= samples.waiting(latencies, workers) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("workers", "cpus", "limit"), [(1, 4, 8.0), (2, 4, 4.0), (8, 4, 2.0), (4, 1.5, 8.0 / 1.5), (4, 0.5, 16.0)]
)
def test_computing_by_hand(workers, cpus, limit):
    assert samples.computing(8.0, workers, cpus) == pytest.approx(limit)


def test_a_link_limits_and_no_link_does_not():
    assert samples.carrying(1_000_000, 250_000) == 4.0
    assert samples.carrying(1_000_000, None) == 0.0


def test_efficiency_is_a_fraction_and_is_not_clamped():
    assert samples.efficiency(0.8, 1.0) == 0.8
    assert samples.efficiency(1.2, 1.0) == 1.2


def test_no_limit_has_no_efficiency():
    assert samples.efficiency(None, 1.0) is None
    assert samples.efficiency(0.0, 1.0) is None


def test_overhead_is_the_time_above_the_limit_per_item():
    assert samples.overhead(0.8, 1.0, 10) == pytest.approx(0.02)
    assert samples.overhead(0.0, 1.0, 10) == pytest.approx(0.1)
    assert samples.overhead(None, 1.0, 10) is None
    assert samples.overhead(0.0, 1.0, 0) is None
