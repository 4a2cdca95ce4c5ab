"""Suites as people write them, unchanged: what is compared, what is left out aloud, and how each cell is measured."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import LONG_PATIENCE, QUICK, python, until

from paceline import machine, strategies

PLAIN = """
import threading, time
import pytest

def work(n=200):
    return sum(range(n))

@pytest.fixture(scope="module")
def numbers():
    return list(range(1000))

@pytest.fixture
def timed(benchmark):
    return benchmark

def test_function(benchmark):
    benchmark.group, benchmark.extra_info["n"] = "work", 20
    assert benchmark(work, n=2) == 1
    assert benchmark.stats["mean"] > 0

@pytest.mark.parametrize("n", [1, 2])
class TestTold:
    def test_decorated(self, benchmark, n):
        @benchmark
        def result():
            return work(n)
        assert result == work(n)

def test_through_a_fixture(timed, numbers):
    assert timed(sorted, numbers) == numbers

def test_pedantic(benchmark):
    assert benchmark.pedantic(work, kwargs={"n": 20}, rounds=3, iterations=2, warmup_rounds=1) == 190

def test_set_up(benchmark):
    made = []
    def prepared():
        made.append([2, 1])
        return (made[-1],), {}
    benchmark.pedantic(list.sort, setup=prepared, teardown=lambda each: made.remove(each), rounds=2)
    assert made == []

@pytest.mark.benchmark(max_rounds=3, group="whole")
def test_whole(numbers):
    work(20)

@pytest.mark.codspeed_benchmark
class TestWhole:
    def test_method(self, tmp_path):
        work(20)

def test_their_fixture(codspeed_benchmark):
    assert codspeed_benchmark(work, 20) == 190

def test_waits(benchmark):
    benchmark(time.sleep, 0.003)

def test_is_no_benchmark():
    raise AssertionError
"""
ME = ("-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")
COMPARED = {
    "test_function",
    "TestTold::test_decorated[1]",
    "TestTold::test_decorated[2]",
    "test_through_a_fixture",
    "test_pedantic",
    "test_set_up",
    "test_whole",
    "TestWhole::test_method",
    "test_their_fixture",
    "test_waits",
}
REFUSED = """
import pytest

async def served():
    pass

@pytest.fixture
def broken():
    raise OSError("no disk")

def test_coroutine(benchmark): benchmark(served)
def test_woven(benchmark_weave): benchmark_weave(int)
def test_iterator(benchmark): benchmark(list, iter(range(9)))
def test_emptied(benchmark):
    numbers = iter(range(9))
    benchmark(lambda: list(numbers))
def test_unused(benchmark): pass
def test_twice(benchmark):
    benchmark(int)
    benchmark(int)
def test_raises(benchmark): benchmark(int, "x")
def test_set_up(benchmark, broken): benchmark(int)
@pytest.mark.skip(reason="needs the moon")
def test_skipped(benchmark): benchmark(int)
@pytest.mark.xfail(reason="known")
def test_expected(benchmark):
    benchmark(int)
    raise AssertionError
"""
WHY = {
    "test_coroutine": "benchmark(lambda: asyncio.run(function()))",
    "test_woven": "write benchmark(function, *args)",
    "test_iterator": "its second call does nothing",
    "test_emptied": "benchmark.pedantic(function, setup=",
    "test_unused": "never calls its benchmark",
    "test_twice": "FixtureAlreadyUsed",
    "test_raises": "ValueError: invalid literal for int()",
    "test_set_up": "setup: OSError: no disk",
    "test_skipped": "skipped: needs the moon",
    "test_expected": "expected to fail on both sides, call: known",
}


def compared(folder, *arguments, pairs=1, cells=(), path="", baseline="."):
    """Compare a folder with itself; gives what that ended with, wrote to standard error, and saved."""
    options = " ".join(QUICK)
    sides = [
        "--baseline",
        f"{baseline} SIDE=A {path} {options}",
        "--candidate",
        f". SIDE=B {path} {options}",
        "--pairs",
        pairs,
    ]
    with started(folder, *sides, *arguments, *(["--", *cells] if cells else [])) as process:
        _, error = process.communicate(timeout=LONG_PATIENCE)
    return process.returncode, error, saved(folder)


def started(folder, *arguments):
    main = "import sys; from paceline.cli import main; sys.exit(main())"
    return python("-c", main, "ab", *arguments, cwd=folder, stdout=-1, stderr=-1, stdin=-3)


def saved(folder):
    """The newest comparison that lies in a folder; None without one."""
    files = sorted((folder / "results" / "ab").glob("*.json"))
    return json.loads(files[-1].read_text()) if files else None


def short(names):
    return {name.partition("::")[2]: what for name, what in names.items()}


PLACES = """
import os, threading, time, pytest
from pathlib import Path

