"""Claims about what interpreters do at the same time, judged from synthetic runs."""

import pytest
from claimed import cell, cells, run, verdicts

from paceline.claims.evidence import Evidence
from paceline.claims.parallel import cpu_parallel, four_at_once, no_more_than_cpus

MANY = (0.5, 1, 2, 4, 8)


def spent(one, busy):
    """The same cell, with `busy` CPUs in use, a little more in each process."""
    return cell(one.experiment, "test_computing", one.strategy, one.median, one.process, one.workers, one.items,
                kernel=one.kernel, cpu_seconds=one.median * busy * (1 + one.process / 1000))  # fmt: skip


def computing(strategy, speedup, cpus=2, busy=None, processes=3, kernel="squares"):
    workers = 1 if strategy == "sequential" else cpus
    found = cells("computing", "test_computing", strategy, 2.0 / speedup, kernel=kernel, workers=workers,
                  processes=processes)  # fmt: skip
    return [spent(one, busy or speedup) for one in found]


def many(strategy, function, speedups, cpus, processes=3):
    """Cells of 32 items with so many times as many workers as CPUs."""
    return [
        cells("too_many", f"test_{function}_with_many", strategy, 1.0 / speedup, items=32, processes=processes,
              workers=1 if strategy == "sequential" else max(1, int(times * cpus)))
        for times, speedup in speedups.items()
    ]  # fmt: skip


