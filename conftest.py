"""Wires Paceline into its own repository."""

import pytest

pytest_plugins = ["paceline.plugin.laboratory", "pytester"]


def pytest_configure(config: pytest.Config) -> None:
    """Leave the tests out of a session that only measures: it would collect them only to skip them."""
    if config.getoption("benchmark_only", default=False) and config.args_source == pytest.Config.ArgsSource.TESTPATHS:
        config.args[:] = [argument for argument in config.args if argument != "tests"]
