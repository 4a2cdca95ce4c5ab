"""What a cell is, from the outside: real sessions of pytest, with strategies that behave as told."""

import json
import platform

import pytest
from processes import QUICK

from paceline.machine import usable_cpus
from paceline.stats import saved_traces, traces

pytestmark = pytest.mark.usefixtures("modules_found")

LAB = """
from collections import Counter

import pytest

from paceline.strategies import Strategy
from fake import Clock, Fake
from paceline.strategies.sequential import Sequential
from paceline.strategies.threads import Threads
from paceline.workloads import Compute, Fetch

clock = Clock()
"""


@pytest.fixture
def lab(pytester):
    """A project with Paceline in it: `lab(source, *arguments)` runs a session there."""
    pytester.makeini("[pytest]\nfilterwarnings = error")
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')

    def run(source, *arguments):
        pytester.makepyfile(test_lab=LAB + source)
        return pytester.runpytest_subprocess(*QUICK, *arguments)

    return run


@pytest.fixture
def saved(pytester):
    """The runs in the project's history, decoded."""

    def read(pattern="results/*/*/*.json"):
        return [json.loads(path.read_text()) for path in sorted(pytester.path.glob(pattern))]

    return read


EXACT = """
@pytest.mark.scale(items=4, workers=2, latency=0.01, size=100, rounds=3)
@pytest.mark.benchmark(timer=clock)
@pytest.mark.parametrize("client", ["raw"], indirect=True)
def test_exact(measure, fetch, workers, items):
    fake = Fake(fetch, workers, clock=clock, rounds=[8.0, 0.5, 0.25, 1.0], start=0.5, stop=0.25)
    cell = measure(fake, items, question="how exact?")
    assert (cell.median, cell.start_seconds, cell.stop_seconds) == (0.5, 0.5, 0.25)
"""


@pytest.mark.core
def test_a_saved_cell_holds_every_figure(lab, saved, instrument):
    lab(EXACT, "--benchmark-only", f"--instrument={instrument.url}").assert_outcomes(passed=1)
    [run] = saved()
    [benchmark] = run["benchmarks"]
    assert benchmark["stats"]["data"] == [0.5, 0.25, 1.0]
    cell = benchmark["extra_info"]
    assert cell["experiment"] == "lab"
    assert (cell["strategy"], cell["workload"], cell["client"], cell["kernel"]) == ("fake", "Fetch", "raw", None)
    assert (cell["items"], cell["workers"], cell["latency"], cell["size"]) == (4, 2, 0.01, 100)
    assert cell["limit"] == pytest.approx(0.02)
    assert cell["efficiency"] == pytest.approx(0.04)
    assert cell["overhead"] == pytest.approx(0.12)
    assert (cell["start_seconds"], cell["stop_seconds"]) == (0.5, 0.25)
    assert cell["ledger"]["requests"] == 4
    assert cell["ledger"]["connections"] == 1
    assert cell["ledger"]["max_in_flight"] == 1
    assert cell["cpu_seconds"] > 0
    assert cell["context_switches"] > 0
    assert cell["server_share"] > 0
    assert cell["question"] == "how exact?"
    assert [warning.split(":")[0] for warning in cell["warnings"]] == ["client-bound", "noisy"]


MIXED = """
@pytest.mark.scale(items=4, workers=2, latency=0.01, size=100, share=0.75, rounds=3)
@pytest.mark.benchmark(timer=clock)
@pytest.mark.parametrize("client", ["raw"], indirect=True)
def test_mixed(measure, mixed, workers, items):
    measure(Fake(mixed, workers, clock=clock, rounds=[8.0, 1.0]), items)
"""


def test_a_mixed_cell_has_the_limit_of_waiting_and_computing(lab, saved):
    lab(MIXED, "--benchmark-only").assert_outcomes(passed=1)
    [run] = saved()
    [benchmark] = run["benchmarks"]
    cell = benchmark["extra_info"]
    assert benchmark["name"] == "test_mixed[workers=2-items=4-latency=10ms-size=100B-share=75%-raw]"
    assert (cell["workload"], cell["client"], cell["latency"], cell["size"]) == ("Mixed", "raw", 0.01, 100)
    assert cell["share"] == pytest.approx(0.75)
    assert cell["limit"] == pytest.approx(max(2 * 0.04, 4 * 0.03 / min(2, usable_cpus())))
    assert cell["efficiency"] == pytest.approx(cell["limit"] / 1.0)
    assert cell["ledger"]["requests"] == 4


def test_a_saved_run_says_what_it_is_and_not_whose(lab, saved, pytester):
    lab(EXACT, "--benchmark-only", "--seed", "7").assert_outcomes(passed=1)
    [run] = saved()
    assert run["paceline"]["complete"] is True
    assert run["paceline"]["seed"] == 7
    assert run["paceline"]["fingerprint"]
    assert "node" not in run["machine_info"]
    assert not [word for word in (platform.release(), str(pytester.path)) if word in json.dumps(run)]


