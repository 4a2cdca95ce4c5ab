"""The report's part on who freezes meanwhile."""

import pytest
from arbitrary_runs import ANYTHING
from claimed import cell, run
from golden_charts import assert_drawable, assert_golden
from hypothesis import given
from hypothesis import strategies as st
from oddities import MARKUP, assert_on_a_page, assert_whole, drawing, made, odd_runs, panels_of

from paceline.report.composing import composed
from paceline.report.model import Chosen, Report
from paceline.report.output import markdown
from paceline.report.sections import freezing, others
from paceline.workers.bystander import STALL

MS = 1e-3
WAIT, HOLD, RELEASE, MIX = (
    {"workload": "Fetch", "latency": 0.02}, {"workload": "Compute", "kernel": "squares"},
    {"workload": "Compute", "kernel": "hash"}, {"workload": "Mixed", "share": 0.5},
)  # fmt: skip


def late(worst, why="blocked", median=0.1 * MS, **stalls):
    counted = {"blocked": 0, "starved": 0, "unknown": 0, **({why: 3} if why else {}), **stalls}
    return {"ticks": 100, "median": median, "p99": worst / 2, "worst": worst, "worst_why": why, **counted}


def beside(strategy, seconds, here, apart=None, kind="thread", **work):
    saved = {"kind": kind, "here": here, "apart": apart or late(1.5 * MS, None)}
    return cell("bystander", "test_bystander", strategy, seconds, process=None, items=20, bystander=saved,
                **(work or WAIT))  # fmt: skip


def measured(**facts):
    return run(
        beside("threads", 0.04, late(3 * MS, "starved")),
        beside("asyncio", 0.02, late(1.2 * MS, None), kind="task"),
        beside("pool-fork", 0.05, late(2.2 * MS, None, unknown=1)),
        beside("threads", 0.2, late(60 * MS), **HOLD),
        beside("asyncio", 0.2, late(200 * MS), late(4 * MS, "starved"), kind="task", **HOLD),
        beside("threads", 0.1, late(1 * MS, None), **RELEASE),
        beside("asyncio", 0.4, late(20 * MS), kind="task", **MIX),
        **facts,
    )


def by_kind(*runs):
    return {panel.key.removeprefix("freezing-"): panel for panel in panels_of(made(freezing, *runs))}


def test_each_kind_of_work_has_a_chart_of_throughput_and_the_worst_lateness_here():
    panels = by_kind(measured())
    assert list(panels) == ["waiting", "holding", "releasing", "mixed"]
    assert_golden(panels["waiting"])
    for panel in panels.values():
        assert_drawable(panel)


def test_marks_are_filled_where_the_loop_or_the_gil_was_held():
    data = by_kind(run(*(beside(str(why), 0.1, late(9 * MS, why)) for why in ("blocked", "starved", "unknown", None))))
    drawn = {
        name: [row["strategy"] for row in rows] for name, rows in data["waiting"].chart.data.items() if name != "stall"
    }
    assert drawn == {"blocked": ["blocked"], "others": ["starved", "unknown", "None"]}


def test_a_line_divides_stalls_from_the_rest():
    (panel,) = by_kind(run(beside("threads", 0.1, late(0.1 * MS, None)))).values()
    assert panel.chart.data["stall"] == [{"worst": STALL}]
    low, high = panel.chart.spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < 0.1 * MS < STALL < high


def test_the_fastest_the_calmest_and_the_latest_are_told_in_words():
    panels = by_kind(measured())
    assert panels["waiting"].says == (
        "Beside the fastest, asyncio (1,000 items/s), the bystander was late by up to 1.20 ms; by least beside "
        "asyncio, 1.20 ms, by most beside threads, 3.00 ms (starved). In a process of its own it was never late by "
        "more than 1.50 ms."
    )
    assert panels["mixed"].says == (
        "Beside the fastest, asyncio (50.0 items/s), the bystander was late by up to 20.0 ms (blocked). In a process "
        "of its own it was never late by more than 1.50 ms."
    )


def test_the_table_has_lateness_here_and_apart_and_the_cause_of_the_worst():
    table = by_kind(measured())["holding"].table
    assert table.columns == (
        "strategy", "here as", "items/s", "here, median", "here, 99 %", "here, worst", "here, cause",
        "apart, median", "apart, 99 %", "apart, worst", "apart, cause", "marks",
    )  # fmt: skip
    assert table.rows[1] == (
        "asyncio", "task", "100", "100 us", "100 ms", "200 ms", "blocked", "100 us", "2.00 ms", "4.00 ms",
        "starved", "",
    )  # fmt: skip


