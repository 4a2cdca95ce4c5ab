"""A project with files named as modules of Python's own: they get in nobody's way."""

import json
import os
import subprocess
import sys

import pytest

from paceline.child import processes
from paceline.strategies import STRATEGIES
from paceline.strategies.pool import PoolSpawn
from paceline.workloads import Call
from paceline.workloads.call import NoSuchFunctionError

CLASHING = ("queue", "random", "socket", "statistics")
IN_PROCESSES = ("pool-fork", "pool-forkserver", "pool-spawn", "processes", "loops-in-processes", "loky", "interpreters")
COMMAND = [
    "-P",
    "-c",
    "import sys; from paceline.cli import main; sys.exit(main())",
]  # as the command itself: without `.`

every = pytest.mark.parametrize("strategy", [each for each in STRATEGIES if each.name in IN_PROCESSES],
                                ids=lambda each: each.name)  # fmt: skip


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """The current directory, and the first place where modules are looked for, as pytest makes it."""
    (tmp_path / "shop.py").write_text("def double(item):\n    return item * 2\n")
    for name in CLASHING:
        (tmp_path / f"{name}.py").write_text("def work(item):\n    return item\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


def run(strategy, function, items):
    if reason := strategy.unavailable():
        pytest.skip(reason)
    with strategy(Call(function), 2) as entered:
        return entered.map(items)


def paceline(*words):
    return subprocess.run([sys.executable, *COMMAND, *words], capture_output=True, text=True, check=False)


@every
def test_processes_start_and_find_the_project_too(strategy):
    before = [*sys.path]
    assert run(strategy, "shop:double", [1, 2, 3]) == [2, 4, 6]
    assert sys.path == before


@every
def test_workers_hand_on_no_setting_that_was_for_their_own_start(strategy):
    assert run(strategy, "os:getenv", ["PYTHONSAFEPATH"] * 2) == [None] * 2
    assert "PYTHONSAFEPATH" not in os.environ


def test_workers_hand_on_what_somebody_else_set(monkeypatch):
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    assert run(PoolSpawn, "os:getenv", ["PYTHONSAFEPATH"] * 2) == ["1"] * 2
    assert os.environ["PYTHONSAFEPATH"] == "1"


def test_a_fresh_interpreter_has_pythons_own_modules_and_the_project():
    assert processes.call("statistics:mean", [1, 2]) == 1.5
    assert processes.call("shop:double", 4) == 8


def test_a_race_starts_every_lane():
    lanes = ["sequential", "pool-fork", "pool-forkserver", "pool-spawn", "processes"]
    short = ["--count", "2", "--rounds", "1", "--workers", "2", "--timeout", "60"]
    done = paceline("race", "shop:double", *short, *(f"--strategy={name}" for name in lanes), "--json")
    assert done.returncode == 0, done.stderr
    assert [lane["strategy"] for lane in json.loads(done.stdout)["lanes"] if lane["verdict"] == "ran"] == lanes


def test_a_strategy_can_be_watched():
    done = paceline("watch", "pool-spawn", "shop:double", "--items", "2", "--workers", "1")
    assert done.returncode == 0, done.stderr


def test_a_race_of_a_function_in_such_a_file_is_a_misuse_that_names_it():
    done = paceline("race", "random:work")
    assert done.returncode == 2
    assert done.stderr.endswith(
        "paceline: random.py can't be imported: it has the name of a module of Python's own, which comes first;"
        " rename it\n"
    )
    assert "Traceback" not in done.stderr


def test_a_package_of_such_a_name_is_told_as_well(tmp_path):
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "__init__.py").write_text("")
    with pytest.raises(NoSuchFunctionError, match=r"^email.__init__.py can't be imported: it has the name of a module"):
        Call("email.sending:work").load()


def test_pythons_own_functions_can_be_called_where_no_file_has_their_name():
    assert Call("math:sqrt").expected(4) == 2
