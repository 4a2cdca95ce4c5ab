"""Cells that are measured in fresh processes, from the outside: real sessions of pytest."""

import json
import re

import pytest
from processes import QUICK

LAB = """
import os

import pytest

from paceline.strategies.sequential import Sequential
from paceline.strategies.threads import Threads
from paceline.workloads import Compute

@pytest.mark.replicated
@pytest.mark.strategies("sequential", "threads")
@pytest.mark.scale(items=4, workers=2, n=1000, rounds=2)
@pytest.mark.parametrize("kernel", ["squares"])
def test_computing(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items, measured_by=os.getpid())
"""

APPARATUS = """
import os

def weighed(weight):
    return {"seconds": [0.25, 0.5], "grams": weight, "by": str(os.getpid())}

def empty():
    return {"grams": 1}
"""

COSTS = """
import pytest

@pytest.mark.replicated
def test_weight(cost, timed):
    figures = cost("scales:weighed", 3, strategy="feather", workload="Weigh", size=10)
    assert figures["grams"] == 3
    assert isinstance(timed, bool)
"""


INI = """
[pytest]
testpaths = .
filterwarnings =
    error
    default::pytest_benchmark.logger.PytestBenchmarkWarning
"""


@pytest.fixture
def lab(pytester):
    pytester.makeini(INI)
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')

    def run(source, *arguments):
        pytester.makepyfile(test_lab=source, scales=APPARATUS)
        return pytester.runpytest_subprocess(*QUICK, *arguments)

    return run


@pytest.fixture
def cells(pytester):
    def read():
        [path] = pytester.path.glob("results/*/*/*.json")
        return {one["name"]: one for one in json.loads(path.read_text())["benchmarks"]}

    return read


def test_all_measures_a_deciding_cell_in_three_processes(lab, cells):
    lab(LAB, "--benchmark-only", "--all").assert_outcomes(passed=6)
    found = cells()
    assert [one["extra_info"]["process"] for name, one in sorted(found.items()) if "threads" in name] == [1, 2, 3]
    assert "test_computing[threads-workers=2-items=4-n=1000-process=2-squares]" in found
    assert all(len(one["stats"]["data"]) == 2 for one in found.values())
    assert all(one["extra_info"]["sessions"] in (1, 2) for one in found.values())


def test_a_file_that_is_named_is_measured_in_as_many_processes_as_asked_for(lab, cells):
    lab(LAB, "--benchmark-only", "--processes", "2", "test_lab.py").assert_outcomes(passed=4)
    assert sorted(one["extra_info"]["process"] for one in cells().values()) == [1, 1, 2, 2]


def test_another_session_measures_it_once_in_its_own_process(lab, cells):
    lab(LAB, "--benchmark-only").assert_outcomes(passed=2)
    found = cells()
    assert "test_computing[threads-workers=2-items=4-n=1000-squares]" in found
    assert {one["extra_info"]["process"] for one in found.values()} == {None}


def test_a_plain_session_stays_in_its_own_process(lab):
    lab(LAB).assert_outcomes(passed=2)


def test_a_mark_may_ask_for_more_processes_and_the_command_line_has_the_last_word(lab):
    more = LAB.replace("replicated", "replicated(processes=4)")
    lab(more, "--benchmark-only", "--all", "--strategy", "threads").assert_outcomes(passed=4)
    lab(more, "--collect-only", "--benchmark-only", "--all", "--processes", "1").stdout.fnmatch_lines(["*2 tests*"])


def test_a_paired_cell_has_its_speedup_over_the_loops_between_its_rounds(lab, cells):
    lab(LAB.replace("measured_by", "paired=True, measured_by"), "--benchmark-only", "--all").assert_outcomes(passed=6)
    for one in cells().values():
        assert one["extra_info"]["loop_seconds"] > 0
        assert one["extra_info"]["speedup_over_loop"] > 0
        assert one["extra_info"]["limit"] > 0


def test_a_cell_that_is_measured_once_has_its_loops_too_beside_others_that_have_processes(lab, cells):
    once = LAB.replace("replicated", 'replicated("threads")').replace("measured_by", "paired=True, measured_by")
    lab(once, "--benchmark-only", "--all").assert_outcomes(passed=4)
    assert all(one["extra_info"]["speedup_over_loop"] > 0 for one in cells().values())


def test_a_session_without_new_processes_runs_no_loops(lab, cells):
    lab(LAB.replace("measured_by", "paired=True, measured_by"), "--benchmark-only").assert_outcomes(passed=2)
    assert not any("loop_seconds" in one["extra_info"] for one in cells().values())


def test_only_the_strategies_that_the_mark_names_are_measured_more_than_once(lab, cells):
    lab(LAB.replace("replicated", 'replicated("threads")'), "--benchmark-only", "--all").assert_outcomes(passed=4)
    assert {(one["extra_info"]["strategy"], one["extra_info"]["process"]) for one in cells().values()} == {
        ("sequential", None),
        ("threads", 1),
        ("threads", 2),
        ("threads", 3),
    }


