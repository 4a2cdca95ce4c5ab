"""Parameters of the instrument: what is understood, what is refused, and how long an item takes."""

import pickle
import subprocess
import sys
from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.server.service import MAX_SECONDS, MAX_SIZE, Jitter, ParameterError, Service

JITTERS = st.builds(Jitter, st.just("uniform"), st.floats(0, 1)) | st.builds(
    Jitter, st.just("lognormal"), st.floats(0, 2)
)
STRAGGLERS = st.tuples(st.integers(1, 10**9), st.floats(0, MAX_SECONDS))
SERVICES = st.builds(
    Service,
    latency=st.floats(0, MAX_SECONDS),
    jitter=st.none() | JITTERS,
    straggler=st.none() | STRAGGLERS,
    size=st.integers(1, MAX_SIZE),
    seed=st.integers(0, 2**64 - 1),
    status=st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    fault=st.sampled_from([None, "reset", "truncate", "stall"]),
)
NAMES = st.sampled_from(["latency", "jitter", "straggler", "size", "seed", "status", "fault", "nonsense", ""])
VALUES = (
    st.text() | st.floats().map(str) | st.integers().map(str) | st.sampled_from(["uniform:", "3:", ":", "%zz", "1e9"])
)
QUERIES = st.text() | st.lists(st.tuples(NAMES, VALUES)).map(
    lambda fields: "&".join(f"{name}={value}" for name, value in fields)
)


@given(SERVICES)
def test_a_service_is_read_back_as_it_was_written(service):
    assert Service.parse(service.query()) == service
    assert pickle.loads(pickle.dumps(service)) == service


def test_the_default_is_written_as_nothing_and_floats_are_short():
    assert Service().query() == ""
    assert Service(latency=0.05, jitter=Jitter("uniform", 0.2), straggler=(10, 1.0), size=1024).query() == (
        "latency=0.05&jitter=uniform:0.2&straggler=10:1&size=1024"
    )


def test_percent_encoding_is_understood():
    assert Service.parse("jitter=uniform%3A0.5&latency=1e%2B1") == Service(10.0, Jitter("uniform", 0.5))
    assert Service.parse("latency=1e+1") == Service(10.0)


