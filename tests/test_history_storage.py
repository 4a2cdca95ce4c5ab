"""The guard at the door of a history: whole runs or nothing, under numbers of their own, whatever happens meanwhile."""

import codecs
import errno
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from processes import LONG_PATIENCE, let_go_together, limited, small_disk
from saved_runs import FINGERPRINT, FOLDER, benchmark, saved

from paceline import cli, files, history, machine
from paceline.history import NotSaved, documents
from paceline.history.storage import GuardedStorage, strict

HERE = machine.fingerprint()
SAVE = """
import json, sys
from pathlib import Path
from paceline.history.storage import GuardedStorage

class Silent:
    info = error = staticmethod(lambda *_: None)

storage = GuardedStorage(sys.argv[1], Silent, {folder!r})
data = json.loads(Path(sys.argv[2]).read_text())
{then}
"""


class Logger:
    def __init__(self):
        self.said = []
        self.info = self.error = self.said.append


@pytest.fixture
def logger():
    return Logger()


@pytest.fixture
def storage(tmp_path, logger):
    return GuardedStorage(tmp_path / FINGERPRINT, logger, FOLDER)


@pytest.fixture
def start(tmp_path):
    """Start a process that saves a run."""
    (tmp_path / "run.json").write_text(json.dumps(saved()))

    def started(then="storage.save(data, 'x')", **options):
        code = SAVE.format(folder=FOLDER, then=then)
        command = [sys.executable, "-c", code, str(tmp_path / FINGERPRINT), str(tmp_path / "run.json")]
        return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)

    return started


def names(tmp_path):
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())


def in_history(*names):
    return [f"{FINGERPRINT}/{FOLDER}/{name}" for name in names]


def test_a_run_saved_can_be_read_and_the_place_is_told(tmp_path, storage, logger):
    storage.save(saved(), "x")
    assert names(tmp_path) == in_history("0001_x.json")
    (run,), damaged = history.runs(tmp_path)
    assert run == history.from_json(saved(), run.path)
    assert damaged == []
    where = tmp_path / FINGERPRINT / FOLDER / "0001_x.json"
    assert logger.said == [f"Saved: {where}; shown by: paceline compare --results {tmp_path}"]


def test_where_the_commands_look_by_themselves_nothing_more_is_told(tmp_path, logger, monkeypatch):
    monkeypatch.chdir(tmp_path)
    GuardedStorage(tmp_path / "results" / FINGERPRINT, logger, FOLDER).save(saved(), "x")
    assert logger.said == [f"Saved: results/{FINGERPRINT}/{FOLDER}/0001_x.json"]


