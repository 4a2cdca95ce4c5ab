"""
The session around the cells: whether it measures, which cells it leaves out, and in which order they run.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest_benchmark.utils import get_tag

from paceline import machine

RESULTS = "results"
DEFAULT_STORAGE = "file://./.benchmarks"  # pytest-benchmark's: not chosen by anybody
MEASURES = ("only", "enable", "autosave", "save", "json", "compare", "compare_fail", "histogram", "cprofile")
SEEDS = 2**32


def native(config: pytest.Config) -> Any:
    """
    pytest-benchmark's own session.
    """
    return config._benchmarksession  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way to it


def prepare(config: pytest.Config) -> None:
    """
    Set pytest-benchmark's options before it reads them.

    A plain session measures nothing; one that measures keeps its raw rounds under this machine's fingerprint;
    `--benchmark-only` saves.
    """
    options = config.option
    if not any(getattr(options, f"benchmark_{name}") for name in MEASURES):
        options.benchmark_disable = True
    options.benchmark_save_data = True
    if options.benchmark_storage == DEFAULT_STORAGE:
        options.benchmark_storage = f"file://{config.rootpath / RESULTS / machine.fingerprint()}"
    if options.benchmark_only and not options.benchmark_save:
        options.benchmark_autosave = get_tag()  # type: ignore[no-untyped-call]
    if not options.benchmark_columns:  # all ten of its own don't fit a terminal
        options.benchmark_columns = ["min", "median", "max", "iqr", "rounds"]
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(SEEDS)


def header(config: pytest.Config) -> str | None:
    """
    One line on what a measuring session measures with.
    """
    if native(config).disabled:
        return None
    return f"paceline: {machine.fingerprint()}, --seed {config.option.seed}, storage {config.option.benchmark_storage}"


def leave_out_extended(config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Deselect extended experiments of a session that measures, unless it is to measure all, or names their file.
    """
    if native(config).disabled or config.option.all:
        return
    named = {config.invocation_params.dir.joinpath(argument.partition("::")[0]) for argument in config.args}
    left_out = [item for item in items if item.get_closest_marker("extended") and item.path not in named]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def shuffle(config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Put the cells into an order drawn from the seed.
    """
    if not native(config).disabled:
        random.Random(config.option.seed).shuffle(items)  # noqa: S311 - an order, not a secret


def timer(request: pytest.FixtureRequest) -> Callable[[], float]:
    """
    The timer of this cell's rounds, so that start and stop are read on the same clock.
    """
    mark = request.node.get_closest_marker("benchmark")
    return mark.kwargs.get("timer", time.perf_counter) if mark else time.perf_counter
