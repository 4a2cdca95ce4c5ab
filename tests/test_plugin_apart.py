"""What the plugin leaves alone: a project's own tests and benchmarks, whatever names they use."""

import json
import re
import warnings

import pytest
from processes import QUICK
from pytest_benchmark.logger import PytestBenchmarkWarning

from paceline import cli

INI = """
[pytest]
addopts = --strict-markers
filterwarnings =
  error
  default::pytest_benchmark.logger.PytestBenchmarkWarning
markers =
  scale: the project's own
  extended: the project's own
  replicated: the project's own
"""
CONFTEST = """
import pytest
{plugin}
def pytest_addoption(parser):
    for word in ("--all", "--workers", "--seed", "--client", "--processes"):
        parser.addoption(word)

def pytest_generate_tests(metafunc):
    if "size" in metafunc.fixturenames:
        metafunc.parametrize("size", ["large", "small"])

@pytest.fixture(params=["shop", "stock"])
def items(request):
    return [request.param]

@pytest.fixture
def cost():
    return 3
"""
TESTS = """
import pytest

def pytest_generate_tests(metafunc):
    if "client" in metafunc.fixturenames:
        metafunc.parametrize(argnames="client", argvalues=[None, 3])

@pytest.mark.parametrize(argnames="n", argvalues=[2, 1])
@pytest.mark.scale(factor=2)
def test_sizes(size, items, client, n): pass

@pytest.mark.extended
@pytest.mark.replicated(processes="many")
@pytest.mark.parametrize("process", ["grinding", None, 2, 1.5, "baking"])
def test_processes(process, cost): assert cost == 3

@pytest.mark.parametrize(["workers", "latency"], [("ann", 1)])
class TestShop:
    def pytest_generate_tests(self, metafunc):
        metafunc.parametrize("strategy", ["cheap"])

    @pytest.mark.xfail(strict=True)
    def test_fails(self, workers, latency, strategy): assert not workers

    @pytest.mark.skip(reason="closed")
    def test_skipped(self, workers, latency, strategy): pass

def test_wrong(): assert 0

def test_options(pytestconfig):
    assert [pytestconfig.getoption(word) for word in ("--all", "--workers", "--seed", "--client")] == [None] * 4
"""
BENCHMARKS = """
import pytest

@pytest.mark.extended
@pytest.mark.parametrize("process", ["grinding", "baking"])
def test_speed(benchmark, process, size):
    benchmark.extra_info["experiment"] = process
    benchmark.pedantic(int, rounds=2)

@pytest.mark.benchmark(group="own")
def test_cost(benchmark, cost):
    benchmark.pedantic(int, rounds=2)
"""
SESSIONS = (
    [],
    ["--benchmark-autosave"],
    ["--benchmark-only", "--benchmark-compare", "--benchmark-json=own.json", "--benchmark-save=own"],
    ["--benchmark-only", "test_speed.py"],
)
CELL = """
import pytest
from fake import Clock, Fake
from paceline.workloads import Compute

clock = Clock()

@pytest.mark.scale(items=8)
@pytest.mark.benchmark(timer=clock)
def test_cell(measure, items, pytestconfig):
    assert len(items) == (8 if pytestconfig.option.benchmark_only else 6)
    measure(Fake(Compute("squares", 1000), 2, clock=clock, rounds=[1.0]), items)
"""


@pytest.fixture
def project(pytester):
    """A project of somebody's; call it to take the plugin in, or to leave it out again."""
    pytester.makeini(INI)
    pytester.makepyfile(test_own=TESTS, test_speed=BENCHMARKS)
    return lambda plugin: pytester.makeconftest(CONFTEST.format(plugin=plugin))


def seen(pytester):
    """Return what each session shows of its tests, in order, and what it leaves in the folder."""
    shown = []
    for arguments in SESSIONS:
        result = pytester.runpytest_inprocess("-v", *QUICK, *arguments)
        tests = [line.partition(" [")[0] for line in result.outlines if re.search(r"::.* \[ *\d+%\]$", line)]
        tables = [line.strip("-") for line in result.outlines if re.match(r"-+ benchmark", line)]
        tables += [re.sub(r"\(.*?\)| +", " ", line) for line in result.outlines if re.match(r"Name|Legend|  O", line)]
        header = [line for line in result.outlines if "rootdir" in line or "aceline" in line]
        warned = [re.sub(r"_\w+\.json", "", line) for line in result.errlines]
        left = {re.sub(r"_\d{8}_.*", "", str(path.relative_to(pytester.path))) for path in files(pytester)}
        shown.append([result.ret, tests, tables, header, warned, left])
    saved = [shape(json.loads(path.read_text())) for path in files(pytester) if path.suffix == ".json"]
    return [*shown, saved]


