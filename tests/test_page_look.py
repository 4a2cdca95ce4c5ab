"""The looks of strategies in charts."""

import pytest
from claimed import cell, run

from paceline.report import charts
from paceline.report.model import columns
from paceline.report.sections import timeline
from paceline.strategies import STRATEGIES

NAMES = [strategy.name for strategy in STRATEGIES]


def looks(*strategies, night=False):
    """Name -> its colour and shape, as a chart of these strategies has them."""
    measured = [cell("workers", "test_waiting", name, 0.2 / n, workers=n) for name in strategies for n in (2, 4)]
    ((panel,),) = timeline.workers_section(columns([run(measured)], {}, NAMES)).rows
    (encoding,) = [layer["encoding"] for layer in panel.chart.spec["layer"] if "shape" in layer["encoding"]]
    hues, shapes = encoding["color"]["scale"]["domain"], encoding["shape"]["scale"]
    colours = charts.config(night=night)["range"]["category"]
    return {
        name: (colours[hues.index(name) % len(colours)], shapes["range"][shapes["domain"].index(name)])
        for name in strategies
    }


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
def test_no_two_strategies_share_both_their_colour_and_their_shape(night):
    assert len(set(looks(*NAMES, night=night).values())) == len(NAMES)


@pytest.mark.parametrize(
    "each", [charts.colours(night=False), charts.colours(night=True), charts.shapes()], ids=["day", "night", "shapes"]
)
def test_no_colour_and_no_shape_comes_twice(each):
    assert len(set(each)) == len(each)


def test_a_strategy_looks_the_same_whoever_else_is_in_the_chart():
    together = looks(*NAMES)
    assert {name: looks(name)[name] for name in NAMES} == together
    assert looks("of-somebody-else", "trio")["trio"] == together["trio"]


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
def test_strategies_of_somebody_else_look_like_no_other(night):
    each = looks(*NAMES, *[f"mine-{number}" for number in range(100)], night=night)
    assert len(set(each.values())) == len(each)
