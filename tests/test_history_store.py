"""Finding saved runs: in order, by number, by path, and the newest one worth taking."""

import os
from pathlib import Path

import pytest
from histories import ELSEWHERE
from saved_runs import FINGERPRINT, FOLDER, PARTIAL, benchmark, put, saved

from paceline import history, machine
from paceline.commands import report, shared
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
    put(tmp_path, saved(complete=False, why="Ctrl-C"), folder=PARTIAL)
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


def test_what_lies_there_and_is_not_ours_is_left_alone(tmp_path):
    path = put(tmp_path, saved())
    path.with_name(".saving-0123.tmp").write_text("half")
    path.with_name("notes.txt").write_text("mine")
    path.with_name("mine.json").write_text("{}")
    for name in (
        "summary.json",
        "0001_summary.json",
        "baseline/metrics.json",
        "baseline/seed-1/0001_metrics.json",
        "2024-05-01/0001_metrics.json",
        "2024-05-01/run_a/0001_metrics.json",
        "partial/0001_metrics.json",
        "partial/run_a/0001_metrics.json",
        "partial/Linux-CPython-3.11-64bit/0001_metrics.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[1, 2, 3]")
    assert numbers(history.runs(tmp_path)[0]) == [1]
    assert history.runs(tmp_path)[1] == []
    assert history.partials(tmp_path) == ([], [])
    told = []
    assert newest(tmp_path, told=told).number == 1
    assert told == []


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
    put(tmp_path, saved(when="2026-01-02T00:00:00+00:00"), 1)
    put(tmp_path, saved(fingerprint=ELSEWHERE, when="2026-01-01T00:00:00+00:00"), 8)
    put(tmp_path, saved(when="2026-01-03T00:00:00+00:00"), folder=PARTIAL)
    assert newest(tmp_path).fingerprint == FINGERPRINT


def test_the_newest_run_is_the_newest_by_date_whatever_its_number_and_folder(tmp_path):
    folders = [None, f"{HERE}/Linux-CPython-3.11-32bit", f"{HERE}/Zeta", "Linux-CPython-3.11-64bit"]
    for place, when in enumerate(("2026-01-02", "2026-01-04", "2026-01-01", "2026-01-03")):
        put(tmp_path, saved(fingerprint=HERE, when=f"{when}T00:00:00+00:00"), 9 - place, folders[place])
    found, _ = history.runs(tmp_path)
    assert numbers(found) == [7, 9, 6, 8]
    assert newest(tmp_path).number == 8
    assert history.newest_among(found, HERE).number == 8
    assert shared.chosen(None, tmp_path, lambda: shared.whole_runs(tmp_path)).number == 8
    assert report.chosen([], tmp_path, HERE, pytest.fail).runs == (found[-1],)
    assert shared.newest(tmp_path).number == 8


def test_of_runs_of_one_moment_the_higher_number_is_the_newer(tmp_path):
    for number in (9999, 10000, 3):
        put(tmp_path, saved(fingerprint=HERE), number)
    assert newest(tmp_path).number == 10000
    assert history.newest_among(history.runs(tmp_path)[0], HERE).number == 10000


def test_a_storage_of_all_machines_gives_each_its_own(tmp_path):
    put(tmp_path, saved(when="2026-01-03T00:00:00+00:00"), 1, FOLDER)
    put(tmp_path, saved(fingerprint=HERE), 2, FOLDER)
    put(tmp_path, saved(fingerprint=HERE), 3, "Linux-PyPy-3.11-64bit")
    (tmp_path / FOLDER / "0004_theirs.json").write_text('{"benchmarks": []}')  # saved without Paceline
    found, (unread,) = history.runs(tmp_path)
    assert numbers(found) == [2, 3, 1]
    assert unread.path.name == "0004_theirs.json"
    assert newest(tmp_path).number == 3
    assert history.resolve("2", tmp_path).number == 2
    with pytest.raises(NoSuchRunError, match="has no run 1; it holds 2 to 4"):
        history.resolve("1", tmp_path)


def test_runs_in_the_storage_that_pytest_benchmark_has_by_itself_are_pointed_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ".benchmarks" not in history.advice(Path("results"))
    put(Path(".benchmarks"), saved(), folder=FOLDER).write_text('{"benchmarks": []}')
    assert ".benchmarks" not in history.advice(Path("results"))
    put(Path(".benchmarks"), saved(), folder=FOLDER)
    assert history.advice(Path("results")).startswith(
        ".benchmarks has runs: find them with --results .benchmarks; or measure one: "
    )
    assert history.advice(Path(".benchmarks")).startswith("measure one: ")


def test_without_any_whole_run_the_error_says_what_to_type(tmp_path):
    put(tmp_path, saved(fingerprint=HERE, complete=False), 3)
    with pytest.raises(NoSuchRunError, match="measure one: pytest --benchmark-only"):
        newest(tmp_path)
