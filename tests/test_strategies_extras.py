"""What a strategy says whose library is missing."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest
from processes import python

from paceline import machine
from paceline.strategies import STRATEGIES
from paceline.strategies.event_loop import Gevent
from paceline.strategies.sequential import Sequential

ROOT = Path(__file__).parents[1]
REASONS = """
from paceline.strategies import STRATEGIES
for strategy in STRATEGIES:
    print(strategy.name, strategy.unavailable(), sep=": ")
"""
NEEDING = [
    pytest.param(strategy, id=strategy.name)
    for strategy in STRATEGIES
    if strategy.extra and not (strategy is Gevent and machine.free_threaded())  # which then says another reason
]


def needing(library, extra):
    return type("Needing", (Sequential,), {"libraries": (library, "no-matter"), "extra": extra})


def test_a_library_that_is_there_is_no_reason():
    assert Sequential.unavailable() is None
    assert needing("pytest", "loky").unavailable() is None


def test_a_missing_library_comes_with_the_command_that_installs_it():
    assert needing("nowhere", "loky").unavailable() == "needs nowhere: pip install 'paceline[loky]'"
    assert needing("nowhere", None).unavailable() == "needs nowhere, which is not installed"


@pytest.fixture(scope="module")
def bare():
    """What each strategy says in an interpreter that has the standard library and Paceline alone."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with python("-S", "-c", REASONS, env=environment, stdout=subprocess.PIPE) as process:
        said = process.communicate()[0]
    return dict(line.split(": ", 1) for line in said.splitlines())


@pytest.mark.parametrize("strategy", NEEDING)
@pytest.mark.core
def test_without_its_library_a_strategy_names_the_extra_that_brings_it(strategy, bare):
    assert bare[strategy.name].startswith("needs ")
    assert bare[strategy.name].endswith(f": pip install 'paceline[{strategy.extra}]'")


@pytest.mark.parametrize("strategy", NEEDING)
@pytest.mark.core
def test_the_extra_that_a_strategy_names_is_one_of_this_package(strategy):
    assert strategy.extra in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
