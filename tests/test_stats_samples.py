"""Samples: medians, spread and the threshold of noise, on numbers worked out by hand."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.stats import samples

ROUNDS = st.lists(st.floats(min_value=1e-9, max_value=1e6), min_size=1, max_size=30)


def test_the_median_is_the_middle_round():
    assert samples.median([3.0, 1.0, 2.0]) == 2.0


def test_the_median_of_an_even_number_is_between_the_middle_two():
    assert samples.median([1.0, 2.0, 4.0, 8.0]) == 3.0


def test_no_rounds_have_no_median():
    with pytest.raises(statistics.StatisticsError):
        samples.median([])


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0], 2.0 / 3.0),  # quartiles 2 and 4
        ([1.0, 2.0, 3.0, 4.0], 1.5 / 2.5),  # quartiles 1.75 and 3.25, as numpy.percentile gives them
        ([2.0, 4.0], 1.0 / 3.0),  # quartiles 2.5 and 3.5
        ([7.0, 7.0, 7.0], 0.0),
    ],
)
def test_the_spread_is_interquartile_range_over_median(rounds, expected):
    assert samples.spread(rounds) == pytest.approx(expected)


def test_one_round_has_no_known_spread():
    assert math.isnan(samples.spread([1.0]))


@pytest.mark.parametrize(
    ("rounds", "noisy"),
    [
        ([0.90, 1.00, 1.12], True),  # quartiles 0.95 and 1.06: 11 %
        ([0.92, 1.00, 1.08], False),  # quartiles 0.96 and 1.04: 8 %
        ([1.0, 9.0], False),  # too few to judge
        ([1.0], False),
    ],
)
def test_noise_begins_at_a_tenth_of_the_median(rounds, noisy):
    assert samples.is_noisy(rounds) is noisy


@given(ROUNDS, st.floats(min_value=1e-3, max_value=1e3))
def test_the_spread_has_no_unit(rounds, factor):
    scaled = [value * factor for value in rounds]
    assert samples.spread(scaled) == pytest.approx(samples.spread(rounds), rel=1e-6, abs=1e-9, nan_ok=True)


@given(ROUNDS)
def test_order_changes_nothing(rounds):
    assert samples.spread(rounds[::-1]) == pytest.approx(samples.spread(rounds), nan_ok=True)
    assert samples.median(rounds[::-1]) == samples.median(rounds)


@pytest.mark.parametrize(("rounds", "level"), [(1, 0.0), (2, 0.5), (3, 0.75), (5, 0.9375)])
def test_few_rounds_give_the_whole_range_as_the_medians_interval_with_the_level_it_has(rounds, level):
    between = samples.median_interval([float(n) for n in range(rounds)])
    assert (between.low, between.high) == (0.0, rounds - 1.0)
    assert between.level == pytest.approx(level)


def test_many_rounds_give_the_narrowest_interval_that_holds_the_median_often_enough():
    between = samples.median_interval([float(n) for n in range(20)])
    assert (between.low, between.high) == (5.0, 14.0)  # W. R. Thompson 1936: ranks 6 and 15 of 20
    assert between.level == pytest.approx(0.9586, abs=1e-4)


def test_the_medians_interval_holds_the_true_median_as_often_as_it_says():
    draw = random.Random(1)
    rounds = [[draw.expovariate(1) for _ in range(9)] for _ in range(4000)]
    found = [samples.median_interval(own) for own in rounds]
    held = sum(between.low <= math.log(2) <= between.high for between in found) / len(found)
    assert held == pytest.approx(found[0].level, abs=0.015)