def computing(): return sum(range(500))
def cpus(): return len(os.sched_getaffinity(0))
def with_thread():
    thread = threading.Thread(target=sum, args=[range(200_000)])
    thread.start()
    thread.join()
def with_process(): assert os.waitpid(os.spawnlp(os.P_NOWAIT, "true", "true"), 0)[1] == 0

def noted(benchmark, request, function):
    benchmark(function)
    with Path("places").open("a") as places:
        places.write(f"{request.node.name} {len(os.sched_getaffinity(0))}\\n")

def test_computes(benchmark, request): noted(benchmark, request, computing)
def test_asks(benchmark, request): noted(benchmark, request, cpus)
def test_waits(benchmark, request): noted(benchmark, request, lambda: time.sleep(0.003))
def test_threads(benchmark, request): noted(benchmark, request, with_thread)
def test_processes(benchmark, request): noted(benchmark, request, with_process)
only_the_candidate = pytest.mark.one_core if os.environ["SIDE"] == "B" else lambda test: test
@only_the_candidate
def test_kept(benchmark, request): noted(benchmark, request, lambda: time.sleep(0.003))
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The comparison of a suite with itself that has all of these, and where its cells were run."""
    folder = tmp_path_factory.mktemp("suite")
    for name, source in {"plain": PLAIN, "refused": REFUSED, "places": PLACES}.items():
        (folder / f"test_{name}.py").write_text(source)
    status, error, comparison = compared(folder)
    assert status == 0, error
    comparison["places"] = [line.split() for line in (folder / "places").read_text().splitlines()]
    return comparison


def of(file, names):
    """What is said of the tests of one file, by their names in it."""
    return {name.removeprefix(f"{file}::"): what for name, what in names.items() if name.startswith(file)}


def test_a_suite_is_compared_as_it_stands(kept):
    [pair] = kept["pairs"]
    installed = {name: found for name in strategies.libraries() if (found := machine.version(name))}
    assert kept["baseline"]["libraries"] == kept["candidate"]["libraries"] == installed
    assert set(of("test_plain.py", kept["plan"])) == COMPARED
    for side in ("baseline", "candidate"):
        measured = {name: len(pair[side][name]["rounds"]) for name in pair["order"]}
        assert measured == {name: plan["rounds"] for name, plan in kept["plan"].items()}
    assert any(note.startswith("max_rounds of 1 benchmark mark") for note in kept["notes"])


def test_the_calls_of_a_round_follow_from_their_length(kept):
    plan = of("test_plain.py", kept["plan"])
    assert plan["test_function"]["calls"] > plan["test_through_a_fixture"]["calls"] > plan["test_waits"]["calls"] == 1
    assert "are the loop around it" in " ".join(plan["test_function"]["remarks"])


def test_what_can_t_be_compared_is_left_out_with_what_to_write_instead(kept):
    left_out = of("test_refused.py", kept["left_out"])
    assert left_out.keys() == WHY.keys()
    assert [name for name, why in WHY.items() if why not in left_out[name]] == []


def test_where_nothing_is_left_it_says_why_and_ends_with_status_2(tmp_path):
    (tmp_path / "test_speed.py").write_text(
        "def test_unused(benchmark): pass\ndef test_none(): pass\ndef test_other(benchmark): benchmark(int)"
    )
    chosen = ["test_speed.py::test_unused", "test_speed.py::test_none"]
    status, error, kept = compared(tmp_path, cells=chosen)
    assert (status, kept) == (2, None)
    assert "test_unused: fails on both sides, never calls its benchmark" in error
    assert "test_other" not in error


def test_what_neither_side_has_is_named_and_what_one_has_is_new_or_broken(tmp_path):
    (tmp_path / "test_speed.py").write_text("def test_one(benchmark): benchmark(int)")
    (tmp_path / "test_broken.py").write_text("def test_one(benchmark): benchmark(int)")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "test_other.py").write_text("def test_other(benchmark): benchmark(int)")
    status, error, _ = compared(tmp_path, cells=["test_speed.py::test_two", "test_speed.py"])
    assert status == 2
    assert "neither side has test_speed.py::test_two" in error
    for words in ("init --quiet", "add test_speed.py test_broken.py", "commit --quiet --message=first"):
        subprocess.run(["git", *ME, "-C", tmp_path, *words.split()], check=True)
    (tmp_path / "test_broken.py").write_text("import no_such_module")
    cells = ["test_speed.py::test_one", "new/test_other.py", "test_broken.py"]
    status, error, kept = compared(tmp_path, cells=cells, baseline="rev:HEAD")
    assert status == 2, error
    assert "No module named 'no_such_module'" in kept["failed"]["test_broken.py"]
    assert kept["left_out"] == {"new/test_other.py::test_other": "new: only the candidate has it"}
    assert list(kept["plan"]) == ["test_speed.py::test_one"]


DIFFERENT = """
import os, pytest
A, B = (os.environ["SIDE"] == side for side in "AB")

