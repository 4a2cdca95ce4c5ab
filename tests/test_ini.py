"""The ini key that makes a plain pytest session know what `paceline ab` compares, and what knowing it costs."""

import subprocess
import sys

import pytest
from processes import QUICK


@pytest.fixture
def project(pytester):
    """A project that sets the key, and lets no warning pass."""
    pytester.makeini(
        "[pytest]\naddopts = --strict-config\nfilterwarnings = error\npaceline_ab = test_speed.py -k 'a or b'"
    )
    pytester.makepyfile("""
        def test_key(pytestconfig):
            assert pytestconfig.getini("paceline_ab") == ["test_speed.py", "-k", "a or b"]
    """)
    return pytester


def test_a_plain_session_knows_the_key_wherever_paceline_is_installed(project):
    project.runpytest_subprocess(*QUICK).assert_outcomes(passed=1)


def test_whoever_registers_the_key_once_more_changes_nothing(project):
    project.makeconftest("from paceline.ini import pytest_addoption")
    project.runpytest_subprocess(*QUICK).assert_outcomes(passed=1)


def test_it_can_be_switched_off_by_name(project):
    ended = project.runpytest_subprocess(*QUICK, "-p", "no:paceline")
    ended.stderr.fnmatch_lines("*Unknown config option: paceline_ab*")


def test_it_imports_nothing_that_pytest_has_not():
    code = "import sys, pytest; before = set(sys.modules); import paceline.ini; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["paceline", "paceline.ini"]
