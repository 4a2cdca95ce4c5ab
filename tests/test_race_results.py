"""
Whether results are the same, and what a function has changed.
"""

import os
import types

import pytest

from paceline.race import results, snapshot


class Thing:
    """Without an equality of its own."""

    def __init__(self, value):
        self.value = value


class Stubborn:
    """Can't be pickled, and can't be compared."""

    def __reduce__(self):
        raise TypeError("no")

    def __eq__(self, other):
        raise ValueError("no")

    __hash__ = None


def test_equal_results_have_one_digest():
    assert results.digest([1, "two", Thing(3)]) == results.digest([1, "two", Thing(3)])
    assert results.digest([1, 2]) != results.digest([2, 1])
    assert results.digest(["ab", "c"]) != results.digest(["a", "bc"])


def test_a_nan_is_the_same_as_itself():
    assert results.same(float("nan"), float("nan"))


def test_what_can_not_be_pickled_is_taken_by_its_looks_without_its_address():
    assert results.digest([lambda: 1]) == results.digest([lambda: 2])
    assert results.packed([lambda: 1]) is None


def test_results_of_another_lane_are_compared_by_equality():
    assert results.equal([{1, 2}], results.packed([{2, 1}]))
    assert not results.equal([1], results.packed([2]))
    assert not results.equal([1], b"no pickle")


def test_what_can_not_be_compared_is_not_the_same():
    assert not results.same(Stubborn(), 1)
    assert not results.equal([Stubborn()], results.packed([1]))


def test_what_can_not_be_pickled_says_why():
    assert results.unpicklable(1) is None
    assert results.unpicklable(Stubborn()) == "TypeError: no"


@pytest.fixture
def module():
    made = types.ModuleType("made")
    made.number, made.names, made.thing, made.function = 1, ["one"], Thing(1), lambda: 1
    return made


def changed(module, change):
    before = snapshot.taken(module)
    change()
    return snapshot.changes(before, snapshot.taken(module))


def test_a_function_that_changes_nothing_is_not_suspected(module):
    assert changed(module, lambda: None) == ()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda made: setattr(made, "number", 2), "made.number"),
        (lambda made: made.names.append("two"), "made.names"),
        (lambda made: made.names.__setitem__(0, "two"), "made.names"),
        (lambda made: setattr(made.thing, "value", 2), "made.thing"),
        (lambda made: setattr(made, "function", print), "made.function"),
        (lambda made: setattr(made, "new", 1), "made.new"),
        (lambda made: delattr(made, "number"), "made.number"),
    ],
)
def test_a_changed_global_is_named(module, change, name):
    assert changed(module, lambda: change(module)) == (name,)


def test_a_changed_directory_and_environment_are_named(module, tmp_path, monkeypatch):
    def change():
        os.chdir(tmp_path)
        os.environ["RACED"] = "x"

    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.delenv("RACED", raising=False)
    assert changed(module, change) == ("os.environ['RACED']", "the current directory")
    monkeypatch.delenv("RACED")