def fail_if(side):
    if side:
        raise OSError("no disk")

def test_fine(benchmark): benchmark(int)
def test_candidate_fails(benchmark): fail_if(B); benchmark(int)
def test_baseline_fails(benchmark): fail_if(A); benchmark(int)
@pytest.mark.skipif(A, reason="not yet")
def test_baseline_skips(benchmark): benchmark(int)
if A:
    def test_removed(benchmark): benchmark(int)
else:
    def test_new(benchmark): benchmark(int)
"""


HALFWAY = """
import pathlib

def test_fails_later(benchmark):
    seen = pathlib.Path("seen " + os.environ["SIDE"])
    times = int(seen.read_text()) if seen.exists() else 0
    seen.write_text(str(times + 1))
    assert times < 2 or A, "worn out"
    benchmark(int)
"""


def test_what_only_one_side_can_do_is_told_apart_and_what_fails_halfway_is_left_by_both(tmp_path):
    (tmp_path / "test_speed.py").write_text(DIFFERENT + HALFWAY)
    status, error, kept = compared(tmp_path, cells=["test_speed.py"], pairs=3)
    assert status == 2, error
    failed = of("test_speed.py", kept["failed"])
    assert failed["test_candidate_fails"] == "fails on the candidate only, call: OSError: no disk"
    assert failed["test_fails_later"].startswith(
        "fails on the candidate only, in pair 2, call: AssertionError: worn out"
    )
    assert of("test_speed.py", kept["left_out"]) == {
        "test_baseline_fails": "fails on the baseline only, call: OSError: no disk",
        "test_baseline_skips": "skipped on the baseline only, setup: Skipped: not yet",
        "test_removed": "removed: only the baseline has it",
        "test_new": "new: only the candidate has it",
    }
    assert [len(pair["order"]) for pair in kept["pairs"]] == [2, 2, 1]


OWN_KEY = """
[tool.pytest.ini_options]
paceline_ab = ["speed/test_chosen.py"]
filterwarnings = ["error"]
"""


def test_without_arguments_the_cells_are_those_of_the_ini_key_and_else_all(tmp_path):
    (tmp_path / "speed").mkdir()
    (tmp_path / "speed" / "test_chosen.py").write_text("def test_chosen(benchmark): benchmark(int)")
    (tmp_path / "test_other.py").write_text("def test_other(benchmark): benchmark(int)")
    (tmp_path / "test_broken.py").write_text("import no_such_module")
    _, _, kept = compared(tmp_path)
    assert set(kept["plan"]) == {"speed/test_chosen.py::test_chosen", "test_other.py::test_other"}
    assert "No module named 'no_such_module'" in kept["left_out"]["test_broken.py"]
    (tmp_path / "pyproject.toml").write_text(OWN_KEY)
    status, error, kept = compared(tmp_path)
    assert status == 0, error
    assert list(kept["plan"]) == ["speed/test_chosen.py::test_chosen"]


def test_what_computes_in_one_thread_is_kept_on_one_core_and_the_rest_says_why_it_is_not(kept):
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two CPUs and a system that says which a process may use")
    assert of("test_places.py", kept["left_out"]) == {}
    plan = of("test_places.py", kept["plan"])
    pinned = {name for name, each in plan.items() if each["pinned"]}
    assert pinned == {"test_computes", "test_kept"}
    free = {name: " ".join(each["remarks"]) for name, each in plan.items() if name not in pinned}
    assert "it asks how many CPUs it may use" in free["test_asks"]
    assert "left to the scheduler: it waits" in free["test_waits"]
    assert "left to the scheduler" in free["test_threads"]
    assert "it starts processes" in free["test_processes"]
    every = str(len(os.sched_getaffinity(0)))
    after_the_trial = {tuple(place) for place in kept["places"][2 * len(plan) :]}
    assert after_the_trial == {(name, "1" if name in pinned else every) for name in plan}


LONG = """
import pathlib, time

