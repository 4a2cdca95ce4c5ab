"""From spans to events: a round by hand, and any other round."""

import json
from dataclasses import replace

import pytest
import traced
from hypothesis import given
from hypothesis import strategies as st

from paceline.server.ledger import Served
from paceline.watch import trace
from paceline.watch.trace import Round
from paceline.workers.spans import Opened, Span

AT = 1000.0  # seconds on a clock that began whenever it did
OPENED = (Opened(0, 12, 12, AT), Opened(1, 11, 11, AT))
SPANS = (
    Span(0, 0, 12, 12, 3, 3, AT, AT + 0.010),
    Span(1, 1, 11, 11, 2, None, AT + 0.001, AT + 0.0215),
)
SERVED = (Served(0, 0, AT + 0.002, AT + 0.008, AT + 0.009), Served(1, 1, AT + 0.003, AT + 0.02, AT + 0.021))
ROUND = Round(OPENED, SPANS, SERVED, server=99)
PLAIN = Round(OPENED, SPANS)


def test_every_event_is_one_that_viewers_know():
    traced.check(trace.events(ROUND))
    traced.check(trace.events(PLAIN))


def test_an_item_is_a_slice_in_its_workers_lane():
    [first, second] = traced.of(trace.events(PLAIN), "X")
    assert first == {
        "name": "item 0",
        "cat": "item",
        "ph": "X",
        "ts": 0.0,
        "dur": 10_000.0,
        "pid": 12,
        "tid": 1,
        "args": {"item": 0, "worker": 0, "cpu_start": 3, "cpu_end": 3, "thread": 12},
    }
    assert (second["ts"], second["dur"], second["pid"], second["tid"]) == (1_000.0, 20_500.0, 11, 2)
    assert (second["args"]["cpu_start"], second["args"]["cpu_end"]) == (2, None)


def test_what_the_server_did_is_a_slice_in_its_connections_lane():
    [first, second] = traced.of(trace.events(ROUND), "X", cat="answer")
    assert (first["ts"], first["dur"], first["pid"], first["tid"]) == (2_000.0, 7_000.0, 99, 1)
    assert first["args"] == {"item": 0, "connection": 0, "service_seconds": 0.006, "late_seconds": 0.001}
    assert (second["ts"], second["dur"], second["pid"], second["tid"]) == (3_000.0, 18_000.0, 99, 2)


def test_lanes_stand_in_the_order_of_the_workers_whatever_their_processes_are_called():
    events = trace.events(ROUND)
    places = traced.of(events, "M", name="process_sort_index")
    assert [(event["pid"], event["args"]["sort_index"]) for event in places] == [(12, 0), (11, 1), (99, 2)]
    assert traced.names(events, "process_name") == {(12, 1): "worker 0", (11, 2): "worker 1", (99, 1): "server"}
    assert traced.names(events) == {
        (12, 1): "worker 0",
        (11, 2): "worker 1",
        (99, 1): "connection 0",
        (99, 2): "connection 1",
    }


def test_an_item_leads_to_what_the_server_did_of_it():
    events = trace.events(ROUND)
    [start, _] = traced.of(events, "s")
    [end, _] = traced.of(events, "f")
    assert (start["ts"], start["pid"], start["tid"]) == (0.0, 12, 1)
    assert (end["ts"], end["pid"], end["tid"], end["bp"]) == (2_000.0, 99, 1, "e")


def test_an_answer_that_no_item_asked_for_meanwhile_has_nothing_lead_to_it():
    strangers = (Served(7, 0, AT + 0.002, AT + 0.008, AT + 0.009), Served(1, 1, AT + 0.03, AT + 0.04, AT + 0.04))
    events = trace.events(replace(ROUND, served=strangers))
    assert not traced.of(events, "s")
    assert len(traced.of(events, "X", cat="answer")) == 2
    traced.check(events)


def test_workers_of_one_thread_have_a_lane_each():
    opened = tuple(Opened(worker, 5, 5, AT) for worker in range(3))
    spans = tuple(Span(item, item, 5, 5, 0, 0, AT, AT + 1) for item in range(3))
    events = trace.events(Round(opened, spans))
    assert sorted(traced.lanes(events)) == [(5, 1), (5, 2), (5, 3)]
    traced.check(events)


@pytest.mark.parametrize(
    ("processes", "called"),
    [
        ((7, 7, 7), ["workers 0-2"]),
        ((7, 7, 8, 8), ["workers 0-1", "workers 2-3"]),
        ((7, 8, 7, 8), ["workers 0 2", "workers 1 3"]),
    ],
)
def test_a_process_is_called_after_its_workers(processes, called):
    opened = tuple(Opened(worker, pid, worker, AT) for worker, pid in enumerate(processes))
    spans = tuple(Span(one.worker, one.worker, one.pid, one.thread, 0, 0, AT, AT + 1) for one in opened)
    events = trace.events(Round(opened, spans))
    assert list(traced.names(events, "process_name").values()) == called
    traced.check(events)


def test_a_worker_without_an_item_has_its_lane_too():
    events = trace.events(Round((*OPENED, Opened(2, 13, 13, AT)), SPANS))
    assert traced.names(events)[13, 3] == "worker 2"
    traced.check(events)


def test_the_text_is_one_json_object_with_an_event_a_line():
    text = trace.as_text(ROUND, {"strategy": "threads", "odd": "</script>\x1b"})
    whole = json.loads(text)
    assert list(whole) == ["traceEvents", "displayTimeUnit", "otherData"]
    assert whole["traceEvents"] == trace.events(ROUND)
    assert whole["displayTimeUnit"] == "ms"
    assert whole["otherData"] == {"strategy": "threads", "odd": "</script>\x1b"}
    assert len(text.splitlines()) == len(whole["traceEvents"]) + 4
    assert text.isascii()


SECONDS = st.floats(0, 5)


@st.composite
def rounds(draw):
    """Any round in which a worker does one item at a time, at times of any fineness."""
    spans, item = [], 0
    opened = tuple(Opened(worker, draw(st.integers(1, 3)), worker, 0.0) for worker in range(draw(st.integers(1, 4))))
    for worker in opened:
        now = draw(st.floats(0, 1e6))
        for gap, length in draw(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=5)):
            start, now = now + gap, now + gap + length
            spans.append(Span(item, worker.worker, worker.pid, worker.thread, 0, 0, start, now))
            item += 1
    return Round(opened, tuple(spans))


@given(rounds())
def test_slices_of_a_lane_never_overlap_however_fine_the_clock(any_round):
    traced.check(trace.events(any_round))