def test_a_mark_that_names_no_strategy_is_refused(lab):
    result = lab(LAB.replace("replicated", 'replicated("thread")'), "--benchmark-only", "--all")
    result.stdout.fnmatch_lines(["*its replicated mark names thread; there are: sequential, *"])


def test_the_processes_of_a_cell_lie_a_turn_apart(lab):
    result = lab(LAB, "--benchmark-only", "--all", "-v", "--seed", "5")
    turns = [line.partition("process=")[2][0] for line in result.outlines if "PASSED" in line]
    assert turns == ["1", "1", "2", "2", "3", "3"]


def test_an_error_in_a_fresh_process_fails_its_cell_and_says_so(lab):
    wrong = LAB.replace("measure(strategy(compute, workers), items", "measure(strategy(compute, workers), ['four']")
    result = lab(wrong, "--benchmark-only", "--all", "--strategy", "threads")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*TypeError: *",
            "*in the reference call before the warm-up round",
            "*raised by paceline.measuring.passes:measured in a fresh interpreter*",
        ]
    )


def test_a_cost_is_taken_in_fresh_processes_and_saved_with_its_figures(lab, cells):
    lab(COSTS, "--benchmark-only", "--all").assert_outcomes(passed=3)
    found = cells()
    cell = found["test_weight[process=2]"]["extra_info"]
    assert found["test_weight[process=2]"]["stats"]["data"] == [0.25, 0.5]
    assert (cell["experiment"], cell["strategy"], cell["workload"]) == ("lab", "feather", "Weigh")
    assert (cell["grams"], cell["size"], cell["process"]) == (3, 10, 2)
    assert len({one["extra_info"]["by"] for one in found.values()}) == 3


def test_a_cost_is_taken_once_elsewhere(lab, cells):
    lab(COSTS, "--benchmark-only").assert_outcomes(passed=1)
    assert cells()["test_weight"]["extra_info"]["process"] is None


def test_a_profile_leaves_out_what_a_fresh_process_did(lab, cells):
    lab(COSTS, "--benchmark-only", "--benchmark-cprofile=tottime").assert_outcomes(passed=1)
    assert "cprofile" not in cells()["test_weight"]


def test_a_plain_session_takes_a_cost_too(lab):
    lab(COSTS).assert_outcomes(passed=1)


def test_a_function_without_seconds_is_refused(lab):
    result = lab(COSTS.replace("scales:weighed", "scales:empty").replace(", 3,", ","), "--benchmark-only")
    result.stdout.fnmatch_lines(['*scales:empty must give a dict with "seconds", a list of round times; not *'])


def test_a_benchmark_set_up_before_the_measurement_is_refused(lab):
    result = lab(COSTS.replace("(cost, timed)", "(benchmark, cost, timed)"), "--benchmark-only")
    result.stdout.fnmatch_lines(["*`benchmark` was set up too early*"])


SPIED = """
from paceline.child import processes

call = processes.call

def spied(function, *arguments, timeout=processes.TIMEOUT, **keywords):
    print(f"{function} may take {timeout:.0f} s")
    return call(function, *arguments, timeout=timeout, **keywords)

processes.call = spied
pytest_plugins = ["paceline.plugin.laboratory"]
"""

SCALED = """
import pytest

@pytest.mark.replicated(processes=1)
@pytest.mark.strategies("threads")
@pytest.mark.clients("raw")
@pytest.mark.scale(items=[4, 400], workers=20, latency=0.01, rounds=1)
def test_cell(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)

@pytest.mark.parametrize("items", [4, 400_000])
def test_cost(cost, items):
    cost("scales:weighed", 3, strategy="feather", workload="Weigh", items=items)
"""


def test_a_larger_cell_and_a_larger_cost_may_take_longer(lab, pytester):
    pytester.makeconftest(SPIED)
    result = lab(SCALED, "--benchmark-only", "--all", "-s", "--seed", "0")
    result.assert_outcomes(passed=4)
    for function in ("passes:measured", "scales:weighed"):
        short, long = sorted(map(int, re.findall(f"{function} may take ([0-9]+) s", result.stdout.str())))
        assert long >= short + 396 * 0.01


IMPATIENT = """
from paceline.measuring import passes

passes.CELL_TIMEOUT, passes.SLACK = 3.0, 0.0  # it grows no longer, and is over soon
pytest_plugins = ["paceline.plugin.laboratory"]
"""
HANGING = "import time\n\ndef hang(item):\n    time.sleep(600)\n"


def test_a_cell_that_hangs_is_given_up_and_says_how_one_that_does_not_can_go_on(lab, pytester):
    pytester.makeconftest(IMPATIENT)
    pytester.makepyfile(hanging=HANGING)
    source = LAB.replace("measure(strategy(compute", 'measure(strategy(Call("hanging:hang")')
    source = source.replace("import Compute", "import Call, Compute")
    result = lab(source, "--benchmark-only", "--processes", "1", "--strategy", "threads", "test_lab.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*HungError: *hung: no answer within 3 s; its interpreter is ended",
            "*--paceline-processes 0 measures it in the session*",
        ]
    )
