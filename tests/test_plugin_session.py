"""What a session lets in, saves and refuses."""

import json
import os
import re
import signal
import subprocess

import pytest
from processes import PATIENCE, QUICK, alive, family, python, until

from paceline.history import load

pytestmark = pytest.mark.usefixtures("modules_found")

SOURCE = """
import pytest
from fake import Clock, Fake
from paceline.workloads import Compute

clock = Clock()

@pytest.mark.scale(items=4, n=1000)
@pytest.mark.benchmark(timer=clock)
@pytest.mark.parametrize("kernel", ["squares"])
def test_fake(measure, compute, items):
    measure(Fake(compute, 2, clock=clock, rounds=[{seconds}]), items)
"""


@pytest.fixture(autouse=True)
def project(pytester):
    pytester.makeini("[pytest]\nfilterwarnings =\n  error\n  default::pytest_benchmark.logger.PytestBenchmarkWarning")
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')
    pytester.makepyfile(test_lab=SOURCE.format(seconds=1.0))


@pytest.fixture
def run(pytester):
    """Run a session in this process, which takes a fraction of the time that another one takes to start."""
    return lambda *arguments: pytester.runpytest_inprocess(*QUICK, *arguments)


@pytest.fixture
def run_apart(pytester):
    """Run a session that leaves something behind, such as a tracer."""
    return lambda *arguments: pytester.runpytest_subprocess(*QUICK, *arguments)


@pytest.fixture
def saved(pytester):
    def saved(pattern="results/*/*/*"):
        return sorted(pytester.path.glob(pattern))

    saved.path = pytester.path
    return saved


def test_a_plain_session_runs_each_experiment_once_and_saves_nothing(run, saved):
    run().assert_outcomes(passed=1)
    assert saved("results/*/*") == []


def test_benchmark_only_saves_one_run_after_the_other(run, saved):
    run("--benchmark-only")
    run("--benchmark-only", "--benchmark-save=second")
    assert [path.name[:5] for path in saved()] == ["0001_", "0002_"]
    assert saved()[1].name == "0002_second.json"


def test_the_answer_comes_last_and_names_the_run_and_what_shows_more_of_it(run, saved):
    result = run("--benchmark-only")
    [path] = [file.relative_to(saved.path) for file in saved()]
    result.stdout.fnmatch_lines(["*benchmark 'lab'*", "*= Paceline =*", "fake *"])
    below = [
        f"Saved: {path}",
        "All experiments: *paceline compare; the page: *paceline report",
        f"All columns of the tables above: *pytest-benchmark compare {path}",
        "=* 1 passed in *",
    ]
    result.stdout.fnmatch_lines(below, consecutive=True)
    assert result.outlines[-1].endswith("=")
    assert str(path) not in result.stderr.str()


COMPUTING = """
import pytest
from fake import Clock, Fake
from paceline.workloads import Compute

clock = Clock()

class Loop(Fake):
    name = "sequential"

class Threads(Fake):
    name = "threads"

class Pool(Fake):
    name = "pool-fork"

@pytest.mark.scale(items=4, n=1000)
@pytest.mark.benchmark(timer=clock)
@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.parametrize("one", [Loop, Threads, Pool])
def test_computing(measure, compute, items, one):
    workers, seconds = {Loop: (1, 6.0), Threads: (8, 5.9), Pool: (8, 1.5)}[one]
    measure(one(compute, workers, clock=clock, rounds=[seconds]), items)
"""


def test_below_the_headline_stands_what_each_kind_of_work_should_use(pytester, run):
    pytester.makepyfile(test_lab="", test_computing=COMPUTING)
    result = run("--benchmark-only")
    answer = "Computing that holds the GIL: pool-fork, 4.00x as fast as a plain loop"
    result.stdout.fnmatch_lines(["Strategies beside each other, *", "sequential *", answer, "", "Saved: *"])


def test_what_a_command_will_show_is_left_out_beside_a_headline_unless_asked_for(pytester, run):
    pytester.makepyfile(test_computing=COMPUTING)
    run("--benchmark-only").stdout.no_fnmatch_line("lab (*")
    order = ["lab (*", "fake *", "Strategies beside each other, *"]
    run("--benchmark-only", "-v").stdout.fnmatch_lines(order)
    run("--benchmark-enable").stdout.fnmatch_lines(order)  # saves nothing that a command could show


