"""From a report to one HTML file that needs nothing else: no network, no server.

Names from files are text: the template escapes them, and what scripts read is JSON in which no `<` can end its element.
The page's own policy lets no script run but the one that is written here, and nothing be fetched.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from itertools import count
from typing import Any

from altair import SCHEMA_VERSION
from jinja2 import Environment, StrictUndefined

from paceline.files import finite
from paceline.report.charts import config
from paceline.report.model import Figure, Report

VEGA_LITE = ".".join(SCHEMA_VERSION.lstrip("v").split(".")[:2])
"""The version that Altair writes for: "6.4"."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def page(report: Report, version: str) -> str:
    """Write a report as HTML.

    Args:
        report: what it says.
        version: Paceline's own.
    """
    ids = identified(report)
    script = _script()
    charts = in_script({"charts": _charts(ids), "looks": {"day": config(night=False), "night": config(night=True)}})
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_own("page.html"))
    return template.render(
        report=report,
        ids=_Ids(ids),
        several=report.several,
        version=version,
        style=_own("page.css"),
        charts=charts,
        script=script,
        allowed=_allowed(script),
    )


def identified(report: Report) -> dict[str, Figure]:
    """Return each figure a name of its own, fit for a page and for a file: its key, with its column where there are
    several, and with a number where that is taken.
    """
    named: dict[str, Figure] = {}
    taken = {"content", "charts", *(section.key for section in report.sections)}
    several = report.several
    for figure in report.figures:
        key = _UNSAFE.sub("-", f"{figure.key}-{figure.column}".lower() if several and figure.column else figure.key)
        names = (key if number == 1 else f"{key}-{number}" for number in count(1))
        named[next(name for name in names if name not in named and name not in taken)] = figure
    return named


def in_script(value: Any) -> str:
    """Write JSON that may stand in a script element: nothing in it ends the element or begins a comment.

    A number that JSON doesn't know becomes null.
    """
    text = json.dumps(finite(value), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Ids:
    """Finds a figure's name by the figure itself: two may be equal."""

    def __init__(self, named: Mapping[str, Figure]) -> None:
        self._names = {id(figure): name for name, figure in named.items()}

    def __getitem__(self, figure: Figure) -> str:
        return self._names[id(figure)]


def _charts(ids: Mapping[str, Figure]) -> dict[str, Any]:
    return {
        name: {"spec": {**figure.chart.spec, "description": figure.says}, "data": figure.chart.data}
        for name, figure in ids.items()
        if figure.chart
    }


@cache
def _script() -> str:
    """Return our own script with Vega, Vega-Lite and vega-embed inside of it, in the version that Altair writes for.

    Raises:
        ValueError: something in it would end its element.
    """
    import vl_convert

    script = vl_convert.javascript_bundle(_own("page.js"), VEGA_LITE)
    if any(sign in script.lower() for sign in ("</script", "<!--")):
        raise ValueError("the library that draws charts can't stand in a page: it holds what ends a script")
    return script


def _own(name: str) -> str:
    return resources.files("paceline.report").joinpath("web", name).read_text(encoding="utf-8")


def _allowed(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
