"""What works where libraries that Paceline names can't be installed: processes that hide them, and all they start."""

import json
import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from nightly import nightly
from processes import QUICK

from paceline import history

HERE = Path(__file__).parent
NO_WHEEL = ("httptools", "msgspec", "uvloop")  # for a CPython 3.13 without the GIL
RACE_NEEDS = {"paceline", "psutil", "rich", "markdown_it", "mdurl", "pygments"}  # the last three are rich's
COMMAND = ["-c", "import sys; from paceline.cli import main; sys.exit(main())"]
HIDING = """
import os
from importlib.machinery import PathFinder

hidden, found = set(os.environ["HIDDEN"].split()), PathFinder.find_spec

def find_spec(cls, name, path=None, target=None):
    return None if name.partition(".")[0] in hidden else found(name, path, target)

PathFinder.find_spec = classmethod(find_spec)
"""
EACH_STRATEGY = """
import json, sys
from several import Several
from paceline.strategies import STRATEGIES
from paceline.workloads import Compute, Fetch

url, slow = sys.argv[1], sys.argv[2] == "slow"
works = Compute("squares", 1000), Fetch(f"{url}/item/{{item}}?size=300", 300)
items = [(place, item) for place in range(len(works)) for item in range(4)]

def did(strategy):
    with strategy(Several(works), 2) as started:
        return started.map(items) == [works[place].expected(item) for place, item in items]

chosen = [each for each in STRATEGIES if each.slow_start == slow]
print(json.dumps({each.name: each.unavailable() or did(each) for each in chosen}))
"""
EXPERIMENT = """
import pytest

@pytest.mark.strategies("sequential", "threads")
@pytest.mark.scale(items=4, workers=2, latency=0.001, rounds=2)
def test_fetch(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)

def test_of_somebody_elses(benchmark):
    benchmark(sum, [1, 2])
"""


@pytest.fixture
def hide(tmp_path_factory, monkeypatch):
    """Let all processes that are started from now on find none of these modules."""

    def hide(*modules):
        folder = tmp_path_factory.mktemp("hiding")
        (folder / "sitecustomize.py").write_text(HIDING)
        monkeypatch.setenv("HIDDEN", " ".join(modules))
        paths = [str(folder), str(HERE), os.environ.get("PYTHONPATH")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))

    return hide


def paceline(*words):
    return subprocess.run([sys.executable, *COMMAND, *words], cwd=HERE, capture_output=True, text=True, check=False)


@pytest.mark.core
@pytest.mark.parametrize("start", ["quick", nightly("slow")])
def test_every_strategy_computes_and_downloads_without_what_serves_and_reads_runs(hide, instrument, start):
    hide(*NO_WHEEL)
    done = subprocess.run(
        [sys.executable, "-c", EACH_STRATEGY, instrument.url, start], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    if start == "quick":
        assert said["asyncio-uvloop"] == "needs uvloop, which is not installed"
    assert [name for name, came in said.items() if came is not True and not str(came).startswith("needs ")] == []


@pytest.mark.core
def test_a_race_needs_rich_and_psutil_alone(hide):
    hide(*(set(packages_distributions()) - RACE_NEEDS))
    chosen = [f"--strategy={name}" for name in ("threads", "asyncio", "pool-fork", "pool-spawn")]
    done = paceline("race", "raced:waits", "--count=4", "--rounds=1", "--workers=2", *chosen, "--json")
    assert done.returncode == 0, done.stderr
    lanes = {lane["strategy"]: lane["verdict"] for lane in json.loads(done.stdout)["lanes"]}
    assert {name for name, verdict in lanes.items() if verdict == "ran"} >= {"threads", "pool-fork", "pool-spawn"}


def test_a_session_measures_saves_and_answers_where_no_run_can_be_read(hide, instrument, pytester):
    hide(*NO_WHEEL)
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')
    pytester.makepyfile(test_lab=EXPERIMENT)
    words = (*QUICK, "--benchmark-only", "--instrument", instrument.url)
    result = pytester.runpytest_subprocess(*words)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["threads *workers=2 *", "Saved: results/*", "It is shown by another Python: *"])
    [path] = pytester.path.glob("results/*/*/*.json")
    run = history.load(path)
    assert [cell.strategy for cell in run.cells] != [], "another Python reads it"
    assert len(run.others) == 1

    compared = pytester.runpytest_subprocess(*words, "--benchmark-compare")
    assert compared.ret == pytest.ExitCode.USAGE_ERROR
    compared.stderr.fnmatch_lines(
        ["ERROR: --benchmark-compare: saved runs can't be read by *msgspec is not installed*"]
    )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["runs", "--results", "../results"], "saved runs can't be read by "),
        (["serve"], "the instrument needs httptools and uvloop, not installed for "),
        (["watch", "threads", "downloads"], "the instrument needs httptools and uvloop, not installed for "),
    ],
)
def test_a_command_that_needs_what_is_missing_says_so_in_a_sentence(hide, words, why):
    hide(*NO_WHEEL)
    done = paceline(*words)
    assert done.returncode != 0
    assert done.stderr.startswith(f"paceline: {why}{sys.executable}")
    assert done.stderr.count("\n") == 1
