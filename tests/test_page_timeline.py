"""The report's timeline: who ran which item when, and on which CPU."""

import dataclasses

import pytest
from claimed import cell, run
from golden_charts import assert_drawable, assert_golden
from hypothesis import given
from oddities import drawing, made, odd_runs

from paceline.report.model import Report, columns
from paceline.report.output import page
from paceline.report.sections import timeline
from paceline.report.tracing import panel, timeline_page
from paceline.stats.saved_traces import TracedSpan, as_saved

ORDER = ("sequential", "threads", "asyncio", "pool-fork")
LANES = (
    TracedSpan(0, 0, 0, 0, 10.0, 10.02),
    TracedSpan(1, 1, 1, 1, 10.0, 10.01),
    TracedSpan(2, 1, 1, 0, 10.01, 10.08),
    TracedSpan(3, 0, None, None, 10.02, 10.04),
)
STAIRS = tuple(TracedSpan(item, 0, 0, 0, item / 100, (item + 1) / 100) for item in range(3))


def traced(strategy, spans=LANES, function="test_downloads", **more):
    known = {"workers": 1 if strategy == "sequential" else 2, "trace": as_saved(spans), "items": len(spans)}
    return cell("timeline", function, strategy, process=None, **{**known, **more})


def section(*measured):
    return timeline.section(columns([run(*measured)], {}, ORDER))


def titles(part):
    return [[drawn.title for drawn in row] for row in part.rows]


def test_each_strategy_has_a_chart_with_a_lane_for_each_worker():
    part = section(traced("threads"), traced("sequential", STAIRS))
    assert titles(part) == [["Downloads: sequential", "Downloads: threads"]]
    lanes = part.rows[0][1]
    assert_golden(lanes, "timeline-lanes")
    assert_drawable(lanes)
    assert [(row["i"], row["w"], row["y"]) for row in lanes.chart.data["spans"]] == [
        (0, 0, 0), (1, 1, 1), (2, 1, 1), (3, 0, 0)
    ]  # fmt: skip


def test_one_worker_alone_makes_a_staircase():
    [[stairs]] = section(traced("sequential", STAIRS)).rows
    assert_golden(stairs, "timeline-stairs")
    assert_drawable(stairs)
    assert [row["y"] for row in stairs.chart.data["spans"]] == [0, 1, 2]


def test_the_round_is_told_in_words():
    assert panel(LANES, title="x").says == (
        "2 workers did 4 items in 80.0 ms; on average a worker was idle for 25 % of it; at most 2 items at once; the "
        "longest run of neighbouring items on one worker was 2. The longest item was 2 with 70.0 ms, the median one "
        "took 20.0 ms."
    )
    assert panel(STAIRS, title="x").says.startswith("1 worker did 3 items in 30.0 ms, one after the other.")


def test_each_worker_has_a_row_the_one_without_an_item_too():
    assert panel(LANES, title="x", workers=3).table.rows == (
        ("0", "2", "50 %", "0", "0 s", "40.0 ms"),
        ("1", "2", "0.0 %", "0, 1", "0 s", "80.0 ms"),
        ("2", "0", "100 %", "-", "-", "-"),
    )


def test_works_stand_in_rows_of_their_own_and_share_an_axis_of_time():
    short = traced("asyncio", STAIRS)
    part = section(traced("threads"), short, traced("threads", function="test_computing"))
    assert titles(part) == [["Downloads: threads", "Downloads: asyncio"], ["Computing: threads"]]
    ends = [drawn.chart.spec["layer"][0]["encoding"]["x"]["scale"]["domain"] for drawn in part.rows[0]]
    assert ends[0] == ends[1]


def test_a_strategy_that_was_traced_twice_has_two_charts():
    chunks = traced("pool-fork", function="test_downloads_in_chunks", handing="default chunks")
    part = section(traced("pool-fork", handing="one by one"), chunks)
    assert titles(part) == [["Downloads: pool-fork, one by one", "Downloads: pool-fork, default chunks"]]


