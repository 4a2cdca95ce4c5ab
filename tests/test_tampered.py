"""Python's own modules, patched or stopped by somebody: nothing is measured with them, and one sentence says why."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from processes import QUICK

from paceline.workers.errors import tampered
from paceline.workloads import Call
from paceline.workloads.call import TamperedError

pytestmark = pytest.mark.usefixtures("modules_found")

HERE = Path(__file__).parent
COMMAND = ["-c", "import sys; from paceline.cli import main; sys.exit(main())"]
PATCHED = (HERE / "patched.py").read_text()
BY_GEVENT = "gevent has patched Python's own modules, and strategies need them as they are; move monkey.patch_all()"
LAB = """
import pytest

from fake import Clock, Fake
from paceline.strategies.executors import Processes
from paceline.strategies.threads import Threads
from paceline.workloads import Call, Compute

clock = Clock()
"""


def paceline(*words):
    return subprocess.run([sys.executable, *COMMAND, *words], cwd=HERE, capture_output=True, text=True, check=False)


@pytest.fixture
def session(pytester):
    """A project with Paceline in it: `session(source, conftest)` runs plain pytest there."""
    pytester.makeini("[pytest]\nfilterwarnings = error")

    def run(source, conftest=""):
        pytester.makeconftest(f'pytest_plugins = ["paceline.plugin.laboratory"]\n{conftest}')
        pytester.makepyfile(test_lab=LAB + source, patched=PATCHED)
        return pytester.runpytest_subprocess(*QUICK)

    return run


def test_nothing_is_tampered_with_where_gevent_is_imported_and_patches_nothing():
    pytest.importorskip("gevent.monkey")
    assert tampered() is None


@pytest.mark.parametrize("words", [("race",), ("watch", "pool-fork")])
def test_a_module_that_patches_when_it_is_imported_is_named(words):
    pytest.importorskip("gevent")
    done = paceline(*words, "patched:wait")
    assert (done.returncode, done.stdout) == (1, "")
    *_, said = done.stderr.splitlines()
    assert f" failed: with the import of patched, {BY_GEVENT}" in said
    assert "Traceback" not in done.stderr


def test_eventlet_patches_too_and_is_not_imported_to_find_out(monkeypatch):
    patcher = SimpleNamespace(is_monkey_patched=lambda module: module == "socket")
    monkeypatch.setitem(sys.modules, "eventlet.patcher", patcher)
    with pytest.raises(TamperedError, match="^eventlet has patched"):
        Call("raced:waits").load()


def test_a_cell_whose_module_patches_fails_before_it_starts_and_so_do_those_after_it(session):
    pytest.importorskip("gevent")
    done = session("""
def test_in_threads(measure):
    measure(Threads(Call("patched:wait"), 2), range(2))

def test_after_it(measure):
    measure(Processes(Compute("squares", 1), 2), range(2))
""")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines([f"with the import of patched, {BY_GEVENT}*", f"{BY_GEVENT}*"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_a_session_that_is_patched_measures_nothing(session):
    pytest.importorskip("gevent")
    source = """
def test_in_processes(measure):
    measure(Processes(Compute("squares", 1), 2), range(2))

def test_elsewhere(cost):
    cost("os:getpid", strategy="none", workload="none")
"""
    done = session(source, "from gevent import monkey\nmonkey.patch_all()")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines([f"{BY_GEVENT}*", f"{BY_GEVENT}*"])


def test_a_cell_under_a_frozen_clock_fails_before_it_starts(session):
    done = session("""
import time

@pytest.fixture
def frozen(monkeypatch):  # as freezegun has it
    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: 0.0)

@pytest.mark.usefixtures("frozen")
def test_in_processes(measure):
    measure(Processes(Compute("squares", 1), 2), range(2))

@pytest.mark.usefixtures("frozen")
def test_elsewhere(cost):
    cost("os:getpid", strategy="none", workload="none")
""")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(2 * ["time.perf_counter is not Python's own but test_lab's, and may stand still; *"])


def test_a_module_that_freezes_the_clock_when_it_is_imported_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "monotonic", time.monotonic)  # so that it comes back
    (tmp_path / "freezes.py").write_text(
        "import time\ntime.monotonic = lambda: 0.0\ndef work(item):\n    return item\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TamperedError, match="^with the import of freezes, time.monotonic is not Python's"):
        Call("freezes:work").load()


def test_a_clock_of_c_that_stands_still_is_noticed(monkeypatch):
    monkeypatch.setattr(time, "monotonic", [].copy)
    assert "time.monotonic stands still" in tampered()
