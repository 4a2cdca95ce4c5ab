"""What slows Python code down from outside, and not in all strategies alike: tracers, profilers, debug modes.

It stands alone, as `paceline ab` gives a copy of it to its sides.
"""

import os
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

COVERAGE = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COV_CORE_SOURCE", "COV_CORE_DATAFILE")
"""Variables by which coverage, and pytest-cov before 7, start in new processes."""
MODES = {
    "PYTHONTRACEMALLOC": "tracemalloc",
    "PYTHONDEVMODE": "Python's development mode",
    "PYTHONASYNCIODEBUG": "asyncio's debug mode",
}
TOOLS = range(6)  # of sys.monitoring


def running() -> list[str]:
    """Name what is on in this process, in threads that it starts, or in its processes to come.

    A tracer that is paused in the calling thread, as pytest-benchmark does for its rounds, is still on in others.
    """
    return list(dict.fromkeys([*_hooked(), *_monitoring(), *_on(), *inherited()]))


def inherited() -> list[str]:
    """Name what is on in new processes, because environment variables ask for it."""
    if sys.flags.ignore_environment:
        return []
    installed = "coverage" in sys.modules or find_spec("coverage") is not None
    coverage = installed and any(name in os.environ for name in COVERAGE)
    modes = [mode for name, mode in MODES.items() if os.environ.get(name, "") not in {"", "0"}]
    return [*(["coverage"] if coverage else []), *modes]


def doubt(names: list[str]) -> str:
    """Return what that means for whatever is measured beside it."""
    return f"with {' and '.join(names)} on, Python code runs slower, and not in all strategies alike"


def _hooked() -> Iterator[str]:
    tracing: list[Any] = [sys.gettrace(), threading.gettrace()]
    profiling: list[Any] = [sys.getprofile(), threading.getprofile()]
    for kind, hooks in {"trace": tracing, "profile": profiling}.items():
        for hook in filter(None, hooks):
            module = str(getattr(hook, "__module__", None) or type(hook).__module__)
            yield _coverage(module) or f"the {kind} function of {module}"


def _monitoring() -> list[str]:
    if sys.version_info < (3, 12):
        return []
    return [_coverage(name) or name for name in map(sys.monitoring.get_tool, TOOLS) if name is not None]


def _coverage(name: str) -> str | None:
    """Return one name for coverage, known by a module of its own or as a tool."""
    return "coverage" if name.partition(".")[0] == "coverage" else None


def _on() -> Iterator[str]:
    coverage = getattr(sys.modules.get("coverage"), "Coverage", None)
    if coverage is not None and coverage.current() is not None:
        yield "coverage"
    if tracemalloc.is_tracing():
        yield MODES["PYTHONTRACEMALLOC"]
    if sys.flags.dev_mode:
        yield MODES["PYTHONDEVMODE"]
