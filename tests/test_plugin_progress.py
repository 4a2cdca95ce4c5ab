"""The line at a terminal: how far a measuring session is."""

import os
import re

import pytest
from processes import QUICK, everything_from, terminal, until
from pytest_benchmark.utils import get_machine_id
from saved_runs import benchmark, put, saved
from screens import COLUMNS, Screen

from paceline import machine
from paceline.plugin.progress import sentence, time_left
from paceline.text.formats import duration

pytestmark = pytest.mark.usefixtures("modules_found")

CELLS = """
import threading
import pytest
from fake import Clock, Fake
from paceline.workloads import Compute

clock = Clock()

class Alone(Fake):
    def map(self, items):
        assert threading.active_count() == 1
        return super().map(items)

@pytest.mark.benchmark(timer=clock)
@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.parametrize("which", {ids})
def test_fake(measure, compute, items, which):
    measure(Alone(compute, 2, clock=clock, rounds=[1.0]), items)
"""
MANY = """
@pytest.mark.parametrize("which", range(80))
def test_many(benchmark, which):
    benchmark.pedantic(int)
"""
WAITS = CELLS.replace("assert threading.active_count() == 1", "open('waits', 'w').close(); threading.Event().wait(60)")
FIXED = len("test_lab.py::test_fake[items=2-n=100000--squares] ")
ERASE = "\x1b[J"
LINE = re.compile(r"cell \d+ of \d+[^\x1b]*")
MEASURE = ("-m", "pytest", *QUICK, "--benchmark-only", "--seed=1", "--rounds=2", "--items=2")