def test_a_worst_tick_without_a_cause_is_unknown_only_where_there_were_stalls():
    causes = {row[0]: row[6] for row in by_kind(measured())["waiting"].table.rows}
    assert causes == {"threads": "starved", "asyncio": "-", "pool-fork": "unknown"}


def test_all_kinds_share_the_axis_of_lateness_and_columns_their_axes():
    faster = run(beside("threads", 0.001, late(900 * MS)), python="3.14.1")
    panels = panels_of(made(freezing, measured(), faster))
    ups = [panel.chart.spec["layer"][0]["encoding"]["y"]["scale"] for panel in panels]
    assert all(scale == ups[0] for scale in ups)
    first, second = (panel for panel in panels if panel.key == "freezing-waiting")
    assert first.chart.spec["layer"][1]["encoding"]["x"] == second.chart.spec["layer"][1]["encoding"]["x"]


def test_two_cells_of_a_strategy_say_what_tells_them_apart():
    (panel,) = by_kind(
        run(*(beside("asyncio", 0.1, late(2 * MS), options={"loop": loop}) for loop in ("asyncio", "uvloop")))
    ).values()
    assert [row[0] for row in panel.table.rows] == ["asyncio, loop=asyncio", "asyncio, loop=uvloop"]


def test_markdown_has_the_same_words_and_table():
    text = markdown(Report(title="x", made=(), sections=(made(freezing, measured()),)))
    assert "## Who freezes meanwhile" in text
    assert "### Items that compute and hold the GIL" in text
    assert "| threads | thread | 100 | 100 us | 30.0 ms | 60.0 ms | blocked |" in text


def test_a_page_of_a_run_without_a_bystander_has_no_such_part(tmp_path):
    assert "Who freezes meanwhile" in titles(tmp_path, *measured().cells)
    assert "Who freezes meanwhile" not in titles(tmp_path, cell("downloads", "test_downloads", "threads"))


def titles(folder, *measured):
    return [part.title for part in composed(Chosen((run(*measured),), {}, {}, ()), folder).sections]


def test_what_is_drawn_here_is_not_drawn_among_other_experiments():
    assert made(others, measured()).rows == ()


@pytest.mark.parametrize(
    "bystander", [None, [], {}, "x", {"here": 3}, {"here": {"worst": "long"}}, {"here": {"worst": -1}}], ids=str
)
def test_a_cell_whose_bystander_is_damaged_is_left_out_and_the_others_stay(bystander):
    damaged = cell("bystander", "test_bystander", "asyncio", process=None, bystander=bystander)
    (panel,) = by_kind(run(beside("threads", 0.1, late(2 * MS)), damaged)).values()
    assert [row[0] for row in panel.table.rows] == ["threads"]


def test_a_place_that_is_damaged_has_no_figures_in_the_table():
    own = cell("bystander", "test_bystander", "threads", process=None, bystander={"here": {"worst": 0.002}, "apart": 7})
    (panel,) = by_kind(run(own)).values()
    assert panel.table.rows[0][1:-1] == ("-", "200", "-", "-", "2.00 ms", "-", "-", "-", "-", "-")
    assert panel.says.endswith("late by up to 2.00 ms.")


def test_a_name_may_hold_markup():
    section = made(freezing, run(beside(MARKUP, 0.1, late(2 * MS), kind=MARKUP, workload=MARKUP)))
    assert_on_a_page(section)
    for panel in panels_of(section):
        assert_drawable(panel)


FIGURE = st.none() | st.integers(0, 9) | st.floats() | ANYTHING
LATE = st.fixed_dictionaries({}, optional=dict.fromkeys(late(1), FIGURE)) | ANYTHING
BYSTANDER = st.fixed_dictionaries({}, optional={"kind": ANYTHING, "here": LATE, "apart": LATE}) | ANYTHING


@drawing
@given(odd_runs([("bystander", "test_bystander")], {"bystander": BYSTANDER}))
def test_no_run_is_too_odd(odd):
    section = made(freezing, odd)
    if section.rows:
        assert_whole(section)
    for panel in panels_of(section)[:1]:
        assert_drawable(panel)
