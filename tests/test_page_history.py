"""The report's part on histories and A/B decisions."""

import datetime as dt
from dataclasses import replace

from pictures import assert_drawable, assert_golden

from paceline.report.decisions import Change, Decision, Decisions, Drift, Move, Past, Point, Track
from paceline.report.model import Report
from paceline.report.output import page
from paceline.report.sections.history import MOST, section

NONE = Decisions()
TIMES = (1.0, 1.02, 0.99, 1.01, 1.2, 1.21, 1.19, 1.2)
MARKUP = "</script><b>\n\"'&"


def when(run):
    return dt.datetime(2026, 1, run, 4, 5, tzinfo=dt.UTC)


def point(run, median, room=0.01):
    return Point(run=run, when=when(run), median=median, low=median - room, high=median + room)


def track(name="test_downloads[threads]", times=TIMES, **move):
    """A cell that moved at its fifth run."""
    known = {"place": 4, "ratio": 1.2, "low": 1.17, "high": 1.23, "p": 0.0123, "beside": ("commit 1a -> 2b",)}
    points = tuple(point(run, median) for run, median in enumerate(times, 1))
    return Track(name=name, points=points, moved=(Move(**{**known, **move}),))


def drift(run, middle=1.0):
    return Drift(run=run, when=when(run), low=middle * 0.98, middle=middle, high=middle * 1.03, cells=6)


def past(*tracks, **facts):
    known = {"fingerprint": "linux-a", "runs": 8, "least": 8, "looked_at": 6, "sides": 5}
    known |= {"drift": tuple(drift(run, middle) for run, middle in enumerate((1.0, 1.01, 0.99, 1.0), 1))}
    return Past(tracks=tracks, **{**known, **facts})


def change(name="test_read[threads]", verdict="same", ratio=1.0, low=0.99, high=1.01, **facts):
    known = {"why": f"it is {verdict}", "pairs": "14", "baseline": 0.1, "candidate": 0.1 * ratio}
    return Change(name=name, verdict=verdict, ratio=ratio, low=low, high=high, **{**known, **facts})


def decision(*cells, **facts):
    known = {
        "label": "comparison 3",
        "when": "2026-01-02T03:04:05+00:00",
        "sides": "baseline rev:main against candidate .",
        "held": "linux-a: 14 pairs of processes and 14 fresh, seed 7",
        "tolerance": 0.03,
        "verdict": "slower",
        "conclusion": "Slower: 1 slower.",
        "canary": change("canary", ratio=0.999, low=0.996, high=1.002),
    }
    return Decision(cells=cells, **{**known, **facts})


SITTING = decision(
    change(verdict="slower", ratio=1.1, low=1.08, high=1.12, fresh="+9.8 % (+8.0 % to +11.0 %)", pairs="14+14"),
    change("test_read[asyncio]", "faster", 0.9, 0.88, 0.92),
    change("test_compute", "unknown", 1.02, None, None),
    notes=("left out: x (skipped)",),
)


def figures(made, key):
    return [figure for row in made.rows for figure in row if figure.key == key]


def test_a_move_is_said_with_its_levels_its_interval_and_what_changed_beside_it():
    [drawn] = figures(section({"linux-a": past(track())}, NONE), "history-moved-1")
    assert drawn.says == (
        "From run 5 on it takes 1.20 s in place of 1.00 s: +20.0 % (+17.0 % to +23.0 % with 95 %), p = 0.012; "
        "commit 1a -> 2b."
    )
    assert drawn.title == "test_downloads[threads]"
    assert drawn.table.rows[4] == ("run 5", "2026-01-05 04:05", "1.20 s", "1.19 s", "1.21 s", "+20.0 %")


def test_the_picture_of_a_cell_that_moved_is_the_same_as_ever():
    [drawn] = figures(section({"linux-a": past(track())}, NONE), "history-moved-1")
    assert_golden(drawn)
    assert_drawable(drawn)


def test_the_change_point_lies_between_two_runs():
    [drawn] = figures(section({"linux-a": past(track())}, NONE), "history-moved-1")
    assert drawn.chart.data["moves"] == [{"at": 4.5, "said": "+20.0 %"}]
    assert [(level["start"], level["end"]) for level in drawn.chart.data["levels"]] == [(1, 4), (5, 8)]


def test_the_picture_of_all_cells_is_the_same_as_ever():
    [drawn] = figures(section({"linux-a": past()}, NONE), "history-all")
    assert drawn.says.startswith("The middle cell lies between -1.0 % (run 3) and +1.0 % (run 2) from its own median")
    assert_golden(drawn)
    assert_drawable(drawn)


def test_the_largest_moves_are_drawn_and_all_stand_in_a_table():
    tracks = [track(f"test_x[{number}]") for number in range(MOST + 3)]
    made = section({"linux-a": past(*tracks, notes=("HALF OF ALL CELLS OR MORE moved",))}, NONE)
    assert len([figure for row in made.rows for figure in row if figure.key.startswith("history-moved")]) == MOST
    [table] = figures(made, "history-moves")
    assert len(table.table.rows) == MOST + 3
    assert table.table.rows[0] == ("test_x[0]", "run 5", "+20.0 %", "+17.0 % to +23.0 %", "0.012", "commit 1a -> 2b")
    assert table.doubts == ("HALF OF ALL CELLS OR MORE moved",)
    assert f"the {MOST} cells that moved most are drawn" in table.says


