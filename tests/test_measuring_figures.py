"""What rounds and the loops between them come to."""

from types import SimpleNamespace

import pytest

from paceline.measuring import cells
from paceline.measuring.cells import described
from paceline.strategies.sequential import Sequential
from paceline.workers.metered import Usage
from paceline.workloads import Compute


def test_each_round_is_compared_with_the_loop_right_before_it():
    told = cells.of_pairs([1.0, 2.0, 4.0], [0.5, 2.0, 1.0])
    assert told == {"loop_seconds": 2.0, "speedup_over_loop": pytest.approx(2.0)}


def test_a_call_after_the_timed_rounds_as_a_profile_makes_it_is_in_none_of_their_figures():
    used = [Usage(cpu_seconds=seconds) for seconds in (50.0, 1.0, 3.0, 700.0)]  # the first is the warm-up round
    cell = described("lab", Sequential(Compute("squares", 10), 1), range(2))
    cells.add(cell, [1.0, 3.0], SimpleNamespace(used=used, ledgers=[None] * 4), Usage(), unproven=False)
    assert cell.cpu_seconds == 2.0