@pytest.mark.parametrize(
    ("arguments", "columns"),
    [
        ([], "Min Median IQR Rounds"),
        (["--benchmark-columns=mean,ops"], "Mean OPS"),
        (["--benchmark-verbose"], "Min Max Mean StdDev Median IQR Outliers OPS Rounds Iterations"),
    ],
)
def test_the_native_tables_have_the_columns_that_people_read_or_those_that_are_asked_for(run, arguments, columns):
    [head] = [line for line in run("--benchmark-only", *arguments).outlines if line.startswith("Name (time in s)")]
    assert re.sub(r" \(.*?\)|Name", "", head).split() == columns.split()


def test_where_no_cell_is_measured_nothing_is_added(pytester, run):
    pytester.makepyfile(test_lab="import pytest\n@pytest.mark.skip\ndef test_lab(measure): pass")
    result = run("--benchmark-enable")
    result.assert_outcomes(skipped=1)
    result.stdout.no_fnmatch_line("*= Paceline =*")


INTERRUPTED = "def test_odd(measure): raise KeyboardInterrupt"
LATE = """
import {module}
def end(*_): raise KeyboardInterrupt
{module}.{name} = end
pytest_plugins = ["paceline.plugin.laboratory"]
"""

NOTHING = "Nothing is measured, and so nothing saved: it was interrupted."


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"test_early": "raise KeyboardInterrupt"}, NOTHING),
        ({"test_late": "raise KeyboardInterrupt"}, NOTHING),
        ({"test_lab": INTERRUPTED}, NOTHING),
        ({"test_odd": INTERRUPTED}, "This run is not saved: it was interrupted. With --paceline-keep-partial it is *"),
        ({"conftest": LATE.format(module="os", name="fsync")}, "Interrupted: not saved"),
        (
            {"conftest": LATE.format(module="paceline.files", name="_settle")},
            "Interrupted, but saved: results/*/*/0001_*.json",
        ),
    ],
    ids=["before there are cells", "collecting", "in the first cell", "measuring", "saving", "just saved"],
)
def test_ctrl_c_says_what_was_kept_in_whatever_phase_it_comes(pytester, run_apart, saved, files, told):
    pytester.makepyfile(**files)
    result = run_apart("--benchmark-only", "--seed=0")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([told])
    assert bool(saved("results/*/*/*.json")) is ("but saved" in told)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--items=0"], "*--items: '0' must be a whole number of 1 or more*"),
        (["--items=many"], "*--items: 'many' must be a whole number of 1 or more*"),
        (["--workers=-3"], "*--workers: '-3' must be a whole number of 1 or more*"),
        (["--rounds=2.5"], "*--rounds: '2.5' must be a whole number of 1 or more*"),
        (["--latency=soon"], "*--latency: 'soon' must be seconds of 0 or more, such as 0.05 or 50ms*"),
        (["--latency=-1ms"], "*--latency: '-1ms' must be seconds*"),
        (["--latency=nan"], "*--latency: 'nan' must be seconds*"),
        (["--latency=3601"], "*--latency: '3601' must be 3600 seconds at most*"),
        (["--seed=x"], "*--seed: 'x' must be a whole number of 0 or more*"),
        (["--strategy=thread"], "*--strategy: invalid choice: 'thread'*sequential*threads*asyncio*"),
        (["--client=curl"], "*--client: invalid choice: 'curl'*requests*aiohttp*raw*"),
        (["--server=apache"], "*--server: invalid choice: 'apache'*instrument*httpserver*"),
        (["--strategy=asyncio", "--client=requests"], "*--client requests can't be used by asyncio; * raw*"),
        (
            ["--benchmark-save=" + "x" * 300],
            "*--benchmark-save='xxx*': *has room for 240 bytes of it, and it has 300;*",
        ),
        (["--benchmark-json=none/x.json"], "*--benchmark-json: none/x.json: there is no folder none; make it first"),
    ],
)
def test_nonsense_is_refused_with_what_would_do(run, arguments, complaint):
    result = run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([complaint])


def test_a_wrong_scale_mark_names_the_experiment(pytester, run):
    pytester.makepyfile(test_odd="import pytest\n@pytest.mark.scale(item=3)\ndef test_odd(measure, items): pass")
    result = run()
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*test_odd.py::test_odd: wrong scale mark: *item*"])


