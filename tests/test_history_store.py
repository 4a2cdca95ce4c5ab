"""
Finding saved runs: in order, by number, by path, and the newest one worth taking.
"""

import os

import pytest
from saved_runs import FINGERPRINT, benchmark, put, saved

from paceline import history, machine
from paceline.history import NoSuchRunError, UnreadableRun

HERE = machine.fingerprint()


def numbers(found):
    return [run.number for run in found]


def test_runs_come_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9999, 10000, 1):
        put(tmp_path, saved(), number)
    found, damaged = history.runs(tmp_path)
    assert numbers(found) == [1, 10, 9999, 10000]
    assert damaged == []


def test_no_folder_is_no_runs(tmp_path):
    assert history.runs(tmp_path / "nowhere") == ([], [])


def test_partial_runs_are_part_of_no_history(tmp_path):
    put(tmp_path, saved(complete=False, why="Ctrl-C"), folder="partial")
    assert history.runs(tmp_path) == ([], [])
    (found,), damaged = history.partials(tmp_path)
    assert found.why_incomplete == "Ctrl-C"
    assert damaged == []


def test_damaged_files_are_named_beside_the_good_ones(tmp_path):
    put(tmp_path, saved(), 1)
    put(tmp_path, saved(), 2).write_text("{")
    put(tmp_path, {**saved(), "paceline": {"fingerprint": FINGERPRINT}}, 3)
    found, damaged = history.runs(tmp_path)
    assert numbers(found) == [1]
    assert [error.path.name for error in damaged] == ["0002_made-up.json", "0003_made-up.json"]


def test_a_file_without_a_number_is_named(tmp_path):
    path = put(tmp_path, saved())
    path.rename(path.with_name("mine.json"))
    _, (error,) = history.runs(tmp_path)
    assert "its name has no number" in str(error)


def test_files_that_are_no_json_by_name_are_left_alone(tmp_path):
    path = put(tmp_path, saved())
    path.with_name(".saving-0123.tmp").write_text("half")
    path.with_name("notes.txt").write_text("mine")
    (tmp_path / "README.md").write_text("about")
    assert history.runs(tmp_path)[1] == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path):
    folder = put(tmp_path, saved()).parent
    folder.chmod(0)
    _, (error,) = history.runs(tmp_path)
    folder.chmod(0o755)
    assert error.path == folder


def test_a_number_means_a_run_of_this_machine(tmp_path):
    put(tmp_path, saved(fingerprint=FINGERPRINT), 3)
    mine = put(tmp_path, saved(fingerprint=HERE), 3)
    assert history.resolve("3", tmp_path).path == mine
    assert history.resolve("0003", tmp_path).path == mine


def test_a_number_that_is_not_there_says_what_is(tmp_path):
    put(tmp_path, saved(fingerprint=HERE), 3)
    put(tmp_path, saved(fingerprint=HERE), 5)
    with pytest.raises(NoSuchRunError, match="has no run 4; it holds 3 to 5: see paceline runs"):
        history.resolve("4", tmp_path)


def test_a_number_without_any_run_says_what_to_type(tmp_path):
    with pytest.raises(NoSuchRunError, match="it is empty: measure one: pytest --benchmark-only"):
        history.resolve("1", tmp_path)


def test_a_number_that_two_files_have_asks_for_a_path(tmp_path):
    path = put(tmp_path, saved(fingerprint=HERE), 3)
    path.with_name("0003_other.json").write_bytes(path.read_bytes())
    with pytest.raises(NoSuchRunError, match=r"0003_made-up.json or .*0003_other.json; give the path"):
        history.resolve("3", tmp_path)


def test_a_path_means_that_file(tmp_path):
    path = put(tmp_path, saved(), 3)
    assert history.resolve(str(path), tmp_path / "elsewhere").path == path


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UnreadableRun, match="no such file"):
        history.resolve("nothing.json", tmp_path)


def newest(root, needs=lambda _: True, told=None):
    return history.newest(root, HERE, needs, (told if told is not None else []).append)


def test_the_newest_whole_run_of_this_machine_comes_first(tmp_path):
    put(tmp_path, saved(fingerprint=HERE), 1)
    put(tmp_path, saved(fingerprint=HERE), 2)
    put(tmp_path, saved(fingerprint=HERE, complete=False), 3)
    put(tmp_path, saved(when="2030-01-01T00:00:00+00:00"), 9)
    assert newest(tmp_path).number == 2


def test_a_run_without_the_cells_asked_for_is_passed_over(tmp_path):
    put(tmp_path, saved(benchmark("asyncio"), fingerprint=HERE), 1)
    put(tmp_path, saved(benchmark("threads"), fingerprint=HERE), 2)
    assert newest(tmp_path, lambda run: run.cells[0].strategy == "asyncio").number == 1


def test_a_damaged_file_is_told_of_and_passed_over(tmp_path):
    put(tmp_path, saved(fingerprint=HERE), 1)
    put(tmp_path, saved(fingerprint=HERE), 2).write_text("")
    told = []
    assert newest(tmp_path, told=told).number == 1
    assert [error.path.name for error in told] == ["0002_made-up.json"]


def test_without_a_run_of_this_machine_the_latest_of_another_is_taken(tmp_path):
    put(tmp_path, saved(fingerprint="a", when="2026-01-02T00:00:00+00:00"), 1)
    put(tmp_path, saved(fingerprint="b", when="2026-01-01T00:00:00+00:00"), 8)
    put(tmp_path, saved(fingerprint="c", when="2026-01-03T00:00:00+00:00"), folder="partial")
    assert newest(tmp_path).fingerprint == "a"


def test_without_any_whole_run_the_error_says_what_to_type(tmp_path):
    put(tmp_path, saved(fingerprint=HERE, complete=False), 3)
    with pytest.raises(NoSuchRunError, match="measure one: pytest --benchmark-only"):
        newest(tmp_path)
