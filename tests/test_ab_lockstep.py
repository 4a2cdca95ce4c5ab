"""Two pytest processes in lockstep, in a project that has nothing of Paceline."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import psutil
import pytest
from nightly import nightly
from processes import LONG_PATIENCE, PATIENCE, QUICK, alive, family, python, until

from paceline.plugin.side import cells, lockstep

PROJECT = """
import os, tempfile, time, pytest

def note(what):
    with open("notes", "a") as notes:
        notes.write(f"{os.environ['SIDE']} {what}\\n")

def one():
    note("begin one")
    time.sleep(0.003)
    note("end one")

def two():
    time.sleep(0.003)
    note("two")

def test_one(benchmark):
    note("start one")
    benchmark(one)

def test_two(benchmark):
    benchmark.pedantic(two, setup=lambda: note("prepare two"), rounds=2)
"""
ME = ("-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")
BASELINE, CANDIDATE = ". SIDE=A", ". SIDE=B"


OWN_WORDS = """
import pytest

@pytest.fixture
def cost():
    return 3

@pytest.mark.parametrize("process", ["grinding", 2])
def test_it(benchmark, process, cost): benchmark(int)
"""


def test_parameters_of_a_project_that_have_the_names_of_pacelines_keep_no_cell_out(pytester):
    found = cells.collected(pytester.getitems(OWN_WORDS))
    assert (len(found["cells"]), found["aside"]) == (2, {})


OF_PACELINE = """
import pytest

def of(module, value):
    def value_of(request):
        return value

    value_of.__module__ = module
    return pytest.fixture(value_of)

instrument = of("{laboratory}", "one for both")
cost = of("{laboratory}", None)
{process} = of("paceline.plugin", None)

@pytest.mark.parametrize("{process}", [1, 2], indirect=True)
def test_replicated(benchmark, {process}): benchmark(int)

@pytest.mark.parametrize("{process}", [None], indirect=True)
def test_here(benchmark, {process}, instrument): benchmark(int)

def test_cost(benchmark, cost): benchmark(int)
"""


@pytest.mark.parametrize(
    ("laboratory", "process"),
    [("paceline.plugin", "process"), ("paceline.plugin.laboratory", "_paceline_process")],
    ids=["one plugin", "two"],
)
def test_cells_of_a_revision_with_one_plugin_of_pacelines_and_of_one_with_two_are_told(pytester, laboratory, process):
    found = cells.collected(pytester.getitems(OF_PACELINE.format(laboratory=laboratory, process=process)))
    assert [name.partition("::")[2].partition("[")[0] for name in found["cells"]] == ["test_here"]
    assert set(found["aside"].values()) == {cells.ELSEWHERE}
    assert found["needs_instrument"]


SERVED = "def test_it(benchmark, httpserver): benchmark(int)"


@pytest.mark.parametrize(("source", "kept_out"), [(OWN_WORDS, True), (SERVED, False)], ids=["idle", "needed"])
def test_a_plugin_that_is_slow_to_import_is_kept_out_where_no_cell_needs_it(pytester, source, kept_out):
    items = pytester.getitems(source)
    items[0].session.items = items
    assert ("no:pytest_httpserver" in lockstep.idle(items[0].session)) == kept_out


@pytest.fixture
def project(tmp_path):
    """A folder with one file of benchmarks; call it to add to the file."""

    def added(source):
        path = tmp_path / "test_speed.py"
        path.write_text(PROJECT + source)
        return tmp_path

    added("")
    return added


@pytest.fixture
def temporary(tmp_path_factory, monkeypatch):
    """The folder for temporary files of what is started, to see what is left in it."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def ab(folder, *arguments, baseline=BASELINE, candidate=CANDIDATE, pairs=1, options=QUICK):
    """Run a comparison to its end; gives the process, with what it wrote."""
    sides = ["--baseline", baseline, "--candidate", candidate, "--pairs", pairs]
    with started(folder, *sides, *arguments, "--", "test_speed.py", *options) as process:
        process.out, process.err = process.communicate(timeout=LONG_PATIENCE)
    return process


def started(folder, *arguments):
    """Start a comparison."""
    main = "import sys; from paceline.cli import main; sys.exit(main())"
    return python("-c", main, "ab", *arguments, cwd=folder, stdout=-1, stderr=-1, stdin=-3)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def notes(folder):
    return (folder / "notes").read_text().splitlines()


