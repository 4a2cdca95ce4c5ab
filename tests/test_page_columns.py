"""Which runs stand beside each other in a report, and what they are called."""

import claimed
import pytest
import saved_runs

from paceline.history import load
from paceline.report.model import columns

ORDER = ["sequential", "threads"]


@pytest.fixture
def run(tmp_path):
    def made(*cells, number=1, **facts):
        return load(saved_runs.put(tmp_path, saved_runs.saved(*cells, **facts), number))

    return made


def labels(*runs):
    return [column.label for column in columns(runs, {}, ORDER)]


def test_two_pythons_are_told_apart_by_their_pythons(run):
    assert labels(run(python="3.11.7"), run(python="3.14.0", number=2)) == ["CPython 3.11.7", "CPython 3.14.0"]


def test_two_machines_are_told_apart_by_their_fingerprints(run):
    assert labels(run(fingerprint="one"), run(fingerprint="other")) == ["one", "other"]


def test_two_runs_of_one_history_are_told_apart_by_their_numbers(run):
    assert labels(run(), run(number=2)) == [
        "CPython 3.11.7, run 1 of 2026-11-22 12:00 UTC",
        "CPython 3.11.7, run 2 of 2026-11-22 12:00 UTC",
    ]


def test_a_build_that_can_do_without_the_gil_says_whether_it_did():
    pythons = [claimed.run(python="3.13.5", free_threaded=True, gil=gil, fingerprint=gil) for gil in ("off", "on")]
    assert labels(*pythons) == ["CPython 3.13.5, GIL off", "CPython 3.13.5, GIL on"]


def test_the_same_run_twice_has_two_labels(run):
    one = run()
    assert len(set(labels(one, one))) == 2


def test_an_older_run_lends_what_the_newest_lacks_and_nothing_else(run):
    old = run(saved_runs.benchmark(rounds=[9.0]), saved_runs.benchmark(experiment="computing"))
    new = run(saved_runs.benchmark(rounds=[0.2]), number=2)
    (column,) = columns([new], {new.fingerprint: [old, new]}, ORDER)
    assert [cell.median for cell in column.of("downloads")] == [0.2]
    assert column.source(column.of("downloads")) == ""
    assert column.source(column.of("computing")) == "run 1 of 2026-11-22 12:00 UTC"


def test_files_of_one_name_lend_each_for_itself(run):
    there, other = (saved_runs.benchmark(experiment="x", rounds=[rounds]) for rounds in (9.0, 0.2))
    other["fullname"] = f"b/test_x.py::{other['name']}"
    old, new = run(there), run(other, number=2)
    (column,) = columns([new], {new.fingerprint: [old, new]}, ORDER)
    assert [cell.median for cell in column.of("x")] == [9.0]
    assert [cell.median for cell in column.of("x in b/test_x.py")] == [0.2]


def test_strategies_nobody_knows_come_after_the_known_ones(run):
    cells = [saved_runs.benchmark(name) for name in ("mine", "threads", "sequential")]
    (column,) = columns([run(*cells)], {}, ORDER)
    assert [cell.strategy for cell in column.cells] == ["sequential", "threads", "mine"]
    assert column.order == ("sequential", "threads", "mine")
