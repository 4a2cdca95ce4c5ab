"""Numbers as people write them: read alike by every option, and in a query string."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.commands import predict, trace, watch
from paceline.plugin import choices
from paceline.server.service import Service
from paceline.text import numbers
from paceline.text.numbers import NumberError

TIMES = [("0", 0.0), ("0.02", 0.02), ("20ms", 0.02), ("500us", 0.0005), ("2s", 2.0), ("1e-3", 0.001), (".5ms", 0.0005)]
SIZES = [("0", 0), ("1024", 1024), ("1KiB", 1024), ("1.5MiB", 3 << 19), ("2GiB", 2 << 30), ("7B", 7), ("1e3", 1000)]


def parsed(command, *words):
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(("text", "seconds"), TIMES)
def test_a_latency_is_read_alike_wherever_it_is_given(text, seconds):
    options = [
        parsed(watch, "threads", "downloads", "--latency", text),
        parsed(trace, "threads", "downloads", "--latency", text),
        parsed(predict, "--latency", text),
        Service.parse(f"latency={text}"),
    ]
    assert [each.latency for each in options] == [seconds] * 4
    assert choices.latency(text) == seconds


@pytest.mark.parametrize(("text", "size"), SIZES)
def test_a_size_is_read_alike_wherever_it_is_given(text, size):
    assert parsed(predict, "--size", text).size == size
    assert numbers.size(text) == size


def test_a_bandwidth_takes_units_of_bytes():
    assert parsed(predict, "--bandwidth", "1.5MiB").bandwidth == 3 << 19
    assert parsed(predict, "--bandwidth", "0.5").bandwidth == 0.5


def test_no_latency_and_no_computing_are_watched_as_such():
    asked = watch.watch_request(parsed(watch, "threads", "mixed", "--latency", "0", "--cpu", "0"))
    made = asked.made("http://server")
    assert (made.fetch.url, made.cpu_seconds) == ("http://server/item/{item}?size=1024", 0.0)
    assert asked.what == "downloads of 0 s, then 0 s of computing"


@pytest.mark.parametrize(
    ("read", "text", "reason"),
    [
        (numbers.seconds, "-1", "'-1' must be seconds of 0 or more, such as 0.05 or 50ms"),
        (numbers.seconds, "20 ms", "'20 ms' must be seconds"),
        (numbers.seconds, "1KiB", "'1KiB' must be seconds"),
        (numbers.seconds, "ms", "'ms' must be seconds"),
        (numbers.timeout, "0ms", "'0ms' must be seconds above 0"),
        (numbers.size, "20ms", "'20ms' must be a whole number of bytes of 0 or more, such as 1024 or 1KiB"),
        (numbers.size, "0.3KiB", "'0.3KiB' must be a whole number of bytes"),
        (numbers.memory, "0", "'0' must be a whole number of bytes of 1 or more"),
        (numbers.bandwidth, "0", "'0' must be bytes per second above 0"),
        (numbers.above_zero, "0", "'0' must be a decimal number above 0, such as 0.05"),
        (numbers.positive, "0", "'0' must be a whole number of 1 or more, of at most 20 digits"),
        (numbers.whole, "1" * 21, "must be a whole number of 0 or more, of at most 20 digits"),
    ],
)
def test_what_is_no_such_number_is_told_with_what_would_do(read, text, reason):
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        read(text)
    assert reason in str(caught.value)


@given(text=st.text(max_size=12) | st.from_regex(r"[0-9.e+-]{0,8}(us|ms|s|B|KiB|MiB|GiB)?", fullmatch=True))
def test_whatever_is_read_is_a_finite_number_of_0_or_more(text):
    for read in (numbers.whole, numbers.number, numbers.seconds, numbers.size):
        try:
            value = read(text)
        except NumberError:
            continue
        assert 0 <= value < float("inf")