def computed(*, gain=0.9, busy=None, fewer=1.0, crowded=False, cpus=2, processes=3):
    """A run in which `gain` of each CPU is used, and half as many interpreters gain `fewer` times their number."""
    speedup = max(1.0, gain * cpus)
    return run(
        computing("sequential", 1.0, processes=processes),
        computing("threads", 1.0 if crowded else 0.95 * cpus, cpus, processes=processes, kernel="hash"),
        *(computing(name, speedup, cpus, busy, processes) for name in ("pool-fork", "processes")),
        *many("sequential", "computing", {1: 1.0}, cpus, processes),
        *many("pool-fork", "computing", {0.5: fewer * max(1, cpus // 2), 1: speedup}, cpus, processes),
        cpus=cpus,
    )


def judged(claim, *runs):
    return claim.judge(Evidence(runs))


@pytest.mark.parametrize("cpus", [2, 4, 64])
def test_interpreters_that_use_their_cpus_give_concurrency(cpus):
    found = judged(cpu_parallel, computed(cpus=cpus))
    assert found.verdict == "confirmed"
    assert verdicts(found) == ["confirmed"] * 5


def test_interpreters_that_gain_nothing_give_none():
    found = judged(cpu_parallel, computed(gain=0.5))
    assert found.verdict == "refuted"
    assert verdicts(found) == ["refuted"] * 4 + ["confirmed"]


def test_a_machine_that_is_busy_otherwise_can_not_tell():
    assert verdicts(judged(cpu_parallel, computed(gain=0.5, crowded=True))) == ["unknown"] * 4 + ["confirmed"]


def test_interpreters_that_take_turns_give_none_however_fast_they_are():
    assert verdicts(judged(cpu_parallel, computed(busy=1.0))) == ["confirmed"] * 2 + ["refuted"] * 2 + ["confirmed"]


def test_one_interpreter_that_beats_a_plain_loop_casts_doubt_on_the_loop():
    found = judged(cpu_parallel, computed(fewer=1.8))
    assert found.verdict == "unknown"
    assert found.parts[-1].missing == "a run whose plain loop is undisturbed"


def test_whether_cpus_compute_at_once_takes_two_of_them_and_three_processes():
    assert judged(cpu_parallel, computed(cpus=1)).verdict == "unknown"
    assert judged(cpu_parallel, computed(processes=2)).verdict == "unknown"


LEVEL = dict.fromkeys(MANY, 1.8)
WAITS = {0.5: 1.0, 1: 2.0, 2: 4.0, 4: 8.0, 8: 16.0}


def crowded(computes=LEVEL, waits=LEVEL, interpreters=None, cpus=2, processes=3):
    return run(
        *many("pool-fork", "computing", computes, cpus, processes),
        *many("interpreters", "computing", interpreters or {}, cpus, processes),
        *many("pool-fork", "waiting", waits, cpus, processes),
        cpus=cpus,
    )


def test_more_interpreters_that_are_no_faster_gain_nothing():
    found = judged(no_more_than_cpus, crowded(interpreters=LEVEL))
    assert found.verdict == "confirmed"
    assert [len(part.figures) for part in found.parts] == [3, 3, 3]


def test_more_interpreters_gain_when_items_wait():
    found = judged(no_more_than_cpus, crowded(waits=WAITS))
    assert found.verdict == "refuted"
    assert verdicts(found) == ["confirmed", "refuted"]


def test_more_interpreters_that_compute_faster_refute_it():
    assert verdicts(judged(no_more_than_cpus, crowded(computes=WAITS)))[0] == "refuted"


def test_slower_with_more_is_no_gain():
    slower = {times: 1.8 / times for times in MANY}
    assert verdicts(judged(no_more_than_cpus, crowded(computes=slower)))[0] == "confirmed"


def test_more_workers_than_items_can_not_tell():
    found = judged(no_more_than_cpus, crowded(cpus=32))
    assert found.verdict == "unknown"
    assert judged(no_more_than_cpus, crowded(cpus=16)).verdict == "confirmed"


def test_what_uneven_dealing_costs_is_no_gain_of_more_interpreters():
    """32 items on 12 CPUs take 3 rounds of 12 where 2.67 would do."""
    part = judged(no_more_than_cpus, crowded(computes={1: 1.0, 2: 1.25}, cpus=12)).parts[0]
    assert part.margin.startswith("below 1.35x")
    assert part.verdict == "confirmed"


def test_two_processes_can_not_tell_whether_more_gain():
    assert judged(no_more_than_cpus, crowded(processes=2)).verdict == "unknown"


def downloading(strategy, most, processes=3):
    ledgers = [{"max_in_flight": count, "connections": 10} for count in most] if most else [None] * processes
    return cells("downloads", "test_downloads", strategy, 0.15, processes=len(ledgers), workers=10, client="requests",
                 ledger=ledgers)  # fmt: skip


def at_once(*, pool=(10, 10, 10), interpreters=None, gain=0.9):
    return run(
        downloading("pool-fork", pool),
        downloading("processes", [10] * 3),
        *([downloading("interpreters", interpreters)] if interpreters else []),
        computing("pool-fork", max(1.0, 2 * gain)),
        computing("threads", 1.9, kernel="hash"),
    )


def test_as_many_in_flight_as_workers_are_so_many_things_at_once():
    found = judged(four_at_once, at_once(interpreters=[10] * 3))
    assert found.verdict == "confirmed"
    assert [figure.value for figure in found.parts[0].figures] == [10, 10]
    assert len(found.parts) == 4


def test_one_process_with_an_idle_worker_refutes_it():
    found = judged(four_at_once, at_once(pool=(10, 9, 10)))
    assert verdicts(found) == ["refuted", "confirmed", "confirmed"]


def test_interpreters_that_compute_one_at_a_time_refute_it():
    assert verdicts(judged(four_at_once, at_once(gain=0.5))) == ["confirmed", "confirmed", "refuted"]


def test_without_a_ledger_nobody_knows_what_was_under_way():
    found = judged(four_at_once, at_once(pool=None))
    assert found.verdict == "unknown"
    assert found.parts[0].missing.startswith("pytest --benchmark-only benchmarks/test_downloads.py")


def test_two_processes_can_not_tell_what_is_done_at_once():
    assert verdicts(judged(four_at_once, at_once(pool=[10, 10])))[0] == "unknown"
