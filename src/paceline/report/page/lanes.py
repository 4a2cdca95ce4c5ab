"""A traced round as a picture: a lane for each worker, a bar for each item, and below it on which CPU it ran."""

import json
from collections.abc import Iterable, Sequence

import altair as alt

from paceline.report.page import look
from paceline.report.page.drawing import Row, chart, named
from paceline.report.page.model import Chart
from paceline.stats.traces import Traced

MOST = 4_000  # items that are drawn; more would make the page slow

_LANE = 30  # pixels of a worker
_STAIR = 8  # pixels of an item, where each has a line of its own
_TALLEST = 480  # pixels; many lanes become thin
_READABLE = 20  # pixels of a lane that has room for text
_SHORTEST = 60  # pixels, so that the axis' name has room
_FINE = 6  # pixels of a lane; thinner ones show nothing but bars
_LABELS = 24  # on the axis of lanes
_LEGEND = 12  # CPUs that have a name in the legend; of more, hovering tells
_DIGIT = 6.5  # pixels
_BRIGHT = 0.42  # of the ramp; from here on black is easier to read on it than white
_RAMP = alt.SchemeParams(name="viridis", extent=[0.18, 1])  # without its darkest, which is lost at night
_TOP, _BOTTOM = 0.06, 0.68  # of a lane: the bar
_UNDER, _END = 0.72, 0.98  # of a lane: the CPUs
_THIN = 0.06  # of a lane; no CPU is thinner


def _time(value: str) -> str:
    """Write an expression that writes seconds."""
    return (
        f"abs({value}) >= 1 ? format({value}, '.4~g') + ' s' : abs({value}) >= 1e-3 ? "
        f"format({value} * 1e3, '.4~g') + ' ms' : format({value} * 1e6, '.4~g') + ' us'"
    )


_MIDDLE = "(datum.s + datum.e) / 2"
_ENDED = "(isValid(datum.d) ? datum.d : 'unknown')"
_SAID = {
    "on": f"!isValid(datum.c) ? 'unknown' : datum.c === datum.d ? datum.c : datum.c + ', then ' + {_ENDED}",
    "began": _time("datum.s"),
    "ended": _time("datum.e"),
    "took": _time("(datum.e - datum.s)"),
}
_SHOWN = {"i": "item", "w": "worker", "on": "CPU", "began": "start", "ended": "end", "took": "duration"}
_TOOLTIP = [alt.Tooltip(f"{field}:N", title=title) for field, title in _SHOWN.items()]


def lanes(spans: Sequence[Traced], workers: int, end: float, *, stairs: bool = False) -> Chart:
    """Draw a round.

    Args:
        spans: as `first_begun` gives them, shape (n,), n at least 1.
        workers: how many lanes there are at least; one without an item is empty.
        end: where the axis of time ends, seconds from the first start.
        stairs: whether each item has a line of its own, as for one worker, instead of each worker.
    """
    places = {item: place for place, item in enumerate(sorted({span.item for span in spans}))}
    count = len(places) if stairs else max(workers, *(span.worker + 1 for span in spans))
    cpus = sorted({cpu for span in spans for cpu in (span.cpu_start, span.cpu_end) if cpu is not None})
    rows = [_row(span, spans[0].start, places[span.item] if stairs else span.worker) for span in spans]
    return chart(_drawn(rows, cpus, count, end, stairs=stairs), {"spans": rows})


def first_begun(spans: Iterable[Traced], most: int = MOST) -> list[Traced]:
    """Return those that began first, in the order in which they did.

    Args:
        spans: shape (n,), in any order.
        most: how many are given.
    """
    return sorted(spans, key=lambda span: (span.start, span.item))[:most]


def _row(span: Traced, zero: float, lane: int) -> Row:
    """Write a span in as few letters as a page with thousands needs: item, worker, lane, CPUs, start and end."""
    times = {"s": round(span.start - zero, 7), "e": round(span.end - zero, 7)}
    return {"i": span.item, "w": span.worker, "y": lane, "c": span.cpu_start, "d": span.cpu_end, **times}


