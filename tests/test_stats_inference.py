"""Intervals over processes, and that nothing which measures pays for them."""

import ast
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from paceline.stats import inference

SOURCE = Path(__file__).parents[1] / "src" / "paceline"
SESSION = """
import pytest

@pytest.mark.parametrize("kernel", ["squares"])
def test_reading(measure, strategy, compute, items, workers):
    measure(strategy(compute, workers), items)
"""
FOUND = """
import json, sys
from pathlib import Path

pytest_plugins = ["paceline.plugin.laboratory"]

def pytest_unconfigure():
    Path("found.json").write_text(json.dumps(sorted(name for name in sys.modules if name.split(".")[0] in
                                                    ("scipy", "numpy"))))
"""


def test_the_interval_is_that_of_students_table():
    found = inference.mean([9.0, 10.0, 11.0])
    assert found.mean == 10.0
    assert found.high - found.mean == pytest.approx(4.3027 / math.sqrt(3), rel=1e-4)  # t of 2 degrees, 97.5 %
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_the_interval_of_ratios_is_symmetric_in_factors():
    found = inference.geometric_mean([1.0, 2.0, 4.0])
    assert found.mean == pytest.approx(2.0)
    assert found.high / found.mean == pytest.approx(found.mean / found.low)
    assert found.low > 0


def test_one_value_has_no_interval():
    assert inference.mean([3.0]) == inference.Interval(3.0, None, None)


def test_values_that_are_all_the_same_have_no_interval():
    assert inference.geometric_mean([0.7, 0.7, 0.7]).low is None


def test_values_that_differ_only_by_rounding_have_no_interval():
    assert inference.mean([0.1 + 0.2, 0.3, 0.3]).low is None


def test_ratios_far_apart_have_an_interval_without_end_rather_than_an_error():
    assert inference.geometric_mean([1e-300, 1e300]).high == math.inf


def test_a_ratio_of_nothing_is_refused():
    with pytest.raises(ValueError, match="math domain|positive|expected"):
        inference.geometric_mean([1.0, 0.0])


@given(some.lists(some.floats(0.01, 100.0), min_size=2, max_size=8))
def test_the_interval_holds_the_mean(values):
    found = inference.geometric_mean(values)
    if found.low is not None:
        assert found.low <= found.mean <= found.high


def test_the_processes_that_would_tell_are_the_least_whose_interval_ends_before_the_margin():
    values = [9.0, 10.0, 11.0]
    needed = inference.processes_to_tell(values, 9.0)
    assert needed == 7  # t(6) = 2.447: 2.447 / sqrt(7) = 0.92; t(5) = 2.571: 2.571 / sqrt(6) = 1.05


def test_nobody_says_how_many_processes_would_tell_what_lies_on_its_margin():
    assert inference.processes_to_tell([9.0, 10.0, 11.0], 10.0) is None


def test_only_statistics_and_predictions_name_scipy_and_numpy():
    named = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if {"scipy", "numpy"} & set(_imported(path))]
    assert {str(path.parent) for path in named} == {"stats", "predict"}


def _imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name.partition(".")[0] for name in names)


def test_a_session_that_measures_and_saves_brings_in_neither_scipy_nor_numpy(tmp_path):
    """Importing NumPy starts threads, and a process that forks must have none beside its own."""
    (tmp_path / "conftest.py").write_text(FOUND)
    (tmp_path / "test_reading.py").write_text(SESSION)
    options = ["--benchmark-only", "--strategy", "pool-fork", "--items", "2", "--workers", "2", "--rounds", "1"]
    pytest_here = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    ended = subprocess.run(pytest_here, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert json.loads((tmp_path / "found.json").read_text()) == []


def test_importing_intervals_and_claims_is_free_until_one_is_made():
    code = "import sys, paceline.claims, paceline.stats.inference; print({'scipy', 'numpy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"
