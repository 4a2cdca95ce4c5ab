"""
Whether two values are the same, whatever they are made of.
"""

import collections
import copy
import copyreg
import dataclasses
import pickle
from typing import NamedTuple

import attrs
import numpy as np
import pytest

from paceline import values

NAN = float("nan")


class Thing:
    """Without an equality of its own."""

    def __init__(self, value):
        self.value = value


class Slotted(Thing):
    __slots__ = ("extra",)


class Stubborn:
    """Can't be pickled, and can't be compared."""

    def __reduce_ex__(self, protocol):
        raise TypeError("no")

    def __eq__(self, other):
        raise ValueError("no")

    __hash__ = None


class Expression(Thing):
    """Whose `==` is another expression, and so true."""

    def __eq__(self, other):
        return Expression([self, other])

    __hash__ = None


class Table(Expression):
    """Which has another word for being equal, as a table of pandas or polars has."""

    def equals(self, other):
        return self.value == other.value


class Caseless(Thing):
    """Whose equality is wider than what it is made of."""

    def __eq__(self, other):
        return self.value.lower() == other.value.lower()

    def __hash__(self):
        return hash(self.value.lower())


@dataclasses.dataclass
class Measured:
    block: object
    seconds: float = dataclasses.field(default=0.0, compare=False)


@attrs.define
class Weighed:
    block: object
    seconds: float = attrs.field(default=0.0, eq=False)


class Pair(NamedTuple):
    left: object
    right: object


def block(nan_at=0, value=1.0):
    """A transposed view, which isn't contiguous, with NaN in it."""
    made = np.ones((6, 8))
    made[0, nan_at], made[1, 1] = np.nan, value
    return made[:3, :4].T


def knotted(value):
    """A list that holds itself."""
    made = [value]
    made.append({"itself": made})
    return made


ALIKE = [
    lambda: NAN,
    lambda: {"a": [NAN, (1, "x", None, b"y")]},
    lambda: {NAN: {NAN}},
    lambda: complex(NAN, 1),
    block,
    lambda: (block(), np.float64("nan"), np.mean(block())),
    lambda: {"block": block(), "mean": np.float32(3)},
    lambda: Measured(block()),
    lambda: Weighed(block()),
    lambda: Pair(block(), np.str_("x")),
    lambda: collections.OrderedDict(block=block()),
    lambda: collections.defaultdict(list, block=block()),
    lambda: collections.deque([block(), NAN]),
    lambda: np.array([(1, NAN)], dtype="i4,f8"),
    lambda: np.array(["a", block()], dtype=object),
    lambda: np.array(["NaT", "2026-11-26"], dtype="datetime64[D]"),
    lambda: Thing([NAN, block()]),
    lambda: Slotted({"block": block()}),
    lambda: ValueError("x", block()),
    lambda: Expression(block()),
    lambda: knotted(1),
]
OTHER = [
    (1, 2),
    (1, 1.0),
    (1, True),
    ([1], (1,)),
    ({1}, {True}),
    ({1: "a"}, {True: "a"}),
    ({1}, frozenset({1})),
    ([1, 2], [1]),
    ({"a": 1}, {"b": 1}),
    ({1, 2}, {1, 3}),
    (NAN, 0.0),
    (complex(NAN, 1), complex(NAN, 2)),
    (block(), block(nan_at=1)),
    (block(), block(value=2.0)),
    (np.float64(1), np.float32(1)),
    (np.zeros(2), np.zeros((2, 1))),
    (np.array([(1, NAN)], dtype="i4,f8"), np.array([(2, NAN)], dtype="i4,f8")),
    (Measured(block()), Measured(block(value=2.0))),
    (Weighed(block()), Weighed(block(value=2.0))),
    (Pair(block(), 1), Pair(block(value=2.0), 1)),
    (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)),
    (Thing(1), Thing(2)),
    (Thing(1), Slotted(1)),
    (Caseless("A"), Caseless("b")),
    ([Stubborn(), 1], [Stubborn(), 2]),
    (knotted(1), knotted(2)),
]


def travelled(value):
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("make", ALIKE)
def test_what_is_made_alike_is_the_same_here_and_after_a_trip_to_another_process(make):
    assert values.same(make(), make()) is True
    assert values.same(make(), travelled(make())) is True
    assert values.digest(make()) == values.digest(travelled(make()))


def test_what_a_library_registers_for_exceptions_makes_no_difference(monkeypatch):
    places = iter(range(9))
    monkeypatch.setitem(copyreg.dispatch_table, ValueError, lambda error: (ValueError, error.args, {"n": next(places)}))
    looked_at = ValueError("x", block())
    assert vars(looked_at) == {}
    assert values.same(looked_at, ValueError("x", block())) is True


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_different_values_are_never_the_same(one, other):
    assert values.same(one, other) is False
    assert values.same([{"in": one}], [{"in": other}]) is False
    assert values.digest(one) != values.digest(other)


def test_what_its_own_equality_calls_the_same_is_the_same():
    assert values.same(Caseless("A"), Caseless("a")) is True
    assert values.same({Caseless("A"): 1}, {Caseless("a"): 1}) is True
    assert values.same({Caseless("A")}, {Caseless("a")}) is True
    assert values.same(Measured(1, seconds=0.1), Measured(1, seconds=0.2)) is True
    assert values.same(Measured(block(), seconds=0.1), Measured(block(), seconds=0.2)) is True
    assert values.same(Weighed(block(), seconds=0.1), Weighed(block(), seconds=0.2)) is True
    assert values.same(Table([1]), Table([1.0])) is True
    assert values.same(Table([1]), Table([2])) is False
    assert values.same(collections.defaultdict(int, a=1, b=2), collections.defaultdict(int, b=2, a=1)) is True


def test_where_equality_has_no_answer_and_the_parts_differ_nobody_can_tell():
    assert values.same(Expression(1), Expression(2)) is None
    assert values.same([Expression(1), 1], [Expression(2), 1]) is None
    assert values.same([Expression(1), 1], [Expression(2), 2]) is False
    assert values.same(Stubborn(), Stubborn()) is None
    assert values.same(lambda: 1, lambda: 2) is None
    assert values.same(np.ma.array([1, 2]), np.ma.array([1, 3])) is None


def test_what_can_not_be_pickled_has_a_digest_that_nothing_else_has():
    thing = [lambda: 1]
    assert values.digest(thing) != values.digest(thing)


def test_depth_and_endlessness_have_an_end(monkeypatch):
    deep, other = [], []
    for _ in range(10_000):
        deep, other = [deep], [other]
    assert values.same(deep, other) is True
    monkeypatch.setattr(values, "MOST", 100)
    assert values.same(Endless(), Endless()) is None


class Endless:
    """Which is made of another one, and so on."""

    def __reduce_ex__(self, protocol):
        return Endless, (Endless(),)


def test_sets_are_the_same_in_whatever_order():
    assert values.same({frozenset({8, 0}), Pair(1, 2)}, {Pair(1, 2), frozenset({0, 8})}) is True
    assert values.same({frozenset({8, 0}): {0, 8}}, {frozenset({0, 8}): {8, 0}}) is True


def test_shared_parts_are_the_same_as_copies():
    shared = ["x", 2]
    assert values.same([shared, shared], [shared, copy.copy(shared)]) is True