@pytest.fixture(autouse=True)
def project(pytester, monkeypatch):
    pytester.makeini("[pytest]\nfilterwarnings =\n  error\n  default::pytest_benchmark.logger.PytestBenchmarkWarning")
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')
    pytester.makepyfile(test_lab=CELLS.format(ids=["a", "b"]))
    for name in ("BUILD_NUMBER", "COLUMNS", "LINES", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CI", "")  # as good as none
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def written(pytester):
    """What a session writes to its terminal, all of it."""

    def written(*arguments, status=0):
        with terminal(*arguments, cwd=pytester.path) as (process, ours):
            seen = everything_from(ours)
            assert process.wait() == status, seen
        return seen

    return written


def rows(seen):
    """What is on the screen in the end."""
    return Screen().write(seen).rows()


def assert_nothing_left(seen):
    """The line was there, was erased after it was last written, and before anything else was."""
    assert LINE.search(seen)
    assert LINE.split(seen)[-1].partition(ERASE)[0] in ("\x1b8", "\x1b8^C")
    assert not LINE.search("\n".join(rows(seen)))


def test_a_terminal_sees_which_cell_it_is_and_at_the_end_nothing_of_it(written):
    seen = written(*MEASURE)
    cells = ["cell 1 of 2, test_fake[items=2-n=", "cell 2 of 2, test_fake[items=2-n="]
    assert all(line.startswith(cell) for line, cell in zip(LINE.findall(seen), cells, strict=True))
    assert_nothing_left(seen)


@pytest.mark.parametrize("arguments", [[], ["-v"], ["-q"]], ids=["", "-v", "-q"])
def test_what_pytest_writes_looks_as_it_does_without_the_line(pytester, written, monkeypatch, arguments):
    filling = range(COLUMNS - FIXED - 3, COLUMNS - FIXED + 3)  # with -v, pytest's row then ends at a window's edge
    names = [f"{number}{'x' * (width - 2)}" for number, width in enumerate(filling, start=10)]
    pytester.makepyfile(test_lab=CELLS.format(ids=names) + MANY)
    session = (*MEASURE, "--benchmark-save=x", *arguments)
    seen = written(*session)
    assert len(LINE.findall(seen)) >= 80
    monkeypatch.setenv("CI", "1")
    without = written(*session)
    assert not LINE.search(without)
    assert until_measured(rows(seen)) == until_measured(rows(without))


def until_measured(rows):
    """Rows above the tables."""
    return rows[: next(number for number, row in enumerate(rows) if re.match("-+ benchmark", row))]


def test_a_pipe_gets_one_row_for_all_cells_in_whatever_files_they_are(pytester):
    pytester.makepyfile(**{f"test_{name}": CELLS.format(ids=["a", "b"]) for name in ("lab", "more", "most")})
    result = pytester.runpytest_subprocess(*MEASURE[2:])
    result.stdout.fnmatch_lines(["paceline: *", "......*100%*", "", "*benchmark *"], consecutive=True)
    verbose = pytester.runpytest_subprocess(*MEASURE[2:], "-v")
    assert len([line for line in verbose.outlines if re.match(r"test_\w+.py::test_fake.* PASSED", line)]) == 6


def test_a_pipe_gets_nothing_of_it(pytester):
    result = pytester.runpytest_subprocess(*MEASURE[2:])
    result.assert_outcomes(passed=2)
    assert not LINE.search(result.stdout.str() + result.stderr.str())
    assert "\x1b" not in result.stdout.str()


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_a_terminal_in_ci_or_one_that_can_not_go_back_gets_nothing_of_it(written, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    seen = written(*MEASURE)
    assert "2 passed" in seen
    assert not LINE.search(seen)


@pytest.mark.parametrize(
    "arguments",
    [
        [*MEASURE, "--collect-only"],
        [*MEASURE, "-s"],
        [*MEASURE, "--setup-show"],
        [*MEASURE, "--log-cli-level=INFO"],
        [*MEASURE, "-p", "no:terminal"],
        ["-m", "pytest", *QUICK],
    ],
    ids=["collect-only", "uncaptured", "setup-show", "log-cli", "no terminal reporter", "plain"],
)
def test_a_session_that_measures_nothing_or_writes_in_the_middle_of_a_cell_shows_none(written, arguments):
    assert not LINE.search(written(*arguments))


def test_ctrl_c_leaves_nothing_of_it(pytester):
    pytester.makepyfile(test_lab=WAITS.format(ids=["a"]))
    with terminal(*MEASURE, cwd=pytester.path) as (process, ours):
        until((pytester.path / "waits").exists, "the cell to wait")
        os.write(ours, b"\x03")  # the terminal sends SIGINT to everybody in its foreground, and writes ^C
        seen = everything_from(ours)
        assert process.wait() == pytest.ExitCode.INTERRUPTED
    assert_nothing_left(seen)
    assert any("KeyboardInterrupt" in row for row in rows(seen))


@pytest.mark.parametrize("body", ["assert False", "pytest.exit('enough')"])
def test_a_cell_that_ends_otherwise_leaves_nothing_of_it(pytester, body):
    pytester.makepyfile(test_lab=f"import pytest\ndef test_odd(measure): {body}")
    with terminal(*MEASURE, cwd=pytester.path) as (process, ours):
        seen = everything_from(ours)
        assert process.wait() != 0
    assert_nothing_left(seen)


def test_the_first_run_knows_no_time_at_its_start_and_the_second_one_does(written):
    first, second = (LINE.findall(written(*MEASURE)) for _ in range(2))
    assert "left" not in first[0]
    assert "left" in first[-1]
    assert "about 4 s left" in second[0]  # two cells whose clocks said 1 s for each of two rounds, and nothing else


@pytest.fixture
def remember(pytester):
    """Save a run in which the first cell took 50 s."""

    def remember(fingerprint):
        fullname = "test_lab.py::test_fake[items=2-n=100000-a-squares]"
        cell = {**benchmark(rounds=[50.0]), "fullname": fullname, "name": fullname.partition("::")[2]}
        folder = f"{fingerprint}/{get_machine_id()}"
        return put(pytester.path / "results", saved(cell, fingerprint=fingerprint), folder=folder)

    return remember


def test_a_strategy_that_is_missing_takes_no_time(pytester, written, remember):
    remember(machine.fingerprint())
    pytester.makepyfile(
        test_lab=CELLS.format(ids=["a"]) + "\n@pytest.mark.skip\ndef test_missing(measure): pass\n",
        test_other="def test_that_is_no_cell(): pass\n",
    )
    assert "cell 1 of 3, " in (first := LINE.findall(written(*MEASURE))[0])
    assert first.endswith(", about 50 s left")


def test_another_machines_history_is_not_asked(pytester, written, remember):
    remember("linux-x86_64-another-2cpu-cpython-3.11")
    pytester.makepyfile(test_lab=CELLS.format(ids=["a"]))
    assert "left" not in LINE.findall(written(*MEASURE))[0]


@pytest.mark.parametrize("content", [b"{", b'{"benchmarks": []}'])
def test_a_history_that_can_not_be_read_does_not_hinder(written, remember, content):
    remember(machine.fingerprint()).write_bytes(content)
    seen = written(*MEASURE)
    assert "2 passed" in seen
    assert LINE.search(seen)


@pytest.mark.parametrize(
    ("before", "now", "waiting", "left"),
    [
        ({}, {}, "ab", None),
        ({"a": 3.0, "b": 4.0}, {}, "ab", 7.0),
        ({"a": 3.0, "b": 4.0}, {"a": 6.0}, "b", 8.0),
        ({"a": 3.0}, {}, "ab", None),
        ({"a": 3.0}, {"a": 6.0}, "b", 6.0),
        ({}, {"a": 6.0, "b": 2.0}, "cd", 8.0),
        ({"a": 1.0, "c": 2.0}, {"a": 2.0, "b": 4.0}, "cd", 7.0),
        ({"a": 0.0, "b": 4.0}, {"a": 1.0}, "b", 4.0),
    ],
    ids=[
        "nothing known",
        "a saved run",
        "slower than the saved run",
        "a cell that nobody has seen, at the start",
        "a cell that nobody has seen takes what the others do",
        "no saved run",
        "some of both",
        "a cell that was to take no time",
    ],
)
def test_the_time_left_is_what_the_waiting_cells_are_expected_to_take(before, now, waiting, left):
    assert time_left(list(waiting), before, now) == left


LONG = ("cell 12 of 92", "test_waiting[threads-raw-workers=4]", 70.0)


@pytest.mark.parametrize(
    ("room", "line"),
    [
        (99, "cell 12 of 92, test_waiting[threads-raw-workers=4], about 1 min 10 s left"),
        (65, "cell 12 of 92, test_waiting[threads-raw..., about 1 min 10 s left"),
        (50, "cell 12 of 92, test_wait..., about 1 min 10 s left"),
        (49, "cell 12 of 92, about 1 min 10 s left"),
        (20, "cell 12 of 92, about"),
        (0, ""),
        (-1, ""),
    ],
)
def test_a_narrow_window_cuts_the_cells_name_first(room, line):
    assert sentence(*LONG, room) == line
    assert len(line) <= max(room, 0)


def test_a_name_steers_no_terminal_and_takes_one_column_a_character():
    line = sentence("cell 1 of 1", "test[\x1b[2J漢]", None, 79)
    assert line == "cell 1 of 1, test[\\x1b[2J\\u6f22]"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (-3.0, "0 s"), (59.6, "1 min 0 s"), (190.0, "3 min 10 s")]
)
def test_a_time_to_wait_has_whole_seconds(seconds, words):
    assert duration(seconds) == words