def test_everything_that_decides_the_work_stands_in_the_node_id(lab):
    source = """
@pytest.mark.parametrize("kernel", ["squares"], ids="kernel={}".format)
def test_compute(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items)

def test_fetch(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
"""
    options = ["--items=5", "--workers=3", "--latency=1.5ms", "--strategy=threads", "--strategy=sequential"]
    result = lab(source, "--collect-only", "-q", *options)
    assert sorted(line for line in result.outlines if "::" in line) == [
        "test_lab.py::test_compute[sequential-workers=1-items=5-n=2000-kernel=squares]",
        "test_lab.py::test_compute[threads-workers=3-items=5-n=2000-kernel=squares]",
        "test_lab.py::test_fetch[sequential-requests-workers=1-items=5-latency=1.5ms-size=1KiB]",
        "test_lab.py::test_fetch[threads-requests-workers=3-items=5-latency=1.5ms-size=1KiB]",
    ]


def test_an_experiment_may_set_its_own_parameters_and_strategies(lab):
    source = """
@pytest.fixture(params=[Threads], ids=["mine"])
def strategy(request):
    return request.param

@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.parametrize("workers", [1, 4], ids="workers={}".format)
def test_sweep(measure, strategy, compute, workers):
    measure(strategy(compute, workers), range(5))
"""
    lab(source).assert_outcomes(passed=2)


WRONG = """
class Wrong(Sequential):
    def map(self, items):
        return [*super().map(items)[:-1], 0]

@pytest.mark.parametrize("kernel", ["squares"])
def test_wrong(measure, compute):
    measure(Wrong(compute, 1), range(4))
"""


@pytest.mark.parametrize("mode", ["--benchmark-disable", "--benchmark-only", "-q"])
def test_a_wrong_answer_fails_the_cell_and_names_the_item(lab, saved, mode):
    result = lab(WRONG, mode)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ItemError: item 3: came back wrong: 0 where * was due"])
    assert saved() == []


ODD = """
class Short(Sequential):
    def map(self, items):
        return super().map(items)[:-1]

class Long(Sequential):
    def map(self, items):
        return super().map([*items, 9])[:-1]

class Idle(Sequential):
    def map(self, items):
        return [Fetch.expected(self.workload.workload, item) for item in items]

@pytest.mark.parametrize("client", ["raw"], indirect=True)
@pytest.mark.parametrize("odd", [Short, Long, Idle])
def test_odd(measure, fetch, odd):
    measure(odd(fetch, 1), range(4))
"""


@pytest.mark.parametrize("mode", ["--benchmark-disable", "--benchmark-only"])
def test_a_round_that_did_something_else_is_no_measurement(lab, mode):
    result = lab(ODD, mode)
    result.assert_outcomes(failed=3)
    where = "the warm-up round" if mode == "--benchmark-only" else "its only round"
    assert len([line for line in result.outlines if line.startswith("E ") and line.endswith(f" in {where}")]) == 3
    result.stdout.fnmatch_lines_random(
        [
            "*NotAMeasurement: *3 results came for 4 items*",
            "*NotAMeasurement: *the server saw 5 requests for 4 items*",
            "*NotAMeasurement: *the server saw 0 requests for 4*",
        ]
    )


def test_a_test_that_measures_twice_is_told_so_in_one_sentence(lab):
    source = """
@pytest.mark.parametrize("kernel", ["squares"])
def test_twice(measure, compute):
    measure(Sequential(compute, 1), range(4))
    measure(Sequential(compute, 1), range(4))

@pytest.mark.parametrize("kernel", ["squares"])
def test_both(benchmark, measure, compute):
    benchmark(int)
    measure(Sequential(compute, 1), range(4))

def test_a_cost_too(benchmark, cost):
    benchmark(int)
    cost("nowhere:nothing", strategy="none", workload="none")
"""
    result = lab(source)
    result.assert_outcomes(failed=3)
    sentence = "a test measures one cell, and this one has measured before; parametrize it, or write another test"
    assert [line for line in result.outlines if "measured before" in line and "FAILED" not in line] == [sentence] * 3
    result.stdout.no_fnmatch_line("*.py:[0-9]*: *")  # where it was raised


def test_more_items_in_flight_than_workers_is_no_measurement(lab):
    source = """
class Greedy(Threads):
    def __enter__(self):
        super().__enter__()
        self.workers = 2  # says two, and has started four
        return self
    def __exit__(self, *error):
        self.workers = 4
        super().__exit__(*error)

@pytest.mark.parametrize("client", ["raw"], indirect=True)
def test_greedy(measure, fetch):
    measure(Greedy(fetch, 4), range(4))
"""
    result = lab(source, "--latency=200ms")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NotAMeasurement: the server saw * items in flight with 2 workers"])


