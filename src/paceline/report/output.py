"""A page as HTML that needs nothing else, as Markdown, and its charts as pictures."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import chain, count
from textwrap import wrap
from typing import Any

from altair import SCHEMA_VERSION
from jinja2 import Environment, StrictUndefined

from paceline.files import finite
from paceline.report import charts
from paceline.report.model import Chart, Panel, Report, Table
from paceline.text.formats import text

MOST = 1_000_000  # bytes; GitHub refuses the summary of a step over 1 MiB

_ROOM = 500  # bytes, for the sentence that says what is left out
_PANEL = "### "  # begins its heading
_LONG = 20  # rows; a longer table is folded away


def markdown(report: Report, most: int = MOST) -> str:
    """Write a report as GitHub's Markdown; nothing in it can break a table or become markup.

    What comes after `most` bytes is left out, and a sentence says so.
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
    """Yield what stands in paragraphs of their own, some of it empty."""
    yield f"# {text(report.title)}"
    yield from (f"**{text(line)}**" for line in report.loud)
    yield _listed(report.made)
    several = report.several
    for section in report.sections:
        yield f"## {text(section.title)}"
        yield text(section.lead)
        for panel in chain(*section.rows):
            yield from _panel(panel, several=several)
        yield from map(text, section.missing)


def _panel(panel: Panel, *, several: bool) -> Iterator[str]:
    column = f" ({text(panel.column)})" if several and panel.column else ""
    yield f"{_PANEL}{text(panel.title)}{column}"
    yield text(panel.says)
    yield text(panel.setting)
    yield f"From {text(panel.source)}." if panel.source else ""
    yield _listed(panel.doubts)
    yield _table(panel.table) if panel.table else ""


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
    missing = sum(block.startswith(_PANEL) for block in blocks)
    sentence = f"Left out, as GitHub takes no more than 1 MiB: {missing} of {len(report.panels)} figures"
    return [f"**{sentence}, and what belongs to the one before.**"] if blocks else []


VEGA_LITE = ".".join(SCHEMA_VERSION.lstrip("v").split(".")[:2])
"""The version that Altair writes for: "6.4"."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def page(report: Report, version: str) -> str:
    """Write a report as HTML, made by this version of Paceline."""
    ids = identified(report)
    script = _script()
    looks = {"day": charts.config(night=False), "night": charts.config(night=True)}
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_own("page.html"))
    return template.render(
        report=report,
        ids={panel: name for name, panel in ids.items()},
        several=report.several,
        version=version,
        style=_own("page.css"),
        charts=in_script({"charts": _charts(ids), "looks": looks}),
        script=script,
        allowed=_allowed(script),
    )


def identified(report: Report) -> dict[str, Panel]:
    """Return each panel under a name of its own, fit for a page and for a file.

    It is the panel's key, with its column where there are several, and with a number where that is taken.
    """
    found: dict[str, Panel] = {}
    taken = {"content", "charts", *(section.key for section in report.sections)}
    several = report.several
    for panel in report.panels:
        key = _UNSAFE.sub("-", f"{panel.key}-{panel.column}".lower() if several and panel.column else panel.key)
        names = (key if number == 1 else f"{key}-{number}" for number in count(1))
        found[next(name for name in names if name not in found and name not in taken)] = panel
    return found


def in_script(value: Any) -> str:
    """Write JSON that may stand in a script element: nothing in it ends the element or begins a comment.

    A number that JSON doesn't know becomes null.
    """
    text = json.dumps(finite(value), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _charts(ids: Mapping[str, Panel]) -> dict[str, Any]:
    return {
        name: {"spec": {**panel.chart.spec, "description": panel.says}, "data": panel.chart.data}
        for name, panel in ids.items()
        if panel.chart
    }


@cache
def _script() -> str:
    """Return our own script with Vega, Vega-Lite and vega-embed inside of it, in the version that Altair writes for.

    Raises:
        ValueError: something in it would end its element.
    """
    import vl_convert

    script = vl_convert.javascript_bundle(_own("page.js"), VEGA_LITE)
    if any(end in script.lower() for end in ("</script", "<!--")):
        raise ValueError("the library that draws charts can't stand in a page: it holds what ends a script")
    return script


def _own(name: str) -> str:
    return resources.files("paceline.report").joinpath("web", name).read_text(encoding="utf-8")


def _allowed(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


WIDTH = 560  # pixels of a plot
ACROSS = 90  # characters of a line above a plot
SCALE = 2.0  # pixels of a PNG for each of a plot


def pictures(report: Report) -> Iterator[tuple[str, bytes]]:
    """Yield each chart as SVG and as PNG, with the name of its file."""
    import vl_convert

    for name, panel in identified(report).items():
        if panel.chart:
            drawn = vl_convert.vegalite_to_svg(json.dumps(_whole(panel, panel.chart)), vl_version=VEGA_LITE)
            yield f"{name}.svg", drawn.encode()
            yield f"{name}.png", vl_convert.svg_to_png(drawn, scale=SCALE)


def _whole(panel: Panel, chart: Chart) -> dict[str, Any]:
    """Return a specification that needs nothing beside it; its title says what stands around it on the page."""
    below = [*filter(None, [panel.column]), *wrap(panel.setting, ACROSS)]
    title = {"text": panel.title, **({"subtitle": below} if below else {})}
    return {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE}.json",
        **chart.spec,
        "datasets": chart.data,
        "config": charts.config(night=False),
        "title": title,
        "width": WIDTH,
        "description": panel.says,
    }
