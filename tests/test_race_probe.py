"""What the probe finds out about a function, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import raced
from processes import alive, family, until

from paceline.race.choosing import WAITS_BELOW
from paceline.race.messages import Request
from paceline.race.racing import LaneError, RaceRequest, probe, running
from paceline.workers import delays

TIMEOUT = 30.0  # seconds


class Silent:
    """Progress that nobody looks at."""

    def phase(self, words):
        pass

    def step(self, words):
        pass


@pytest.fixture(autouse=True)
def _beside_the_functions(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)


@pytest.fixture(autouse=True)
def _nobody_left():
    before = set(family(os.getpid()))
    yield
    until(lambda: set(family(os.getpid())) <= before, "every process of the probe to end")


def findings(function, items=(0, 1, 2), timeout=TIMEOUT):
    request = RaceRequest(f"raced:{function}", items, True, None, None, (), timeout, 0)  # noqa: FBT003 - as it stands in the class
    return probe(request, Silent())


def test_a_blocking_function_that_waits():
    found = findings("waits")
    assert found.face == "blocking"
    assert found.stable
    assert found.unpicklable is None
    assert found.printed is None
    assert found.changed == ()
    assert found.caches is None


def test_an_async_function_that_lets_its_loop_go_on():
    found = findings("awaits")
    assert found.face == "async"
    assert found.blocks is None


@pytest.mark.parametrize("function", ["blocks", "blocks_in_its_tasks"])
def test_an_async_function_that_keeps_its_loop_for_long_is_said_to(function):
    assert findings(function, [1, 2]).blocks > raced.BLOCK / 2


def test_a_wait_is_no_cpu_time_and_a_computation_is():
    assert findings("waits").cpu_share < findings("computes").cpu_share


@pytest.fixture
def _two_others_on_one_cpu():
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usable)})
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for other in others:
        other.kill()
        other.wait()
    os.sched_setaffinity(0, usable)


@pytest.mark.skipif(not Path(delays.OWN).exists(), reason="this system doesn't count for how long a thread has no CPU")
@pytest.mark.usefixtures("_two_others_on_one_cpu")
def test_time_in_which_others_have_the_cpu_is_no_waiting():
    assert findings("waits").cpu_share < WAITS_BELOW < findings("computes_in_a_thread", [500_000, 500_001]).cpu_share


def test_results_that_change_from_call_to_call():
    assert not findings("unstable").stable


def test_sets_are_equal_in_whatever_order():
    assert findings("texts").stable


def test_results_that_can_not_be_pickled():
    assert "its results" in findings("unpicklable").unpicklable


def test_a_lambda_can_not_be_pickled():
    assert "the function itself" in findings("nameless").unpicklable


def test_what_it_prints_is_quoted():
    assert findings("prints").printed == "item 0 was here"


def test_a_global_that_changes_is_named():
    assert findings("counts").changed == ("raced.calls",)


def test_the_environment_that_changes_is_named():
    assert findings("sets_the_environment").changed == ("os.environ['RACED']",)


def test_a_cache_is_noticed():
    found = findings("caches")
    assert found.caches > 5
    assert found.changed == ("raced.caches",)


def test_a_function_that_fails_names_the_item():
    with pytest.raises(LaneError, match=r"^item 3: IndexError: list index out of range \(raced.py, line \d+\)$"):
        findings("fails_at_3", [0, 3])


def test_a_function_that_hangs_names_the_item():
    with pytest.raises(LaneError, match="^no end of item 5 within 3 s$") as caught:
        findings("hangs", [5], timeout=3.0)
    assert caught.value.verdict == "hung"


def test_a_process_that_the_function_started_ends_with_it(tmp_path):
    note = tmp_path / "pid"
    with pytest.raises(LaneError, match="no end of item"):
        findings("hangs_with_a_child", [str(note)], timeout=3.0)
    assert not alive([int(note.read_text())])


def test_a_function_that_ends_its_process_is_said_to():
    with pytest.raises(LaneError, match="its process ended with exit status 3 at item 0"):
        findings("dies")


@pytest.mark.parametrize(
    ("function", "item", "words"),
    [
        ("leaves", 0, r"SystemExit: enough \(raced.py, line \d+\)"),
        (
            "parses",
            0,
            r"SystemExit: 2 \(raced.py, line \d+\); it wrote: __main__.py: error: argument --depth: expected one",
        ),
        ("raises", "KeyboardInterrupt", r"KeyboardInterrupt \(raced.py, line \d+\)"),
        ("hands_out", "generator", r"a generator came back, and nothing of it was done; write: return list\(...\)"),
        ("hands_out", "list", r"in a list, a generator came back"),
    ],
)
def test_a_function_that_leaves_or_hands_out_work_names_the_item_and_why(function, item, words):
    with pytest.raises(LaneError, match=f"^item {item!r}: {words}") as caught:
        findings(function, [item])
    assert not caught.value.misuse


def test_a_plain_function_around_an_async_one_is_async():
    found = findings("wraps_async")
    assert found.face == "async"
    assert found.stable


def test_items_are_tried_until_each_is_seen_to_take_longer():
    assert len(findings("sleeps", [0, 0.1, 0.2, 0.3, 0.4]).tried) == 3


def test_a_second_time_all_of_them_are_done_again_however_long_they_take():
    assert len(findings("tires", range(5)).tried) == 5


@pytest.mark.parametrize("function", ["no_such", "number", "takes_two"])
def test_a_name_that_leads_nowhere_is_a_misuse(function):
    with pytest.raises(LaneError) as caught:
        findings(function)
    assert caught.value.misuse


def test_a_lane_ends_when_the_race_does_not_ask_any_more():
    with running() as child:
        child.ask(Request("probe", ("raced:waits", [1])), TIMEOUT)
        child._child.requests.close()
        until(lambda: not alive([child.pid]), "the lane to end")
