"""Answers: what binds, how many machines, and what lies beyond the measured."""

import pytest
from predicted import GRID, WAITING, cells, costs, fitted

from paceline.predict.measured import Work
from paceline.predict.predicting import BANDWIDTH, CLIENT, LATENCY, MEMORY, SERVER, Question, least, predict

FIT = fitted()
CELLS = cells(WAITING, GRID)
LONG = Work(items=1000, workers=10, latency=1.0, size=1024)


def answered(work, costs=costs(), **question):  # noqa: B008 - frozen
    return predict(Question(work=work, **question), FIT, costs, CELLS)


@pytest.mark.parametrize(
    ("binding", "work", "costs", "question"),
    [
        (LATENCY, LONG, costs(), {}),
        (CLIENT, Work(items=1000, workers=10, size=1024), costs(), {}),
        (CLIENT, Work(items=1000, workers=10, latency=0.001, cpu_seconds=0.1, size=1024), costs(), {}),
        (BANDWIDTH, Work(items=1000, workers=10, latency=0.01, size=10**6, bandwidth=1e6), costs(), {}),
        (SERVER, Work(items=1000, workers=64, latency=0.01, size=1024), costs(server=0.1), {}),
        (MEMORY, Work(items=1000, workers=64, latency=1.0, size=1024), costs(memory=(100, 10)), {"memory": 200}),
    ],
)
def test_the_binding_resource_is_named(binding, work, costs, question):
    assert answered(work, costs, **question).binding == binding


def test_the_middle_lies_inside_of_the_interval():
    answer = answered(LONG)
    assert answer.low < answer.seconds < answer.high


def test_workers_without_room_are_left_out():
    work = Work(items=1000, workers=64, latency=1.0, size=1024)
    answer = answered(work, costs(memory=(100, 10)), memory=200)
    assert answer.fitting_workers == 10
    assert answer.memory_bytes == 100 + 64 * 10
    assert answer.seconds == pytest.approx(answered(LONG).seconds)


def test_a_server_is_a_floor_for_any_number_of_machines():
    assert answered(LONG, costs(server=1.0), machines=1000).seconds == pytest.approx(1000.0)


def test_a_floor_that_was_measured_is_as_unsure_as_the_rest_and_a_link_is_not():
    server = answered(LONG, costs(server=1.0), machines=1000)
    assert server.low < server.seconds < server.high
    link = answered(Work(items=1000, workers=10, latency=0.01, size=10**6, bandwidth=1e6))
    assert link.low == link.seconds == link.high == pytest.approx(1000.01)


def test_machines_share_the_items():
    assert answered(LONG, machines=10).seconds == pytest.approx(answered(LONG).seconds / 10, rel=0.01)


def test_a_deadline_needs_the_least_number_of_machines_that_meets_it():
    answer = answered(LONG, costs(start=5.0), deadline=30.0)
    middle, safe = answer.needed.middle, answer.needed.safe
    assert 5.0 + answered(LONG, machines=middle).seconds <= 30.0 < 5.0 + answered(LONG, machines=middle - 1).seconds
    assert 5.0 + answered(LONG, machines=safe).high <= 30.0 < 5.0 + answered(LONG, machines=safe - 1).high
    assert safe >= middle


def test_a_deadline_below_one_latency_is_met_by_no_number_of_machines():
    answer = answered(LONG, deadline=0.5)
    assert (answer.needed.middle, answer.needed.safe) == (None, None)


def test_machines_are_found_although_too_many_of_them_would_be_unsure_again():
    assert least(1000, lambda machines: 5 <= machines <= 100) == 5
    assert least(1000, lambda machines: machines >= 1000) == 1000
    assert least(1, lambda _: True) == 1
    assert least(1000, lambda _: False) is None


def test_without_a_deadline_no_machines_are_counted():
    assert answered(LONG).needed is None


def test_nothing_is_beyond_the_cells_within_their_range():
    assert answered(Work(items=100, workers=10, latency=0.01, size=1024)).beyond == ()


def test_how_far_beyond_the_measured_is_said_of_each_axis():
    work = Work(items=160_000, workers=640, latency=1.0, size=2048)
    beyond = {one.axis: (one.measured, one.factor) for one in answered(work).beyond}
    assert beyond == {"items": (1600, 100.0), "workers": (64, 10.0), "latency": (0.1, 10.0), "size": (1024, 2.0)}


def test_what_was_never_measured_above_nothing_has_no_factor():
    [one] = answered(Work(items=100, workers=10, latency=0.01, cpu_seconds=0.01, size=1024)).beyond
    assert (one.axis, one.measured, one.factor) == ("cpu_seconds", 0.0, None)


def test_beyond_counts_what_one_machine_has_to_do():
    work = Work(items=160_000, workers=10, latency=0.01, size=1024)
    assert answered(work, machines=100).beyond == ()
