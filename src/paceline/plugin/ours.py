"""Which tests are ours, and what stands in the way of measuring them."""

import os
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

PLUGIN = "paceline.plugin"
MEASURING = ("measure", "cost")


def is_cell(node: Any) -> bool:
    """Whether a test, or its definition, takes `measure` or `cost` of this plugin, itself or through another
    fixture.
    """
    return any(is_ours(node, name) for name in MEASURING)


def is_ours(node: Any, name: str) -> bool:
    """Whether `name` is this plugin's fixture in a test, also if the project wraps it in one of the same name; not if
    the project has put a fixture or a parameter of its own in its place.
    """
    fixtures = getattr(node, "_fixtureinfo", None)  # there is no public way to a fixture's origin
    for fixture in reversed(fixtures.name2fixturedefs.get(name, ()) if fixtures else ()):
        if fixture.func.__module__ == PLUGIN:
            return True
        if name not in fixture.argnames:
            break
    return False


def is_skipped(item: pytest.Item, *, only: bool) -> bool:
    """Whether it is known before that a test will not run, such as a strategy's that this Python doesn't have.

    Args:
        item: the test.
        only: whether benchmarks are all that the session runs.
    """
    benchmark = "benchmark" in getattr(item, "fixturenames", ())
    return item.get_closest_marker("skip") is not None or (only and not benchmark)


WRITTEN = ("only", "autosave", "save", "json", "compare", "compare_fail", "histogram", "cprofile")
ABSENT = (
    "`measure` and `cost` measure with pytest-benchmark, which this session doesn't load; add -p benchmark to pytest's "
    "arguments"
)
REPLACED = (
    "`measure` and `cost` measure with pytest-benchmark, and another plugin has put its own `benchmark` in its place; "
    "leave out what lets it, such as --codspeed, or leave out this test"
)


def is_loaded(config: pytest.Config) -> bool:
    """Whether pytest-benchmark is there: `-p no:benchmark` and PYTEST_DISABLE_PLUGIN_AUTOLOAD leave it out."""
    return "benchmark_storage" in config.option


def refuse(config: pytest.Config) -> None:
    """Refuse to write, save or compare what this session doesn't measure, if somebody has typed that it should.

    Raises:
        pytest.UsageError: with what was asked for, why it isn't measured, and what to do.
    """
    words = [str(word).partition("=")[0] for word in config.invocation_params.args]
    why = _replaced(config) or _disabled(config.option)
    if why and (config.option.benchmark_only or _asked(config.option).intersection(words)):
        raise pytest.UsageError(_told(config.option, why))


def note(config: pytest.Config) -> str | None:
    """Return what the project asks every session to write, and this one doesn't measure."""
    why = _replaced(config)
    return _told(config.option, why) if why and _asked(config.option) else None


def refuse_absent(item: pytest.Item) -> None:
    """Fail a test that measures where pytest-benchmark is not there. Without its fixture pytest would say so itself,
    and list all others.
    """
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    if is_cell(item) and "benchmark" not in known:
        raise pytest.fail.Exception(ABSENT, pytrace=False)


def refuse_replaced(benchmark: Any) -> None:
    """Fail a test that measures with another plugin's fixture, which may claim to be of pytest-benchmark's class."""
    if not issubclass(type(benchmark), BenchmarkFixture):
        raise pytest.fail.Exception(REPLACED, pytrace=False)


def _asked(options: Any) -> set[str]:
    return {f"--benchmark-{name.replace('_', '-')}" for name in WRITTEN if getattr(options, f"benchmark_{name}")}


def _told(options: Any, why: str) -> str:
    return f"{', '.join(sorted(_asked(options)))}: nothing is measured, and so nothing written or compared, as {why}"


def _replaced(config: pytest.Config) -> str | None:
    """Return which plugin takes the measuring away, and what to do; None if none does."""
    options = config.option
    if getattr(options, "dist", "no") != "no":
        return "pytest-xdist spreads the tests over processes that disturb each other; add -n 0"
    if "PYTEST_XDIST_WORKER" in os.environ and not hasattr(config, "workerinput"):
        return "PYTEST_XDIST_WORKER is set, as in a worker of pytest-xdist; unset it"
    if getattr(options, "codspeed", False) or ("codspeed" in options and "CODSPEED_ENV" in os.environ):
        return "pytest-codspeed measures in place of pytest-benchmark; leave --codspeed out, and unset CODSPEED_ENV"
    return None


def _disabled(options: Any) -> str | None:
    disabled = options.benchmark_disable and not options.benchmark_enable
    return "--benchmark-disable is given; add --benchmark-enable" if disabled else None
