"""Which strategy is recommended, from exact times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.race import judging
from paceline.race.judging import FREEZE, LaneResult, speedups, told_apart
from paceline.race.messages import Stall
from paceline.strategies import STRATEGIES


def lane(name, rounds, start=0.0):
    return LaneResult(name, 1, start_seconds=start, rounds=list(rounds))


SEQUENTIAL = lane("sequential", (1.0,) * 5)


def recommend(lanes, cpu_share, item_seconds=0.1):
    return judging.recommend(lanes, cpu_share, item_seconds)


def raced(name, *rounds, start=0.0):
    return lane(name, rounds if len(rounds) > 1 else rounds * 5, start)


def test_a_speedup_is_a_ratio_of_medians_and_its_range_one_of_turns():
    assert speedups([1.0, 2.0, 4.0], [0.5, 0.5, 2.0]) == (4.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("faster", "slower", "apart"),
    [
        ([1.0] * 5, [1.1, 1.01, 1.2, 1.1, 1.1], True),
        ([1.0] * 5, [1.1, 1.0, 1.2, 1.1, 1.1], False),
        ([1.0] * 5, [1.1, 0.99, 1.2, 1.1, 1.1], False),
        ([1.0] * 5, [1.3, 0.9, 1.3, 1.3, 1.3], True),
        ([1.0] * 5, [1.3, 0.9, 1.1, 1.3, 1.3], False),
        ([1.0] * 5, [1.3, 0.9, 0.9, 1.3, 1.3], False),
        ([1.0] * 9, [1.01] * 8 + [0.1], True),
        ([1.0] * 9, [1.01] * 7 + [0.1] * 2, False),
        ([1.0] * 4, [1.3, 1.3, 1.3, 0.9], False),
        ([1.0] * 4, [1.1] * 4, False),
        ([1.0] * 4, [1.3] * 4, True),
        ([1.0, 1.0], [1.1, 1.1], False),
        ([1.0, 1.0], [1.3, 1.3], True),
        ([1.0], [1.3], True),
        ([1.0], [1.1], False),
    ],
)
def test_two_are_told_apart_if_every_turn_says_so_or_all_but_an_odd_one_by_far(faster, slower, apart):
    assert told_apart(faster, slower) is apart


def test_one_odd_turn_does_not_undo_a_factor_of_200():
    assert told_apart([21e-6, 21e-6, 9e-3, 21e-6, 21e-6], [6e-3] * 5)


def test_one_odd_turn_of_a_lane_slower_than_the_baseline_does_not_make_it_the_choice():
    said = recommend([raced("sequential", 100.0), raced("to-thread", 110.0, 110.0, 110.0, 110.0, 58.0),
                      raced("processes", 60.0)], cpu_share=1.0)  # fmt: skip
    assert (said.strategy, said.level) == ("processes", ())
    assert said.reason.startswith("1.67 times as fast as sequential (1.67 to 1.67 turn by turn)")


@given(lanes=st.lists(st.lists(st.floats(0.01, 100.0), min_size=5, max_size=5), min_size=2, max_size=6))
def test_nothing_is_recommended_that_is_slower_than_the_baseline(lanes):
    simplest_first = [strategy.name for strategy in sorted(STRATEGIES, key=lambda each: each.simplicity_rank)]
    entrants = [lane(name, tuple(rounds)) for name, rounds in zip(simplest_first, lanes, strict=False)]
    baseline, chosen = entrants[-1], recommend([entrants[-1], *entrants[:-1]], cpu_share=1.0).strategy
    [best] = [lane for lane in entrants if lane.name == chosen]
    assert best is baseline or speedups(baseline.rounds, best.rounds)[0] >= 1.05


def test_the_baseline_stays_where_nothing_simpler_or_else_beats_it():
    said = recommend([raced("pool-fork", 1.0), raced("processes", 1.02)], cpu_share=1.0)
    assert (said.strategy, said.level) == ("pool-fork", ("processes",))
    assert "processes can't be told apart from it" in said.reason
    assert "and it is the baseline" in said.reason


def test_one_that_is_faster_in_some_turns_alone_is_named_beside_the_choice():
    unsure = raced("to-thread", 0.4, 1.4, 0.4, 1.4, 0.4)
    said = recommend([SEQUENTIAL, unsure, raced("processes", 0.6)], cpu_share=1.0)
    assert (said.strategy, said.level) == ("processes", ())
    assert "to-thread has the shorter median, but no certain lead over sequential" in said.reason


@pytest.mark.parametrize(("turns", "few"), [(1, "1 turn, too few"), (4, "4 turns, too few"), (5, "")])
def test_too_few_turns_are_said(turns, few):
    said = recommend([lane("sequential", (1.0,) * turns), lane("threads", (0.5,) * turns)], cpu_share=0.0)
    assert said.strategy == "threads"
    assert ("too few" in said.reason) == bool(few)
    assert few in said.reason


def test_rounds_are_paired_by_turn_so_drift_does_not_hide_a_difference():
    assert told_apart([1.0, 2.0, 3.0, 4.0, 5.0], [1.1, 2.2, 3.3, 4.4, 5.5])


def test_the_fastest_is_recommended_with_its_lead_and_the_reason():
    said = recommend([SEQUENTIAL, raced("threads", 0.1), raced("pool-fork", 0.125)], cpu_share=0.02)
    assert said.strategy == "threads"
    assert said.level == ()
    assert said.reason == (
        "10.0 times as fast as sequential (10.0 to 10.0 turn by turn); "
        "the function mostly waits (CPU share 2.0 %); the next, pool-fork, takes 1.25 times as long"
    )


def test_of_two_that_can_not_be_told_apart_the_simpler_is_recommended():
    said = recommend(
        [
            SEQUENTIAL,
            raced("threads", 0.11, 0.09, 0.11, 0.12, 0.11),
            raced("pool-fork", 0.10, 0.10, 0.10, 0.10, 0.10),
            raced("pool-spawn", 0.2),
        ],
        cpu_share=0.02,
    )
    assert (said.strategy, said.level) == ("threads", ("pool-fork",))
    assert (
        "pool-fork can't be told apart from it (no certain lead of 5% or more), and it is the simplest of them"
        in said.reason
    )


def test_a_certain_lead_of_less_than_5_percent_is_not_worth_a_less_simple_strategy():
    assert recommend([SEQUENTIAL, raced("threads", 0.104), raced("pool-fork", 0.1)], 0.0).strategy == "threads"
    assert recommend([SEQUENTIAL, raced("threads", 0.106), raced("pool-fork", 0.1)], 0.0).strategy == "pool-fork"


def test_one_bad_round_of_the_fastest_does_not_save_those_that_another_beats():
    bad_turn = raced("pool-fork", 0.5, 0.5, 1.1, 0.5, 0.5)
    said = recommend([SEQUENTIAL, bad_turn, raced("pool-spawn", 0.55)], cpu_share=1.0)
    assert said.strategy == "pool-spawn"
    assert said.level == ("pool-fork",)


def test_where_nothing_is_faster_the_plain_loop_is_recommended():
    said = recommend([SEQUENTIAL, raced("threads", 1.2), raced("pool-fork", 0.98)], cpu_share=1.0)
    assert said.strategy == "sequential"
    assert said.reason.startswith(
        "nothing is faster by a margin that is certain and worth it; the function mostly computes"
    )


def test_items_too_short_to_hand_over_are_the_reason_for_the_plain_loop():
    said = recommend([SEQUENTIAL, raced("threads", 12.0)], cpu_share=1.0, item_seconds=2e-6)
    assert "handing an item over costs more than doing it, which takes 2.00 us" in said.reason


def test_the_reason_says_that_the_function_holds_the_gil():
    said = recommend([SEQUENTIAL, raced("threads", 1.0), raced("processes", 0.5)], cpu_share=1.0)
    assert said.strategy == "processes"
    assert "mostly computes (CPU share 100 %) and holds the GIL, as threads come to 1.00x" in said.reason


@pytest.mark.parametrize(
    "others",
    [
        [raced("threads", 0.9), raced("processes", 0.5)],  # threads gain, if less
        [raced("threads", 1.0), raced("to-thread", 0.9), raced("processes", 0.5)],
        [raced("threads", 0.9), raced("processes", 1.3)],  # threads are what is chosen
        [raced("threads", 1.0), raced("to-thread", 0.9)],
        [raced("threads", 0.95, 1.1, 0.95, 1.1, 0.95), raced("processes", 0.93)],  # neither gains by much
    ],
)
def test_nothing_is_said_of_the_gil_unless_processes_gain_and_no_threads_do(others):
    assert "GIL" not in recommend([SEQUENTIAL, *others], cpu_share=1.0).reason


def test_the_reason_says_that_threads_run_beside_a_function():
    said = recommend([SEQUENTIAL, raced("threads", 0.5), raced("processes", 0.5)], cpu_share=1.0)
    assert said.strategy == "threads"
    assert "mostly computes (CPU share 100 %) and lets threads run beside it" in said.reason


def on_a_loop(stall, *, blocks=False):
    """The reason for `to-thread` where the worst stall beside it was this one."""
    chosen = raced("to-thread", 0.5)
    chosen.stall = stall
    said = judging.recommend([SEQUENTIAL, chosen], 0.0, 0.1, blocks=blocks)
    assert said.strategy == "to-thread"
    return said.reason


def test_a_strategy_that_freezes_its_own_event_loop_is_recommended_with_the_time_for_which_it_does():
    said = on_a_loop(Stall(0.052, "blocked", loop=True))
    assert "; it freezes its event loop for 52.0 ms at a stretch meanwhile; " in said


@pytest.mark.parametrize(
    "stall",
    [
        None,
        Stall(FREEZE * 0.99, "blocked", loop=True),
        Stall(0.052, "starved", loop=True),
        Stall(0.052, None, loop=True),
        Stall(0.052, "blocked", loop=False),
    ],
)
def test_nothing_is_said_of_freezing_where_it_is_short_for_want_of_a_cpu_not_known_or_on_no_loop(stall):
    assert "loop" not in on_a_loop(stall)


def test_that_a_function_blocks_its_loop_is_said_once():
    wait = "so that tasks of one loop wait for each other"
    assert f"; it blocks its event loop, {wait}; " in on_a_loop(None, blocks=True)
    said = on_a_loop(Stall(0.052, "blocked", loop=True), blocks=True)
    assert f"; it freezes its event loop for 52.0 ms at a stretch meanwhile, {wait}; " in said
    assert "blocks" not in said


def test_a_start_that_costs_more_than_a_round_gains_is_said():
    said = recommend([SEQUENTIAL, raced("processes", 0.5, start=0.8)], cpu_share=1.0)
    assert said.reason.endswith("its start of 800 ms costs more than one round gains (500 ms), so start it once")
    assert "start" not in recommend([SEQUENTIAL, raced("processes", 0.5, start=0.4)], cpu_share=1.0).reason


def test_a_single_round_tells_apart_only_what_is_far_apart():
    assert recommend([lane("sequential", (1.0,)), lane("threads", (0.9,))], 0.0).strategy == "sequential"
    assert recommend([lane("sequential", (1.0,)), lane("threads", (0.5,))], 0.0).strategy == "threads"


def test_one_that_is_alone_is_recommended_as_such():
    assert recommend([SEQUENTIAL], 0.0).reason == "it is the only one that came through"


def test_one_that_is_alone_and_freezes_its_loop_is_said_to():
    alone = lane("asyncio", (1.0,))
    alone.stall = Stall(0.052, "blocked", loop=True)
    assert "; it freezes its event loop for 52.0 ms at a stretch" in recommend([alone], 0.0).reason


def test_without_any_there_is_no_recommendation():
    assert recommend([], 0.0).strategy is None


def test_one_task_on_a_loop_is_simpler_than_many_and_threads_simpler_than_processes():
    names = ["processes", "threads", "asyncio", "asyncio, 1 worker", "sequential"]
    assert sorted(names, key=lambda name: lane(name, [1.0]).simplicity) == names[::-1]
