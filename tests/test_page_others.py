"""The report's part on experiments that have no chart of their own."""

import json

from claimed import cell, cells, run
from golden_charts import assert_drawable, assert_golden
from hypothesis import given
from oddities import MARKUP, assert_on_a_page, assert_whole, drawing, made, odd_runs, panels_of

from paceline.report import plots
from paceline.report.sections import others

KEYS = [("mine", "test_mine"), ("mine", "test_more"), ("talking", "test_ordinary_objects"), ("locks", "test_counter")]


def own_experiment(count=4, rounds=(0.1, 0.11, 0.12), strategies=2):
    return [
        cell("mine", "test_mine", f"strategy-{place % strategies}", process=None, depth_seconds=place / 10,
             mood=f"mood {place}", rounds=tuple(each * (1 + place / 7) for each in rounds), limit=0.05,
             efficiency=0.5, overhead=0.001)
        for place in range(count)
    ]  # fmt: skip


def only(*measured):
    (panel,) = panels_of(made(others, run(*measured)))
    return panel


def test_the_chart_of_a_strangers_experiment_is_the_golden_one():
    panel = only(*own_experiment())
    assert_golden(panel)
    assert_drawable(panel)
    assert panel.key == "other-mine-test-mine"
    assert panel.title == "mine"


def test_the_table_has_what_is_known_and_what_the_experiment_adds():
    table = only(*own_experiment()).table
    assert table.columns == (
        "strategy", "parameters", "depth seconds", "median", "spread", "limit", "efficiency", "overhead/item",
    )  # fmt: skip
    assert table.left == 2
    assert table.rows[0][:4] == ("strategy-0", "mood=mood 0", "0 s", "110 ms")


def test_a_sentence_names_the_shortest_and_the_longest():
    assert only(*own_experiment()).says == (
        "The shortest median of 4 cells is 110 ms, by strategy-0, mood=mood 0; the longest is 157 ms, by strategy-1, "
        "mood=mood 3."
    )
    assert only(own_experiment(1)).says == "The median is 110 ms, by strategy-0."


def test_what_other_parts_draw_is_left_to_them():
    drawn = [cell(name, "test_x", "threads") for name in sorted(others.DRAWN)]
    section = made(others, run(*drawn))
    assert section.rows == ()
    assert section.missing[0].endswith("pytest --benchmark-only --all")


def test_a_function_that_its_experiments_chart_leaves_out_is_here():
    found = [cells(experiment, function, "threads") for experiment, function in sorted(others.WITHOUT_PICTURE)]
    titles = [panel.title for panel in panels_of(made(others, run(*found)))]
    assert titles == ["break_even, test_short_and_long", "talking, test_ordinary_objects"]


def test_experiments_are_in_the_order_of_the_alphabet_and_columns_beside_each_other():
    one = run(cells("mixed", "test_b", "threads"), cells("mixed", "test_a", "threads"), cells("beside", "test_x", "x"))
    other = run(cells("mixed", "test_b", "threads"), python="3.14.1")
    rows = [[(panel.title, panel.column) for panel in row] for row in made(others, one, other).rows]
    assert rows == [
        [("beside", "CPython 3.11.7")],
        [("mixed, test_a", "CPython 3.11.7")],
        [("mixed, test_b", "CPython 3.11.7"), ("mixed, test_b", "CPython 3.14.1")],
    ]


def test_two_thousand_cells_stay_a_chart_and_a_table():
    panel = only(own_experiment(2000, rounds=(0.1, 0.11, 0.12, 0.13, 0.14)))
    assert len(panel.table.rows) == others.MOST == 200
    assert panel.says.endswith(
        "The table leaves 1800 of 2000 cells out; paceline compare lists them all. Of 10000 rounds one in 5 is drawn."
    )
    assert panel.chart.spec["height"] <= plots.STRIPS_MOST_HEIGHT
    assert len(panel.chart.data["cells"]) == 2000
    assert 1900 < len(panel.chart.data["rounds"]) < 2100
    assert len(json.dumps(panel.chart.data)) < 2**20
    assert_drawable(panel)


def test_two_thousand_strategies_stay_a_chart():
    panel = only(own_experiment(2000, rounds=(0.1,), strategies=2000))
    assert panel.says.endswith("100 of 2000 cells are drawn.")
    assert panel.chart.spec["height"] <= plots.STRIPS_MOST_HEIGHT
    assert_drawable(panel)


def test_rounds_that_are_left_out_are_not_always_the_same_of_each_cell():
    rounds = tuple(0.1 + place / 1000 for place in range(20))
    panel = only([cell("mine", "test_mine", "threads", number, None, rounds=rounds) for number in range(400)])
    assert {dot["seconds"] for dot in panel.chart.data["rounds"]} == set(rounds)


def test_a_name_may_hold_markup():
    section = made(others, run(cell(MARKUP, MARKUP, MARKUP, mood=MARKUP)))
    assert_on_a_page(section)
    assert_drawable(panels_of(section)[0])


@drawing
@given(odd_runs(KEYS, ["anything", "depth_seconds"]))
def test_no_run_is_too_odd(odd):
    section = made(others, odd)
    assert_whole(section)
    for panel in panels_of(section)[:1]:
        assert_drawable(panel)
