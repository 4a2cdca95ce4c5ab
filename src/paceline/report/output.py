"""A page as HTML that needs nothing else, as Markdown, and its charts as pictures."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import count
from textwrap import wrap
from typing import Any

from altair import SCHEMA_VERSION
from jinja2 import Environment, StrictUndefined

from paceline.files import finite
from paceline.report import charts
from paceline.report.charts import config
from paceline.report.model import Figure, Report, Section, Table
from paceline.text.formats import text

MOST = 1_000_000  # bytes; GitHub refuses the summary of a step over 1 MiB

_ROOM = 500  # bytes, for the sentence that says what is left out
_FIGURE = "### "  # begins its heading
_LONG = 20  # rows; a longer table is folded away


def markdown(report: Report, most: int = MOST) -> str:
    """Write a report as GitHub's Markdown; nothing in it can break a table or become markup.

    Args:
        report: what it says.
        most: how many bytes it may have; what comes after is left out, and a sentence says so.
    """
    blocks = [block for block in _blocks(report) if block]
    kept: list[str] = []
    size = 0
    for block in blocks:
        size += len(block.encode()) + 2
        if size > most - _ROOM:
            break
        kept.append(block)
    return "\n\n".join([*kept, *_left_out(blocks[len(kept) :], report)]) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    yield f"# {text(report.title)}"
    yield from (f"**{text(line)}**" for line in report.loud)
    if report.made:
        yield _listed(report.made)
    for section in report.sections:
        yield from _section(section, several=report.several)


def _section(section: Section, *, several: bool) -> Iterator[str]:
    yield f"## {text(section.title)}"
    if section.lead:
        yield text(section.lead)
    for row in section.rows:
        for figure in row:
            yield from _figure(figure, several=several)
    yield from map(text, section.missing)


def _figure(figure: Figure, *, several: bool) -> Iterator[str]:
    column = f" ({text(figure.column)})" if several and figure.column else ""
    yield f"{_FIGURE}{text(figure.title)}{column}"
    yield text(figure.says)
    if figure.setting:
        yield text(figure.setting)
    if figure.source:
        yield f"From {text(figure.source)}."
    if figure.doubts:
        yield _listed(figure.doubts)
    if figure.table:
        yield _table(figure.table)


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {text(line)}" for line in lines)


def _table(table: Table) -> str:
    """Write a table, a long one folded away; the empty lines are what makes GitHub read it as Markdown."""
    aligned = [" --- " if place < table.left else " ---: " for place in range(len(table.columns))]
    lines = [_line(table.columns), f"|{'|'.join(aligned)}|", *map(_line, table.rows)]
    whole = "\n".join(lines)
    if len(table.rows) <= _LONG:
        return whole
    return f"<details><summary>{len(table.rows)} rows</summary>\n\n{whole}\n\n</details>"


def _line(words: Sequence[str]) -> str:
    return f"| {' | '.join(map(text, words))} |"


def _left_out(blocks: Sequence[str], report: Report) -> list[str]:
    """Return how much is missing at the end."""
    if not blocks:
        return []
    missing = sum(block.startswith(_FIGURE) for block in blocks)
    said = f"Left out, as GitHub takes no more than 1 MiB: {missing} of {len(report.figures)} figures"
    return [f"**{said}, and what belongs to the one before.**"]


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
