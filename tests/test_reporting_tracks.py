"""From a made-up history to what a report shows of it."""

import pytest
from histories import ELSEWHERE, HERE, NAMES, newer, quiet, stepped, traced, write

from paceline import history
from paceline.report.decisions import tracks


def past(root, factors, **more):
    write(root, factors, **more)
    runs, damaged = history.runs(root)
    assert damaged == []
    return tracks(HERE, runs)


def test_a_cell_that_moved_has_its_whole_way_and_its_move(tmp_path):
    found = past(tmp_path, stepped(), change=newer)
    [track] = found.tracks
    assert track.name == "test_downloads[cell2]"
    assert [point.run for point in track.points] == list(range(1, 25))
    assert all(point.low == point.median == point.high for point in track.points)
    [move] = track.moved
    assert track.points[move.place].run == 14
    assert move.low < 1.2 < move.high
    assert move.beside[1:] == ("CPython 3.11.7 -> CPython 3.11.8", "requests 2.34.2 -> 3.0", "uvloop missing -> 0.23")


def test_the_commits_on_either_side_are_named(tmp_path):
    def named(number, data):
        data["commit_info"]["id"] = f"{number:02}{'a' * 38}"
        return data

    [track] = past(tmp_path, stepped(), change=named).tracks
    assert track.moved[0].beside[0] == "commit 13aaaaaaaa -> 14aaaaaaaa"


def test_cells_that_moved_most_come_first(tmp_path):
    factors = stepped()
    factors["cell4"] = [value * (0.5 if place >= 8 else 1) for place, value in enumerate(factors["cell4"])]
    assert [track.name for track in past(tmp_path, factors).tracks] == [
        "test_downloads[cell4]",
        "test_downloads[cell2]",
    ]


def test_a_quiet_history_has_drift_and_no_track(tmp_path):
    found = past(tmp_path, quiet(12))
    assert (found.runs, found.looked_at, found.too_few, found.tracks) == (12, 6, 0, ())
    assert [drift.run for drift in found.drift] == list(range(1, 13))
    assert all(0.98 < drift.low <= drift.middle <= drift.high < 1.02 for drift in found.drift)
    assert all(drift.cells == 6 for drift in found.drift)


def test_drift_shows_where_all_cells_are_slower(tmp_path):
    factors = {name: [value * (1.5 if place == 4 else 1) for place, value in enumerate(each)]
               for name, each in quiet(12).items()}  # fmt: skip
    found = past(tmp_path, factors)
    assert max(found.drift, key=lambda drift: drift.middle).run == 5


def test_a_single_cell_has_drift_too(tmp_path):
    found = past(tmp_path, {"cell0": [1.0, 2.0] * 4})
    assert [drift.middle for drift in found.drift] == pytest.approx([2 / 3, 4 / 3] * 4)


def test_a_short_history_says_how_many_runs_it_has_and_how_many_it_takes(tmp_path):
    found = past(tmp_path, quiet(3))
    assert (found.runs, found.least, found.looked_at, found.too_few) == (3, 8, 0, 6)
    assert found.drift == ()


def test_most_cells_moving_at_once_are_said_to_be_the_machine(tmp_path):
    found = past(tmp_path, stepped(names=NAMES[:3]))
    [note] = found.notes
    assert note.startswith("HALF OF ALL CELLS OR MORE moved at run 14 ")


def test_other_machines_and_runs_that_are_not_whole_do_not_count(tmp_path):
    def broken(number, data):
        data["paceline"] |= {"complete": number != 5, "why_incomplete": "Ctrl-C"}
        return data

    write(tmp_path, quiet(12), fingerprint=ELSEWHERE)
    found = past(tmp_path, quiet(12), change=broken)
    assert found.runs == 11
    assert 5 not in [drift.run for drift in found.drift]


def test_runs_beside_a_tracer_are_left_out_and_counted(tmp_path):
    found = past(tmp_path, quiet(12), change=traced(5, 7))
    assert (found.runs, found.traced) == (10, 2)


def test_no_runs_are_no_history():
    found = tracks(HERE, [])
    assert (found.runs, found.looked_at, found.tracks, found.drift) == (0, 0, (), ())
