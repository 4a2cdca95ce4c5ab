"""What is checked of a round, and what an error in it says of where it came."""

import pickle
import weakref
from dataclasses import dataclass

import pytest

from paceline.contracts import ItemError
from paceline.measuring.passes import Laps, Plan, measure
from paceline.measuring.rounds import NotAMeasurement
from paceline.strategies.sequential import Sequential
from paceline.workers.spans import Observed
from paceline.workloads import Compute
from paceline.workloads.call import Call

WORK = Compute("squares", 10)


class Failing(Sequential):
    """One whose round of this number, from 0, fails."""

    number, at = 0, None

    def map(self, items):
        self.number += 1
        if self.number == self.at + 1:
            raise ValueError("cursed")
        return super().map(items)


class Wrong(Failing):
    """One whose round of this number comes back wrong."""

    def map(self, items):
        try:
            return super().map(items)
        except ValueError:
            return [None] * len(items)


@dataclass(frozen=True)
class Unexpected(Compute):
    """A workload that can't say what to expect of one item."""

    def worker(self):
        return WORK.worker()

    def expected(self, item):
        if item == 2:
            raise ValueError("cursed")
        return super().expected(item)


class Shy(Sequential):
    """One that can't be watched."""

    def map(self, items):
        if isinstance(self.workload, Observed):
            raise TypeError("cursed")
        return super().map(items)


@dataclass(frozen=True)
class Sets(Compute):
    """A workload whose results can be referred to weakly."""

    def expected(self, item):
        return frozenset([item])


class Counting(Sequential):
    """One that counts, before each round, how many earlier results are still there."""

    given, there = [], []

    def map(self, items):
        self.there.append(sum(result() is not None for result in self.given))
        results = super().map(items)
        self.given.extend(map(weakref.ref, results))
        return results


def error_of(strategy, error, **more):
    with pytest.raises(error) as raised:
        measure(Plan("experiment", rounds=3, **more), Laps(), strategy, range(8))
    return raised.value


@pytest.mark.parametrize(
    ("at", "where"), [(0, "in the warm-up round"), (1, "in timed round 1 of 3"), (3, "in timed round 3 of 3")]
)
@pytest.mark.parametrize(("kind", "error"), [(Failing, ValueError), (Wrong, ItemError)])
def test_an_error_says_in_which_round_it_came(monkeypatch, kind, error, at, where):
    monkeypatch.setattr(Failing, "at", at)
    raised = error_of(kind(WORK, 1), error)
    assert raised.__notes__ == [where]
    assert pickle.loads(pickle.dumps(raised)).__notes__ == [where], "it says so in another process too"


def test_an_error_of_the_watched_pass_is_told_from_one_of_a_round():
    raised = error_of(Shy(WORK, 1), TypeError, watched=True)
    assert raised.__notes__ == ["in the watched pass, after the timed rounds"]


def test_an_error_of_a_reference_call_is_told_from_one_of_a_round():
    raised = error_of(Sequential(Unexpected("squares", 10), 1), ValueError)
    assert raised.__notes__ == ["in the reference call before timed round 2 of 3"], "a quarter of the items before each"


def test_results_without_a_truth_value_of_their_equality_are_compared_by_what_they_hold():
    measure(Plan("experiment", rounds=1), Laps(), Sequential(Call("raced:arrays"), 1), range(2))


def test_a_round_whose_results_can_not_be_compared_is_no_measurement():
    raised = error_of(Sequential(Call("raced:unpicklable"), 1), NotAMeasurement)
    assert str(raised).startswith("item 0 can't be checked: <function unp")
    assert str(raised).endswith(" has no == that answers; give it one")


def test_right_results_of_one_round_are_kept_and_no_more():
    measure(Plan("experiment", rounds=4), Laps(), Counting(Sets("squares", 1), 1), range(3))
    assert Counting.there == [0, 3, 3, 3, 3]
