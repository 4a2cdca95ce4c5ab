"""Strategies as a fixture's parameters; one that can't run here is skipped with its reason."""

import pytest
from on_loops import EVERY


def parameters(strategies=EVERY):
    """Return a parameter for each strategy, under its name."""
    return [
        pytest.param(each, id=each.name, marks=[pytest.mark.skip(why)] if (why := each.unavailable()) else [])
        for each in strategies
    ]
