"""Every worker can have its connection, or is told beforehand that it can't: with real limits of real processes."""

import os
import resource

import pytest
from processes import QUICK
from skipping import parameters

from paceline.strategies import STRATEGIES
from paceline.workloads import Compute

CONFTEST = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
pytest_plugins = ["paceline.plugin.laboratory"]
"""
LAB = """
import pytest

@pytest.mark.strategies("asyncio", "loops-in-processes")
@pytest.mark.clients("raw")
@pytest.mark.scale(items=300, workers=300)
def test_many(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)

@pytest.mark.strategies("asyncio")
@pytest.mark.parametrize("kernel", ["squares"])
def test_compute(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items)
"""


@pytest.fixture
def session(pytester):
    """`session(soft, hard)`: a session with 300 workers in a process that may have so many open files."""
    pytester.makepyfile(test_lab=LAB)
    pytester.makeini("[pytest]\nfilterwarnings =\n  error\n  default::pytest_benchmark.logger.PytestBenchmarkWarning")

    def run(soft, hard):
        pytester.makeconftest(CONFTEST.format(soft=soft, hard=hard))
        return pytester.runpytest_subprocess(*QUICK, "--workers=300", "--items=300")

    return run


def test_a_low_limit_of_its_own_is_raised(session):
    session(soft=256, hard=1000).assert_outcomes(passed=3)


def test_a_low_limit_of_the_systems_is_said_before_anything_starts(session):
    result = session(soft=256, hard=256)
    result.assert_outcomes(passed=1, failed=2)  # who computes needs no connection
    result.stdout.fnmatch_lines(
        ["*TooFewDescriptors: 300 workers * need 400 file descriptors; * may have 256: raise *"]
    )
    result.stdout.fnmatch_lines(["*or measure with 156 workers or fewer"])


@pytest.fixture
def many_open():
    """More open files than `select` knows of."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, allowed[1]), allowed[1]))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for each in opened:
        os.close(each)
    resource.setrlimit(resource.RLIMIT_NOFILE, allowed)


@pytest.mark.usefixtures("many_open")
@pytest.mark.parametrize("strategy", parameters([each for each in STRATEGIES if not each.slow_start]))
def test_a_strategy_works_in_a_process_with_over_a_thousand_open_files(strategy):
    with strategy(Compute("squares", 10), 2) as started:
        assert started.map([1, 2]) == [Compute("squares", 10).expected(item) for item in (1, 2)]
