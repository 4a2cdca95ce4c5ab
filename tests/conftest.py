"""What every test stands on."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from nightly import LeftOut, mark_nightly
from probes import Probe

from paceline.report import unmet

UNDRAWN = unmet("the report's tests")
"""Why nothing can be drawn here; None if it can."""

collect_ignore_glob = ["test_page_*.py", "test_report_command.py"] if UNDRAWN else []


settings.register_profile("ci", deadline=None, max_examples=10)
settings.register_profile("nightly", deadline=None, max_examples=1000)  # for pytest --hypothesis-profile nightly
settings.load_profile("ci")

os.environ.pop("PYTEST_XDIST_WORKER", None)  # for sessions that tests start: pytest-benchmark measures in no worker

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # its apparatus is tested, too
sys.path.append(str(Path(__file__).parents[1] / "docs" / "_ext"))  # what makes the reference


def pytest_configure(config):
    config.pluginmanager.register(LeftOut())


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items):
    mark_nightly(items)


def pytest_report_header():
    """Report aloud what is left out."""
    return f"left out: {UNDRAWN}" if UNDRAWN else None


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
