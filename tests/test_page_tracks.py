"""From a made-up history to what a report shows of it."""

import pytest
from histories import ELSEWHERE, HERE, NAMES, ended, newer, quiet, stepped, traced, write

from paceline import history
from paceline.report.sections import history as part
from paceline.report.sections.comparisons import Decisions
from paceline.report.sections.history import drift, section, tracks

NONE = Decisions()


def past(root, factors, **more):
    write(root, factors, **more)
    runs, damaged = history.runs(root)
    assert damaged == []
    return part.past(HERE, runs)


def figures(found):
    """The numbers that a history's sentences are made of."""
    trend = found.trend
    return trend.runs, len(trend.looked_at), len(trend.too_few)


def test_a_cell_that_moved_has_its_whole_way_and_its_move(tmp_path):
    found = past(tmp_path, stepped(), change=newer)
    [track] = tracks(found)
    assert track.name == "test_downloads[cell2]"
    assert [run.number for run, _ in track.points] == list(range(1, 25))
    [move] = track.moved
    assert track.points[move.point.index][0].number == move.after.number == 14
    assert move.point.low < 1.2 < move.point.high
    [drawn] = [panel for row in section([found], NONE).rows for panel in row if panel.key == "history-moved-1"]
    assert all(point["low"] == point["median"] == point["high"] for point in drawn.chart.data["points"])
    assert drawn.says.endswith("; CPython 3.11.7 -> CPython 3.11.8; requests 2.34.2 -> 3.0; uvloop missing -> 0.23.")


def test_the_commits_on_either_side_are_named(tmp_path):
    def named(number, data):
        data["commit_info"]["id"] = f"{number:02}{'a' * 38}"
        return data

    [track] = tracks(past(tmp_path, stepped(), change=named))
    assert part.moved(track, 1, "").says.endswith("; commit 13aaaaaaaa -> 14aaaaaaaa.")


def test_cells_that_moved_most_come_first(tmp_path):
    factors = stepped()
    factors["cell4"] = [value * (0.5 if place >= 8 else 1) for place, value in enumerate(factors["cell4"])]
    assert [track.name for track in tracks(past(tmp_path, factors))] == [
        "test_downloads[cell4]",
        "test_downloads[cell2]",
    ]


def test_a_quiet_history_has_drift_and_no_track(tmp_path):
    found = past(tmp_path, quiet(12))
    assert (*figures(found), tracks(found)) == (12, 6, 0, [])
    way = drift(found)
    assert [one.run.number for one in way] == list(range(1, 13))
    assert all(0.98 < one.low <= one.middle <= one.high < 1.02 for one in way)
    assert all(one.cells == 6 for one in way)


def test_drift_shows_where_all_cells_are_slower(tmp_path):
    factors = {name: [value * (1.5 if place == 4 else 1) for place, value in enumerate(each)]
               for name, each in quiet(12).items()}  # fmt: skip
    found = past(tmp_path, factors)
    assert max(drift(found), key=lambda one: one.middle).run.number == 5


def test_a_single_cell_has_drift_too(tmp_path):
    found = past(tmp_path, {"cell0": [1.0, 2.0] * 4})
    assert [one.middle for one in drift(found)] == pytest.approx([2 / 3, 4 / 3] * 4)


def test_a_short_history_says_how_many_runs_it_has_and_how_many_it_takes(tmp_path):
    found = past(tmp_path, quiet(3))
    assert figures(found) == (3, 0, 6)
    assert drift(found) == []
    assert "has 3 whole runs; change points need 8 " in section([found], NONE).missing[0]


def test_most_cells_moving_at_once_are_said_to_be_the_machine(tmp_path):
    found = past(tmp_path, stepped(names=NAMES[:3]))
    [table] = [panel for row in section([found], NONE).rows for panel in row if panel.key == "history-moves"]
    [note] = table.doubts
    assert note.startswith("HALF OF ALL CELLS OR MORE moved at run 14 ")


def test_other_machines_and_runs_that_are_not_whole_do_not_count(tmp_path):
    def broken(number, data):
        data["paceline"] |= {"complete": number != 5, "why_incomplete": "Ctrl-C"}
        return data

    write(tmp_path, quiet(12), fingerprint=ELSEWHERE)
    found = past(tmp_path, quiet(12), change=broken)
    assert found.trend.runs == len(found.runs) == 11
    assert 5 not in [one.run.number for one in drift(found)]


def test_runs_beside_a_tracer_are_left_out_and_counted(tmp_path):
    found = past(tmp_path, quiet(12), change=traced(5, 7))
    assert (found.trend.runs, found.traced) == (10, 2)


def test_a_history_has_as_many_runs_as_in_paceline_trend(tmp_path, capsys):
    found = past(tmp_path, stepped(), change=traced(*range(14, 25)))
    assert ended("trend", "--results", tmp_path) == 0
    assert f"{HERE}: {len(found.runs)} whole runs" in capsys.readouterr().out
    assert len(found.runs) == 13


def test_no_runs_are_no_history():
    found = part.past(HERE, [])
    assert (*figures(found), tracks(found), drift(found)) == (0, 0, 0, [], [])
