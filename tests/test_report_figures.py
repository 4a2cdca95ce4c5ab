"""Figures as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.text import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.34, "8.34 s"),
        (123.4, "123 s"),
        (1234567.0, "1234567 s"),
        (0.3321, "332 ms"),
        (0.0123, "12.3 ms"),
        (0.0009994, "999 us"),
        (0.0009996, "1.00 ms"),
        (0.9996, "1.00 s"),
        (0.09996, "100 ms"),
        (0.009996, "10.0 ms"),
        (4.56e-5, "45.6 us"),
        (7.8e-8, "78.0 ns"),
        (1e-12, "0.00 ns"),
        (-0.0002, "-200 us"),
        (0.0, "0 s"),
        (None, "-"),
        (math.nan, "-"),
        (math.inf, "-"),
    ],
)
def test_times_have_three_digits_and_the_unit_that_fits(value, text):
    assert formats.seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.02, "20 ms"), (0.0014, "1.4 ms"), (2.0, "2 s"), (0.0, "0 s")])
def test_times_that_somebody_chose_have_no_digits_of_their_own(value, text):
    assert formats.setting(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.925, "92 %"),
        (1.02, "102 %"),
        (0.0312, "3.1 %"),
        (0.0996, "10 %"),
        (0.0, "0.0 %"),
        (None, "-"),
        (math.nan, "-"),
    ],
)
def test_fractions_become_per_cent(value, text):
    assert formats.percent(value) == text


@pytest.mark.parametrize(("value", "text"), [(1.032, "+3.2 %"), (0.5, "-50.0 %"), (1.0, "+0.0 %"), (math.inf, "-")])
def test_changes_have_a_sign(value, text):
    assert formats.change(value) == text


@pytest.mark.parametrize(("value", "text"), [(7.294, "7.29x"), (123.4, "123x"), (0.951, "0.95x"), (None, "-")])
def test_speedups_end_in_x(value, text):
    assert formats.times(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (1000, "1000 B"), (1024, "1 KiB"), (65536, "64 KiB"), (3 * 2**20, "3 MiB")]
)
def test_sizes_take_the_largest_unit_that_fits_evenly(value, text):
    assert formats.size(value) == text


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_a_time_is_written_within_half_a_digit(value):
    number, unit = formats.seconds(value).split()
    assert float(number) * {"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit] == pytest.approx(value, rel=0.0051)
    assert len(number.replace(".", "")) >= 3


@pytest.mark.parametrize("value", [None, "1", True, math.nan, math.inf, 10**400])
def test_what_an_experiment_added_and_is_no_figure_is_a_dash(value):
    assert formats.named("bytes", value) == "-"


def test_what_a_terminal_would_obey_stands_escaped():
    assert formats.plain("a\x1b[31m\n\u202eé") == "a\\x1b[31m\\n\\u202eé"
