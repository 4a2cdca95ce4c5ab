"""
A pass over one cell, interrupted.
"""

import sys

import pytest

from paceline.measuring.laps import Laps
from paceline.measuring.passes import Plan, measure
from paceline.strategies.fake import Clock, Fake
from paceline.workloads import Compute


class Noted(Fake):
    """Keeps whether it was left, and with what."""

    left = None

    def __exit__(self, kind, error, trace):
        self.left = kind
        super().__exit__(kind, error, trace)


class Interrupted(Laps):
    """A stopwatch at whose given look at the clock a Ctrl-C comes."""

    def __init__(self, look):
        self._looks = look

    def timer(self):
        self._looks -= 1
        if not self._looks:
            raise KeyboardInterrupt
        return 0.0


@pytest.mark.parametrize("look", [2, 3, 4], ids=["just started", "before a round", "after a round"])
def test_a_ctrl_c_at_any_moment_after_the_start_leaves_the_strategy_and_gives_the_main_module_back(look):
    main = sys.modules["__main__"]
    strategy = Noted(Compute("squares", 1), 1, clock=Clock())
    with pytest.raises(KeyboardInterrupt):
        measure(Plan("experiment", 1), Interrupted(look), strategy, [1])
    assert strategy.left is KeyboardInterrupt
    assert sys.modules["__main__"] is main