def files(pytester):
    """All that a session can leave, folders too."""
    return sorted(path for path in pytester.path.rglob("*") if "__pycache__" not in path.parts)


def shape(document):
    """What is the same in two runs of one project."""
    told = {name: sorted(value) for name, value in document.items() if isinstance(value, dict)}
    benchmarks = [{**one, "stats": sorted(one["stats"])} for one in document["benchmarks"]]
    return [list(document), told, document["machine_info"]["node"], document["commit_info"]["project"], benchmarks]


def test_a_project_without_cells_behaves_as_if_the_plugin_were_not_there(pytester, project):
    project("")
    without = seen(pytester)
    for path in reversed(files(pytester)):
        if path.suffix == ".json":
            path.unlink()
    for folder in pytester.path.glob(".benchmarks/*"):
        folder.rmdir()
    pytester.path.joinpath(".benchmarks").rmdir()
    project('pytest_plugins = ["paceline.plugin"]')
    for shown, before in zip(seen(pytester), without, strict=True):
        for one, other in zip(shown, before, strict=True):
            assert one == other


def test_a_plain_session_times_what_is_no_cell_and_leaves_no_folder(pytester):
    pytester.makeconftest('pytest_plugins = ["paceline.plugin"]')
    pytester.makepyfile(
        test_cell=CELL, test_own="", test_speed="def test_speed(benchmark): benchmark.pedantic(int, rounds=2)"
    )
    before = files(pytester)
    result = pytester.runpytest_inprocess(*QUICK)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*benchmark: 1 tests*", "test_speed *"])
    assert files(pytester) == before
    both = pytester.runpytest_inprocess("--benchmark-only", *QUICK)
    both.assert_outcomes(passed=2)
    both.stdout.fnmatch_lines(["paceline: *, storage *results*"])
    [saved] = pytester.path.glob("results/*/*/*.json")
    document = json.loads(saved.read_text())
    assert "test_speed" in [one["name"] for one in document["benchmarks"]]
    assert "paceline" in document


def test_cells_that_nobody_asks_to_measure_are_not_warned_of_in_a_worker_of_xdist(pytester, monkeypatch):
    pytester.makeconftest('pytest_plugins = ["paceline.plugin"]')
    pytester.makepyfile(test_cell=CELL, test_speed="def test_speed(benchmark): benchmark(int)")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    with warnings.catch_warnings():
        warnings.simplefilter("error", PytestBenchmarkWarning)
        pytester.runpytest_inprocess("test_cell.py", *QUICK).assert_outcomes(passed=1)
    with pytest.warns(PytestBenchmarkWarning, match="xdist plugin is active"):
        pytester.runpytest_inprocess(*QUICK).assert_outcomes(passed=2)


def test_files_of_one_name_are_told_apart_in_every_table(pytester, monkeypatch, capsys):
    pytester.makeconftest('pytest_plugins = ["paceline.plugin"]')
    folders = ("a", "b", "benchmarks")
    pytester.makepyfile(**{f"{folder}/test_x": CELL for folder in folders})
    both = pytester.runpytest_inprocess("--benchmark-only", "--import-mode=importlib", *QUICK)
    both.assert_outcomes(passed=3)
    titles = ["x in a/test_x.py (*", "x in b/test_x.py (*", "x (*"]
    both.stdout.fnmatch_lines_random([*titles, "*benchmark 'x in b/test_x.py': 1 tests*", "*benchmark 'x': 1 tests*"])
    [saved] = pytester.path.glob("results/*/*/*.json")
    assert [one["extra_info"]["experiment"] for one in json.loads(saved.read_text())["benchmarks"]] == ["x"] * 3
    alone = pytester.runpytest_inprocess("--benchmark-only", "b", *QUICK)
    alone.stdout.fnmatch_lines(["*benchmark 'x': 1 tests*", "x (*"])

    monkeypatch.chdir(pytester.path)
    capsys.readouterr()
    assert cli.main(["compare", "1"]) == 0
    shown = capsys.readouterr().out
    assert [title[:-1] in shown for title in titles] == [True] * 3