def test_the_rounds_of_both_sides_alternate_and_only_one_side_works_at_a_time(project):
    folder = project("")
    ended = ab(folder, "--seed=1")
    assert ended.returncode == 0, ended.err
    of_one = [note for note in notes(folder) if note.endswith(" one")]
    starts = [number for number, note in enumerate(of_one) if "start" in note]
    assert len(starts) == 4, "each side's trial, and the pair"
    *_, second = starts
    rounds = of_one[second + 3 :]  # its warm-up comes first
    begins = "".join(note[0] for note in rounds if "begin" in note)
    assert begins in (("ABBA" * len(begins))[: len(begins)], ("BAAB" * len(begins))[: len(begins)])
    assert len(begins) >= 4
    assert all(begin.replace("begin", "end") == end for begin, end in zip(rounds[::2], rounds[1::2], strict=True))


@pytest.mark.nightly
def test_a_round_follows_its_own_setup_before_the_other_side_comes_on(project):
    folder = project("")
    ab(folder, "--seed=1")
    for side in "AB":
        own = [note[2:] for note in notes(folder) if note[0] == side and "two" in note]
        assert own == ["prepare two", "two"] * (len(own) // 2)


def test_it_is_saved_and_can_be_judged_again(project):
    folder = project("")
    first = ab(folder, "--json", pairs=2)
    [saved] = (folder / "results" / "ab").glob("*.json")
    decided = json.loads(first.out)
    assert [cell["fullname"] for cell in decided["cells"]] == ["test_speed.py::test_one", "test_speed.py::test_two"]
    again = ab(folder, "--read", "1", "--json")
    assert json.loads(again.out)["cells"] == decided["cells"]
    assert (folder / "results" / "ab").joinpath(saved.name).exists()


HANGS = """
def test_odd(benchmark):
    with tempfile.TemporaryDirectory():
        if os.environ["SIDE"] == "B":
            {what}
        benchmark.pedantic(int, rounds=1)
"""


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("os.kill(os.getpid(), 9)", "the candidate (. SIDE=B) was ended by signal 9"),
        nightly("os._exit(7)", "the candidate (. SIDE=B) ended with status 7"),
        nightly("time.sleep(1000)", "the candidate (. SIDE=B) hung"),
    ],
    ids=["is killed", "exits", "hangs"],
)
def test_a_side_that_is_gone_ends_everything_with_a_word_on_the_cell(project, temporary, what, told):
    folder = project(HANGS.format(what=what))
    ended = ab(folder, "--timeout=12")
    assert ended.returncode == 2
    assert told in ended.err
    assert "test_odd" in ended.err
    assert not (folder / "results").exists()
    assert list(temporary.iterdir()) == []
    assert [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(folder)] == []


@pytest.mark.parametrize(
    "kill", [nightly(signal.SIGINT), nightly(signal.SIGTERM), signal.SIGKILL], ids=["ctrl-c", "sigterm", "sigkill"]
)
def test_whatever_ends_a_comparison_leaves_nobody(project, kill):
    folder = project("""
def test_long(benchmark):
    note("long")
    benchmark.pedantic(time.sleep, args=[0.2], rounds=1000)
""")
    sides = ["--baseline", BASELINE, "--candidate", CANDIDATE, "--pairs", "1"]
    with started(folder, *sides, "--", "test_speed.py", *QUICK) as process:
        until(
            lambda: (folder / "notes").exists() and "B long" in notes(folder) and "A long" in notes(folder),
            "both sides",
        )
        everyone = family(process.pid)
        os.kill(process.pid, kill)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(kill, -kill)
    until(lambda: not alive(everyone), "the whole family to end")
    assert not (folder / "results").exists()


DEMANDING = """
[tool.pytest.ini_options]
cache_dir = ".cache"
addopts = [
  "--strict-config", "--lf", "--ff", "--hypothesis-profile=ci", "--benchmark-disable", "--benchmark-autosave",
  "--benchmark-json=run.json", "--benchmark-compare", "--benchmark-compare-fail=median:50%",
  "--benchmark-histogram=drawn", "--benchmark-cprofile=tottime", "--benchmark-cprofile-dump=profile",
  "--basetemp=kept", "--junitxml=report.xml", "--codspeed", "-p", "no:benchmark",
]
"""
PROFILE = """
from hypothesis import settings

settings.register_profile("ci")

def pytest_addoption(parser):
    parser.addoption("--codspeed", action="store_true")

def pytest_configure(config):
    assert not config.option.codspeed
"""


