"""Held-out cells: what is left out, and what counts as right."""

import pytest
from predicted import GRID, TWO_CPUS, WAITING, cells

from paceline.predict.predicting import HeldOut, held_out, scores

[CELL] = cells(WAITING, GRID[4:5])


def seen(over, factor):
    return HeldOut(CELL, CELL.seconds * over, factor)


def test_cells_that_follow_the_model_are_predicted_right():
    found = held_out(cells(WAITING, GRID, noise=0.02), TWO_CPUS)
    assert sum(one.near for one in found) >= 0.9 * len(found)
    assert sum(one.inside for one in found) >= 0.85 * len(found)


@pytest.mark.parametrize(
    ("over", "factor", "near", "inside"),
    [(1.19, 1.3, True, True), (1.21, 1.3, False, True), (0.81, 1.1, True, False), (0.5, 1.1, False, False)],
)
def test_right_is_near_and_inside(over, factor, near, inside):
    one = seen(over, factor)
    assert (one.near, one.inside, one.right) == (near, inside, near and inside)


def test_a_cell_is_not_predicted_from_another_that_did_the_same_work():
    """Two cells of one work, both ten times as long as the model: neither may give the other away."""
    honest = cells(WAITING, GRID, noise=0.01)
    odd = [cell.__class__(**{**vars(cell), "seconds": 10 * cell.seconds}) for cell in (honest[0], honest[0])]
    first, second, *_ = held_out([*odd, *honest[1:]], TWO_CPUS)
    assert not first.near
    assert not second.near


def test_a_cell_without_which_too_few_are_left_is_not_predicted():
    found = held_out(cells(WAITING, GRID[:3]), TWO_CPUS)
    assert [one.predicted for one in found] == [None] * 3
    assert not any(one.near or one.inside or one.right for one in found)
    [score] = scores(found)
    assert (score.cells, score.unpredicted, score.share, score.factor) == (0, 3, None, None)


def test_scores_count_each_group_apart():
    found = [seen(1.0, 1.1), seen(1.15, 1.1), seen(1.5, 1.1), seen(1.5, 2.0)]
    [score] = scores(found)
    assert (score.cells, score.near, score.inside, score.right) == (4, 2, 2, 1)
    assert score.share == pytest.approx(1 / 4)