def test_a_move_without_an_interval_is_shown_without():
    [drawn] = figures(section({"linux-a": past(track(low=None, high=None))}, NONE), "history-moved-1")
    assert "to" not in drawn.says.partition(", p =")[0].partition("+20.0 %")[2]
    [table] = figures(section({"linux-a": past(track(low=None, high=None))}, NONE), "history-moves")
    assert table.table.rows[0][3] == "-"


def test_runs_without_ascending_numbers_are_placed_one_after_the_other():
    one = track()
    odd = replace(one, points=tuple(replace(point, run=None) for point in one.points))
    again = replace(one, points=tuple(replace(point, run=1) for point in one.points))
    for made in (odd, again):
        [drawn] = figures(section({"linux-a": past(made)}, NONE), "history-moved-1")
        assert [dot["run"] for dot in drawn.chart.data["points"]] == list(range(1, 9))
        assert_drawable(drawn)
    [drawn] = figures(section({"linux-a": past(odd)}, NONE), "history-moved-1")
    assert drawn.says.startswith("From the run of 2026-01-05 04:05 UTC on")


def test_too_few_runs_say_how_many_there_are_and_how_many_it_takes():
    made = section({"linux-a": past(runs=3, looked_at=0, too_few=6, drift=())}, NONE)
    assert made.rows == ()
    assert made.lead == ""
    assert made.missing[0] == (
        "linux-a has 3 whole runs; change points need 8 that have the same cells; measure more: pytest --benchmark-only"
    )


def test_runs_that_are_left_out_for_a_tracer_are_counted():
    made = section({"linux-a": past(traced=2, looked_at=0)}, NONE)
    assert made.missing[0] == "linux-a: 2 runs beside a tracer left out."


def test_a_quiet_history_says_that_nothing_moved_and_what_could_have_shown():
    made = section({"linux-a": past(too_few=2)}, NONE)
    quiet, too_few, *_ = made.missing
    assert quiet.startswith("linux-a: no change point shows in 6 cells over 8 whole runs; ")
    assert quiet.endswith("a change shows with 5 runs on either side of it.")
    assert too_few == "linux-a: 2 cells in fewer than 8 whole runs: unknown, not looked at."


def test_several_histories_have_a_row_and_a_label_each():
    made = section({"linux-a": past(track()), "linux-b": past(track(), fingerprint="linux-b")}, NONE)
    assert [row[0].column for row in made.rows] == ["linux-a", "linux-b"]
    alone = section({"linux-a": past(track())}, NONE)
    assert alone.rows[0][0].column == ""


def test_a_decision_is_drawn_as_ever():
    [drawn] = figures(section({}, Decisions(found=(SITTING,))), "ab-1")
    assert drawn.title == "Comparison 3: slower"
    assert drawn.says == (
        "Slower: 1 slower. The canary changed by -0.1 % (-0.4 % to +0.2 %). The tolerance is 3.0 % either way."
    )
    assert drawn.doubts == ("left out: x (skipped)",)
    assert_golden(drawn)
    assert_drawable(drawn)


def test_the_table_of_a_decision_has_verdicts_in_words_and_why():
    [drawn] = figures(section({}, Decisions(found=(SITTING,))), "ab-1")
    assert drawn.table.rows[0] == (
        "test_read[threads]", "slower", "it is slower", "100 ms", "110 ms", "+10.0 %", "+8.0 % to +12.0 %",
        "+9.8 % (+8.0 % to +11.0 %)", "14+14",
    )  # fmt: skip
    assert drawn.table.rows[2][6:8] == ("too few pairs for an interval", "-")
    assert [row[0] for row in drawn.table.rows][-1] == "canary"


def test_a_comparison_without_cells_shows_its_canary():
    [drawn] = figures(section({}, Decisions(found=(decision(),))), "ab-1")
    assert [row["name"] for row in drawn.chart.data["cells"]] == ["canary"]
    assert_drawable(drawn)


def test_a_huge_change_is_on_the_axis():
    [drawn] = figures(section({}, Decisions(found=(decision(change(ratio=1000.0, low=900.0, high=1100.0)),))), "ab-1")
    low, high = drawn.chart.spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert low < 1 / 1100
    assert high > 1100
    assert_drawable(drawn)


def test_what_can_not_be_read_is_named():
    made = section({}, Decisions(found=(SITTING,), unread=("results/ab/0001_x.json: damaged",), older=1))
    assert made.missing == (
        "Passed over results/ab/0001_x.json: damaged",
        "1 older comparison not shown; see one: paceline ab --read NUMBER",
    )


def test_without_a_comparison_it_says_how_to_hold_one():
    assert section({}, NONE).missing == (
        "No A/B comparison is shown; hold one: paceline ab --baseline SIDE --candidate SIDE",
    )


def test_markup_in_names_stays_text():
    held = decision(change(MARKUP), label=MARKUP, sides=MARKUP, conclusion=MARKUP, notes=(MARKUP,))
    made = section(
        {"linux-a": past(track(MARKUP, beside=(MARKUP,)), fingerprint=MARKUP)},
        Decisions(found=(held,), unread=(MARKUP,)),
    )
    html = page(Report(title="x", made=(), sections=(made,)), "0")
    assert "<b>" not in html
    for row in made.rows:
        for figure in row:
            if figure.chart:
                assert_drawable(figure)
