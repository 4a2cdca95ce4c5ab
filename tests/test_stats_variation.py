"""The run-to-run variation of a history, and what it says of a change."""

import math
import random
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from paceline.stats import variation

LOGS = some.lists(some.integers(-1000, 1000).map(lambda value: value / 1000), min_size=5, max_size=40)


def test_the_deviation_is_right_for_noise_whose_deviation_is_known():
    draw = random.Random(2)
    for runs in (5, 12, 30):
        squares = [
            variation.run_variation([draw.gauss(0, 0.02) for _ in range(runs)]).deviation ** 2 for _ in range(4000)
        ]
        assert math.sqrt(statistics.fmean(squares)) == pytest.approx(0.02, rel=0.04)


def test_the_degrees_of_freedom_are_those_of_successive_differences_without_the_largest():
    known = variation.run_variation([0.0, 0.1, 0.0, 0.1, 0.0])
    assert known.degrees == pytest.approx(2 * 16 / 11 - 1)
    assert known.runs == 5


def test_four_runs_show_no_variation():
    assert variation.run_variation([0.0, 0.1, 0.0, 0.1]) is None


def test_runs_that_do_not_vary_show_none():
    assert variation.run_variation([0.3] * 20) is None


def test_a_step_that_stays_does_not_count_however_long_the_history():
    draw = random.Random(3)
    noise = [draw.gauss(0, 0.01) for _ in range(30)]
    step = [value + (0.2 if place >= 15 else 0.0) for place, value in enumerate(noise)]
    assert variation.run_variation(step).deviation == pytest.approx(variation.run_variation(noise).deviation, rel=0.2)


def test_an_odd_run_counts_as_one_difference():
    draw = random.Random(3)
    noise = [draw.gauss(0, 0.01) for _ in range(29)]
    assert variation.run_variation([*noise[:12], 0.5, *noise[12:]]).deviation > 0.05


def test_an_odd_run_is_one_that_is_off_alone():
    noise = [0.0, 0.01, 0.0, 0.01, 0.0, 0.01, 0.0, 0.01]
    spike, step = [*noise[:4], 0.5, *noise[4:]], [*noise[:4], *(value + 0.5 for value in noise[4:])]
    big = variation.in_noises(noise, 1.3)
    assert variation.odd_share(spike, big) == pytest.approx(1 / 7)
    assert variation.odd_share(step, big) == 0
    assert variation.odd_share(noise, big) == 0
    assert variation.odd_share([0.0, 1.0], 0.1) == 0


@given(LOGS, some.floats(0.1, 10))
def test_an_odd_run_is_odd_in_either_direction_and_read_either_way(logs, shift):
    share = variation.odd_share(logs, shift)
    assert 0 <= share <= 1
    assert variation.odd_share([-value for value in logs], shift) == share
    assert variation.odd_share(logs, shift * 2) <= share


def test_the_interval_is_that_of_students_table():
    known = variation.RunVariation(deviation=0.01, degrees=10, runs=11)
    found = variation.change(0.0, 0.05, known)
    assert found.ratio == pytest.approx(math.exp(0.05))
    assert math.log(found.high) - 0.05 == pytest.approx(2.2281 * 0.01 * math.sqrt(2), rel=1e-4)
    assert 0.05 - math.log(found.low) == pytest.approx(2.2281 * 0.01 * math.sqrt(2), rel=1e-4)


def test_no_change_at_all_is_what_chance_gives_always():
    assert variation.change(1.0, 1.0, variation.RunVariation(deviation=0.01, degrees=5, runs=6)).p == 1.0


def test_a_change_beyond_all_numbers_is_infinite_and_no_error():
    known = variation.RunVariation(deviation=400.0, degrees=3, runs=5)
    assert variation.change(0.0, 1.0, known).high == math.inf


@given(LOGS, some.floats(-5, 5))
def test_the_unit_of_time_does_not_matter(logs, unit):
    known = variation.run_variation(logs)
    assume(known is not None)
    moved = variation.run_variation([value + unit for value in logs])
    assert moved.deviation == pytest.approx(known.deviation)
    one, other = variation.change(logs[0], 0.4, known), variation.change(logs[0] + unit, 0.4 + unit, moved)
    assert other.ratio == pytest.approx(one.ratio)
    assert other.p == pytest.approx(one.p, abs=1e-9)


@given(LOGS)
def test_a_history_read_backwards_varies_as_much(logs):
    known, back = variation.run_variation(logs), variation.run_variation(logs[::-1])
    assume(known is not None)
    assert back.deviation == pytest.approx(known.deviation)


@given(LOGS, some.floats(-1, 1), some.floats(-1, 1))
def test_swapping_baseline_and_run_inverts_the_change(logs, baseline, run):
    known = variation.run_variation(logs)
    assume(known is not None)
    there, back = variation.change(baseline, run, known), variation.change(run, baseline, known)
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert back.low == pytest.approx(1 / there.high)
    assert back.high == pytest.approx(1 / there.low)
    assert back.p == pytest.approx(there.p)


def test_the_interval_of_no_change_holds_1_as_often_as_it_says():
    draw, held, tries = random.Random(11), 0, 2000
    for _ in range(tries):
        *history, run = [draw.gauss(0, 0.02) for _ in range(13)]
        found = variation.change(draw.choice(history), run, variation.run_variation(history))
        held += found.low <= 1 <= found.high
    assert 0.94 < held / tries < 0.98
