"""Which strategies race, with how many workers, items and rounds."""

import pytest

from paceline.race import choosing
from paceline.race.messages import Findings
from paceline.race.notes import busy, few_beside, fewer
from paceline.strategies import STRATEGIES

BLOCKING = Findings(face="blocking", seconds=0.1, cpu_share=0.1, stable=True)
ASYNC = Findings(face="async", seconds=0.1, cpu_share=0.1, stable=True)


def racing(entries):
    return [entry.name for entry in entries if not entry.why_not]


def why_not(entries):
    return {entry.name: entry.why_not for entry in entries if entry.why_not}


def can_run(face):
    mine = [strategy for strategy in STRATEGIES if strategy.flavour == face and not strategy.slow_start]
    return [strategy.name for strategy in mine if not strategy.unavailable()]


def test_a_blocking_function_races_under_every_strategy_that_blocks_with_sequential_first():
    entries = choosing.planned_lanes(BLOCKING, 10)
    assert racing(entries) == can_run("blocking")
    assert racing(entries)[0] == "sequential"
    assert why_not(entries)["asyncio"] == "runs async functions; this one is blocking"


def test_an_async_function_races_on_every_loop_with_one_worker_as_the_baseline():
    entries = choosing.planned_lanes(ASYNC, 10)
    assert racing(entries) == ["asyncio, 1 worker", *can_run("async")]
    assert (entries[0].strategy, entries[0].workers) == ("asyncio", 1)
    assert why_not(entries)["sequential"] == "runs blocking functions; this one is async"


def test_every_strategy_is_listed_with_the_reason_if_it_does_not_race():
    entries = choosing.planned_lanes(BLOCKING, 10)
    assert [entry.name for entry in entries] == [strategy.name for strategy in STRATEGIES]
    for strategy in STRATEGIES:
        if strategy.flavour == "blocking" and strategy.unavailable():
            assert why_not(entries)[strategy.name] == strategy.unavailable()


def test_all_have_the_same_number_of_workers_but_sequential():
    entries = choosing.planned_lanes(BLOCKING, 10)
    assert {entry.workers for entry in entries if entry.name != "sequential"} == {10}
    assert entries[0].workers == 1


def test_what_can_not_be_pickled_rules_out_what_pickles():
    findings = Findings(face="blocking", seconds=0.1, cpu_share=0.1, stable=True, unpicklable="its results (a lambda)")
    entries = choosing.planned_lanes(findings, 2)
    assert racing(entries) == ["sequential", "threads", "to-thread"]
    assert why_not(entries)["pool-fork"] == "can't be pickled: its results (a lambda)"


def test_only_those_asked_for_race():
    entries = choosing.planned_lanes(BLOCKING, 2, ["threads", "pool-fork"])
    assert racing(entries) == ["threads", "pool-fork"]
    assert why_not(entries)["sequential"] == "not asked for"


def test_the_loop_with_one_worker_comes_with_asyncio():
    assert racing(choosing.planned_lanes(ASYNC, 2, ["loops-in-threads"])) == ["loops-in-threads"]
    assert racing(choosing.planned_lanes(ASYNC, 2, ["asyncio"])) == ["asyncio, 1 worker", "asyncio"]


@pytest.mark.parametrize(("share", "workers"), [(0.0, 10), (0.49, 10), (0.5, 2), (1.0, 2)])
def test_what_waits_gets_ten_workers_and_what_computes_one_for_each_cpu(share, workers):
    assert choosing.workers_for(share, cpus=2) == workers


@pytest.mark.parametrize(
    ("seconds", "workers", "most", "items"),
    [(0.01, 10, 32, 32), (0.5, 10, 32, 12), (3.0, 10, 32, 10), (3.0, 10, 4, 4), (60.0, 2, 32, 2)],
)
def test_long_items_are_fewer_but_one_for_each_worker(seconds, workers, most, items):
    assert choosing.items_for(seconds, workers, most) == items


@pytest.mark.parametrize(
    ("tried", "step"),
    [
        ((0.0, 1.0, 2.0), 1.0),
        ((0.0, 1.0, 2.0, 4.0), 4 / 3),
        ((0.0, 1.0), 0.0),  # two show no more than a first call that was fast
        ((), 0.0),
        ((2.0, 1.0, 2.0), 0.0),
        ((0.1, 0.2, 0.21), 0.0),
        ((0.1, 0.11, 0.12), 0.0),
        ((0.0, 0.001, 0.002), 0.0),
    ],
)
def test_items_take_longer_and_longer_only_where_it_is_plain(tried, step):
    assert choosing.growth(tried) == pytest.approx(step)


GROWING = Findings(face="blocking", seconds=1.5, cpu_share=0.0, stable=True, tried=(0.0, 1.0, 2.0))


def test_items_that_take_longer_and_longer_are_counted_as_such():
    assert choosing.line_seconds(GROWING, 10) == pytest.approx(45.0)
    assert choosing.line_seconds(BLOCKING, 10) == pytest.approx(1.0)
    assert choosing.fewer(GROWING, 32) == 4
    assert choosing.fewer(BLOCKING, 32) == 32


def test_a_race_takes_a_warm_up_round_others_and_a_pass_beside_a_bystander_of_all_its_lanes():
    assert choosing.race_seconds(GROWING, 10, lanes=3, workers=10, rounds=2) == pytest.approx(3 * (45 + 2 * 9) + 10)
    assert choosing.race_seconds(GROWING, 10, lanes=3, workers=2, rounds=2) == pytest.approx(3 * (45 + 2 * 22.5) + 10)
    assert choosing.race_seconds(BLOCKING, 10, lanes=1, workers=2, rounds=None) == pytest.approx((6 + 1) * 1.0)


@pytest.mark.parametrize(
    ("warm", "rounds"), [([0.1, 0.1], 5), ([6.0, 6.0], 5), ([10.0, 10.0], 3), ([100.0], 1), ([], 5)]
)
def test_long_rounds_are_fewer_but_one_at_least(warm, rounds):
    assert choosing.rounds_for(warm) == rounds


@pytest.mark.parametrize(
    ("turn", "workers", "items"), [(0.0, 2, 32), (10.0, 2, 32), (20.0, 2, 16), (160.0, 2, 2), (161.0, 2, 0)]
)
def test_beside_a_bystander_fewer_items_are_done_where_a_turn_is_long_and_none_if_not_one_for_each_worker(
    turn, workers, items
):
    assert choosing.stall_items(turn, 32, workers) == items


def test_handing_over_a_million_items_is_no_hanging():
    assert choosing.longest_round(1.0, count=1_000_000) > 300
    assert choosing.longest_round(1.6, count=32) < 10


def test_fewer_rounds_are_explained_by_what_one_takes():
    assert fewer(5, 50.0) == []
    assert fewer(3, 20.0) == ["3 instead of 5 rounds, to take about 60 s in all"]
    assert fewer(1, 200.0) == ["1 instead of 5 rounds, as one of each strategy takes 200 s in all"]


def test_items_that_are_not_done_beside_a_bystander_are_explained_by_what_a_turn_takes():
    assert few_beside(32, 32, 5.0) == []
    assert few_beside(16, 32, 20.0) == ["worst stalls are of 16 items, as a round of each strategy takes 20.0 s in all"]
    assert few_beside(0, 32, 200.0) == ["no worst stalls, as a round of each strategy takes 200 s in all"]


def test_a_machine_with_other_work_is_said_to_be_busy():
    (said,) = busy(0.45)
    assert said.startswith("other work took 45 % of this machine's CPU time before the race")
    assert busy(0.1) == []
