"""Fitting the model: known parts come back, and intervals hold as often as they say."""

import math
import random
from dataclasses import asdict

import pytest
from nightly import nightly
from predicted import COMPUTED, COMPUTING, GRID, TWO_CPUS, WAITING, cells, exactly, fitted

from paceline.predict.groups import Setting, by_group
from paceline.predict.groups import fitted as fitted_group
from paceline.predict.measured import Work
from paceline.predict.model import LEAST, Parts, fit
from paceline.stats.samples import LEVEL


@pytest.mark.parametrize(("parts", "works"), [(WAITING, GRID), (COMPUTING, COMPUTED)], ids=["waiting", "computing"])
def test_the_parts_of_exact_times_come_back(parts, works):
    found = fit(cells(parts, works), Parts(cpus=parts.cpus))
    for work in works:
        assert found.seconds(work) == pytest.approx(exactly(parts, work), rel=1e-4)
    for name in ("busy", "trip", "wake", "contention", "overlap", "stretch", "round_seconds"):
        assert asdict(found.parts)[name] == pytest.approx(asdict(parts)[name], rel=1e-2, abs=1e-6), name


def test_a_prediction_within_the_grid_is_as_exact_as_the_fit():
    work = Work(items=3000, workers=30, latency=0.01, size=1024)
    assert fit(cells(WAITING, GRID), Parts()).seconds(work) == pytest.approx(exactly(WAITING, work), rel=1e-3)


@pytest.mark.parametrize("runs", [100, nightly(300)])
def test_intervals_hold_as_often_as_they_say(runs):
    """Made-up runs; new times of three works, one of them outside of the grid, each with the same noise."""
    draw, noise, held, asked = random.Random(7), 0.1, 0, 0
    new = [Work(items=40, workers=10, latency=0.01, size=1024), Work(items=1000, workers=8, size=1024),
           Work(items=6400, workers=128, latency=0.02, size=1024)]  # fmt: skip
    for seed in range(runs):
        found = fit(cells(WAITING, GRID, noise=noise, seed=seed), Parts())
        for work in new:
            measured = exactly(WAITING, work) * math.exp(draw.gauss(0, noise))
            held += abs(math.log(measured / found.seconds(work))) <= math.log(found.factor(work))
            asked += 1
    assert LEVEL - 0.03 < held / asked < LEVEL + 0.03


def test_the_interval_widens_beyond_what_was_measured():
    found = fitted(noise=0.1)
    near, far = (Work(items=10 * workers, workers=workers, size=1024) for workers in (16, 16_000))
    assert found.factor(far) > 1.5 * found.factor(near)


def test_few_cells_tell_the_overhead_and_no_more():
    found = fit(cells(WAITING, GRID[:5]), Parts(contention=1.0))
    assert found.free == ("busy",)
    assert found.degrees == 4


def test_a_strategy_of_one_interpreter_shares_its_cpu_time_where_nothing_else_is_known():
    known = by_group(cells(WAITING, GRID[:4], strategy="threads"))
    assert fitted_group(("threads", "raw"), known, TWO_CPUS).parts.contention == 1.0


def test_without_a_gil_threads_are_not_taken_to_contend():
    known = by_group(cells(WAITING, GRID[:4], strategy="threads"))
    assert fitted_group(("threads", "raw"), known, Setting(2.0, gil=False)).parts.contention == 0.0


def test_fewer_cells_than_a_fit_needs_are_not_fitted():
    known = by_group(cells(WAITING, GRID[: LEAST - 1]))
    assert fitted_group(("pool-fork", "raw"), known, TWO_CPUS) is None