def test_what_a_project_asks_of_its_own_sessions_neither_breaks_a_side_nor_makes_it_write(project, temporary):
    folder = project("def test_files(benchmark, tmp_path): benchmark.pedantic((tmp_path / 'file').touch, rounds=1)")
    (folder / "pyproject.toml").write_text(DEMANDING)
    (folder / "conftest.py").write_text(PROFILE + 'pytest_plugins = ["paceline.plugin.laboratory"]')
    before = {*folder.iterdir()}
    ended = ab(folder, options=())
    assert ended.returncode == 0, ended.err
    made = {path.name for path in {*folder.iterdir()} - before}
    assert made - {"__pycache__"} == {"notes", "results"}
    assert [path.name for path in (folder / "results").iterdir()] == ["ab"]
    assert list(temporary.iterdir()) == []


TRACED = """
import os, sys, pytest

def pytest_runtest_call():
    if os.environ["SIDE"] == "B" and "late" in os.environ["WHEN"]:
        sys.setprofile(lambda *_: None)

def pytest_configure():
    if os.environ["SIDE"] == "B" and "early" in os.environ["WHEN"]:
        sys.settrace(lambda *_: None)
"""


@pytest.mark.parametrize(("when", "kind"), [("early", "trace"), nightly("late", "profile")])
def test_a_side_that_runs_beside_a_tracer_is_refused(project, temporary, monkeypatch, when, kind):
    folder = project("")
    (folder / "conftest.py").write_text(TRACED)
    monkeypatch.setenv("WHEN", when)
    ended = ab(folder)
    assert ended.returncode == 2
    told = (
        f"the candidate (. SIDE=B) can't be compared: with the {kind} function of conftest on, Python code runs slower"
    )
    assert told in ended.err
    assert not (folder / "results").exists()
    assert list(temporary.iterdir()) == []


CLOCK = """
import os, pytest

class Clock:
    now = 0.0
    __name__ = "clock"
    def __call__(self):
        return self.now

clock = Clock()
"""
EXACT = """
def worked():
    clock.now += float(os.environ["SECONDS"])

@pytest.mark.benchmark(timer=clock)
def test_exact(benchmark):
    benchmark.pedantic(worked, rounds=5)
"""


@pytest.mark.nightly
def test_a_slow_down_is_found_twice_and_ends_with_status_1(tmp_path):
    (tmp_path / "test_speed.py").write_text(CLOCK + EXACT)
    tolerant = "--tolerance=40"  # other processes can move the canary too, which would ask for fresh pairs
    ended = ab(tmp_path, "--json", tolerant, baseline=". SECONDS=1.0", candidate=". SECONDS=1.5", pairs=6)
    decided = json.loads(ended.out)
    assert ended.returncode == 1
    [cell] = decided["cells"]
    assert decided["verdict"] == cell["verdict"] == "slower"
    assert cell["ratio"] == pytest.approx(1.5)
    assert cell["pairs"] == 6
    assert cell["fresh"]["ratio"] == pytest.approx(1.5)


LATE = """
def worked():
    from wares import SECONDS
    clock.now += SECONDS

@pytest.mark.benchmark(timer=clock)
def test_exact(benchmark):
    benchmark.pedantic(worked, rounds=2)
"""


@pytest.fixture
def wares(tmp_path):
    """A repository whose package in python/ takes a second in the first revision, and two in the working tree."""
    write(tmp_path / "test_speed.py", CLOCK + LATE)
    write(tmp_path / "pyproject.toml", '[project]\nname = "the-wares"')
    write(tmp_path / "python" / "wares" / "__init__.py", "SECONDS = 1.0")
    for words in ("init --quiet", "add .", "commit --quiet --message=first"):
        subprocess.run(["git", *ME, "-C", tmp_path, *words.split()], check=True)
    write(tmp_path / "python" / "wares" / "__init__.py", "SECONDS = 2.0")
    return tmp_path


def test_a_revision_is_measured_with_its_own_code_where_the_working_tree_is_imported_from(wares, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(wares / "python"))
    ended = ab(wares, "--json", baseline="rev:HEAD", candidate=".")
    assert [cell["ratio"] for cell in json.loads(ended.out)["cells"]] == [pytest.approx(2.0)]