def _drawn(rows: Sequence[Row], cpus: Sequence[int], count: int, end: float, *, stairs: bool) -> alt.TopLevelMixin:
    height = max(_SHORTEST, min(_TALLEST, count * (_STAIR if stairs else _LANE)))
    across = alt.X("s:Q").scale(domain=[0, end or 1.0], nice=False).title("time of the round")
    across = across.axis(labelExpr=look.SECONDS, tickCount=5, labelOverlap=True, labelSeparation=8)
    up = _up(count, "item, in order" if stairs else "worker")
    items = [row["i"] for row in rows]
    fine = height < count * _FINE
    layers = [_bars(across, up, items, fine=fine), *([] if fine else _stripes(across, up, cpus))]
    if height >= count * _READABLE and not stairs:
        layers.append(_numbers(across, up, items, end))
    drawn: alt.TopLevelMixin = alt.layer(*layers).resolve_scale(color="independent").properties(height=height)
    return drawn


def _up(count: int, title: str) -> alt.Y:
    """Number the lanes from the top; each is one high."""
    apart = -(-count // _LABELS)
    axis = alt.Axis(
        values=[lane + 0.5 for lane in range(0, count, apart)],
        labelExpr="format(datum.value - 0.5, 'd')",
        grid=False,
        ticks=False,
    )
    return alt.Y("top:Q").scale(domain=[count, 0], nice=False, zero=False).title(title).axis(axis)


def _bars(across: alt.X, up: alt.Y, items: Sequence[int], *, fine: bool) -> alt.Chart:
    ramp = alt.Scale(scheme=_RAMP, domain=[min(items), max(items)], nice=False)
    legend = alt.Legend(
        orient="bottom", direction="horizontal", gradientLength=100, gradientThickness=10, tickCount=2, format="d"
    )
    made: alt.Chart = (
        _spans(top=f"datum.y + {0 if fine else _TOP}", low=f"datum.y + {1 if fine else _BOTTOM}", **_SAID)
        .mark_bar(stroke=look.PACE, strokeWidth=0 if fine else 0.5)
        .encode(
            across,
            up,
            alt.X2("e"),
            alt.Y2("low"),
            alt.Color("i:Q").scale(ramp).title("item").legend(legend),
            tooltip=_TOOLTIP,
        )
    )
    return made


def _numbers(across: alt.X, up: alt.Y, items: Sequence[int], end: float) -> alt.Chart:
    """Write the number of each item into its bar, where the bar is wide enough."""
    first, last = min(items), max(items)
    narrow = f"width * datum.took_seconds / {end or 1.0} < {_DIGIT} * length(datum.i + '') + 5"
    bright = f"(datum.i - {first}) / {last - first or 1} > {_BRIGHT}"
    ink, opacity = alt.expr(f"{bright} ? 'black' : 'white'"), alt.expr(f"{narrow} ? 0 : 1")
    made: alt.Chart = (
        _spans(**_SAID, took_seconds="datum.e - datum.s", s=_MIDDLE, top=f"datum.y + {(_TOP + _BOTTOM) / 2}")
        .mark_text(fontSize=10, baseline="middle", color=ink, opacity=opacity)
        .encode(across, up, text="i:Q", tooltip=_TOOLTIP)
    )
    return made


def _stripes(across: alt.X, up: alt.Y, cpus: Sequence[int]) -> list[alt.Chart]:
    """Draw on which CPU each item began, and on which it ended: each CPU has a colour and a height of its own.

    When an item changed its CPU is not known; the stripe changes in the middle.
    """
    if not cpus:
        return []
    room = _END - _UNDER
    thick = max(_THIN, room / len(cpus))
    top = (
        f"datum.y + {_UNDER} + {room - thick} * indexof({json.dumps(list(cpus))}, datum.cpu) / {max(1, len(cpus) - 1)}"
    )
    legend = alt.Legend(orient="bottom", values=list(cpus[:_LEGEND]), symbolType="square", symbolStrokeWidth=0)
    hue = alt.Color("cpu:N").scale(domain=list(cpus)).sort(None).title("CPU")
    first = _spans(cpu="datum.c", e=_MIDDLE, top=top, low=f"datum.top + {thick}")
    second = _spans(cpu="datum.d", s=_MIDDLE, top=top, low=f"datum.top + {thick}")
    return [
        half.transform_filter("isValid(datum.cpu)")
        .mark_bar()
        .encode(across, up, alt.X2("e"), alt.Y2("low"), hue.legend(shown))
        for half, shown in ((first, legend), (second, None))
    ]


def _spans(**calculated: str) -> alt.Chart:
    """Take the spans, with fields that are expressions of the others."""
    made = alt.Chart(named("spans"))
    for name, expression in calculated.items():
        made = made.transform_calculate(**{name: expression})
    return made
