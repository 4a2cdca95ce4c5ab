"""From what a trial found to how a cell is measured."""

import random
import time

import comparisons
import pytest

from paceline.ab.pair import SideFailed
from paceline.ab.session import Session, run_main
from paceline.ab.trial import CELL_SECONDS, FEW, MANY, ROUND, best_rounds, fitted_plans, pair_seconds, planned_cell
from paceline.stats.comparison import MAIN_LOOKS

ROUNDS = 12


def facts(seconds, *, overhead=0.001, free=None, rounds=None, remarks=()):
    return {
        "seconds": seconds,
        "wall": seconds,
        "overhead": overhead,
        "free": free,
        "rounds": rounds,
        "warmup": 1 if rounds else 0,
        "remarks": list(remarks),
    }


def plan(baseline, candidate=None, *, one_core=False, can_pin=True):
    return planned_cell(baseline, candidate or baseline, most=ROUNDS, one_core=one_core, can_pin=can_pin)


@pytest.mark.parametrize("seconds", [1e-7, 1e-5, 1e-3])
def test_calls_that_are_shorter_than_a_round_are_put_together(seconds):
    made = plan(facts(seconds))
    assert made.calls * seconds >= ROUND
    assert (made.calls - 1) * seconds < ROUND
    assert (made.rounds, made.warmup) == (ROUNDS, made.calls)


def test_the_fewer_cells_share_a_start_the_more_rounds_they_get():
    found = [best_rounds(cells, start_seconds=1.5) for cells in (1, 23, 76, 500)]
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1]) == (MANY, FEW)
    assert best_rounds(23, start_seconds=3.0) > best_rounds(23, start_seconds=1.5)


def test_the_calls_follow_from_the_faster_side():
    assert plan(facts(1e-5), facts(2e-5)) == plan(facts(2e-5), facts(1e-5))
    assert plan(facts(1e-5), facts(2e-5)).calls == plan(facts(1e-5)).calls


def test_long_calls_are_rounds_of_their_own_and_get_fewer_of_them():
    made = [plan(facts(seconds)) for seconds in (0.003, 0.02, 0.5)]
    assert [each.calls for each in made] == [1, 1, 1]
    assert [each.rounds for each in made] == [ROUNDS, round(CELL_SECONDS / 0.02), 2]
    assert [each.warmup for each in made] == [1, 1, 0]


def test_what_computes_alone_is_kept_on_one_core_and_what_does_not_says_why():
    assert plan(facts(1e-3)).pinned
    waits = plan(facts(1e-3), facts(1e-3, free="it waits"))
    assert not waits.pinned
    assert waits.remarks == ("left to the scheduler: it waits",)
    assert plan(facts(1e-3, free="it waits"), one_core=True).pinned, "its author has said so"
    nowhere = plan(facts(1e-3, free="it waits"), can_pin=False)
    assert (nowhere.pinned, nowhere.remarks) == (False, ())


def test_a_cell_that_brings_its_rounds_keeps_them():
    made = plan(facts(1e-3, rounds=30))
    assert (made.calls, made.rounds, made.warmup) == (1, 30, 1)


def test_within_little_time_the_longest_get_fewer_rounds_and_then_go():
    seen = {"short": facts(1e-3), "long": facts(0.05), "endless": facts(10.0)}
    plans = {name: plan(each) for name, each in seen.items()}
    both = {name: (each, each) for name, each in seen.items()}
    kept, too_long = fitted_plans(plans, both, seconds=1.0)
    assert kept == {"short": plans["short"], "long": plans["long"]}
    assert list(too_long) == ["endless"]
    assert "allow more by --time" in too_long["endless"]
    kept, too_long = fitted_plans(plans, both, seconds=0.3)
    assert kept["long"].rounds == 1
    assert sum(pair_seconds(each, *both[name]) for name, each in kept.items()) <= 0.3
    assert kept["short"] == plans["short"]


def session(comparison, costs, seconds):
    """A comparison under way, with so many seconds left."""
    return Session(
        sides={},
        loaded={},
        spec=None,
        comparison=comparison,
        cpus=(),
        costs=costs,
        start_seconds=1.0,
        deadline=time.monotonic() + seconds,
        random=random.Random(1),
        reporter=None,
        keep_rounds=frozenset(),
    )


def test_a_time_that_allows_no_look_at_all_is_told_with_what_to_do():
    alone = comparisons.comparison(plan={comparisons.ONE: comparisons.plan()}, looks=(6, 9))
    with pytest.raises(SideFailed, match="no time left for 6 pairs of some 6 s each; allow more by --time"):
        run_main(session(alone, {comparisons.ONE: 5.0}, 10.0))


@pytest.mark.parametrize(
    ("seconds", "go_on"),
    [
        (10_000, ["slower", "shorter", "short", "noisy"]),
        (200, ["slower", "shorter", "short"]),
        (27, ["slower", "shorter"]),
        (22, ["slower"]),
        (15, ["shorter", "short"]),
        (2, []),
    ],
)
def test_what_seems_to_have_changed_goes_on_first_and_long_cells_without_hope_last(seconds, go_on):
    changes = {"noisy": (0.8, 1.3, 0.9, 1.1, 1.4, 0.7), "short": (1.01, 0.96) * 3, "shorter": (0.96, 1.02) * 3}
    changes |= {"slower": (1.5, 1.6) * 3}
    pairs = [
        comparisons.pair(number, {name: ([1.0], [each[number - 1]]) for name, each in changes.items()})
        for number in range(1, 7)
    ]
    so_far = comparisons.comparison(*pairs, plan=dict.fromkeys(changes, comparisons.plan()), looks=MAIN_LOOKS)
    costs = {"noisy": 5.0, "short": 2.0, "shorter": 1.0, "slower": 6.0}
    assert session(so_far, costs, seconds).affordable(3, list(costs)) == go_on


def test_a_cell_that_waited_needs_the_pairs_that_it_has_missed_too():
    noisy = (0.8, 1.3, 0.9, 1.1, 1.4, 0.7)
    both = [
        comparisons.pair(each, {"noisy": ([1.0], [noisy[each - 1]]), "short": ([1.0], [1.0 + each / 50])})
        for each in range(1, 7)
    ]
    alone = [comparisons.pair(each, {"short": ([1.0], [1.0 + each % 7 / 50])}) for each in range(7, 20)]
    plan = dict.fromkeys(("noisy", "short"), comparisons.plan())
    so_far = comparisons.comparison(*both, *alone, plan=plan, looks=MAIN_LOOKS)
    costs = {"noisy": 5.0, "short": 1.0}
    assert session(so_far, costs, 300.0).affordable(3, ["noisy", "short"]) == ["short"]
    assert session(so_far, costs, 400.0).affordable(3, ["noisy", "short"]) == ["short", "noisy"]


def test_where_everything_seems_to_have_changed_half_of_the_time_is_kept_for_fresh_pairs():
    names = [f"cell {number}" for number in range(50)]
    pairs = [
        comparisons.pair(number, {name: ([1.0], [2.0 + number / 100]) for name in names}) for number in range(1, 7)
    ]
    plan = dict.fromkeys(names, comparisons.plan())
    so_far = comparisons.comparison(*pairs, plan=plan, looks=MAIN_LOOKS)
    under_way = session(so_far, dict.fromkeys(names, 0.2), 100.0)
    assert under_way.reserve() == pytest.approx(50.0, abs=1.0)
    assert len(under_way.affordable(3, names, under_way.reserve())) == 50
    assert len(under_way.affordable(6, names, under_way.reserve())) == 36
