"""Tracers, profilers and debug modes that are on: named, and told by what measures beside them."""

import subprocess
import sys
import threading
import tracemalloc
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from paceline.race.notes import traced
from paceline.workers import tracers

QUIET = not tracers.running()


def ignoring(*_):
    """A hook that is called for everything, and does nothing."""


@contextmanager
def hooked(install):
    install(ignoring)
    try:
        yield
    finally:
        install(None)


pytestmark = [
    pytest.mark.core,
    pytest.mark.skipif(not QUIET, reason="these tests themselves run beside a tracer"),
]


@pytest.mark.parametrize(
    ("install", "kind"),
    [
        (sys.settrace, "trace"),
        (threading.settrace, "trace"),
        (sys.setprofile, "profile"),
        (threading.setprofile, "profile"),
    ],
    ids=["trace", "trace of threads", "profile", "profile of threads"],
)
def test_a_hook_of_this_thread_or_of_those_to_come_is_named_by_where_it_comes_from(install, kind):
    with hooked(install):
        found = tracers.running()
    assert found == [f"the {kind} function of {__name__}"]
    assert tracers.running() == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12")
def test_a_tool_of_monitoring_is_named():
    number = next(number for number in tracers.TOOLS if sys.monitoring.get_tool(number) is None)
    for name, called in {"a tool": "a tool", "coverage.py": "coverage"}.items():
        sys.monitoring.use_tool_id(number, name)
        try:
            assert tracers.running() == [called]
        finally:
            sys.monitoring.free_tool_id(number)


def test_coverage_that_pauses_for_a_benchmark_is_on_all_the_same(monkeypatch):
    started = SimpleNamespace(Coverage=SimpleNamespace(current=lambda: "it"))
    stopped = SimpleNamespace(Coverage=SimpleNamespace(current=lambda: None))
    monkeypatch.setitem(sys.modules, "coverage", started)
    assert tracers.running() == ["coverage"]
    monkeypatch.setitem(sys.modules, "coverage", stopped)
    assert tracers.running() == []


def test_what_new_processes_start_with_is_read_off_the_environment(monkeypatch, tmp_path):
    (tmp_path / "coverage.py").touch()
    monkeypatch.setenv("COVERAGE_PROCESS_START", "setup.cfg")
    assert tracers.inherited() == []  # nothing could start it
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    monkeypatch.setenv("PYTHONTRACEMALLOC", "0")
    assert tracers.inherited() == tracers.running() == ["coverage", "asyncio's debug mode"]
    [note] = traced(tracers.inherited())
    assert note.startswith("with coverage and asyncio's debug mode on, Python code runs slower, and not in all ")
    assert traced([]) == []


def test_the_debug_modes_of_this_process_are_named():
    tracemalloc.start()
    try:
        assert tracers.running() == ["tracemalloc"]
    finally:
        tracemalloc.stop()
    code = "from paceline.workers import tracers; print(tracers.running())"
    told = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == '["Python\'s development mode"]\n'
