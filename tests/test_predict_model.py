"""The model of `paceline predict`: what its parts mean."""

import pytest
from predicted import exactly

from paceline.predict import model
from paceline.predict.measured import Columns, Work
from paceline.predict.model import Parts


def capacity(parts, workers):
    return float(model.capacity(parts, Columns.of([Work(items=10**6, workers=workers)]).workers)[0])


def test_without_contention_capacity_is_the_number_of_workers():
    assert capacity(Parts(), 64) == 64


def test_with_full_contention_all_workers_do_the_work_of_one():
    assert capacity(Parts(contention=1.0), 64) == pytest.approx(1.0)


def test_contention_alone_is_amdahls_law():
    assert capacity(Parts(contention=0.1), 10) == pytest.approx(1 / (0.1 + 0.9 / 10))


def test_with_coherency_more_workers_come_to_do_less():
    parts = Parts(contention=0.02, coherency=0.001)
    peak = ((1 - 0.02) / 0.001) ** 0.5  # where the law has its maximum (Gunther 2007, equation 4.33)
    assert capacity(parts, round(peak)) > capacity(parts, round(peak / 2))
    assert capacity(parts, round(peak)) > capacity(parts, round(peak * 2))


def test_waiting_takes_a_latency_for_each_turn():
    assert exactly(Parts(), Work(items=101, workers=10, latency=0.02)) == pytest.approx(11 * 0.02)


def test_no_more_workers_count_than_there_are_items():
    assert exactly(Parts(trip=1.0), Work(items=3, workers=10)) == pytest.approx(1.0)


def test_without_overlap_waiting_and_computing_add_up_and_with_it_the_longer_one_is_all():
    work = Work(items=100, workers=1, latency=0.02)
    assert exactly(Parts(busy=0.01), work) == pytest.approx(3.0)
    assert exactly(Parts(busy=0.01, overlap=1.0), work) == pytest.approx(2.0)


def test_only_an_item_with_a_latency_lets_a_worker_sleep():
    awake, asleep = Work(items=10, workers=1), Work(items=10, workers=1, latency=1e-9)
    assert exactly(Parts(wake=0.01), awake) == 0
    assert exactly(Parts(wake=0.01), asleep) == pytest.approx(0.1)


def test_own_computing_runs_on_no_more_cpus_than_there_are():
    work = Work(items=16, workers=8, cpu_seconds=0.1)
    assert exactly(Parts(cpus=2.0), work) == pytest.approx(0.8)


def test_one_interpreter_computes_one_item_at_a_time():
    work = Work(items=16, workers=8, cpu_seconds=0.1)
    assert exactly(Parts(one_at_a_time=True, cpus=2.0), work) == pytest.approx(1.6)


def test_a_link_is_a_floor_that_begins_with_the_first_answer():
    work = Work(items=10, workers=10, latency=0.02, size=1_000_000, bandwidth=1e7)
    assert exactly(Parts(), work) == pytest.approx(1.02)