def test_one_failed_item_fails_the_cell_and_the_instrument_goes_on(lab):
    source = """
@pytest.mark.parametrize("client", ["requests", "raw"], indirect=True)
def test_failing(measure, fetch):
    measure(Threads(Fetch(fetch.url + "&status=500", fetch.size, fetch.client), 2), range(4))

@pytest.mark.parametrize("client", ["raw"], indirect=True)
def test_working(measure, fetch):
    measure(Threads(fetch, 2), range(4))
"""
    result = lab(source)
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(["*ItemError: item *: GET http://*/item/*status=500: *status 500 instead of 200"])


def test_a_server_without_a_ledger_leaves_the_cell_unproven(lab, saved):
    source = """
@pytest.mark.parametrize("client", ["requests"], indirect=True)
def test_unproven(measure, fetch, items):
    measure(Threads(fetch, 2), items)
"""
    lab(source, "--benchmark-only", "--server=httpserver", "--items=4", "--rounds=1").assert_outcomes(passed=1)
    [run] = saved()
    assert run["benchmarks"][0]["extra_info"]["ledger"] is None
    assert [warning.split(":")[0] for warning in run["benchmarks"][0]["extra_info"]["warnings"]] == ["unproven"]


def test_the_usage_of_worker_processes_is_counted(lab, saved):
    source = """
from paceline.strategies.pool import PoolFork

@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.scale(n=500_000)
def test_pool(measure, compute):
    measure(PoolFork(compute, 2), range(4))

@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.scale(n=500_000)
def test_loop(measure, compute):
    measure(Sequential(compute, 1), range(4))
"""
    lab(source, "--benchmark-only", "--rounds=2").assert_outcomes(passed=2)
    [run] = saved()
    used = {cell["extra_info"]["strategy"]: cell["extra_info"]["cpu_seconds"] for cell in run["benchmarks"]}
    assert used["pool-fork"] > used["sequential"] / 4, "the workers' CPU time is missing"


TRACED = """
@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.scale(workers=2, n=1000, rounds=1)
def test_traced(measure, compute, workers):
    cell = measure(Threads(compute, workers), range(7, 17), traced=True)
    assert len(cell.added["trace"]) == 10

@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.scale(workers=2, n=1000, rounds=1)
def test_watched(measure, compute, workers):
    measure(Threads(compute, workers), range(10), watched=True)
"""


def test_a_traced_cell_saves_a_span_for_each_item_counted_from_0(lab, saved):
    lab(TRACED, "--benchmark-only").assert_outcomes(passed=2)
    [run] = saved()
    cells = {each["name"].partition("[")[0]: each["extra_info"] for each in run["benchmarks"]}
    spans = saved_traces.spans(cells["test_traced"]["trace"])
    assert sorted(span.item for span in spans) == list(range(10))
    assert {span.worker for span in spans} <= {0, 1}
    assert spans[0].start == 0
    assert cells["test_traced"]["most_in_flight"] in {1, 2}
    assert cells["test_traced"]["makespan_seconds"] == pytest.approx(traces.makespan(spans), abs=2e-6)
    assert "trace" not in cells["test_watched"]
    assert cells["test_watched"].keys() == cells["test_traced"].keys() - {"trace"}


def test_a_plain_session_takes_a_traced_cell_too(lab):
    lab(TRACED).assert_outcomes(passed=2)


NAMED = """
class Backwards(Sequential):
    def map(self, items):
        return super().map(items[::-1])[::-1]

@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.scale(n=1000, rounds=1)
@pytest.mark.parametrize("numbers", [(5, 3, 9), (4, 4, 2), (True, 5, 1)], ids=["mixed", "twice", "unnumbered"])
def test_named(measure, compute, numbers):
    measure(Backwards(compute, 1), numbers, traced=True)
"""


def test_the_items_of_a_trace_are_places_in_submission_order_whatever_they_are_called(lab, saved):
    lab(NAMED, "--benchmark-only").assert_outcomes(passed=3)
    [run] = saved()
    cells = {each["name"]: saved_traces.spans(each["extra_info"]["trace"]) for each in run["benchmarks"]}
    assert {name: [span.item for span in spans] for name, spans in cells.items()} == {
        "test_named[n=1000-mixed-squares]": [2, 1, 0],
        "test_named[n=1000-twice-squares]": [2, 0, 1],
        "test_named[n=1000-unnumbered-squares]": [0, 1, 2],  # as they began: not all of them are numbers
    }


LAZY = """
class Lazy(Sequential):
    def map(self, items):
        return [self.workload.expected(items[0]), *super().map(items[1:])]

@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.scale(items=3, n=1000, rounds=1)
def test_lazy(measure, compute, items):
    measure(Lazy(compute, 1), items, traced=True)
"""


def test_an_item_without_a_span_fails_a_traced_cell(lab):
    result = lab(LAZY)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NotAMeasurement: 2 spans came for 3 items"])
