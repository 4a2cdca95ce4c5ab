"""The report's part on histories and A/B decisions."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from claimed import cell, run
from comparisons import comparison, estimate, judged, outcome, side
from golden_charts import assert_drawable, assert_golden

from paceline.ab.record import CANARY
from paceline.report.model import Report
from paceline.report.output import page
from paceline.report.sections.comparisons import Decision, Decisions
from paceline.report.sections.history import MOST, Drift, Past, all_cells, section
from paceline.stats.variation import ChangePoint
from paceline.trends.baselines import measured
from paceline.trends.trend import Moved, Trend

NONE = Decisions()
TIMES = (1.0, 1.02, 0.99, 1.01, 1.2, 1.21, 1.19, 1.2)
FEW = {f"cell{number}": 3 for number in range(6)}
MARKUP = "</script><b>\n\"'&"
NAME = "test_downloads[threads]"


def at(number, *cells, path=True):
    """A run of this number, on a day of its own."""
    made = run(*cells, path=Path(f"{number:04}_x.json") if path else None)
    return replace(
        made, datetime=dt.datetime(2026, 1, number, 4, 5, tzinfo=dt.UTC), commit={"id": "1a" if number < 5 else "2b"}
    )


def took(name, median, room=0.01):
    """A cell whose rounds lie around its median."""
    one = cell("downloads", "test_downloads", "threads", process=None, rounds=(median - room, median, median + room))
    return replace(one, name=name, fullname=f"benchmarks/test_downloads.py::{name}")


def past(*names, runs=None, fingerprint="linux-a", traced=0, **facts):
    """A history of eight runs and six cells, in which cells of these names moved at the fifth.

    Args:
        runs: what is to be done with the runs before anybody looks at them.
        facts: of the trend; those of its change points, `low` and `high`, too.
    """
    quiet = [f"test_quiet[{number}]" for number in range(6 - len(names))]
    own = [
        at(number, *(took(name, median) for name in names), *(took(name, 1.0) for name in quiet))
        for number, median in enumerate(TIMES, 1)
    ]
    own = runs(own) if runs else own
    ends = {"low": facts.pop("low", 1.17), "high": facts.pop("high", 1.23)}
    point = ChangePoint(index=4, ratio=1.2, p=0.0123, **ends)
    moved = [
        Moved(fullname=f"benchmarks/test_downloads.py::{name}", point=point, before=own[3], after=own[4])
        for name in names
    ]
    known = {"runs": 8, "looked_at": {f"benchmarks/test_downloads.py::{name}": 8 for name in (*names, *quiet)}}
    trend = Trend(fingerprint=fingerprint, moved=tuple(moved), **{**known, **facts})
    return Past(trend, tuple(map(measured, own)), traced)


def drift():
    """Where all cells stand in four runs."""
    return [Drift(at(number), middle * 0.98, middle, middle * 1.03, 6)
            for number, middle in enumerate((1.0, 1.01, 0.99, 1.0), 1)]  # fmt: skip


def decision(*cells, name="comparison 3", canary=None, **facts):
    """A comparison that came to these verdicts."""
    quiet = judged(CANARY, ratio=0.999, low=0.996, high=1.002)
    return Decision(name, comparison(**facts), outcome(*cells, canary=canary or quiet))


COMPARED = decision(
    judged("test_read[threads]", "slower", 1.1, 1.08, 1.12, fresh=estimate(1.098, 1.08, 1.11)),
    judged("test_read[asyncio]", "faster", 0.9, 0.88, 0.92),
    judged("test_compute", "unknown", 1.02, None, None),
    left_out={"x": "skipped"},
)


def panels(made, key):
    return [panel for row in made.rows for panel in row if panel.key == key]


def test_a_move_is_said_with_its_levels_its_interval_and_what_changed_beside_it():
    [drawn] = panels(section([past(NAME)], NONE), "history-moved-1")
    assert drawn.says == (
        "From run 5 on it takes 1.20 s in place of 1.00 s: +20.0 % (+17.0 % to +23.0 % with 95 %), p = 0.012; "
        "commit 1a -> 2b."
    )
    assert drawn.title == "test_downloads[threads]"
    assert drawn.table.rows[4] == ("run 5", "2026-01-05 04:05", "1.20 s", "1.19 s", "1.21 s", "+20.0 %")


def test_the_chart_of_a_cell_that_moved_is_the_same_as_ever():
    [drawn] = panels(section([past(NAME)], NONE), "history-moved-1")
    assert_golden(drawn)
    assert_drawable(drawn)


def test_the_change_point_lies_between_two_runs():
    [drawn] = panels(section([past(NAME)], NONE), "history-moved-1")
    assert drawn.chart.data["moves"] == [{"at": 4.5, "said": "+20.0 %"}]
    assert [(level["start"], level["end"]) for level in drawn.chart.data["levels"]] == [(1, 4), (5, 8)]


def test_the_chart_of_all_cells_is_the_same_as_ever():
    drawn = all_cells(drift(), "")
    assert drawn.says.startswith("The middle cell lies between -1.0 % (run 3) and +1.0 % (run 2) from its own median")
    assert_golden(drawn)
    assert_drawable(drawn)


def test_the_largest_moves_are_drawn_and_all_stand_in_a_table():
    made = section([past(*(f"test_x[{number:02}]" for number in range(MOST + 3)))], NONE)
    assert len([panel for row in made.rows for panel in row if panel.key.startswith("history-moved")]) == MOST
    [table] = panels(made, "history-moves")
    assert len(table.table.rows) == MOST + 3
    assert table.table.rows[0] == ("test_x[00]", "run 5", "+20.0 %", "+17.0 % to +23.0 %", "0.012", "commit 1a -> 2b")
    assert [doubt.partition(" at ")[0] for doubt in table.doubts] == ["HALF OF ALL CELLS OR MORE moved"]
    assert f"the {MOST} cells that moved most are drawn" in table.says


def test_a_move_without_an_interval_is_shown_without():
    [drawn] = panels(section([past(NAME, low=None, high=None)], NONE), "history-moved-1")
    assert "to" not in drawn.says.partition(", p =")[0].partition("+20.0 %")[2]
    [table] = panels(section([past(NAME, low=None, high=None)], NONE), "history-moves")
    assert table.table.rows[0][3] == "-"


def test_runs_without_ascending_numbers_are_placed_one_after_the_other():
    def unsaved(runs):
        return [replace(run, path=None) for run in runs]

    def again(runs):
        return [replace(run, path=Path("0001_x.json")) for run in runs]

    for change in (unsaved, again):
        [drawn] = panels(section([past(NAME, runs=change)], NONE), "history-moved-1")
        assert [dot["run"] for dot in drawn.chart.data["points"]] == list(range(1, 9))
        assert_drawable(drawn)
    [drawn] = panels(section([past(NAME, runs=unsaved)], NONE), "history-moved-1")
    assert drawn.says.startswith("From the run of 2026-01-05 04:05 UTC on")


def test_too_few_runs_say_how_many_there_are_and_how_many_it_takes():
    made = section([replace(past(), trend=Trend(fingerprint="linux-a", runs=3, too_few=FEW))], NONE)
    assert made.rows == ()
    assert made.lead == ""
    assert made.missing[0] == (
        "linux-a has 3 whole runs; change points need 8 that have the same cells; measure more: pytest --benchmark-only"
    )


def test_runs_that_are_left_out_for_a_tracer_are_counted():
    made = section([past(traced=2, looked_at={})], NONE)
    assert made.missing[0] == "linux-a: 2 runs beside a tracer left out."


def test_a_quiet_history_says_that_nothing_moved_and_what_could_have_shown():
    made = section([past(too_few={"x": 3, "y": 1})], NONE)
    quiet, too_few, *_ = made.missing
    assert quiet.startswith("linux-a: no change point shows in 6 cells over 8 whole runs; ")
    assert quiet.endswith("a change shows with 5 runs on either side of it.")
    assert too_few == "linux-a: 2 cells in fewer than 8 whole runs: unknown, not looked at."


def test_several_histories_have_a_row_and_a_label_each():
    made = section([past(NAME), past(NAME, fingerprint="linux-b")], NONE)
    assert [row[0].column for row in made.rows] == ["linux-a", "linux-b"]
    alone = section([past(NAME)], NONE)
    assert alone.rows[0][0].column == ""


def test_a_decision_is_drawn_as_ever():
    [drawn] = panels(section([], Decisions(found=(COMPARED,))), "ab-1")
    assert drawn.title == "Comparison 3: slower"
    assert drawn.says == (
        "Slower: 1 slower (test_read[threads]), 1 faster (test_read[asyncio]), 1 unknown (test_compute). How many "
        "pairs would do can't be told from these. The canary changed by -0.1 % (-0.4 % to +0.2 %). The tolerance is "
        "3.0 % either way."
    )
    assert drawn.doubts == ("left out: x (skipped)",)
    assert_golden(drawn)
    assert_drawable(drawn)


def test_the_table_of_a_decision_has_verdicts_in_words_and_why():
    [drawn] = panels(section([], Decisions(found=(COMPARED,))), "ab-1")
    assert drawn.table.rows[0] == (
        "test_read[threads]", "slower", "it is slower", "100 ms", "110 ms", "+10.0 %", "+8.0 % to +12.0 %",
        "+9.8 % (+8.0 % to +11.0 %)", "14+14",
    )  # fmt: skip
    assert drawn.table.rows[2][6:8] == ("too few pairs for an interval", "-")
    assert [row[0] for row in drawn.table.rows][-1] == "canary"


def test_a_comparison_without_cells_shows_its_canary():
    [drawn] = panels(section([], Decisions(found=(decision(),))), "ab-1")
    assert [row["name"] for row in drawn.chart.data["cells"]] == ["canary"]
    assert_drawable(drawn)


def test_a_huge_change_is_on_the_axis():
    [drawn] = panels(section([], Decisions(found=(decision(judged(ratio=1000.0, low=900.0, high=1100.0)),))), "ab-1")
    low, high = drawn.chart.spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert low < 1 / 1100
    assert high > 1100
    assert_drawable(drawn)


def test_what_can_not_be_read_is_named():
    made = section([], Decisions(found=(COMPARED,), unread=("results/ab/0001_x.json: damaged",), older=1))
    assert made.missing == (
        "Passed over results/ab/0001_x.json: damaged",
        "1 older comparison not shown; see one: paceline ab --read NUMBER",
    )


def test_without_a_comparison_it_says_how_to_hold_one():
    assert section([], NONE).missing == (
        "No A/B comparison is shown; hold one: paceline ab --baseline SIDE --candidate SIDE",
    )


def test_markup_in_names_stays_text():
    held = decision(judged(MARKUP, why=MARKUP), name=MARKUP, baseline=side(MARKUP), notes=(MARKUP,))
    made = section([past(MARKUP, fingerprint=MARKUP)], Decisions(found=(held,), unread=(MARKUP,)))
    html = page(Report(title="x", made=(), sections=(made,)), "0")
    assert "<b>" not in html
    for row in made.rows:
        for panel in row:
            if panel.chart:
                assert_drawable(panel)
