"""From a saved run to the cells that the model is fitted to, and to what workers cost."""

import pytest
from arbitrary_runs import EXTRAS, ROUNDS
from hypothesis import given
from hypothesis import strategies as st
from predicted import TWO_CPUS, downloads
from saved_runs import benchmark, saved

from paceline.history import from_json
from paceline.predict.groups import costs
from paceline.predict.measured import measured
from paceline.predict.predicting import held_out


def run(*benchmarks, cpus=2.0):
    data = saved(*benchmarks)
    data["machine_info"]["cpu"] = {"count": cpus}
    return from_json(data)


def named(one, name):
    return {**one, "name": name, "fullname": f"benchmarks/test_x.py::{name}"}


def computed(n, limit, workers=2, strategy="pool-fork"):
    one = benchmark(strategy, "computing", (0.1,), items=20, workers=workers, limit=limit, n=n)
    return named(one, f"test_computing[{strategy}-workers={workers}-items=20-steps={n}]")


def test_processes_that_measured_the_same_cell_are_one():
    replicates = [
        named(benchmark("threads", "downloads", (seconds,), limit=0.1, process=number), f"test_x[process={number}]")
        for number, seconds in enumerate((0.3, 0.2, 0.4), 1)
    ]
    [one] = measured(run(*replicates))
    assert one.seconds == pytest.approx(0.3)
    assert one.work.latency == 0.02


def test_cpu_time_is_the_least_that_any_cell_saw_of_the_same_item():
    found = measured(run(computed(5, 0.2), computed(5, 0.3, workers=1, strategy="sequential"), computed(9, 1.0)))
    assert [one.work.cpu_seconds for one in found] == pytest.approx([0.015, 0.015, 0.1])


def test_what_only_looks_like_steps_makes_no_other_item():
    words = [named(computed(5, 0.1 * chosen), f"test_x[chosen-n={chosen}]") for chosen in (2, 3)]
    assert [one.work.cpu_seconds for one in measured(run(*words))] == pytest.approx([0.02, 0.02])


def test_a_run_that_says_steps_only_as_a_parameter_is_read_by_it():
    older = [computed(n, limit) | {"params": {"n": n}} for n, limit in ((5, 0.2), (9, 1.0))]
    for one in older:
        del one["extra_info"]["n"]
    assert [one.work.cpu_seconds for one in measured(run(*older))] == pytest.approx([0.02, 0.1])


def test_cpus_that_are_only_partly_usable_count_in_part():
    [one] = measured(run(computed(5, 0.2), cpus=1.5))
    assert one.work.cpu_seconds == pytest.approx(0.2 * 1.5 / 20)


def test_a_mixed_item_computes_its_share():
    one = benchmark("threads", "mixed", (0.1,), workload="Mixed", client="raw", latency=0.018, share=0.1, limit=0.1)
    assert measured(run(one))[0].work.cpu_seconds == pytest.approx(0.002)


def test_rounds_with_something_beside_them_are_left_out():
    assert measured(run(benchmark("threads", "beside", limit=0.1), benchmark("threads", "jitter", limit=0.1))) == []


def test_cells_without_a_limit_are_left_out():
    assert measured(run(benchmark())) == []


def test_start_is_a_line_over_the_workers():
    found = costs(run(*downloads()), "threads", "raw")
    assert found.start.at(100) == pytest.approx(0.1, rel=1e-6)


def test_memory_is_a_line_over_the_workers():
    held = [
        named(
            benchmark("threads", "memory", (0.1,), workers=workers, pss_bytes=1000 + 50 * workers), f"test_m[{workers}]"
        )
        for workers in (1, 2, 4, 8)
    ]
    found = costs(run(*held), "threads", "raw").memory
    assert (found.base, found.each) == pytest.approx((1000, 50))


def test_a_server_costs_what_it_needed_least():
    cells = downloads()
    cells[3]["extra_info"]["ledger"] = {"cpu_seconds": 1e-6 * 100, "responses": 100}
    assert costs(run(*cells), "threads", "raw").server_seconds == pytest.approx(1e-6)


def test_what_the_run_does_not_have_is_unknown_and_not_nothing():
    found = costs(run(*downloads()), "asyncio", "raw")
    assert (found.start, found.memory) == (None, None)


@given(st.lists(st.tuples(EXTRAS, ROUNDS), min_size=5, max_size=12))
def test_whatever_a_run_holds_each_cell_is_predicted_or_left_out(drawn):
    cells = []
    for place, (extra, rounds) in enumerate(drawn):
        told = {"experiment": "latency", **extra, "strategy": "threads", "workload": "Fetch", "client": "raw"}
        cells.append({**named(benchmark(rounds=rounds), f"test_x[{place}]"), "extra_info": told})
    for one in held_out(measured(run(*cells)), TWO_CPUS):
        assert one.predicted is None or (one.predicted > 0 and one.factor >= 1)
