"""The timeline of a round: who did which item when, in lanes."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

import altair as alt

from paceline.report import charts
from paceline.report.charts import Row, chart, hovering, named
from paceline.report.model import Chart, Panel, Report, Section, Table
from paceline.stats import traces
from paceline.stats.traces import Traced
from paceline.text.formats import NOTHING, many, percent, plain, seconds

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
    """Return an expression that writes seconds."""
    return (
        f"abs({value}) >= 1 ? format({value}, '.4~g') + ' s' : abs({value}) >= 1e-3 ? "
        f"format({value} * 1e3, '.4~g') + ' ms' : format({value} * 1e6, '.4~g') + ' us'"
    )


_MIDDLE = "(datum.s + datum.e) / 2"
_ENDED = "(isValid(datum.d) ? datum.d : 'unknown')"
_FIELDS = {
    "on": f"!isValid(datum.c) ? 'unknown' : datum.c === datum.d ? datum.c : datum.c + ', then ' + {_ENDED}",
    "began": _time("datum.s"),
    "ended": _time("datum.e"),
    "took": _time("(datum.e - datum.s)"),
}
_SHOWN = {"i": "item", "w": "worker", "on": "CPU", "began": "start", "ended": "end", "took": "duration"}
_TOOLTIP = hovering(_SHOWN)


def _lanes(spans: Sequence[Traced], count: int, end: float) -> Chart:
    """Draw a lane for each of `count` workers; for a single one a line for each item, which makes a staircase."""
    stairs = count == 1
    places = {item: place for place, item in enumerate(sorted({span.item for span in spans}))}
    cpus = sorted({cpu for span in spans for cpu in (span.cpu_start, span.cpu_end) if cpu is not None})
    rows = [_row(span, spans[0].start, places[span.item] if stairs else span.worker) for span in spans]
    return chart(_drawn(rows, cpus, len(places) if stairs else count, end, stairs=stairs), {"spans": rows})


def _row(span: Traced, zero: float, lane: int) -> Row:
    """Write a span in as few letters as a page with thousands needs: item, worker, lane, CPUs, start and end."""
    times = {"s": round(span.start - zero, 7), "e": round(span.end - zero, 7)}
    return {"i": span.item, "w": span.worker, "y": lane, "c": span.cpu_start, "d": span.cpu_end, **times}


def _drawn(rows: Sequence[Row], cpus: Sequence[int], count: int, end: float, *, stairs: bool) -> alt.TopLevelMixin:
    height = max(_SHORTEST, min(_TALLEST, count * (_STAIR if stairs else _LANE)))
    across = alt.X("s:Q").scale(domain=[0, end or 1.0], nice=False).title("time of the round")
    across = across.axis(labelExpr=charts.SECONDS, tickCount=5, labelOverlap=True, labelSeparation=8)
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
    middles = [lane + 0.5 for lane in range(0, count, -(-count // _LABELS))]
    axis = alt.Axis(values=middles, labelExpr="format(datum.value - 0.5, 'd')", grid=False, ticks=False)
    return alt.Y("top:Q").scale(domain=[count, 0], nice=False, zero=False).title(title).axis(axis)


def _bars(across: alt.X, up: alt.Y, items: Sequence[int], *, fine: bool) -> alt.Chart:
    ramp = alt.Scale(scheme=_RAMP, domain=[min(items), max(items)], nice=False)
    legend = alt.Legend(
        orient="bottom", direction="horizontal", gradientLength=100, gradientThickness=10, tickCount=2, format="d"
    )
    hue = alt.Color("i:Q").scale(ramp).title("item").legend(legend)
    bars = _spans(top=f"datum.y + {0 if fine else _TOP}", low=f"datum.y + {1 if fine else _BOTTOM}", **_FIELDS)
    bars = bars.mark_bar(stroke=charts.PACE, strokeWidth=0 if fine else 0.5)
    made: alt.Chart = bars.encode(across, up, alt.X2("e"), alt.Y2("low"), hue, tooltip=_TOOLTIP)
    return made


def _numbers(across: alt.X, up: alt.Y, items: Sequence[int], end: float) -> alt.Chart:
    """Write the number of each item into its bar, where the bar is wide enough."""
    first, last = min(items), max(items)
    narrow = f"width * datum.took_seconds / {end or 1.0} < {_DIGIT} * length(datum.i + '') + 5"
    bright = f"(datum.i - {first}) / {last - first or 1} > {_BRIGHT}"
    ink, opacity = alt.expr(f"{bright} ? 'black' : 'white'"), alt.expr(f"{narrow} ? 0 : 1")
    numbers = _spans(**_FIELDS, took_seconds="datum.e - datum.s", s=_MIDDLE, top=f"datum.y + {(_TOP + _BOTTOM) / 2}")
    numbers = numbers.mark_text(fontSize=10, baseline="middle", color=ink, opacity=opacity)
    made: alt.Chart = numbers.encode(across, up, text="i:Q", tooltip=_TOOLTIP)
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
    """Return the spans, with fields that are expressions of the others."""
    made = alt.Chart(named("spans"))
    for name, expression in calculated.items():
        made = made.transform_calculate(**{name: expression})
    return made


READING = (
    "Each bar is an item, from its start to its end, in the lane of the worker that ran it; its colour goes by the "
    "item's number, so items that were handed out together look alike. The stripe below a bar tells by its colour and "
    "its place on which CPU the item ran. Hovering tells the rest."
)
"""How to read the chart."""

_ROOM = 1.01  # behind the last end
_MOST_ROWS = 500  # workers in the table


def panel(
    spans: Sequence[Traced],
    *,
    title: str,
    key: str = "timeline-round",
    workers: int | None = None,
    end: float | None = None,
    most: int = MOST,
) -> Panel:
    """Show one round: a lane for each worker; for a single worker a line for each item, which makes a staircase.

    Args:
        spans: shape (n,), in any order, on a clock that all of them share; the first `most` to begin are drawn.
        title: what the round is.
        key: of the panel.
        workers: how many there were, as one that did no item leaves no span; None: those that did one.
        end: where the axis of time ends, seconds from the first start; None: with what is drawn.
        most: how many items are drawn.
    """
    if not spans:
        return Panel(key=key, title=title, says="No item was traced.")
    count = max(workers or 0, max(span.worker for span in spans) + 1)
    drawn = sorted(spans, key=lambda span: (span.start, span.item))[:most]
    some = f"only the first {most} of {len(spans)} items are drawn; the sentences and the table are about all of them"
    return Panel(
        key=key,
        title=title,
        says=_says(spans, count),
        chart=_lanes(drawn, count, traces.makespan(drawn) * _ROOM if end is None else end),
        table=_table(spans, count),
        doubts=(some,) if len(spans) > most else (),
    )


def timeline_page(
    spans: Sequence[Traced],
    *,
    title: str,
    made: Sequence[str] = (),
    setting: str = "",
    workers: int | None = None,
) -> Report:
    """Make a report of one round alone.

    Args:
        spans: as for `panel`.
        title: of the page.
        made: what was traced, and when, in one line each.
        setting: with what it was done: "strategy=threads, workers=4".
        workers: as for `panel`.
    """
    drawn = panel(spans, title="Who ran which item when", workers=workers)
    rows = ((replace(drawn, setting=plain(setting)),),)
    section = Section(key="timeline", title="Timeline", lead=READING, rows=rows)
    return Report(title=plain(title), made=tuple(map(plain, made)), sections=(section,))


def _says(spans: Sequence[Traced], workers: int) -> str:
    items, took = len(spans), seconds(traces.makespan(spans))
    return f"{many(workers, 'worker')} did {many(items, 'item')} in {took}{_side(spans, workers)}. {_longest(spans)}"


def _side(spans: Sequence[Traced], workers: int) -> str:
    """Return how workers stood beside each other."""
    if workers == 1:
        return ", one after the other"
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    idle = statistics.fmean(traces.idle_shares(spans, begin, end, workers).values())
    run = max(traces.run_lengths(traces.workers_in_item_order(spans)))
    waited = f"; on average a worker was idle for {percent(idle)} of it" if math.isfinite(idle) else ""
    flight = f"at most {many(traces.most_in_flight(spans), 'item')} at once"
    return f"{waited}; {flight}; the longest run of neighbouring items on one worker was {run}"


def _longest(spans: Sequence[Traced]) -> str:
    longest = max(spans, key=lambda span: span.end - span.start)
    middle = statistics.median(span.end - span.start for span in spans)
    took = seconds(longest.end - longest.start)
    return f"The longest item was {longest.item} with {took}, the median one took {seconds(middle)}."


def _table(spans: Sequence[Traced], workers: int) -> Table:
    """Return what each worker did."""
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    idle = traces.idle_shares(spans, begin, end, workers)
    cpus = traces.cpus_per_worker(spans)
    own: dict[int, list[Traced]] = {}
    for span in spans:
        own.setdefault(span.worker, []).append(span)
    rows = []
    for worker in range(min(workers, _MOST_ROWS)):
        done = own.get(worker, [])
        first = seconds(min(span.start for span in done) - begin) if done else NOTHING
        last = seconds(max(span.end for span in done) - begin) if done else NOTHING
        seen = ", ".join(map(str, sorted(cpus.get(worker, ())))) or NOTHING
        rows.append((str(worker), str(len(done)), percent(idle[worker]), seen, first, last))
    more = [(f"and {workers - _MOST_ROWS} more", *[""] * 5)] if workers > _MOST_ROWS else []
    return Table(("worker", "items", "idle", "CPUs seen", "first start", "last end"), (*rows, *more))
