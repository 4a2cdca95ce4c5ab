"""`paceline trend`: where a made-up history moved, and what it says changed there."""

import json
import sys

import pytest
from histories import ELSEWHERE, HERE, NAMES, ended, fullname, newer, quiet, stepped, traced, write
from saved_runs import put, saved


def trend(*words):
    return ended("trend", *words)


def moved(root, capsys, *words):
    assert trend("--json", "--results", root, *words) == 0
    found = json.loads(capsys.readouterr().out)
    return {cell["fullname"]: cell["changes"] for cell in found["cells"] if cell["changes"]}


def test_a_step_is_found_with_its_run_its_commit_and_the_libraries(tmp_path, capsys):
    write(tmp_path, stepped(), change=newer)
    [(name, [change])] = moved(tmp_path, capsys).items()
    assert name == fullname("cell2")
    assert (change["before_run"], change["run"]) == (13, 14)
    assert (change["commit_before"], change["commit_after"]) == (f"c{13:039}", f"c{14:039}")
    assert change["libraries"] == {"requests": ["2.34.2", "3.0"], "uvloop": [None, "0.23"]}
    assert (change["python_before"], change["python_after"]) == ("CPython 3.11.7", "CPython 3.11.8")
    assert change["low"] < 1.2 < change["high"]


def test_the_table_says_the_same(tmp_path, capsys):
    write(tmp_path, stepped(), change=newer)
    assert trend("--results", tmp_path) == 0
    shown = capsys.readouterr().out
    assert "Moved at run 14" in shown
    assert "requests 2.34.2 -> 3.0; uvloop missing -> 0.23" in shown
    assert "CPython 3.11.7 -> CPython 3.11.8" in shown
    assert "cell2" in shown
    assert "cell3" not in shown
    assert "1 change point in 1 of 6 cells." in shown


def test_markdown_begins_with_the_conclusion_and_has_the_same_table(tmp_path, capsys):
    write(tmp_path, stepped(), change=newer)
    assert trend("--results", tmp_path, "--markdown") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("## paceline trend\n\n1 change point in 1 of 6 cells.\n")
    assert "**Moved at run 14 (" in shown
    assert (
        "\n| cell | change | 95 % interval | p |\n| --- | ---: | ---: | ---: |\n| `test_downloads[cell2]` | +" in shown
    )


def test_runs_beside_a_tracer_are_no_part_of_a_trend(tmp_path, capsys):
    slowed = range(14, 25)
    write(tmp_path, stepped(), change=traced(*slowed))
    assert moved(tmp_path, capsys) == {}
    assert trend("--results", tmp_path) == 0
    told = capsys.readouterr()
    assert told.err.count("measured beside a tracer: with coverage on, it is slow") == len(slowed)
    assert f"{HERE}: 13 whole runs" in told.out


def test_a_history_that_was_measured_beside_a_tracer_throughout_has_no_trend(tmp_path, capsys):
    write(tmp_path, quiet(1), change=traced(1))
    assert trend("--results", tmp_path) == 2
    assert "was measured beside a tracer; measure without: pytest --benchmark-only" in capsys.readouterr().err


def test_a_quiet_history_has_no_change_point(tmp_path, capsys):
    write(tmp_path, quiet(24))
    assert moved(tmp_path, capsys) == {}
    trend("--results", tmp_path)
    assert "No change point shows in 6 cells." in capsys.readouterr().out


def test_a_single_spike_is_no_change_point(tmp_path, capsys):
    factors = quiet(24)
    factors["cell1"][9] *= 3
    factors["cell4"][-1] *= 3
    write(tmp_path, factors)
    assert moved(tmp_path, capsys) == {}


def test_most_cells_moving_at_once_are_said_to_be_the_machine(tmp_path, capsys):
    write(tmp_path, stepped(names=NAMES[:3]))
    trend("--results", tmp_path)
    shown = capsys.readouterr().out
    assert shown.count("Moved at run") == 1
    assert "HALF OF ALL CELLS OR MORE" in shown


def test_runs_without_the_cell_do_not_shift_it(tmp_path, capsys):
    factors = stepped()
    factors["cell2"][12] = None  # run 13: so it moved between 12 and 14
    write(tmp_path, factors)
    [[change]] = moved(tmp_path, capsys).values()
    assert (change["before_run"], change["run"]) == (12, 14)


def test_too_few_runs_are_unknown_and_counted(tmp_path, capsys):
    write(tmp_path, stepped(runs=7, at=4, factor=3))
    assert trend("--results", tmp_path) == 0
    shown = capsys.readouterr().out
    assert "6 cells with fewer than 8 whole runs: unknown, not looked at" in shown
    assert "Unknown: no cell has 8 whole runs yet." in shown


def test_incomplete_runs_and_other_machines_are_no_part_of_it(tmp_path, capsys):
    write(tmp_path, quiet(8))
    write(tmp_path, quiet(4), fingerprint=ELSEWHERE)
    put(tmp_path, saved(fingerprint=HERE, complete=False), 9)
    trend("--results", tmp_path)
    assert f"{HERE}: 8 whole runs" in capsys.readouterr().out


def test_fewer_cells_need_fewer_runs(tmp_path, capsys):
    write(tmp_path, stepped(runs=8, at=5))
    assert moved(tmp_path, capsys) == {}
    assert list(moved(tmp_path, capsys, "--cell", "cell2")) == [fullname("cell2")]


def test_it_says_how_many_runs_it_takes_to_see_anything(tmp_path, capsys):
    write(tmp_path, quiet(8))
    trend("--results", tmp_path)
    assert "with 6 cells judged together a change shows with 5 runs on either side" in capsys.readouterr().out


def test_without_what_finds_change_points_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ruptures", None)
    write(tmp_path, quiet(3))
    assert trend("--results", tmp_path) == 2
    assert capsys.readouterr().err == "paceline: paceline trend needs ruptures: pip install 'paceline[history]'\n"


def test_a_damaged_run_is_named(tmp_path, capsys):
    write(tmp_path, quiet(9))
    next(tmp_path.rglob("0004_*.json")).write_text("{")
    assert trend("--results", tmp_path) == 0
    assert "passed over" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"), [([], "has no complete run of this machine"), (["--cell", "nosuch"], "'nosuch'")]
)
def test_what_is_not_there_is_a_sentence(tmp_path, capsys, words, said):
    if words:
        write(tmp_path, quiet(2))
    assert trend("--results", tmp_path, *words) == 2
    assert said in capsys.readouterr().err


def test_hostile_names_cannot_steer_a_terminal(tmp_path, capsys):
    factors = stepped()
    factors["x\x1b[31m"] = factors.pop("cell2")
    write(tmp_path, factors, change=lambda number, data: hostile(newer(number, data)))
    trend("--results", tmp_path)
    shown = capsys.readouterr().out
    assert "Moved at run 14" in shown
    assert "\x1b" not in shown


def hostile(data):
    data["machine_info"]["libraries"] = {
        f"{name}\x1b[1m": version for name, version in data["machine_info"]["libraries"].items()
    }
    return data
