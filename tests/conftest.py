"""What every test stands on."""

import os
import signal
import sys
from pathlib import Path

import pytest
from nightly import LeftOut, mark_nightly
from probes import Probe

from paceline import machine, report

UNDRAWN = report.unmet("drawing a report")
"""Why nothing can be drawn here; None if it can."""

UNDATED = machine.unmet("judging a history", "history", {"ruptures": "ruptures", "tomli_w": "tomli-w"})
"""Why no history can be judged here; None if it can."""

collect_ignore_glob = [
    *(["test_page_*.py", "test_report_command.py", "test_added_strategy.py"] if UNDRAWN else []),
    *(["test_trends_*.py", "test_stats_change_points.py"] if UNDATED else []),
]

try:
    from hypothesis import settings
except ModuleNotFoundError:  # told below: a session that only measures loads this file, and needs none
    settings = None
else:
    settings.register_profile("ci", deadline=None, max_examples=10)
    settings.register_profile("nightly", deadline=None, max_examples=1000)  # for pytest --hypothesis-profile nightly
    settings.load_profile("ci")

os.environ.pop("PYTEST_XDIST_WORKER", None)  # for sessions that tests start: pytest-benchmark measures in no worker

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # its apparatus is tested, too
sys.path.append(str(Path(__file__).parents[1] / "docs"))  # what makes the reference


@pytest.hookimpl(trylast=True)  # the conftest above takes the tests out of a session that only measures
def pytest_configure(config):
    if settings is None and config.args != ["benchmarks"]:
        raise pytest.UsageError(
            "the tests need hypothesis: type make test, or pip install --group test -e '.[all]' (pip 25.1 or newer)"
        )
    config.pluginmanager.register(LeftOut())


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items):
    mark_nightly(items)


def pytest_report_header():
    """Report aloud what is left out."""
    return [f"left out: {why}" for why in (UNDRAWN, UNDATED) if why]


@pytest.fixture(scope="session", autouse=True)
def ctrl_c():
    """Ctrl-C works in tests and in what they start, also in a session that a shell put into the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def modules_found(monkeypatch):
    """Processes that a test starts find the modules beside the tests, such as `fake`."""
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


@pytest.fixture
def probe(tmp_path):
    """A workload that notes what its workers do."""
    return Probe(tmp_path / "log")