@pytest.mark.nightly
def test_a_copy_of_the_project_that_is_imported_in_a_test_is_no_sides_code(wares, tmp_path_factory, monkeypatch):
    site = tmp_path_factory.mktemp("environment") / "site-packages"
    write(site / "wares" / "__init__.py", "SECONDS = 1.0")
    write(site / "the_wares-1.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: the-wares\nVersion: 1\n")
    write(site / "the_wares-1.dist-info" / "RECORD", "wares/__init__.py,,\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    ended = ab(wares, baseline="rev:HEAD", candidate=".")
    assert ended.returncode == 2
    assert f"the baseline (rev:HEAD) imports wares from {site}/wares/__init__.py" in ended.err
    assert "--install" in ended.err
    assert not (wares / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--candidate", "."], "--baseline rev:main"),
        (["--baseline", "main"], "rev:main"),
        (["--baseline", "rev:nowhere"], "nowhere"),
        (["--baseline", "python:/nowhere/python"], "/nowhere/python"),
        (["--read", "12"], "12"),
        (["--read", "12", "--why"], "leave out one of them"),
    ],
    ids=["no baseline", "no side", "no revision", "no python", "no file", "nothing to run"],
)
def test_a_misuse_is_told_with_what_to_do(tmp_path, arguments, told):
    with started(tmp_path, *arguments, "--", "test_speed.py", *QUICK) as process:
        error = process.communicate(timeout=LONG_PATIENCE)[1]
    assert process.returncode == 2
    assert told in error
    assert "Traceback" not in error


@pytest.mark.nightly
def test_another_python_is_a_side(project):
    folder = project("")
    ended = ab(folder, candidate=f"python:{sys.executable} SIDE=B")
    assert ended.returncode == 0, ended.err


@pytest.fixture
def other_python(tmp_path_factory):
    """A Python that has what this one has but Paceline."""
    libraries = tmp_path_factory.mktemp("libraries")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "paceline" not in path.name:
            (libraries / path.name).symlink_to(path)
    program = tmp_path_factory.mktemp("other") / "python"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{libraries}" exec {sys.executable} -S "$@"\n')
    program.chmod(0o755)
    return program


def test_another_python_needs_no_paceline(project, other_python):
    folder = project("")
    ended = ab(folder, candidate=f"python:{other_python} SIDE=B")
    assert ended.returncode == 0, ended.err


MEASURED = """
import pytest
from paceline.strategies.threads import Threads

@pytest.mark.replicated
@pytest.mark.scale(rounds=3)
@pytest.mark.parametrize("client", ["raw"], indirect=True)
def test_downloads(measure, fetch, process):
    assert process is None
    measure(Threads(fetch, 2), range(6))
"""


def test_cells_of_measure_share_one_instrument_whose_counts_are_those_of_their_own_round(tmp_path):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["paceline.plugin.laboratory"]')
    (tmp_path / "test_speed.py").write_text(MEASURED)
    ended = ab(tmp_path, "--json", baseline=". --latency=5ms", candidate=". --latency=5ms")
    assert ended.returncode == 0, ended.err
    decided = json.loads(ended.out)
    [cell] = decided["cells"]
    assert cell["counts"]["requests"] == {"baseline": [6], "candidate": [6], "changed": False}
    assert not [note for note in decided["notes"] if "instrument" in note]
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["ab"], "no run enters a history"


PLAYED = """
import pytest
from paceline.strategies.sequential import Sequential
from paceline.workloads import Compute

@pytest.mark.replicated
@pytest.mark.scale(items=6, rounds=3)
def test_played(measure, items, instrument):
    assert instrument == "a violin"
    measure(Sequential(Compute("squares", 1000), 1), items)
"""


def test_a_project_may_have_an_instrument_of_its_own_and_ask_its_own_sessions_for_new_processes(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\npaceline_all = true\npaceline_processes = 2")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["players", "paceline.plugin"]')
    (tmp_path / "players.py").write_text("import pytest\n\n@pytest.fixture\ndef instrument(): return 'a violin'")
    (tmp_path / "test_speed.py").write_text(PLAYED)
    ended = ab(tmp_path, "--json")
    assert ended.returncode == 0, ended.err
    [cell] = json.loads(ended.out)["cells"]
    assert cell["fullname"] == "test_speed.py::test_played[items=6]"


@pytest.mark.nightly
def test_an_instrument_that_can_t_start_is_told_without_a_traceback_of_our_own(tmp_path):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["paceline.plugin.laboratory"]')
    (tmp_path / "test_speed.py").write_text(MEASURED)
    (tmp_path / "httptools.py").write_text("raise ValueError('no moon')")
    ended = ab(tmp_path)
    assert ended.returncode == 2
    assert "the server did not start" in ended.err
    assert "ValueError: no moon" in ended.err
    assert 'commands/ab.py", line' not in ended.err  # the server's own is quoted
