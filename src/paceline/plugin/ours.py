"""Which tests are ours, and what stands in the way of measuring them."""

import os
from types import ModuleType
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

PUBLIC = "paceline.plugin"
LABORATORY = "paceline.plugin.laboratory"
PUBLIC_FIXTURES = ("measure", "strategy", "items", "workers")
MEASURING = ("measure", "cost")
PROCESS = "_paceline_process"  # a fixture; a project may have another thing whose name is `process`


def is_cell(node: Any) -> bool:
    """Whether a test, or its definition, takes our `measure` or `cost`, itself or by another fixture."""
    return any(is_ours(node, name) for name in MEASURING)


def is_ours(node: Any, name: str) -> bool:
    """Whether `name` is our fixture in a test, wrapped in one of the same name or not, and not replaced by a
    fixture or a parameter of the project's.
    """
    fixtures = getattr(node, "_fixtureinfo", None)  # there is no public way to a fixture's origin
    for fixture in reversed(fixtures.name2fixturedefs.get(name, ()) if fixtures else ()):
        if fixture.func.__module__ in {PUBLIC, LABORATORY}:
            return True
        if name not in fixture.argnames:
            break
    return False


def is_benchmark(item: pytest.Item) -> bool:
    """Whether a test takes pytest-benchmark's fixture, as cells do too."""
    return "benchmark" in getattr(item, "fixturenames", ())


def is_skipped(item: pytest.Item, *, only: bool) -> bool:
    """Whether it is known that a test will not run; `only` if the session runs nothing but benchmarks."""
    return item.get_closest_marker("skip") is not None or (only and not is_benchmark(item))


OUTPUTS = ("only", "autosave", "save", "json", "compare", "compare_fail", "histogram", "cprofile")
"""Options of pytest-benchmark, without --benchmark-, that ask for what is measured."""
ABSENT = "which this session doesn't load; add -p benchmark to pytest's arguments"
REPLACED = (
    "and another plugin has put its own `benchmark` in its place; leave out what lets it, such as --codspeed, or leave "
    "out this test"
)


def is_loaded(config: pytest.Config) -> bool:
    """Whether pytest-benchmark is there: `-p no:benchmark` and PYTEST_DISABLE_PLUGIN_AUTOLOAD leave it out."""
    return "benchmark_storage" in config.option


def typed_options(config: pytest.Config) -> set[str]:
    """Return the options that stand on the command line; others stand in `addopts`."""
    return {str(word).partition("=")[0] for word in config.invocation_params.args}


def refuse(config: pytest.Config) -> None:
    """Raise a `UsageError` if the command line asks to write or compare what this session doesn't measure."""
    options, asked = config.option, _asked(config.option)
    why = _replaced(config)
    if not why and options.benchmark_disable and not options.benchmark_enable:
        why = "--benchmark-disable is given; add --benchmark-enable"
    if why and (options.benchmark_only or asked.intersection(typed_options(config))):
        raise pytest.UsageError(_unmeasured(asked, why))


def note(config: pytest.Config) -> str | None:
    """Report what the project asks every session to write, and this one doesn't measure."""
    why, asked = _replaced(config), _asked(config.option)
    return _unmeasured(asked, why) if why and asked else None


def refuse_absent(item: pytest.Item) -> None:
    """Fail a test that measures without pytest-benchmark: pytest would say so too, and list all other fixtures."""
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    measuring = next((name for name in MEASURING if is_ours(item, name)), None)
    if measuring and "benchmark" not in known:
        raise pytest.fail.Exception(f"`{measuring}` measures with pytest-benchmark, {ABSENT}", pytrace=False)


def refuse_replaced(measuring: str | None, benchmark: Any) -> None:
    """Fail a test that measures with another plugin's fixture, which may claim to be of pytest-benchmark's class."""
    if not issubclass(type(benchmark), BenchmarkFixture):
        raise pytest.fail.Exception(f"`{measuring}` measures with pytest-benchmark, {REPLACED}", pytrace=False)


def stand_back(session: pytest.Session) -> None:
    """Let another plugin's fixture hide the public one of its name, whichever plugin was loaded last.

    The fixture that is registered last wins, so theirs are registered once more. Those of a conftest or a test file
    win anyway.
    """
    theirs = ModuleType("paceline_stands_back")
    for name in PUBLIC_FIXTURES:
        found = session._fixturemanager.getfixturedefs(name, session) or ()  # noqa: SLF001 - no public way
        hidden = found[:-1] if found and found[-1].func.__module__ == PUBLIC else ()
        for place, each in enumerate(hidden):
            again = pytest.fixture(each.func, name=name, scope=each.scope, params=each.params, ids=each.ids)
            setattr(theirs, f"{name}_{place}", again)
    session.config.pluginmanager.register(theirs)


def _asked(options: Any) -> set[str]:
    return {f"--benchmark-{name.replace('_', '-')}" for name in OUTPUTS if getattr(options, f"benchmark_{name}")}


def _unmeasured(asked: set[str], why: str) -> str:
    return f"{', '.join(sorted(asked))}: nothing is measured, and so nothing written or compared, as {why}"


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
