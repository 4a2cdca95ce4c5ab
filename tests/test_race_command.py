"""Whole races, from the command line to the last process that ends."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nightly import nightly
from processes import assert_all_end, assert_ctrl_c_ends, command, everything_from, python, terminal
from raced import LARGE

from paceline import machine
from paceline.commands.race import read_items
from paceline.commands.shared import MisuseError
from paceline.strategies import STRATEGIES

HERE = Path(__file__).parent
COMMAND = ["-c", "import sys; from paceline.cli import main; sys.exit(main())", "race"]
SHORT = ["--count", "4", "--rounds", "2", "--workers", "2"]
SOME = ["--strategy", "sequential", "--strategy", "threads", "--strategy", "pool-fork", "--strategy", "pool-spawn"]
PATIENT = ["--timeout", "30"]
BLOCKING = [
    each.name for each in STRATEGIES if each.flavour == "blocking" and not (each.slow_start or each.unavailable())
]


MISUSE = 2  # it ends before anything is raced


def race(*words):
    return subprocess.run(
        [sys.executable, *COMMAND, *map(str, words)], cwd=HERE, capture_output=True, text=True, check=False
    )


def raced(function, *words):
    """Race some strategies, and give what the JSON says: verdicts, all of it."""
    done = race(f"raced:{function}", *SHORT, *SOME, *PATIENT, "--json", *words)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    return {lane["strategy"]: lane["verdict"] for lane in said["lanes"] if lane["verdict"] != "left out"}, said


def test_a_blocking_function_is_raced_by_every_strategy_that_can():
    done = race("raced:waits", *SHORT, *PATIENT, "--json", "--seed", 5)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    ran = [lane for lane in said["lanes"] if lane["verdict"] == "ran"]
    assert [lane["strategy"] for lane in ran] == BLOCKING
    assert said["seed"] == 5
    for lane in ran:
        assert len(lane["rounds"]) == 2
        assert min(lane["median"], lane["speedup"], lane["start_seconds"], lane["memory_bytes"]) > 0
        assert lane["cpu_seconds"] >= 0
    assert ran[0]["speedup"] == 1.0
    assert said["recommendation"]["strategy"] in BLOCKING


def test_an_async_function_is_raced_on_loops_beside_one_with_a_single_worker():
    done = race("raced:awaits", *SHORT, *PATIENT)
    assert done.returncode == 0, done.stderr
    assert "An async function: about" in done.stdout
    rows = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert rows.index("asyncio, 1 worker") < rows.index("asyncio")
    assert "(runs blocking functions; this one is async)" in done.stdout
    assert "\nUse " in done.stdout


def test_progress_goes_to_stderr_and_json_alone_to_stdout():
    done = race("raced:waits", *SHORT, "--strategy", "threads", "--json")
    assert json.loads(done.stdout)["function"] == "raced:waits"
    assert done.stderr.splitlines() == [
        "paceline: probing raced:waits",
        "paceline: starting threads",
        "paceline: warming up",
        "paceline: round 1 of 2",
        "paceline: round 2 of 2",
        "paceline: ending",
    ]


def test_what_a_function_prints_is_not_in_the_table():
    done = race("raced:prints", *SHORT, *SOME)
    assert done.returncode == 0, done.stderr
    assert "It prints ('item 0 was here'); that is kept out of this table." in done.stdout
    assert "item 1 was here" not in done.stdout + done.stderr
    assert "and its child" not in done.stdout + done.stderr


def test_a_changed_global_is_said_and_the_race_goes_on():
    done = race("raced:counts", *SHORT, *SOME)
    assert done.returncode == 0, done.stderr
    assert "It changes raced.calls: threads share that, processes each have their own." in done.stdout


def test_results_that_can_not_be_pickled_leave_processes_out_and_the_others_race():
    verdicts, said = raced("unpicklable")
    assert verdicts == {"sequential": "ran", "threads": "not compared"}
    assert said["recommendation"]["strategy"] in verdicts
    assert said["probe"]["stable"] is None


def test_a_lambda_leaves_processes_out_and_the_others_race():
    verdicts, said = raced("nameless")
    assert verdicts == {"sequential": "ran", "threads": "ran"}
    why = next(lane["why"] for lane in said["lanes"] if lane["strategy"] == "pool-fork")
    assert why.startswith("can't be pickled: the function itself")


def test_unstable_results_are_not_compared():
    verdicts, said = raced("unstable")
    assert set(verdicts.values()) == {"ran"}
    assert said["probe"]["stable"] is False


def test_equal_results_are_the_same_however_they_are_written():
    verdicts, _ = raced("equal")
    assert verdicts == dict.fromkeys(["sequential", "threads", "pool-fork", "pool-spawn"], "ran")


def test_results_without_an_answer_to_whether_they_are_equal_are_marked_and_stay_in_the_race():
    verdicts, said = raced("terms")
    assert verdicts == {"sequential": "ran", **dict.fromkeys(["threads", "pool-fork", "pool-spawn"], "not compared")}
    for lane in said["lanes"]:
        if lane["verdict"] == "not compared":
            assert lane["speedup"] > 0
            assert lane["why"].startswith("its results can't be compared with those of sequential: ")


@pytest.mark.skipif(machine.free_threaded(), reason="the allocator of such a build keeps what was given back to it")
def test_no_lane_keeps_results_that_are_known_to_be_right():
    done = race("raced:large", "--count", 8, "--rounds", 1, *SOME[:4], *PATIENT, "--json")
    lanes = [lane for lane in json.loads(done.stdout)["lanes"] if lane["verdict"] != "left out"]
    assert [lane["verdict"] for lane in lanes] == ["ran", "ran"]
    assert max(lane["memory_bytes"] for lane in lanes) < 8 * LARGE


def test_a_lane_with_other_results_differs_and_is_not_recommended():
    verdicts, said = raced("is_in_main_thread")
    assert verdicts == {"sequential": "ran", "threads": "differs", "pool-fork": "ran", "pool-spawn": "ran"}
    assert said["recommendation"]["strategy"] != "threads"
    assert "threads" not in said["recommendation"]["level"]


def test_a_lane_that_hangs_is_ended_and_the_others_go_on():
    verdicts, said = raced("hangs_in_threads", "--timeout", "6")  # a busy machine takes 3 s to import a lane's modules
    assert verdicts == {"sequential": "ran", "threads": "hung", "pool-fork": "ran", "pool-spawn": "ran"}
    assert (
        next(lane["why"] for lane in said["lanes"] if lane["strategy"] == "threads") == "no end of a round within 6 s"
    )
    assert said["recommendation"]["strategy"] != "threads"


def test_a_lane_whose_workers_die_fails_and_the_others_go_on():
    verdicts, said = raced("dies_in_processes")
    assert verdicts == {"sequential": "ran", "threads": "ran", "pool-fork": "failed", "pool-spawn": "failed"}
    assert "exit status 3" in next(lane["why"] for lane in said["lanes"] if lane["strategy"] == "pool-fork")


def test_an_item_that_fails_in_every_lane_leaves_nothing_to_recommend():
    done = race("raced:fails_late", "--count", 12, "--rounds", 1, "--workers", 2, *SOME)
    assert done.returncode == 1
    assert "sequential, threads, pool-fork, pool-spawn: item 9: ValueError: nine is too many (raced.py, " in done.stdout
    assert "No recommendation: no strategy came through." in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (
            ["raced:fails_at_3"],
            1,
            "raced:fails_at_3 failed: item 3: IndexError: list index out of range (raced.py, line",
        ),
        (["raced:fails_async"], 1, "raced:fails_async failed: item 0: ValueError: no 0 (raced.py, line"),
        (["raced:hangs", "--timeout", "2"], 1, "raced:hangs hung: no end of item 0 within 2 s"),
        (["raced:dies"], 1, "raced:dies failed: its process ended with exit status 3 at item 0"),
        (["raced"], 2, "'raced' names no function"),
        (["no_such_module:f"], 2, "there is no module 'no_such_module'"),
        (["raced:no_such"], 2, "raced has no 'no_such'"),
        (["raced:number"], 2, "raced:number can't be called"),
        (["raced:takes_two"], 2, "raced:takes_two can't be called with one item (missing a required argument"),
        (["raced:waits", "--strategy", "fibers"], 2, "there is no strategy 'fibers'; there are: sequential, threads"),
        (["raced:waits", "--items", "no_such.txt"], 2, "no_such.txt can't be read: No such file or directory"),
        (["raced:waits", "--strategy", "asyncio"], 1, "No recommendation: no strategy came through."),
    ],
)
def test_what_can_not_be_raced_ends_with_its_status_and_one_clear_sentence(
    words, status, complaint, monkeypatch, capsys
):
    monkeypatch.chdir(HERE)
    done = command(capsys, "race", *words) if status == MISUSE else race(*words)
    assert done.returncode == status, done.stderr
    assert complaint in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_items_may_begin_with_the_mark_of_utf_8_and_other_forms_are_named(tmp_path):
    path = tmp_path / "items.json"
    path.write_text('["é"]', encoding="utf-8-sig")
    assert read_items(path) == ["é"]
    path.write_text('["é"]', encoding="utf-16")
    with pytest.raises(MisuseError, match="items.json is UTF-16 text; save it as UTF-8"):
        read_items(path)
    for encoding in ("utf-16-le", "latin-1"):
        path.write_text('["é"]', encoding=encoding)
        with pytest.raises(MisuseError, match="items.json is not UTF-8 text; save it as UTF-8"):
            read_items(path)


def test_items_are_the_lines_that_an_editor_shows_without_blank_ones(tmp_path):
    path = tmp_path / "items.txt"
    path.write_bytes("\ufefffirst\r\n\r\n  \nwith\fa\vb\x1cc\x85d\u2028e\rf\n last ".encode())
    assert read_items(path) == ["first", "with\fa\vb\x1cc\x85d\u2028e\rf", " last "]
    path.write_text("\n \r\n")
    with pytest.raises(MisuseError, match="items.txt holds no items"):
        read_items(path)


@pytest.mark.parametrize(
    ("name", "text", "count"), [("items.txt", "one\ntwo\n\nfour\n", 3), ("items.json", '["one", [2], {"three": 3}]', 3)]
)
def test_items_come_from_a_file(name, text, count, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    done = race("raced:length", "--items", path, "--rounds", 1, "--strategy", "sequential", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"] == count


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("items.txt", "", "holds no items"),
        ("items.json", "[1, 2", "is no JSON: Expecting"),
        ("items.json", "[" * 100_000, "is nested too deeply"),
        ("items.json", "{}", "holds dict where a JSON array of items is due"),
    ],
)
def test_a_file_without_items_is_a_misuse(name, text, complaint, tmp_path, capsys):
    path = tmp_path / name
    path.write_text(text)
    done = command(capsys, "race", "raced:length", "--items", path)
    assert done.returncode == MISUSE
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_terminal_sees_a_display_that_changes():
    with terminal(*COMMAND, "raced:waits", *SHORT, "--strategy", "threads", cwd=HERE) as (process, ours):
        shown = everything_from(ours)
        assert process.wait() == 0
    assert "s: probing raced:waits" in shown
    assert "item 0" in shown
    assert "s: round 2 of 2" in shown
    assert "paceline: " not in shown
    assert "Use threads" in shown


@pytest.mark.parametrize(("count", "status"), [(60, 0), (9000, 2)])
def test_a_race_that_should_take_long_says_so_before_it_begins_and_one_that_nobody_waits_for_is_refused(
    count, status, tmp_path
):
    path = tmp_path / "items.json"
    path.write_text(json.dumps([0, 0.1, 0.2, *[0] * (count - 3)]))
    done = race("raced:sleeps", "--items", path, "--strategy", "sequential")
    said = re.sub(r"about .*? one", "about ... one", done.stderr.splitlines()[1])
    assert said.startswith("paceline: raced:sleeps should take about ... one after the other, as each takes longer")
    fewer = re.search(r"; choose fewer \(--count (\d+)\) or shorter ones \(--items FILE\)$", said)
    assert 2 <= int(fewer[1]) <= 11  # where the tries took longer than they slept, fewer still
    assert done.returncode == status
    assert ("starting" in done.stderr) == (status == 0)


LONG = ["raced:waits", "--count", "4000", "--rounds", "50", "--workers", "3"]
WORKING = 7  # descendants, once lanes have workers of their own


def test_ctrl_c_ends_every_process_with_130_and_no_traceback():
    assert_ctrl_c_ends(*COMMAND, *LONG, least=WORKING, cwd=HERE)


@pytest.mark.parametrize(
    "how", [nightly(signal.SIGINT), nightly(signal.SIGTERM), signal.SIGKILL], ids=lambda how: how.name
)
def test_no_process_and_no_temporary_file_outlives_the_race_whatever_ends_it(how, tmp_path):
    options = {"cwd": HERE, "stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with python(*COMMAND, *LONG, **options, env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        assert_all_end(process, how, least=WORKING)
    assert list(tmp_path.iterdir()) == []


def test_a_race_leaves_no_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    leaving = [each.name for each in STRATEGIES if each.name in ("pool-forkserver", "dask") and not each.unavailable()]
    done = race("raced:waits", *SHORT, *(f"--strategy={name}" for name in leaving))
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
