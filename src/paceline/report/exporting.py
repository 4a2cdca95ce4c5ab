"""The charts of a report as files of their own, for a README or a paper."""

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from paceline.report import charts
from paceline.report.html import VEGA_LITE, identified
from paceline.report.model import Figure, Report

WIDTH = 560  # pixels of a plot
ACROSS = 90  # signs of a line above a plot
SCALE = 2.0  # pixels of a PNG for each of a plot


def pictures(report: Report) -> Iterator[tuple[str, bytes]]:
    """Yield each chart as SVG and as PNG, with the name of its file."""
    import vl_convert

    for name, figure in identified(report).items():
        if figure.chart:
            drawn = vl_convert.vegalite_to_svg(json.dumps(_whole(figure)), vl_version=VEGA_LITE)
            yield f"{name}.svg", drawn.encode()
            yield f"{name}.png", vl_convert.svg_to_png(drawn, scale=SCALE)


def _whole(figure: Figure) -> dict[str, Any]:
    """Return a specification that needs nothing beside it; its title says what stands around it on the page."""
    assert figure.chart
    below = [figure.column, *wrap(figure.setting, ACROSS)] if figure.column else wrap(figure.setting, ACROSS)
    title = {"text": figure.title, **({"subtitle": below} if below else {})}
    return {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE}.json",
        **figure.chart.spec,
        "datasets": figure.chart.data,
        "config": charts.config(night=False),
        "title": title,
        "width": WIDTH,
        "description": figure.says,
    }
