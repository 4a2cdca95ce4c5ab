"""Whether results are the same, and what a function has changed."""

import os
import types
from pathlib import Path

import pytest

from paceline.measuring import values
from paceline.race import probing, racing
from paceline.race.messages import Findings
from paceline.race.racing import RaceRequest, race
from paceline.text.progress import Lines


class Thing:
    """Without an equality of its own."""

    def __init__(self, value):
        self.value = value


def test_results_are_looked_into_where_their_digests_differ():
    assert values.differing(values.result_digests([1, {2}, 3]), values.result_digests([1, {2}, 4])) == [2]
    assert values.differing(values.result_digests([1, 2]), values.result_digests([1])) == [1]


def test_results_of_another_lane_are_compared_as_they_arrive():
    assert values.same_packed({1, 2}, values.pack({2, 1})) is True
    assert values.same_packed(1, values.pack(2)) is False
    assert values.same_packed(1, b"no pickle") is None
    assert values.same_packed(lambda: 1, values.pack(lambda: 1)) is None


def test_one_different_result_is_enough_and_one_that_can_not_be_compared_leaves_a_doubt():
    assert values.all_same([]) is True
    assert values.all_same([True, None]) is None
    assert values.all_same([None, False, True]) is False


@pytest.mark.parametrize(
    ("seconds", "verdict", "why"),
    [
        (10.0, "ran", ""),
        (0.0, "not compared", "in 0 s only 0 of 3 results that pickle does not write as those of sequential could be "),
    ],
)
def test_results_that_are_only_written_otherwise_are_compared_one_by_one_while_there_is_time(
    monkeypatch, seconds, verdict, why
):
    monkeypatch.chdir(Path(__file__).parent)
    for name, value in (("COMPARE_TIMEOUT", seconds), ("AT_ONCE", 1), ("KEPT", 0)):
        monkeypatch.setattr(racing, name, value)
    request = RaceRequest("raced:prices", range(3), True, 2, 1, ["sequential", "threads"], 30.0, 0)  # noqa: FBT003 - as in the class
    findings = Findings(face="blocking", seconds=0.01, cpu_share=1.0, stable=True)
    _, threads = [lane for lane in race(request, findings, Lines()).lanes if lane.verdict != "left out"]
    assert threads.verdict == verdict
    assert (threads.why or "").startswith(why)
    assert threads.came_through


def test_what_can_not_be_pickled_says_why():
    assert values.unpicklable(1) is None
    assert "pickle" in values.unpicklable(lambda: 1)


@pytest.fixture
def module():
    made = types.ModuleType("made")
    made.number, made.names, made.thing, made.function = 1, ["one"], Thing(1), lambda: 1
    return made


def changed(module, change):
    before = probing.taken(module)
    change()
    return probing.changes(before, probing.taken(module))


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