def test_columns_stand_side_by_side():
    runs = [run(traced("threads"), traced("asyncio")), run(traced("threads"), fingerprint="other", python="3.14.0")]
    part = timeline.section(columns(runs, {}, ORDER))
    assert [[drawn.column for drawn in row] for row in part.rows] == [
        ["CPython 3.11.7", "CPython 3.14.0"],
        ["CPython 3.11.7"],
    ]


@pytest.mark.parametrize(
    ("trace", "why"),
    [
        (None, "a trace is a list of items, not None"),
        ([[0, 0, 0, 0, 1.0]], "trace[0] is not [item, worker, cpu_start, cpu_end, start, end] but a list of 5"),
        ([[0, 0, 0, 0, 1.0, float("nan")]], "trace[0]: its end can't be nan"),
        ([[0, 0, "\x1b<b>", 0, 0.0, 1.0]], "trace[0]: its cpu_start can't be '\\x1b<b>'"),
    ],
)
def test_a_trace_that_cannot_be_read_is_a_doubt_and_no_chart(trace, why):
    [[drawn, _]] = section(traced("threads", trace=trace), traced("asyncio")).rows
    assert drawn.chart is None
    assert drawn.says == "Its trace can't be drawn."
    assert drawn.doubts == (f"the trace can't be read: {why}",)


@drawing
@given(odd_runs([("timeline", "test_downloads"), ("timeline", "test_computing")], ["trace", "handing"]))
def test_whatever_a_run_holds_each_chart_says_something(run):
    part = made(timeline, run)
    assert part.rows or part.missing
    assert all(drawn.says for row in part.rows for drawn in row)


def test_a_round_without_items_is_not_drawn():
    [[drawn]] = section(traced("threads", trace=[])).rows
    assert (drawn.says, drawn.chart, drawn.table) == ("No item was traced.", None, None)


def test_nothing_traced_says_how_to_trace():
    part = section(cell("downloads", "test_downloads", "threads"))
    assert part.rows == ()
    assert part.missing[0].endswith("pytest --benchmark-only benchmarks/test_timeline.py")


def test_hundreds_of_workers_are_thin_lanes_without_text():
    many = [TracedSpan(item, item % 500, item % 2, 0, item // 500, item // 500 + 1) for item in range(1000)]
    drawn = panel(many, title="x")
    assert_drawable(drawn)
    assert drawn.chart.spec["height"] <= 480
    assert [layer["mark"]["type"] for layer in drawn.chart.spec["layer"]] == ["bar"]
    assert len(drawn.table.rows) == 500


def test_of_very_many_items_the_first_are_drawn_and_all_are_counted():
    many = [TracedSpan(item, 0, None, None, item, item + 1) for item in range(20)]
    drawn = panel(many, title="x", most=5)
    assert [row["i"] for row in drawn.chart.data["spans"]] == [0, 1, 2, 3, 4]
    assert drawn.says.startswith("1 worker did 20 items")
    assert drawn.doubts[0].startswith("only the first 5 of 20 items are drawn")


def test_an_item_that_took_no_time_on_cpus_that_nobody_knows_is_drawn():
    assert_drawable(panel([TracedSpan(7, 0, None, 3, 5.0, 5.0)], title="x"))


def test_a_round_is_a_page_of_its_own():
    part = timeline_page(LANES, title="</title><b>x\n", made=["a\x1b"], setting="strategy=threads", workers=2)
    assert part.title == "</title><b>x\\n"
    assert part.panels[0].key != part.sections[0].key
    text = page(part, "0")
    assert "&lt;/title&gt;&lt;b&gt;x" in text
    assert text.count("</title>") == 1


def test_a_page_of_a_round_is_the_same_as_the_reports_panel():
    [[drawn]] = section(traced("threads")).rows
    alone = timeline_page(
        [dataclasses.replace(span, start=span.start - 10, end=span.end - 10) for span in LANES], title="x"
    )
    assert alone.panels[0].table == drawn.table
    assert Report(title="x", made=(), sections=alone.sections).panels[0].says == drawn.says