def test_a_storage_of_anybodys_choice_is_found_by_what_is_said_when_saving(tmp_path, logger, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    storage = GuardedStorage("my runs", logger, FOLDER)
    storage.save(saved(fingerprint=HERE), "x")
    assert logger.said == [f"Saved: my runs/{FOLDER}/0001_x.json; shown by: paceline compare --results 'my runs'"]
    for words in (["compare"], ["compare", "1"], ["runs"]):
        assert cli.main([*words, "--results", "my runs"]) == 0
        assert f"my runs/{FOLDER}/0001_x.json" in capsys.readouterr().out


def test_what_is_kept_apart_from_a_storage_of_anybodys_choice_is_found_too(tmp_path, logger):
    storage = GuardedStorage(tmp_path / "runs", logger, FOLDER, tmp_path / "results" / "partial")
    storage.refuse("Ctrl-C", keep_partial=True)
    storage.save(saved(), "x")
    (run,), damaged = history.partials(tmp_path / "results")
    assert (run.why_incomplete, damaged) == ("Ctrl-C", [])


def test_without_a_name_the_newest_run_by_date_is_compared_with(storage):
    for when in ("2026-01-02", "2026-01-03", "2026-01-01"):
        storage.save(saved(when=f"{when}T00:00:00+00:00"), "x")
    assert [str(path) for path, _ in storage.load()] == [f"{FOLDER}/0002_x.json"]


def test_pytest_benchmark_itself_can_load_what_was_saved(storage):
    storage.save(saved(), "x")
    ((path, data),) = list(storage.load())
    assert str(path) == f"{FOLDER}/0001_x.json"
    assert data["benchmarks"][0]["extra_info"]["strategy"] == "threads"


def test_what_pytest_benchmark_can_not_compare_costs_a_comparison_nothing_else(storage):
    nan = benchmark("sequential")
    nan["extra_info"], nan["stats"]["stddev"] = {}, float("nan")
    storage.save(saved(benchmark(), nan), "x")
    path = storage.path / FOLDER / "0001_x.json"
    data = json.loads(path.read_text())
    data["benchmarks"] += [None, {"stats": None}, {"fullname": "theirs", "stats": None}]
    path.write_bytes(codecs.BOM_UTF8 + json.dumps(data).encode())
    ((_, data),) = list(storage.load())
    assert [one["fullname"] for one in data["benchmarks"]] == [benchmark()["fullname"]]


def test_a_place_outside_the_working_directory_can_be_named(storage, tmp_path, monkeypatch):
    assert storage.location == str(tmp_path / FINGERPRINT)
    monkeypatch.chdir(tmp_path)
    assert storage.location == FINGERPRINT


def test_the_next_number_counts_damaged_files_too(tmp_path, storage):
    folder = tmp_path / FINGERPRINT / FOLDER
    folder.mkdir(parents=True)
    (folder / "0007_broken.json").write_text("{")
    (folder / "notes.json").write_text("{}")
    storage.save(saved(), "x")
    storage.save(saved(), "x")
    assert names(tmp_path) == in_history("0007_broken.json", "0008_x.json", "0009_x.json", "notes.json")


def test_numbers_go_on_after_9999(tmp_path, storage):
    folder = tmp_path / FINGERPRINT / FOLDER
    folder.mkdir(parents=True)
    (folder / "9999_x.json").write_text("{")
    storage.save(saved(), "x")
    storage.save(saved(), "x")
    assert names(tmp_path) == in_history("10000_x.json", "10001_x.json", "9999_x.json")


@pytest.mark.parametrize("label", ["x" * 240, "é" * 120])
def test_a_label_as_long_as_may_be_makes_a_file(tmp_path, label):
    assert files.unfit_label(label) is None
    assert files.publish(tmp_path, label, b"mine").read_bytes() == b"mine"


def test_a_file_whose_name_is_as_long_as_may_be_can_be_replaced(tmp_path):
    path = tmp_path / ("x" * 255)
    for content in (b"first", b"second"):
        files.replace(path, content)
        assert path.read_bytes() == content


@pytest.mark.parametrize("label", ["x" * 241, "é" * 121, "two\nlines", "nul\0", "red \x1b[31m", "lone \udcff"])
def test_a_label_that_makes_no_file_is_told(label):
    assert files.unfit_label(label)


def test_a_refused_run_leaves_nothing(tmp_path, storage, logger):
    storage.refuse("Ctrl-C")
    storage.refuse("something later")
    storage.save(saved(), "x")
    assert names(tmp_path) == []
    assert logger.said == [
        "This run is not saved: Ctrl-C. With --paceline-keep-partial it is kept apart from the history."
    ]


def test_a_refused_run_is_kept_apart_when_asked_for(tmp_path, storage, logger):
    storage.refuse("Ctrl-C", keep_partial=True)
    data = saved()
    storage.save(data, "x")
    assert names(tmp_path) == [f"partial/{FINGERPRINT}/0001_x.json"]
    (run,), _ = history.partials(tmp_path)
    assert (run.complete, run.why_incomplete) == (False, "Ctrl-C")
    assert data["paceline"]["complete"] is True  # the caller's own object is not touched
    assert history.runs(tmp_path) == ([], [])
    assert logger.said[0].startswith("Kept apart (Ctrl-C): ")


def test_a_run_marked_as_incomplete_is_refused_without_being_asked(tmp_path, storage, logger):
    storage.save(saved(complete=False, why="two cells failed"), "x")
    assert names(tmp_path) == []
    assert "two cells failed" in logger.said[0]


def test_a_run_that_could_not_be_read_again_is_not_saved(tmp_path, storage):
    with pytest.raises(NotSaved, match=r"at \$.stats.data\[0\] of .* is no time that a round can take"):
        storage.save(saved(benchmark(rounds=(0.0,))), "x")
    assert names(tmp_path) == []


def test_a_run_too_large_to_be_read_again_is_not_saved_and_what_makes_it_large_is_named(tmp_path, storage, monkeypatch):
    large = [
        benchmark("asyncio", memory=[1] * 100, spans="x" * 70_000),
        benchmark(rounds=[0.1] * 100, spans="x" * 9_000),
    ]
    monkeypatch.setattr(documents, "LARGEST", 50_000)
    with pytest.raises(NotSaved) as refused:
        storage.save(saved(*large), "x")
    said = re.sub(r"\d+ %|\d+%|\d\d,\d{3}", "N", str(refused.value))
    assert said == (
        "this run is not saved: it has N bytes, more than any run may have (N), and N of them are extra_info['spans'], "
        f"N that of {large[0]['fullname']}; keep less of that, or measure less"
    )
    assert names(tmp_path) == []
    storage.save(saved(benchmark()), "x")
    (run,), damaged = history.runs(tmp_path)
    assert (run.number, damaged) == (1, [])


def test_raw_rounds_that_make_a_run_too_large_are_named(storage, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST", 50_000)
    with pytest.raises(NotSaved, match=r"9\d% of them are the raw rounds, 9\d% that of benchmarks/test_downloads"):
        storage.save(saved(benchmark(rounds=[0.1] * 9_000), benchmark("asyncio", memory="x" * 9_000)), "x")


def test_numbers_that_are_not_finite_become_null():
    text = strict({"a": [float("nan"), 1.5, (float("-inf"),)], "b": {"c": float("inf")}, 1: True, None: Path("p")})
    assert json.loads(text, parse_constant=pytest.fail) == {
        "a": [None, 1.5, [None]],
        "b": {"c": None},
        "1": True,
        "null": "UNSERIALIZABLE[PosixPath('p')]",
    }


def test_an_efficiency_that_is_not_finite_is_saved_as_none(tmp_path, storage):
    storage.save(saved(benchmark(efficiency=float("nan"))), "x")
    (run,), _ = history.runs(tmp_path)
    assert run.cells[0].efficiency is None


def test_a_file_whose_number_was_taken_meanwhile_takes_the_next(tmp_path, monkeypatch):
    (tmp_path / "0001_x.json").write_text("somebody else's")
    guesses = iter([1, 2])
    monkeypatch.setattr(files, "next_number", lambda _: next(guesses))
    assert files.publish(tmp_path, "x", b"mine") == tmp_path / "0002_x.json"
    assert (tmp_path / "0001_x.json").read_text() == "somebody else's"


def test_without_hard_links_a_file_is_renamed_and_still_replaces_none(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "0001_x.json").write_text("somebody else's")
    guesses = iter([1, 2])
    monkeypatch.setattr(files, "next_number", lambda _: next(guesses))
    files.publish(tmp_path, "x", b"mine")
    assert names(tmp_path) == ["0001_x.json", "0002_x.json"]
    assert (tmp_path / "0001_x.json").read_text() == "somebody else's"


def test_a_file_system_without_locks_is_saved_to_all_the_same(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    (tmp_path / ".saving-of-somebody.tmp").write_text("in the making")
    files.publish(tmp_path, "x", b"mine")
    assert names(tmp_path) == [".saving-of-somebody.tmp", "0001_x.json"]


def test_a_saver_that_is_stuck_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_LOCK_TIMEOUT", 0.05)
    (tmp_path / ".saving-of-somebody.tmp").write_text("in the making")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        files.publish(tmp_path, "x", b"mine")
    finally:
        os.close(descriptor)
    assert names(tmp_path) == [".saving-of-somebody.tmp", "0001_x.json"]


def test_an_interrupted_save_leaves_nothing(tmp_path, storage, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        storage.save(saved(), "x")
    assert names(tmp_path) == []


def test_a_file_that_outgrows_its_limit_leaves_nothing(tmp_path, start):
    process = start(f"{limited(100)} storage.save(data, 'x')")
    _, complaint = process.communicate(timeout=LONG_PATIENCE)
    assert "NotSaved: this run is not saved in" in complaint
    assert "File too large; make room there" in complaint
    assert names(tmp_path) == ["run.json"]


def test_a_full_disk_leaves_nothing(tmp_path, logger):
    with small_disk(tmp_path / "disk") as disk:
        storage = GuardedStorage(disk / FINGERPRINT, logger, FOLDER)
        storage.save(saved(), "x")
        with pytest.raises(NotSaved, match="No space left on device; make room there"):
            storage.save(saved(benchmark(rounds=[0.1] * 10_000)), "x")
        assert names(disk) == in_history("0001_x.json")
        storage.save(saved(), "x")
        assert names(disk) == in_history("0001_x.json", "0002_x.json")


def test_a_folder_in_the_way_is_told_of(tmp_path, storage):
    (tmp_path / FINGERPRINT).write_text("a file")
    with pytest.raises(NotSaved, match="; make room there, or make it writable"):
        storage.save(saved(), "x")


def test_a_killed_save_leaves_nothing_that_a_history_reads_and_the_next_one_cleans_up(tmp_path, storage, start):
    halt = "import os, signal; os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL); "
    process = start(halt + "storage.save(data, 'x')")
    process.communicate(timeout=LONG_PATIENCE)
    assert process.returncode == -signal.SIGKILL
    (leftover,) = (tmp_path / FINGERPRINT / FOLDER).iterdir()
    assert leftover.suffix == ".tmp"
    assert history.runs(tmp_path) == ([], [])
    assert storage.query() == []
    storage.save(saved(), "x")
    assert names(tmp_path) == [*in_history("0001_x.json"), "run.json"]


def test_a_kill_right_after_publishing_leaves_a_whole_run(tmp_path, storage, start):
    halt = "import os, signal; Path.unlink = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL); "
    start(halt + "storage.save(data, 'x')").communicate(timeout=LONG_PATIENCE)
    (run,), damaged = history.runs(tmp_path)
    assert (run.number, damaged) == (1, [])
    storage.save(saved(), "x")
    assert names(tmp_path) == [*in_history("0001_x.json", "0002_x.json"), "run.json"]


def test_processes_that_save_at_once_get_a_number_each(tmp_path, start):
    each = "import os; print(flush=True); sys.stdin.read(); [storage.save(data, str(os.getpid())) for _ in range(20)]"
    processes = [start(each, stdin=subprocess.PIPE) for _ in range(3)]
    let_go_together(processes)
    found, damaged = history.runs(tmp_path)
    assert [run.number for run in found] == list(range(1, 61))
    assert damaged == []


def test_nobody_ever_sees_half_a_run(tmp_path, storage):
    big = saved(benchmark(rounds=[0.1] * 50_000))
    saver = threading.Thread(target=lambda: [storage.save(big, "x") for _ in range(5)])
    saver.start()
    while saver.is_alive():
        assert history.runs(tmp_path)[1] == []
        time.sleep(0.001)
    saver.join()
    assert len(history.runs(tmp_path)[0]) == 5
