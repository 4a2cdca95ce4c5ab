"""Make the ini key `paceline_ab` known to every pytest session, wherever Paceline is installed.

A project may set it and run its tests without `paceline ab`; pytest warns of a key that nobody knows, and ends with an
error under `--strict-config`. This module is the entry point for that, and imports nothing that pytest hasn't.
"""

import pytest

KEY = "paceline_ab"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the key; a second time, by whichever plugin, changes nothing."""
    parser.addini(KEY, "the cells that `paceline ab` compares if none are named: pytest arguments", type="args")
