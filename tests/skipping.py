"""Strategies as a fixture's parameters; one that can't run here is skipped with its reason."""

import pytest

from paceline.strategies import STRATEGIES


def parameters(strategies=STRATEGIES):
    """Return a parameter for each strategy, under its name."""
    return [
        pytest.param(each, id=each.name, marks=[pytest.mark.skip(why)] if (why := each.unavailable()) else [])
        for each in strategies
    ]
