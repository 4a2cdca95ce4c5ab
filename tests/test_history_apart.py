"""Experiments of one name from several files: told apart wherever runs are read together."""

from dataclasses import replace

import saved_runs

from paceline import claims, history
from paceline.history import told_apart


def run(number, *files, experiment="x"):
    """Make the run of a day, with a cell of each file."""
    benchmarks = [saved_runs.benchmark(experiment=experiment, process=1) for _ in files]
    for one, file in zip(benchmarks, files, strict=True):
        one["fullname"] = f"{file}::{one['name']}"
    saved = saved_runs.saved(*benchmarks, when=f"2026-11-{number:02}T12:00:00+00:00")
    return history.from_json(saved)


def named(*runs):
    return [[cell.experiment for cell in each.cells] for each in runs]


def test_only_names_that_files_share_have_the_file():
    assert named(run(1, "a/test_x.py")) == [["x"]]
    assert named(run(1, "a/test_x.py", "x.py")) == [["x in a/test_x.py", "x in x.py"]]
    assert named(run(1, "a/test_x.py", "benchmarks/test_x.py")) == [["x in a/test_x.py", "x"]]


def test_a_file_has_one_name_in_all_runs_that_are_read_together():
    one, both = run(1, "a/test_x.py"), run(2, "a/test_x.py", "b/test_x.py")
    assert named(*told_apart([one, both])) == [["x in a/test_x.py"], ["x in a/test_x.py", "x in b/test_x.py"]]
    assert named(*told_apart(told_apart([one, both]))) == named(*told_apart([one, both]))
    assert named(*told_apart([replace(both, cells=both.cells[:1])])) == [["x"]]


def test_what_one_file_measured_later_takes_the_place_of_no_other_file():
    older, newer = run(1, "a/test_x.py", "b/test_x.py"), run(2, "b/test_x.py")
    assert named(*claims.newest_of_each([older, newer])) == [["x in b/test_x.py"], ["x in a/test_x.py"]]
