"""Change points: steps are found where they are, spikes and noise are none."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from paceline.stats import variation
from paceline.stats.variation import candidates, least_neighbours, shift_between

EXACT = some.integers(-512, 512).map(lambda value: value / 1024)  # sums of these are exact, so that ties stay ties
LOGS = some.lists(EXACT, min_size=8, max_size=24)


def noisy(runs, seed, deviation=0.01):
    draw = random.Random(seed)
    return [draw.gauss(0, deviation) for _ in range(runs)]


def stepped(runs, at, by, seed=1):
    return [value + (by if place >= at else 0.0) for place, value in enumerate(noisy(runs, seed))]


def found_in(logs):
    return variation.change_points({"cell": logs})["cell"]


def test_a_step_is_found_at_its_first_run_with_its_size():
    [point] = found_in(stepped(24, 14, math.log(1.2)))
    assert point.index == 14
    assert point.low < 1.2 < point.high
    assert point.ratio == pytest.approx(1.2, rel=0.02)
    assert point.p < 0.001


def test_a_step_down_and_up_again_are_two_change_points():
    logs = [value + (0.2 if 10 <= place < 20 else 0.0) for place, value in enumerate(noisy(30, 4))]
    assert [point.index for point in found_in(logs)] == [10, 20]


@pytest.mark.parametrize("odd", [1, 2])
def test_one_or_two_odd_runs_are_no_change_point(odd):
    logs = noisy(24, 2)
    for place in range(12, 12 + odd):
        logs[place] += 1.0
    assert found_in(logs) == []


def test_odd_runs_at_the_end_of_a_history_are_no_change_point():
    logs = noisy(24, 2)
    logs[-1] += 1.0
    logs[0] += 1.0
    assert found_in(logs) == []


def test_a_spike_does_not_hide_a_step():
    logs = stepped(24, 14, 0.2)
    logs[5] += 2.0
    assert [point.index for point in found_in(logs)] == [14]


def test_fifty_quiet_cells_have_no_change_point():
    histories = {str(seed): noisy(24, seed) for seed in range(50)}
    assert not any(variation.change_points(histories).values())


def test_one_step_is_found_among_fifty_quiet_cells():
    histories = {str(seed): noisy(24, seed) for seed in range(50)} | {"moved": stepped(24, 15, 0.15)}
    found = variation.change_points(histories)
    assert [name for name, points in found.items() if points] == ["moved"]


def test_more_cells_ask_for_more_certainty():
    step = stepped(8, 4, 0.3)
    assert found_in(step)
    assert variation.change_points({"cell": step} | {str(seed): noisy(8, seed) for seed in range(20)})["cell"] == []


def test_seven_runs_are_too_few():
    assert found_in(stepped(7, 4, 1.0)) == []


def test_runs_that_are_all_the_same_have_no_change_point():
    assert found_in([0.5] * 20) == []


def test_no_cells_are_no_error():
    assert variation.change_points({}) == {}


@pytest.mark.parametrize(("cells", "runs"), [(1, 4), (7, 6), (50, 7), (300, 8)])
def test_the_least_number_of_neighbours_follows_from_the_number_of_cells(cells, runs):
    assert least_neighbours(cells) == runs


def test_the_shift_is_the_median_of_all_differences():
    assert shift_between([0.0, 1.0], [2.0, 5.0]) == (3.0, None, None)  # of 1, 2, 4, 5


def test_the_interval_of_a_shift_is_that_of_the_table():
    before, after = [float(value) for value in range(10)], [float(value) for value in range(100, 110)]
    shift, low, high = shift_between(before, after)
    assert (shift, low, high) == (100.0, 97.0, 103.0)  # the 24th of the hundred differences from either end


@given(LOGS, EXACT)
def test_the_unit_of_time_does_not_matter(logs, unit):
    there, here = found_in(logs), found_in([value + unit for value in logs])
    assert [point.index for point in there] == [point.index for point in here]


@given(LOGS)
def test_a_history_upside_down_moves_at_the_same_places_the_other_way(logs):
    there, here = found_in(logs), found_in([-value for value in logs])
    assert [point.index for point in there] == [point.index for point in here]
    for one, other in zip(there, here, strict=True):
        assert other.ratio == pytest.approx(1 / one.ratio)


def test_a_history_read_backwards_moves_at_the_same_place():
    logs = stepped(24, 14, 0.2)
    [point] = found_in(logs[::-1])
    assert point.index == 10


@given(LOGS)
def test_segments_have_three_runs_at_least(logs):
    ends = [0, *candidates(logs), len(logs)]
    assert all(later - earlier >= 3 for earlier, later in pairwise(ends))
