"""Whether anybody would see a line that changes, and whom it would disturb."""

import os
import sys

import pytest

from paceline.plugin.session import measures

NO_TERMINAL = ("", "dumb", "unknown")  # values of TERM
CI = ("CI", "BUILD_NUMBER")  # as pytest itself finds out
CAPTURED = "fd"  # the only --capture with which everything a cell's processes print waits until it is over


def wanted(config: pytest.Config) -> bool:
    """Whether this session measures, and its terminal is pytest's alone until a cell has ended."""
    measuring = measures(config) and not config.option.collectonly
    turns = config.pluginmanager.has_plugin("paceline-lockstep-side")  # its lead says how far it is
    return measuring and not turns and can_go_back() and not shared(config)


def can_go_back() -> bool:
    """Whether somebody looks at a terminal on which a line can be changed."""
    environment = os.environ
    dumb = environment.get("TERM", "") in NO_TERMINAL or any(environment.get(name) for name in CI)
    return sys.stdout.isatty() and not dumb


def shared(config: pytest.Config) -> bool:
    """Whether something else than pytest's own reporter writes, or something writes while a cell is measured."""
    plugins, options = config.pluginmanager, config.option
    if type(plugins.get_plugin("terminalreporter")) is not pytest.TerminalReporter:
        return True
    logs = plugins.has_plugin("logging") and (options.log_cli_level or config.getini("log_cli"))
    captured = config.getoption("capture", "no") == CAPTURED and not config.getoption("setupshow", default=False)
    return bool(not captured or logs or options.benchmark_verbose)