def test_long(benchmark):
    pathlib.Path("pairs").open("a").write(".")
    benchmark(time.sleep, 0.01)
"""


def test_after_ctrl_c_the_pairs_so_far_can_be_read(tmp_path):
    (tmp_path / "test_speed.py").write_text(LONG)
    sides = ["--baseline", ".", "--candidate", ".", "--pairs", "1000"]
    with started(tmp_path, *sides, "--", "test_speed.py", *QUICK) as process:
        until(lambda: (tmp_path / "pairs").exists() and (tmp_path / "pairs").stat().st_size > 5, "the second pair")
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=LONG_PATIENCE)
    assert process.returncode == 130
    assert "judge them by paceline ab --read 0001" in error
    with started(tmp_path, "--read", "1") as process:
        out, _ = process.communicate(timeout=LONG_PATIENCE)
    assert process.returncode == 0
    assert "test_long" in out


BUSY = """
[tool.pytest.ini_options]
addopts = "--numprocesses=2 --cov=. --reruns=2 --codspeed --benchmark-skip -x"
filterwarnings = ["error"]
"""
SHAKEN = """
import random

def test_fails(benchmark):
    with open("tries", "a") as tries:
        tries.write(".")
    raise OSError("no disk")

def test_random(benchmark):
    drawn = [random.random() for _ in range(3)]
    with open("drawn", "a") as file:
        file.write(f"{drawn}\\n")
    benchmark(sum, drawn)

@pytest.mark.benchmark(max_rounds=3)
def test_marked():
    work(20)
"""


@pytest.mark.nightly
def test_beside_other_plugins_a_suite_is_compared_all_the_same_and_they_are_kept_out_aloud(tmp_path):
    beside = Path(sys.prefix, "beside")
    if not beside.exists():
        pytest.skip(f"needs the plugins of other people's suites: make {Path(sys.prefix).name}/.beside")
    (tmp_path / "pyproject.toml").write_text(BUSY)
    (tmp_path / "test_speed.py").write_text(PLAIN + SHAKEN)
    status, error, kept = compared(tmp_path, cells=["test_speed.py"], path=f"PYTHONPATH={beside}")
    assert status == 0, error
    assert set(of("test_speed.py", kept["plan"])) == COMPARED | {"test_random", "test_marked"}
    assert list(of("test_speed.py", kept["left_out"])) == ["test_fails"]
    assert (tmp_path / "tries").read_text() == "..", "once on each side"
    first, second, *pair = (tmp_path / "drawn").read_text().splitlines()
    assert (first, pair[0]) == (second, pair[1]), "both sides draw the same numbers"
    for plugin in ("pytest-xdist", "pytest-cov", "pytest-rerunfailures"):
        assert f"{plugin} plays no part in it" in kept["notes"]
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {
        "pyproject.toml", "test_speed.py", "tries", "drawn", "results",
    }  # fmt: skip


SHOP = """
def total(items):
    return sum(price(item) for item in items)

