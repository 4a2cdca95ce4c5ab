"""
The proof of the gate, from pairs whose truth is known.
"""

import json
import random
import sys
from pathlib import Path

import pytest
from comparisons import ONE, TWO, comparison, pair

from paceline.ab import session
from paceline.ab.record import CANARY, save

sys.path.insert(0, str(Path(__file__).parents[1] / "results" / "proof"))
import naive
from judge import main
from resampling import Pool, family, swapped, with_cell

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


def test_a_family_has_as_many_pairs_as_a_comparison_would_plan(pool):
    outcome = family(pool, random.Random(1))
    assert outcome.canary.main.pairs == session.FEWEST


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
    assert proof["same"]["independent families"] == POOL // (session.FEWEST + session.FRESH)
    assert proof["spread of the log ratio"][CANARY]["by turns"] < 0.01
    assert proof["slower"][slow.stem][ONE]["slower"] == 1
    assert CANARY not in proof["slower"][slow.stem]
    assert set(proof["usual gates"]) == set(naive.GATES)
