"""What a session does that can't measure: without pytest-benchmark, or with another plugin in its place."""

import pytest

LAB = """
import pytest
from fake import Clock, Fake
from paceline.workloads import Compute

@pytest.mark.scale(items=2, n=10, rounds=1)
@pytest.mark.parametrize("kernel", ["squares"])
def test_lab(measure, compute, items):
    measure(Fake(compute, 1, clock=Clock()), items)

def test_cost(cost):
    cost("json:dumps", 1, strategy="none", workload="none")

def test_plain():
    pass
"""
OTHERS = """
import pytest

@pytest.fixture
def benchmark():
    return lambda function: function()
"""
"""Another plugin's fixture, as pytest-codspeed's stands in the place of pytest-benchmark's."""


@pytest.fixture(autouse=True)
def project(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error")
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')
    pytester.makepyfile(test_lab=LAB)


@pytest.fixture
def run(pytester):
    return lambda *arguments: pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)


def test_without_pytest_benchmark_only_what_measures_fails_and_says_what_to_add(run):
    result = run("-p", "no:benchmark")
    result.assert_outcomes(passed=1, errors=2)
    told = "measures with pytest-benchmark, which this session doesn't load; add -p benchmark to pytest's arguments"
    assert [f"`{name}` {told}" in result.outlines for name in ("measure", "cost")] == [True, True]
    assert "fixture 'benchmark' not found" not in result.stdout.str()


def test_without_any_plugin_of_its_environment_a_session_is_told_the_same(run, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run().assert_outcomes(passed=1, errors=2)
    run("-p", "benchmark", "-k", "not cost").assert_outcomes(passed=2, deselected=1)


def test_another_benchmark_in_the_place_of_pytest_benchmarks_fails_only_what_measures(pytester, run):
    pytester.makepyfile(test_lab=f"{OTHERS}\n{LAB}\ndef test_own(benchmark):\n    benchmark(int)")
    result = run("-p", "no:benchmark")
    result.assert_outcomes(passed=2, errors=2)
    told = "measures with pytest-benchmark, and another plugin has put its own `benchmark` in its place; leave out *"
    result.stdout.fnmatch_lines_random([f"`measure` {told}", f"`cost` {told}"])


SPREAD = "as pytest-xdist spreads the tests over processes that disturb each other; add -n 0"
CODSPEED = """
pytest_plugins = ["paceline.plugin.laboratory"]

def pytest_addoption(parser):
    parser.addoption("--codspeed", action="store_true")
"""


@pytest.mark.parametrize(
    ("arguments", "asked", "why"),
    [
        (["-n2", "--benchmark-json=x.json"], "--benchmark-json", SPREAD),
        (["-n2", "--benchmark-autosave", "--benchmark-save=a"], "--benchmark-autosave, --benchmark-save", SPREAD),
        (["--dist=load", "--benchmark-compare"], "--benchmark-compare", SPREAD),
        (["-n2", "--benchmark-only"], "--benchmark-only", SPREAD),
        (["--codspeed", "--benchmark-only"], "--benchmark-only", "*; leave --codspeed out*"),
        (["--codspeed", "--benchmark-histogram"], "--benchmark-histogram", "*; leave --codspeed out*"),
        (["--benchmark-disable", "--benchmark-json=x.json"], "--benchmark-json", "*; add --benchmark-enable"),
    ],
)
def test_what_nothing_would_be_written_for_is_refused_before_anything_runs(pytester, run, arguments, asked, why):
    pytester.makeconftest(CODSPEED)
    result = run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {asked}: nothing is measured, and so nothing written or compared, {why}"])
    assert not list(pytester.path.glob("*.json"))


def test_a_session_inside_a_worker_of_xdist_is_told_why_nothing_would_be_written(run, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    result = run("--benchmark-json=x.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --benchmark-json: *PYTEST_XDIST_WORKER is set*; unset it"])


def test_what_a_project_always_saves_is_missed_aloud_where_tests_are_spread(pytester):
    pytester.makeini("[pytest]\naddopts = --benchmark-autosave\nmarkers = benchmark")
    pytester.makepyfile(test_lab="def test_plain():\n    pass")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-n1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"paceline: --benchmark-autosave: nothing is measured, and so *, {SPREAD}"])
