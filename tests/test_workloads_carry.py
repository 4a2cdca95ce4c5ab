"""An item of a set length and weight comes back with a sum that shows what was done."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from probes import blocking, on_a_loop

from paceline import machine
from paceline.measuring import cells
from paceline.workloads import Carry
from paceline.workloads import compute as carrying

pytestmark = pytest.mark.core


@pytest.mark.parametrize("run", [blocking, on_a_loop])
def test_an_item_comes_back_with_the_sum_of_its_squares(run):
    assert run(Carry(0.0, 5, steps=3), b"abcde") == (0 + 1 + 4, b"abcde")
    assert run(Carry(0.0, 0, steps=0), b"") == (0, b"")


@given(size=st.integers(0, 100), count=st.integers(0, 300))
def test_items_have_the_size_they_should(size, count):
    items = Carry(0.0, size, steps=0).items(count)
    assert len(items) == count
    assert {len(item) for item in items} <= {size}


@pytest.mark.parametrize("size", [8, 12, 65536])
def test_items_differ(size):
    assert len(set(Carry(0.0, size, steps=0).items(300))) == 300


@pytest.mark.parametrize("steps", [0, 1, 999, 1000, 1001, 25_300])
def test_just_as_many_steps_are_done(monkeypatch, steps):
    most = []

    def squares(n):
        most.append(n)
        return n

    monkeypatch.setattr(carrying, "squares", squares)
    assert Carry(0.0, 0, steps).expected(b"") == (steps, b"")
    assert max(most, default=0) <= carrying.STRIDE


def test_a_length_is_turned_into_steps(monkeypatch):
    monkeypatch.setattr(carrying, "step_seconds", lambda: 50e-9)
    assert Carry.lasting(10e-6, 100) == Carry(10e-6, 100, steps=200)
    assert Carry.lasting(0.0, 0).steps == 0


def test_all_of_one_process_agree_on_the_steps():
    assert Carry.lasting(0.01, 0).steps == Carry.lasting(0.01, 0).steps > 0


def test_a_step_takes_what_the_least_disturbed_pass_says(monkeypatch):
    class Clock:
        now = 0.0
        slow = iter([3.0, 2.0, 1.0, *[5.0] * carrying.PASSES])

        def thread_time(self):
            return self.now

        def sleep(self, seconds):
            """A pause takes no CPU time."""

    clock = Clock()

    def compute(steps):
        clock.now += steps * next(clock.slow)

    monkeypatch.setattr(carrying, "time", clock)
    monkeypatch.setattr(carrying, "compute", compute)
    assert carrying.step_seconds.__wrapped__() == pytest.approx(1.0)


def test_it_travels_to_other_processes():
    workload = Carry(0.001, 100, steps=7)
    assert pickle.loads(pickle.dumps(workload)) == workload


@pytest.mark.parametrize("wrong", [{"cpu_seconds": -1.0}, {"cpu_seconds": float("nan")}, {"size": -1}, {"steps": -1}])
def test_less_than_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be 0 or more, not"):
        Carry(**{"cpu_seconds": 0.0, "size": 0, "steps": 0, **wrong})


def test_it_is_bounded_by_the_cpus_and_described_by_its_length_and_weight(monkeypatch):
    monkeypatch.setattr(machine, "usable_cpus", lambda: 2.0)
    workload = Carry(0.5, 8, steps=7)
    assert cells.limit(workload, workload.items(2), 4, 1.0, None) == pytest.approx(0.5)
    assert cells.limit(workload, workload.items(2), 1, 1.0, None) == pytest.approx(1.0)
    assert cells.workload_facts(workload, "blocking") == {"size": 8, "item_cpu_seconds": 0.5, "steps": 7}
