"""The example project is what it says: a project of one's own, in which the plugin works."""

import json
import shutil
from pathlib import Path

import pytest
from processes import QUICK

EXAMPLE = Path(__file__).parents[1] / "examples" / "own_project"


@pytest.fixture
def example(pytester):
    """`example(*arguments)`: a session in a copy of the example, far from this repository."""
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("results", "__pycache__"))
    return lambda *arguments: pytester.runpytest_subprocess(*QUICK, *arguments)


def test_a_plain_session_runs_every_cell_and_saves_nothing(pytester, example):
    example().assert_outcomes(passed=5)
    assert not list(pytester.path.glob("results/*/*/*"))


def test_a_measuring_session_saves_a_run_of_the_projects_own_functions(pytester, example):
    result = example("--benchmark-only", "--paceline-items=4", "--paceline-rounds=2")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(["*= Paceline =*", "shop, test_deliveries*", "shop, test_receipts*"])
    [path] = pytester.path.glob("results/*/*/0001_*.json")
    cells = [benchmark["extra_info"] for benchmark in json.loads(path.read_text())["benchmarks"]]
    assert {(cell["experiment"], cell["workload"], cell["limit"], cell["efficiency"]) for cell in cells} == {
        ("shop", "Call", None, None)
    }
    assert sorted((cell["function"], cell["strategy"], cell["workers"]) for cell in cells) == [
        ("shop:delivery", "asyncio", 1),
        ("shop:delivery", "asyncio", 4),
        ("shop:receipt", "pool-fork", 4),
        ("shop:receipt", "sequential", 1),
        ("shop:receipt", "threads", 4),
    ]


def test_another_strategy_is_a_word_on_the_command_line_away(example):
    example("--paceline-strategy=threads").assert_outcomes(passed=1, skipped=1)


def test_a_function_whose_answers_change_is_no_measurement(pytester, example):
    pytester.makepyfile(shop="import itertools\ncount = itertools.count()\ndef receipt(order): return next(count)")
    result = example("-k", "receipts and sequential")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ItemError: item 0: came back wrong: * where * was due"])


def test_items_may_be_anything_that_can_be_pickled(pytester, example):
    pytester.makepyfile(
        test_shop="""
        from paceline.strategies.pool import PoolFork
        from paceline.workloads import Call

        def test_orders(measure):
            orders = [{"number": number, "goods": ["tea"]} for number in range(3)]
            cell = measure(PoolFork(Call("shop:receipt"), 2), orders)
            assert (cell.items, cell.workload) == (3, "Call")
        """
    )
    example().assert_outcomes(passed=1)