def test_every_option_has_help_once_and_a_public_one_its_short_name_beside_it(run):
    lines = [line.strip() for line in run("--help").outlines]
    assert "Paceline: the scale and the choice of cells:" in lines
    for option in ("latency", "client", "server", "lesson", "cluster"):
        [_] = [line for line in lines if line.startswith(f"--{option}")]
    for option in ("items", "workers", "rounds", "strategy", "seed", "processes", "all", "keep-partial"):
        [line] = [line for line in lines if f"--{option}" in line and line.startswith("--")]
        assert re.fullmatch(f"--paceline-{option}(=[A-Z]+)?, --{option}(=[A-Z]+)?", line)


def test_every_fixture_is_documented(run):
    text = run("--fixtures", "-q").stdout.str()
    for fixture in ("measure", "strategy", "fetch", "compute", "instrument", "items", "workers", "latency"):
        assert f"\n{fixture} " in text or f"\n{fixture} [" in text
    assert "no docstring available" not in text.partition("paceline.plugin")[2].partition("fixtures defined from")[0]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--benchmark-compare"], "*nothing to compare with: no readable saved run in *pytest --benchmark-only*"),
        (["--benchmark-compare=0007"], "*no readable saved run matching '0007'*"),
        (["--benchmark-compare=", "--benchmark-compare-fail=median:25%"], "*--benchmark-compare= names no run; *"),
        (["--benchmark-compare=results/no/where.json"], "*--benchmark-compare: 'results/no/where.json' isn't an *"),
        (["--benchmark-compare-fail=median:25%"], "*--benchmark-compare-fail needs --benchmark-compare*"),
        (["--benchmark-compare", "--benchmark-compare-fail=median:25%"], "*nothing to compare with*"),
    ],
)
def test_a_comparison_with_nothing_is_refused_at_the_start(run, arguments, complaint):
    result = run("--benchmark-only", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([complaint])
    assert "collected" not in result.stdout.str()


ALWAYS = "--benchmark-compare --benchmark-compare-fail=median:25%"


def test_what_a_project_always_compares_is_saved_once_before_there_is_anything_to_compare_with(run, saved, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", ALWAYS)  # counts as the addopts of an ini file
    first = run("--benchmark-only")
    assert first.ret == 0
    first.stdout.fnmatch_lines(["paceline: nothing is compared, as results/* has no run yet"])
    second = run("--benchmark-only")
    assert second.ret == 0
    assert "nothing is compared" not in second.stdout.str()
    second.stderr.fnmatch_lines(["Comparing against benchmarks from: *0001_*"])
    assert len(saved()) == 2


def test_a_comparison_that_is_typed_says_how_to_measure_without_the_one_that_is_always_asked_for(run, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--benchmark-compare-fail=median:25%")
    result = run("--benchmark-only", "--benchmark-compare")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*save one with: pytest --benchmark-only -o addopts=*"])


def test_a_damaged_run_is_named_and_passed_over_by_a_comparison(run, saved):
    run("--benchmark-only")
    saved()[0].with_name("0002_damaged.json").write_text("{")
    saved()[0].with_name("0003_foreign.json").write_text('{"benchmarks": []}')
    result = run("--benchmark-only", "--benchmark-compare")
    assert result.ret == 0
    result.stderr.fnmatch_lines_random(["*Passed over *0002_damaged.json: *", "*Passed over *0003_foreign.json: *"])
    result.stderr.fnmatch_lines(["Comparing against benchmarks from: *0001_*"])


def test_a_comparison_works_from_another_folder(pytester, run, saved, tmp_path_factory):
    run("--benchmark-only")
    document = json.loads(saved()[0].read_text())
    document["machine_info"]["python_compiler"] = "another one"
    saved()[0].write_text(json.dumps(document))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    arguments = ["-m", "pytest", pytester.path, "--benchmark-only", "--benchmark-compare", *QUICK]
    with python(*arguments, cwd=elsewhere, stdout=-1, stderr=-2) as process:
        shown = process.communicate()[0]
    assert process.returncode == 0, shown


def committed(folder):
    """Make a repository with one commit of all that is in a folder; give its id."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*words):
        named = ("-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *named, *words], cwd=folder, env=environment, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init", "-q", "-b", folder.name)
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", folder.name)
    return git("rev-parse", "HEAD")


def test_a_run_is_saved_under_the_commit_of_the_project_wherever_it_was_started(pytester, saved, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    commit, elsewhere = committed(pytester.path), committed(other)
    assert commit != elsewhere
    arguments = ["-m", "pytest", os.path.relpath(pytester.path / "test_lab.py", other), "--benchmark-autosave", *QUICK]
    hook = {**os.environ, "GIT_DIR": str(other / ".git")}  # as git sets it for what its hooks start
    with python(*arguments, cwd=other, env=hook, stdout=-1, stderr=-2) as process:
        shown = process.communicate()[0]
    assert process.returncode == 0, shown
    [path] = saved()
    told = json.loads(path.read_text())["commit_info"]
    assert (told["id"], told["branch"], told["project"]) == (commit, pytester.path.name, pytester.path.name)
    assert path.name.startswith(f"0001_{commit}_")


def test_a_run_that_regressed_fails_and_is_no_later_baseline(pytester, run, saved):
    check = ["--benchmark-only", "--benchmark-compare", "--benchmark-compare-fail=median:25%"]
    run("--benchmark-only")
    assert run(*check).ret == 0
    pytester.makepyfile(test_lab=SOURCE.format(seconds=1.5))
    for more in ([], ["--no-summary"]):  # a slow run that had become the baseline would let the second one pass
        result = run(*check, *more)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        told = "test_lab.py::test_fake*: median 1.50 s, and 1.00 s in */0002_*.json; allowed: 25 % more"
        result.stderr.fnmatch_lines(["Slower than --benchmark-compare-fail allows:", f"  {told}"])
        assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert len(saved()) == 2


def test_a_comparison_in_which_no_cell_has_its_like_is_refused_before_anything_is_measured(pytester, run):
    lab = SOURCE.format(seconds=1.0).replace('"squares"', '"squares", "hash"')
    pytester.makepyfile(test_lab=lab, test_own="def test_own(benchmark):\n    benchmark(int)")
    run("--benchmark-only", "--items=8").assert_outcomes(passed=3)
    pytester.makepyfile(test_lab=lab.replace("1.0", "4.0"))
    check = ["--benchmark-only", "--items=10", "--benchmark-compare=1", "--benchmark-compare-fail=median:50%"]
    alone = run(*check, "-k", "fake")
    assert alone.ret == pytest.ExitCode.USAGE_ERROR
    unlike = "  test_lab.py::test_fake*items=10-*{0}* (there is test_lab.py::test_fake*items=8-*{0}*)"
    refusal = "ERROR: --benchmark-compare: no cell of this session is in */0001_*.json:"
    alone.stderr.fnmatch_lines([refusal, unlike.format("hash"), unlike.format("squares"), "Measure cells that *"])
    assert alone.parseoutcomes().keys() <= {"deselected"}

    beside_own = run(*check, "-k", "hash or own")
    beside_own.assert_outcomes(passed=2, deselected=1)
    note = "paceline: not in */0001_*.json, and so compared with nothing:"
    beside_own.stdout.fnmatch_lines([note, unlike.format("hash")])
    beside_own.stdout.no_fnmatch_line(unlike.format("squares"))


def test_a_session_with_a_failed_test_saves_nothing_and_says_so(pytester, run, saved):
    pytester.makepyfile(test_other="def test_other(benchmark): assert benchmark(int)")
    result = run("--benchmark-only")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert saved("results/*/*/*.json") == []
    result.stdout.fnmatch_lines(["This run is not saved: 1 of its cells or tests failed. With --paceline-keep-*"])


def test_keep_partial_keeps_a_failed_session_apart(pytester, run, saved):
    pytester.makepyfile(test_other="def test_other(benchmark): assert benchmark(int)")
    run("--benchmark-only", "--keep-partial")
    [kept] = saved("results/partial/**/*.json")
    facts = json.loads(kept.read_text())["paceline"]
    assert facts["complete"] is False
    assert facts["why_incomplete"] == "1 of its cells or tests failed"
    assert saved("results/linux*/*/*.json") == []


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ([], "results"),
        (["--benchmark-save=named", "--benchmark-storage=own/below"], "own"),
        (["--keep-partial"], "results/partial"),
        (["--benchmark-histogram=charts/each"], "charts"),
    ],
)
def test_a_place_where_nothing_can_be_saved_is_refused_before_anything_is_measured(pytester, arguments, place):
    (pytester.path / place).parent.mkdir(exist_ok=True)
    (pytester.path / place).write_text("a file where a folder should be")
    before = set(pytester.path.rglob("*"))
    result = pytester.runpytest_inprocess("--benchmark-only", "-p", "no:cacheprovider", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [sentence] = result.stderr.lines[:1]
    assert sentence.startswith("ERROR: nothing can be saved in ")
    assert sentence.endswith(f"{place} is no folder; move it away, or name another place")
    assert [path for path in pytester.path.rglob("*") if path not in before and "__pycache__" not in path.parts] == []


def test_a_run_that_cannot_be_saved_fails_the_session_and_says_why(pytester, run):
    pytester.makepyfile(test_other="import pathlib\ndef test_lose(measure): pathlib.Path('results').touch()")
    result = run("--benchmark-only")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["fake *", "paceline: this run is not saved in results/*"])


TRACED = """
import threading

pytest_plugins = ["paceline.plugin.laboratory"]

def pytest_configure():
    threading.settrace(lambda *_: None)
"""
COST = """

def seconds():
    return {"seconds": [1.0]}

def test_cost(cost):
    cost("test_lab:seconds", strategy="none", workload="none")
"""


def test_a_tracer_marks_every_cell_and_is_never_compared(pytester, run_apart, saved):
    run_apart("--benchmark-only")
    pytester.makeconftest(TRACED)
    pytester.makepyfile(test_lab=SOURCE.format(seconds=3.0) + COST)
    compare = ["--benchmark-only", "--benchmark-compare", "--benchmark-compare-fail=median:5%"]
    refused = run_apart(*compare)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    [told] = [line for line in refused.errlines if line.startswith("ERROR: ")]
    assert told.startswith(
        "ERROR: --benchmark-compare: with the trace function of conftest on, Python code runs slower"
    )

    result = run_apart("--benchmark-only")
    result.stdout.fnmatch_lines(["fake * tracer", "tracer: coverage, a debugger or a debug mode was on: *"])
    marked = load(saved()[-1])
    assert [cell.marks for cell in marked.cells] == [("tracer",)] * 2
    assert marked.tracer == told.split(": ")[2].partition(", so")[0]

    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')
    result = run_apart(*compare)  # with the newest that can be compared
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stderr.fnmatch_lines(["Comparing against benchmarks from: *0001_*", "*median 3.00 s, and 1.00 s in *"])
    result = run_apart("--benchmark-only", "--benchmark-compare=2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["Passed over *0002_*.json: it was measured beside a tracer, and is never compared: *"])


AGAIN = """
from _pytest.runner import runtestprotocol

pytest_plugins = ["paceline.plugin.laboratory"]

def pytest_runtest_protocol(item, nextitem):
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports):
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
"""Runs a test that failed once more, as plugins do."""
FLAKY = """
tries = []

@pytest.mark.scale(items=4, n=1000)
@pytest.mark.benchmark(timer=clock)
@pytest.mark.parametrize("kernel", ["squares"])
def test_flaky(measure, compute, items):
    tries.append(clock())
    measure(Fake(compute, 2, clock=clock, rounds=[float(len(tries))]), items)
    assert len(tries) == 2

@pytest.mark.parametrize("extra", [
    dict(experiment="theirs"),
    dict(strategy="a", workload="b", items=1, workers=1),
    dict(experiment="theirs", strategy="a", workload="b", items="many", workers=1),
], ids=["one", "four", "wrong"])
def test_own(benchmark, extra):
    benchmark.extra_info.update(extra)
    benchmark.pedantic(int)
"""


def test_a_cell_that_passes_at_the_second_try_stands_once_beside_whatever_others_write_down(pytester, run, saved):
    pytester.makeconftest(AGAIN)
    pytester.makepyfile(test_lab=SOURCE.format(seconds=1.0) + FLAKY)
    result = run("--benchmark-only")
    assert result.ret == 0
    result.assert_outcomes(passed=5)
    assert len([line for line in result.outlines if line.startswith("test_flaky[")]) == 1
    [path] = saved()
    found = load(path)
    assert {cell.name.partition("[")[0]: cell.median for cell in found.cells} == {"test_fake": 1.0, "test_flaky": 2.0}
    assert sorted(name.partition("[")[2] for name in found.others) == ["four]", "one]", "wrong]"]


def test_what_no_table_can_be_made_of_ends_in_a_sentence_on_data_that_is_no_file(pytester, run):
    pytester.makepyfile(test_lab=SOURCE.format(seconds=2e9))
    result = run("--benchmark-only")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    wrong = "2000000000.0 at $.stats.data[[]0] of test_lab.py::test_fake* is no time that a round can take"
    result.stdout.fnmatch_lines([f"paceline: no table can be made of *: {wrong}", f"*this run is not saved*: {wrong}"])
    result.stdout.no_fnmatch_line("*damaged*")


SHUFFLED = """
import pytest

@pytest.mark.parametrize("k", range(9))
def test_k(measure, k): pass

@pytest.mark.replicated(processes=2)
@pytest.mark.parametrize("k", range(2))
def test_own(measure, k): pass

@pytest.mark.parametrize("process", [3, "grinding", None, 2.5])
def test_other(process): pass

def test_last(benchmark): benchmark(int)
"""


TURNED = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    items.reverse()
"""


def test_the_seed_decides_the_order_of_cells_in_whatever_order_they_come_and_of_nothing_else(pytester):
    pytester.makepyfile(**{"[lab/test_many": SHUFFLED, "[lab/test_more": "def test_more(cost): pass", "turned": TURNED})

    pytester.syspathinsert()

    def order(*arguments):
        collecting = ("-p", "no:cacheprovider", "--benchmark-enable", "--collect-only", "-q", "--all", *arguments)
        names = [line for line in pytester.runpytest(*collecting).outlines if "::" in line]
        cells = [name for name in names if "test_other" not in name and "test_last" not in name]
        return cells, [(place, name) for place, name in enumerate(names) if name not in cells]

    cells, others = order("--seed=1")
    again, left = order("--seed=2")
    assert (sorted(cells), others) == (sorted(again), left)
    assert cells != again
    turned, moved = order("--seed=1", "-p", "turned")
    assert turned == cells
    assert [name for _, name in moved] == [name for _, name in reversed(others)]
    in_turns = [name for name in cells if "process=" in name]
    assert ["process=2" in name for name in in_turns] == [False, False, True, True]


SLOW = """
import os, pytest, time
from pathlib import Path
from paceline.strategies.pool import PoolFork

class Told(PoolFork):
    start_method = "fork"
    def map(self, items):
        Path("second").touch()
        return super().map(items)

def test_first(measure, fetch):
    measure(PoolFork(fetch, 2), range(2))

def test_second(measure, fetch):
    measure(Told(fetch, 2), range(2000))
"""
MARKED = SLOW.replace("def test", "@pytest.mark.parametrize('client', ['raw'], indirect=True)\ndef test")


@pytest.fixture
def halfway(pytester):
    """A session that has measured one cell and is in the middle of a round of another."""
    pytester.makepyfile(test_lab=MARKED)
    arguments = ["-m", "pytest", "--benchmark-only", "--seed=1", "--latency=20ms", "--keep-partial", "--rounds=1"]
    with python(*arguments, cwd=pytester.path, stdout=-1, stderr=-2) as process:
        second = pytester.path / "second"
        until(second.exists, "the session to be halfway")
        yield process


def test_ctrl_c_saves_nothing_in_the_history_and_leaves_nobody(halfway, saved):
    everyone = family(halfway.pid)
    os.kill(halfway.pid, signal.SIGINT)
    shown = halfway.communicate(timeout=PATIENCE)[0]
    assert halfway.returncode == pytest.ExitCode.INTERRUPTED, shown
    until(lambda: not alive(everyone), "the whole family to end")
    assert saved("results/linux*/*/*") == []
    [kept] = saved("results/partial/**/*.json")
    assert json.loads(kept.read_text())["paceline"]["why_incomplete"] == "it was interrupted"
    assert f"\nKept apart (it was interrupted): {kept.relative_to(saved.path)}" in shown


def test_sigkill_leaves_nobody_and_no_file(halfway, saved):
    everyone = family(halfway.pid)
    halfway.kill()
    until(lambda: not alive(everyone), "the whole family to end")
    assert [path for path in saved("results/**/*") if path.is_file()] == []