def price(item):
    return item * 2
"""
SHOPPING = """
from shop import total
def test_total(benchmark): benchmark(total, range(9))
def test_other(benchmark): benchmark(int)
"""


def test_a_cell_is_run_again_under_a_profiler_and_says_which_function_changed_and_where(tmp_path):
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_speed.py").write_text(SHOPPING)
    for words in ("init --quiet", "add .", "commit --quiet --message=first"):
        subprocess.run(["git", *ME, "-C", tmp_path, *words.split()], check=True)
    (tmp_path / "shop.py").write_text(SHOP.replace("item * 2", "sum([item, item])"))
    cells = ["test_speed.py"]
    status, error, kept = compared(tmp_path, "--why-of", "test_total", cells=cells, baseline="rev:HEAD")
    assert status == 0, error
    [(name, explanation)] = kept["explanations"].items()
    assert name == "test_speed.py::test_total"
    function = explanation["functions"][0]
    assert (function["name"], function["file"], function["in_diff"]) == ("price", "shop.py", True)
    [call] = function["calls"]
    assert "sum" in call["name"]
    assert (call["baseline"], call["candidate"]) == (0, 9)
    with started(tmp_path, "--read", "1") as process:
        out, _ = process.communicate(timeout=LONG_PATIENCE)
    assert "price (shop.py:5)" in out


MANY = """
import pytest, time

@pytest.mark.parametrize("number", range(20))
def test_many(benchmark, number): benchmark(time.sleep, 0.3)
"""


@pytest.mark.nightly
def test_the_trial_ends_in_time_and_what_it_had_none_for_is_named(tmp_path):
    (tmp_path / "test_speed.py").write_text(MANY)
    side = f". {' '.join(QUICK)}"
    with started(tmp_path, "--baseline", side, "--candidate", side, "--time", "4", "--", "test_speed.py") as process:
        _, error = process.communicate(timeout=LONG_PATIENCE)
    assert process.returncode == 2
    assert "there is no time left for a trial of it; allow more by --time" in error


ENDLESS = """
import time

def test_endless(benchmark): benchmark(time.sleep, 3000)
def test_short(benchmark): benchmark(int)
"""


def test_a_call_that_takes_all_the_time_is_ended_and_named_and_the_rest_is_compared(tmp_path):
    (tmp_path / "test_speed.py").write_text(ENDLESS)
    side, rules = f". {' '.join(QUICK)}", ("--time", "60", "--tolerance", "50")
    with started(tmp_path, "--baseline", side, "--candidate", side, *rules, "--", "test_speed.py") as process:
        _, error = process.communicate(timeout=LONG_PATIENCE)
    left_out = saved(tmp_path)["left_out"]["test_speed.py::test_endless"]
    assert "a call takes more than 5 s, for which there is no time; allow more by --time" in left_out, error
    assert list(saved(tmp_path)["plan"]) == ["test_speed.py::test_short"]


def test_what_can_t_be_imported_is_told_with_what_to_do(tmp_path):
    (tmp_path / "test_speed.py").write_text("import not_built_yet\ndef test(benchmark): benchmark(int)\n")
    status, error, _ = compared(tmp_path, cells=["test_speed.py"])
    assert status == 2
    assert "No module named 'not_built_yet'" in error
    assert "--install does both for revisions" in " ".join(error.split())
    (tmp_path / "conftest.py").write_text("import not_built_yet\n")
    status, error, _ = compared(tmp_path, cells=["test_speed.py"])
    assert status == 2
    assert "--install does both for revisions" in " ".join(error.split())


def test_the_cells_of_a_package_are_found_by_its_name(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "test_speed.py").write_text("def test_sold(benchmark): benchmark(int)\n")
    status, error, found = compared(tmp_path, path="PYTHONPATH=.", cells=["--pyargs", "shop"])
    assert status == 0, error
    assert list(found["plan"]) == ["shop/test_speed.py::test_sold"]
