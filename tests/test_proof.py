"""The proof of the gate, from pairs whose truth is known."""

import json
import math
import random
import sys
from pathlib import Path

import pytest
from comparisons import ONE, TWO, comparison, pair
from nightly import nightly

from paceline.ab.record import CANARY, save
from paceline.stats.comparison import MAIN_LOOKS, confirming_looks, follow, fresh_looks, main_looks

sys.path.insert(0, str(Path(__file__).parents[1] / "results" / "proof"))
import naive
from judge import main
from resampling import Pool, family, swapped, with_cell
from simulate import NOISES, UNDECIDED, levels, power

POOL = 48


def recorded(ratio=1.0, scatter=0.005, seed=1):
    """Pairs whose candidate takes `ratio` times as long, give or take."""
    chance = random.Random(seed)

    def rounds(factor):
        return tuple(0.02 * factor * (1 + chance.gauss(0, scatter)) for _ in range(5))

    def both(factor):
        return rounds(1.0), rounds(factor)

    return comparison(*(pair(n, {ONE: both(ratio), TWO: both(ratio)}, canary=both(1.0)) for n in range(1, POOL + 1)))


@pytest.fixture
def pool():
    return Pool(recorded(), time_allowed=240.0)


def test_families_of_identical_sides_are_called_the_same(pool):
    outcomes = [family(pool, random.Random(seed)) for seed in range(20)]
    assert {cell.verdict for outcome in outcomes for cell in outcome.cells} == {"same"}


def test_a_family_has_one_slower_cell_if_one_is_drawn_from_slower_pairs(pool):
    slow = Pool(recorded(ratio=1.1, seed=2), 240.0).pairs
    outcome = family(pool, random.Random(1), (TWO, slow))
    assert {cell.fullname: cell.verdict for cell in outcome.cells} == {ONE: "same", TWO: "slower"}


def test_a_family_takes_no_more_pairs_than_its_cells_are_open_for(pool):
    outcome = family(pool, random.Random(1))
    assert {cell.main.pairs for cell in (*outcome.cells, outcome.canary)} == {MAIN_LOOKS[0]}


def test_a_family_stops_where_its_time_is_up():
    noisy = recorded(scatter=0.2)
    pairs = [cell.main.pairs for cell in family(Pool(noisy, time_allowed=150.0), random.Random(1)).cells]
    assert pairs == [MAIN_LOOKS[1]] * 2  # 70 % of 150 s are 11 pairs


def test_swapping_the_sides_of_a_pair_twice_gives_it_back(pool):
    one = pool.pairs[0]
    assert swapped(one).baseline == one.candidate
    assert swapped(swapped(one)) == one


def test_one_cell_of_a_pair_can_come_from_another(pool):
    one, other = pool.pairs[:2]
    mixed = with_cell(one, TWO, other)
    assert mixed.candidate[TWO] == other.candidate[TWO]
    assert mixed.candidate[ONE] == one.candidate[ONE]


def test_fresh_pairs_of_a_few_cells_are_not_in_the_pool():
    short = pair(POOL + 1, {ONE: ((1.0,), (1.0,))}, phase="confirm")
    whole = recorded()
    assert len(Pool(comparison(*whole.pairs, short), 240.0).pairs) == POOL


@pytest.mark.parametrize(
    ("gate", "before", "after", "alarm"),
    [
        ("min:5%", (1.0, 2.0), (1.05, 1.05), False),
        ("min:5%", (1.0, 2.0), (1.06, 9.0), True),
        ("median:10%", (1.0, 1.0, 9.0), (0.1, 1.1, 9.0), False),
        ("median:10%", (1.0, 1.0, 9.0), (0.1, 1.2, 9.0), True),
        ("Mann-Whitney on rounds, 5 %", (1.0, 2.0, 3.0), (1.5, 2.5, 3.5), False),
        ("Mann-Whitney on rounds, 5 %", (1, 2, 3, 4, 5, 6), (7, 8, 9, 10, 11, 12), True),
    ],
)
def test_the_usual_gates_do_what_they_say(gate, before, after, alarm):
    assert naive.GATES[gate](before, after) is alarm


def test_the_proof_is_written_from_recorded_files(tmp_path, capsys):
    same, slow = (save(each, tmp_path) for each in (recorded(), recorded(ratio=1.1, seed=2)))
    assert main([str(same), str(slow), "--tries", "10", "--power-tries", "5"]) == 0
    proof = json.loads(capsys.readouterr().out)
    assert proof["same"]["slower or faster"] == 0
    assert proof["same"]["independent families"] == POOL // MAIN_LOOKS[0]
    assert proof["spread of the log ratio"][CANARY]["by turns"] < 0.01
    assert proof["slower"][slow.stem][ONE]["slower"] == 1
    assert CANARY not in proof["slower"][slow.stem]
    assert set(proof["usual gates"]) == set(naive.GATES)


def most(tries, level):
    """How often what happens at most at a level happens by chance, in all but one of a thousand such tests."""
    from scipy.stats import binom

    return binom.ppf(0.999, tries, level) / tries


@pytest.mark.parametrize(("noise", "cells"), [("Normal", 2), nightly("spiky", 1)])
def test_identical_cells_are_suspected_in_one_comparison_of_ten_and_called_changed_in_one_of_a_hundred(noise, cells):
    tries = 1500  # at twice the level, more than `most` of them
    found = levels(NOISES[noise](0.01), cells=cells, tolerance=UNDECIDED, tries=tries, seed=1)
    assert 0 < found["identical: any suspicion"] <= most(tries, 0.10)
    assert found["identical: any slower or faster"] <= most(tries, 0.01)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("suspects", [1, 4])
def test_fresh_pairs_bear_out_what_is_none_in_one_comparison_of_ten(noise, suspects):
    tries, draw, chance = 1000, NOISES[noise](0.01), random.Random(1)
    looks = confirming_looks(fresh_looks(suspects), suspects)
    names = dict.fromkeys(map(str, range(suspects)), "slower")
    wrong = 0
    for _ in range(tries):
        ratios = {name: [draw(chance) for _ in range(looks[-1].pairs)] for name in names}
        found = follow(ratios, looks, suspects, UNDECIDED, names)
        wrong += any(each.verdict != "unknown" for each in found.values())
    assert 0 < wrong / tries <= most(tries, 0.10)


@pytest.mark.parametrize(("noise", "spread", "tries"), [("Normal", 0.02, 6000), ("spiky", 0.01, 1000)])
def test_a_change_at_the_edge_of_the_tolerance_is_called_the_same_in_one_case_of_twenty(noise, spread, tries):
    draw, chance = NOISES[noise](spread), random.Random(2)
    looks = main_looks(MAIN_LOOKS, 25)
    edge = math.log(chance.choice((1.03, 1 / 1.03)))
    cells = {str(one): [edge + draw(chance) for _ in range(MAIN_LOOKS[-1])] for one in range(tries)}
    same = [each.verdict for each in follow(cells, looks, tries, 0.03).values()].count("same")
    assert 0 < same / tries <= most(tries, 0.05)


@pytest.mark.parametrize(("noise", "least"), [("Normal", 1.0), ("spiky", 0.95)])
def test_a_cell_of_24_that_is_5_per_cent_slower_is_found_and_no_other(noise, least):
    found = power(NOISES[noise](0.01), cells=24, tolerance=0.03, planted=0.05, tries=60, seed=1)
    assert found["found"] >= least
    assert found["others slower or faster"] == found["called the same"] == 0