@given(QUERIES)
def test_any_query_gives_a_service_or_one_short_line(query):
    try:
        service = Service.parse(query)
    except ParameterError as error:
        line = str(error)
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 300
    else:
        assert 0 <= service.latency <= MAX_SECONDS
        assert 0 <= service.size <= MAX_SIZE


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("latency=nan", "latency=nan: must be seconds of 0 or more"),
        ("latency=inf", "latency=inf: must be seconds of 0 or more"),
        ("latency=-1", "latency=-1: must be seconds of 0 or more"),
        ("latency=1_0", "latency=1_0: must be seconds of 0 or more"),
        ("latency=", "latency=: must be seconds of 0 or more"),
        ("latency=\N{ARABIC-INDIC DIGIT ONE}", "latency=\\u0661: must be seconds"),
        ("latency=3600.5", "latency=3600.5: must be from 0.0 to 3600.0 seconds"),
        ("latency=1e999", "latency=1e999: must be seconds of 0 or more, such as 0.05 or 50ms"),
        ("latency", "latency=: has no value"),
        ("latency=1&latency=1", "latency=1: is given more than once"),
        ("Latency=1", "Latency=1: is unknown; known are latency, jitter"),
        ("size=1.5", "size=1.5: must be a whole number of bytes"),
        ("size=67108865", "size=67108865: must be from 0 to 67108864 bytes"),
        ("size=" + "9" * 5000, "size=999"),
        ("seed=18446744073709551616", "seed=18446744073709551616: must be from 0 to"),
        ("status=199", "status=199: must be from 200 to 599"),
        ("status=600", "status=600: must be from 200 to 599"),
        ("status=204&size=1", "size=1: status 204 has no body"),
        ("status=304&size=1", "size=1: status 304 has no body"),
        ("jitter=uniform", "jitter=uniform: must be uniform:F or lognormal:S"),
        ("jitter=normal:1", "jitter=normal:1: must be uniform:F or lognormal:S"),
        ("jitter=uniform:x", "jitter=x: must be a decimal number of 0 or more"),
        ("jitter=uniform:1.5", "jitter uniform=1.5: must be from 0.0 to 1.0"),
        ("jitter=lognormal:2.5", "jitter lognormal=2.5: must be from 0.0 to 2.0"),
        ("straggler=0:1", "straggler every=0: must be from 1 to"),
        ("straggler=3", "straggler=3: must be EVERY:SECONDS"),
        ("straggler=3:nan", "straggler=nan: must be seconds"),
        ("straggler=3:9999", "straggler seconds=9999: must be from 0.0 to 3600.0"),
        ("fault=fire&size=1", "fault=fire: must be one of reset, truncate, stall"),
        ("fault=truncate", "fault=truncate: needs a size of at least 1"),
        ("fault=stall", "fault=stall: needs a size of at least 1"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_a_line_that_says_why(query, line):
    with pytest.raises(ParameterError) as caught:
        Service.parse(query)
    assert str(caught.value).startswith(line)


def test_the_error_survives_pickling():
    error = pickle.loads(pickle.dumps(ParameterError("latency", "x", "is wrong")))
    assert (error.name, error.value, error.reason, str(error)) == ("latency", "x", "is wrong", "latency=x: is wrong")


def test_a_service_made_by_hand_is_checked_too():
    with pytest.raises(ParameterError, match="latency=nan: must be from"):
        Service(latency=float("nan"))


def test_without_jitter_every_item_takes_the_latency():
    assert {Service(latency=0.25).seconds(item) for item in range(100)} == {0.25}


def test_every_third_straggler_takes_longer():
    service = Service(latency=0.5, straggler=(3, 2.0))
    assert [service.seconds(item) for item in range(7)] == [0.5, 0.5, 2.5, 0.5, 0.5, 2.5, 0.5]


@pytest.mark.parametrize("jitter", [Jitter("uniform", 0.5), Jitter("lognormal", 0.5)], ids=str)
def test_jitter_depends_on_seed_and_item_only(jitter):
    service, reseeded = Service(latency=1.0, jitter=jitter), Service(latency=1.0, jitter=jitter, seed=1)
    times = [service.seconds(item) for item in range(100)]
    assert times == [service.seconds(item) for item in reversed(range(100))][::-1]
    assert len(set(times)) == 100
    assert not set(times) & {reseeded.seconds(item) for item in range(100)}


def test_uniform_jitter_fills_its_range_evenly():
    times = [Service(latency=2.0, jitter=Jitter("uniform", 0.5)).seconds(item) for item in range(20_000)]
    tenths = [sum(1 + tenth * 0.2 <= time < 1 + (tenth + 1) * 0.2 for time in times) for tenth in range(10)]
    assert 1.0 <= min(times) <= max(times) < 3.0
    assert all(1800 < count < 2200 for count in tenths)


def test_lognormal_jitter_keeps_the_mean():
    times = [Service(latency=2.0, jitter=Jitter("lognormal", 0.5)).seconds(item) for item in range(20_000)]
    assert fmean(times) == pytest.approx(2.0, rel=0.02)
    assert pstdev(times) == pytest.approx(2.0 * (2.718281828**0.25 - 1) ** 0.5, rel=0.05)


def test_neighbouring_items_and_seeds_are_unrelated():
    jitter = Jitter("uniform", 1.0)
    rows = [[Service(1.0, jitter, seed=seed).seconds(item) - 1 for item in range(200)] for seed in range(20)]
    along = [left * right for row in rows for left, right in pairwise(row)]
    across = [left * right for row, below in pairwise(rows) for left, right in zip(row, below, strict=True)]
    assert abs(fmean(along)) < 0.02
    assert abs(fmean(across)) < 0.02


def test_another_process_with_another_hash_seed_draws_the_same_times():
    script = "from paceline.server.service import *; print(Service.parse('latency=1&jitter=lognormal:1').seconds(7))"
    outputs = [
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert [float(output) for output in outputs] == [Service(1.0, Jitter("lognormal", 1.0)).seconds(7)] * 2


def test_a_client_that_writes_parameters_needs_no_event_loop_and_no_parser():
    script = "import sys, paceline.server.service, paceline.server.body; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    assert not {"asyncio", "uvloop", "httptools", "http.client"} & set(loaded)
