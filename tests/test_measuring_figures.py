"""
What rounds and the loops between them come to.
"""

import pytest

from paceline.measuring import figures


def test_each_round_is_compared_with_the_loop_right_before_it():
    told = figures.of_pairs([1.0, 2.0, 4.0], [0.5, 2.0, 1.0])
    assert told == {"loop_seconds": 2.0, "speedup_over_loop": pytest.approx(2.0)}
