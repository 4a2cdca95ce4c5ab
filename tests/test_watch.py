"""Watching a strategy live, from the command line to the last process that ends."""

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nightly import nightly
from processes import (
    OF_ANOTHER_VERSION,
    assert_all_end,
    assert_ctrl_c_ends,
    command,
    everything_from,
    python,
    python_with,
    terminal,
)

from paceline.strategies import STRATEGIES
from paceline.text.formats import render
from paceline.watch import output
from paceline.workers.spans import Opened, Span

HERE = Path(__file__).parent
COMMAND = ["-c", "import sys; from paceline.cli import main; sys.exit(main())", "watch"]
COLOURED = [
    "-c",
    "import os; del os.environ['NO_COLOR']; os.environ['TERM'] = 'xterm-256color'; " + COMMAND[1],
    "watch",
]
QUICK = ["--items", "12", "--workers", "3"]
ONE = ["--items", "4", "--workers", "1"]
LONG = ["raced:waits", "--items", "4000", "--workers", "3"]
WORKING = 4  # descendants, once there are workers
HERE_ARE = [each for each in STRATEGIES if not each.unavailable()]
WORKS = {
    "downloads": ["downloads", "--latency", "0.005"],
    "computing": ["computing", "--n", "1000"],
    "mixed": ["mixed", "--latency", "0.005", "--cpu", "0.001"],
}
IN_DETAIL = ["threads", "asyncio", "trio", "gevent", "pool-fork"]  # one with each flavour, one in processes
names = pytest.mark.parametrize("strategy", [each.name for each in HERE_ARE])


def watch(*words):
    return subprocess.run(
        [sys.executable, *COMMAND, *map(str, words)], cwd=HERE, capture_output=True, text=True, check=False
    )


def numbers_in(shown):
    """The numbers between the introduction and the table."""
    return [int(number) for number in shown.split("\n\n")[1].split()]


def cells_in(shown, heading):
    """A column of figures from the table."""
    _, heads, line, *rows = shown.split("\n\n")[2].splitlines()
    assert set(line) == {"─"}
    return [row.split()[heads.split().index(heading)] for row in rows]


def test_help_comes_with_examples():
    done = watch("--help")
    assert done.returncode == 0
    assert "examples:\n  paceline watch pool-fork downloads --jitter uniform:0.9\n" in done.stdout


@names
def test_every_strategy_can_be_watched_while_it_downloads_and_computes(strategy):
    assert_watched(strategy, "mixed")


@pytest.mark.parametrize("strategy", [each.name for each in HERE_ARE if each.name in IN_DETAIL])
@pytest.mark.parametrize("work", [nightly("downloads"), "computing"])
def test_every_kind_of_strategy_can_be_watched_at_every_work(strategy, work):
    assert_watched(strategy, work)


def assert_watched(strategy, work):
    """Who did each item is shown, and how many each did."""
    done = watch(strategy, *WORKS[work], *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    workers = 1 if strategy == "sequential" else 3
    numbers = numbers_in(done.stdout)
    assert len(numbers) == 12
    assert set(numbers) <= set(range(workers))
    assert cells_in(done.stdout, "worker") == [str(number) for number in range(workers)]
    assert cells_in(done.stdout, "items") == [str(numbers.count(number)) for number in range(workers)]


def test_the_first_line_says_what_there_is_to_see():
    done = watch("threads", "mixed", "--latency", "0.01", "--jitter", "uniform:0.5", "--cpu", "0.001", *QUICK)
    assert done.stdout.splitlines()[0] == (
        "threads, 3 workers, 12 downloads of 10 ms (jitter uniform:0.5), then 1 ms of computing:"
        " who did each, as they complete, after a warm-up round"
    )
    done = watch("sequential", "raced:waits", *ONE)
    assert done.stdout.startswith("sequential, 1 worker, 4 calls of raced:waits: who")


def test_an_option_reaches_the_strategy():
    done = watch("pool-fork", "raced:waits", "--items", "12", "--workers", "2", "--option", "chunksize=6")
    assert done.returncode == 0, done.stderr
    assert "in item order: 2 of length 6;" in done.stdout or "in item order: 1 of length 12;" in done.stdout


def test_an_async_function_is_watched_on_a_loop():
    done = watch("asyncio", "raced:awaits", *QUICK)
    assert done.returncode == 0, done.stderr
    assert set(numbers_in(done.stdout)) == {0, 1, 2}
    assert "At most 3 items were under way at once." in done.stdout


def test_numbers_are_shown_while_the_round_goes_on(tmp_path):
    hold = tmp_path / "hold"
    words = [*COMMAND, "sequential", "watched:holds_its_third_warm_item", *ONE]
    with python(*words, cwd=HERE, stdout=subprocess.PIPE, env={**os.environ, "HOLD": str(hold)}) as process:
        assert "sequential, 1 worker" in process.stdout.readline()
        assert process.stdout.readline() == "\n"
        assert process.stdout.read(3) == "0 0"
        assert process.poll() is None
        hold.touch()
        assert process.stdout.read().startswith(" 0 0\n")
        assert process.wait() == 0


def test_a_pipe_gets_lines_of_plain_text():
    done = watch("threads", "raced:waits", "--items", 100, "--workers", 11)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    lines = done.stdout.split("\n\n")[1].splitlines()
    assert [len(line) for line in lines] == [80, 80, 80, 56]  # 27 numbers of two digits, and the last 19
    assert re.fullmatch(r"[ \d]\d( [ \d]\d)*", lines[0])


def test_a_terminal_gets_a_colour_for_each_worker():
    with terminal(*COLOURED, "asyncio", "raced:awaits", *QUICK, cwd=HERE) as (process, ours):
        shown = everything_from(ours)
        assert process.wait() == 0
    assert {"\x1b[94m0\x1b[0m", "\x1b[93m1\x1b[0m", "\x1b[95m2\x1b[0m"} <= set(shown.split())


def test_a_terminal_without_colour_gets_none():
    with terminal(*COMMAND, "asyncio", "raced:awaits", *QUICK, cwd=HERE) as (process, ours):
        shown = everything_from(ours)
        assert process.wait() == 0
    assert not re.search(r"\x1b\[[39]\d", shown)


def test_what_items_print_is_kept_out():
    done = watch("sequential", "raced:prints", *ONE)
    assert done.returncode == 0, done.stderr
    said = re.search(r"\nThe items print \('(.*)'\); that is kept out of this\.\n", done.stdout)
    assert said[1] in {"item 0 was here", "and its child"}  # whichever was flushed first
    assert done.stdout.count("item 0") + done.stdout.count("its child") == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["fibers", "downloads"], "there is no strategy 'fibers'; there are: sequential, threads, to-thread, asyncio"),
        (
            ["threads", "uploads"],
            "there is no workload 'uploads'; there are: downloads, computing, mixed, module:function",
        ),
        (
            ["threads", "computing", "--latency", "1"],
            "--latency is for downloads and mixed; computing has no use for it",
        ),
        (["threads", "downloads", "--n", "5"], "--n is for computing; downloads has no use for it"),
        (["threads", "raced:waits", "--cpu", "5"], "--cpu is for mixed; raced:waits has no use for it"),
        (["threads", "computing", "--instrument-python", "python3"], "--instrument-python is for downloads and mixed;"),
        (["threads", "downloads", "--jitter", "wild"], "jitter=wild: must be uniform:F or lognormal:S"),
        (["threads", "downloads", "--latency", "9999"], "latency=9999"),
        (["threads", "computing", "--option", "colour=red"], "threads: unknown option colour; its options are: none"),
        (["pool-fork", "computing", "--option", "chunksize=x"], "pool-fork: chunksize must be a whole number"),
        (
            ["pool-fork", "computing", "--option", "chunksize"],
            "--option chunksize: write NAME=VALUE, as in chunksize=5",
        ),
        (["threads", "raced:"], "'raced:' names no function"),
        (["threads", "no_such_module:f"], "there is no module 'no_such_module'"),
        (["threads", "raced:no_such"], "raced has no 'no_such'"),
        (["threads", "raced:number"], "raced:number can't be called"),
        (["threads", "raced:takes_two"], "raced:takes_two can't be called with one item"),
        (["threads", "computing", "--items", "0"], "'0' must be a whole number of 1 or more"),
        (["threads"], "required: WORKLOAD"),
    ],
)
def test_misuse_ends_with_2_and_says_what_was_wrong(words, complaint, monkeypatch, capsys):
    monkeypatch.chdir(HERE)
    done = command(capsys, "watch", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["threads", "raced:awaits"],
            "threads runs blocking functions, and this one is async; use one of asyncio, asyn",
        ),
        (
            ["asyncio", "raced:waits"],
            "asyncio runs async functions, and this one is blocking; use one of sequential, th",
        ),
        (
            ["threads", "raced:fails_late"],
            "raced:fails_late with threads failed: item 9: ValueError: nine is too many (",
        ),
        (["asyncio", "raced:fails_async"], "asyncio failed: item "),
        (
            ["threads", "raced:hands_out_a_list"],
            "threads failed: item 3: in a list, a map came back, and nothing of it was",
        ),
        (["pool-fork", "raced:leaves"], ": SystemExit: enough (raced.py, line "),
        (["sequential", "raced:leaves"], "sequential failed: item 0: SystemExit: enough (raced.py, line "),
        (["pool-fork", "watched:kills_a_worker"], "failed: a worker ended before its items were done: process"),
        (["pool-spawn", "watched:kills_a_worker"], "signal SIGKILL"),
        (["processes", "watched:kills_a_worker"], "signal SIGKILL"),
        (["threads", "watched:kills_its_process"], "threads failed: its process ended with signal 9"),
        (["sequential", "raced:dies"], "sequential failed: its process ended with exit status 3"),
        (["threads", "downloads", "--instrument-python", "./none"], "paceline: none can't be run: No such file or dir"),
    ],
)
def test_what_can_not_be_watched_ends_with_1_and_one_clear_sentence(words, complaint):
    done = watch(*words, *QUICK)
    assert done.returncode == 1, done.stderr
    assert complaint in done.stderr
    assert done.stderr.startswith("paceline: ")
    assert done.stderr.count("\n") == 1


def test_the_server_runs_on_the_python_that_is_named_and_is_of_the_same_paceline(tmp_path):
    other = python_with(tmp_path, OF_ANOTHER_VERSION)
    done = watch("threads", "downloads", *ONE, "--instrument-python", other)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("it is of Paceline 0.0.9; start one by: paceline serve\n")


def test_where_this_python_lacks_what_serves_the_option_that_helps_is_named(monkeypatch, capsys):
    monkeypatch.setattr("paceline.commands.watch.lacking", lambda: "the instrument needs a moon")
    done = command(capsys, "watch", "threads", "downloads")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "paceline: the instrument needs a moon; --instrument-python=PATH names one that has them\n"


def test_what_never_ends_is_given_up_after_the_time_out():
    done = watch("sequential", "raced:hangs", *ONE, "--timeout", "5s")
    assert done.returncode == 1
    assert re.fullmatch(
        r"paceline: raced:hangs with sequential failed: no end of .+ within 5 s; --timeout allows more\n", done.stderr
    )


def test_a_round_stands_where_a_worker_waits_for_a_thread_that_its_item_has_left():
    done = watch("processes", "left:thread", *ONE)
    assert done.returncode == 0
    assert numbers_in(done.stdout) == [0, 0, 0, 0]
    assert cells_in(done.stdout, "items") == ["4"]
    assert re.fullmatch(
        r"paceline: processes did not end in good order after the round: workers did their items and did not end, as"
        r" they waited for what those left: process \d+ for thread 'Thread-1 .+; end such a thread .+\n",
        done.stderr,
    )


@pytest.mark.parametrize("strategy", [each.name for each in STRATEGIES if each.unavailable()])
def test_a_strategy_that_is_not_to_be_had_here_says_why(strategy):
    done = watch(strategy, "downloads")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"paceline: {strategy} can't run here: needs ")


def test_a_plain_function_around_an_async_one_is_watched_on_a_loop():
    done = watch("asyncio", "raced:wraps_async", *ONE)
    assert done.returncode == 0, done.stderr


def test_a_round_that_fails_in_the_middle_shows_how_far_it_came():
    done = watch("sequential", "watched:fails_in_the_second_round", *ONE)
    assert done.returncode == 1
    assert numbers_in(done.stdout) == [0, 0, 0]  # the failing one too
    assert done.stdout.endswith("0\n")
    assert "item 2: ValueError: twice is too much" in done.stderr


def test_ctrl_c_at_a_terminal_ends_every_process_with_130_and_no_traceback():
    assert_ctrl_c_ends(*COMMAND, "pool-fork", *LONG, least=WORKING, cwd=HERE)


@pytest.mark.parametrize("strategy", ["pool-fork", nightly("pool-spawn"), "processes"])
@pytest.mark.parametrize("how", [nightly(signal.SIGINT), signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_no_process_outlives_the_watching_whatever_ends_it(strategy, how):
    words = [*COMMAND, strategy, *LONG]
    with python(*words, cwd=HERE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert_all_end(process, how, least=WORKING)


def test_a_closed_pipe_ends_everything_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, *COMMAND, "pool-fork", "downloads", *QUICK],
            cwd=HERE,
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


OPENED = [Opened(worker, 100 + worker, 200 + worker, 0.0) for worker in range(3)]
SPANS = [
    Span(0, 0, 100, 200, 0, 0, 0.000, 0.040),
    Span(1, 1, 101, 201, 1, 1, 0.000, 0.010),
    Span(2, 1, 101, 201, 1, 1, 0.010, 0.020),
    Span(3, 1, 101, 201, 1, 0, 0.020, 0.030),
]
GOLDEN = """\
                                            longest
worker   process   thread   items    idle       run   migrations   CPUs
───────────────────────────────────────────────────────────────────────
     0       100      200       1   0.0 %         1            0   0
     1       101      201       3    25 %         3            1   0 1
     2       102      202       0   100 %         0            0   -

The round took 40.0 ms; on average a worker was idle for 42 % of it.
At most 2 items were under way at once.
Runs of one worker in item order: 1 of length 1, 1 of length 3; on average 2.00; chance would bring 1.50.
Where a worker did two items in a row, nobody else was idle in 0.0 % of the cases.
Pairs of items that were done in the other order: 50 % of all, 100 % of those that were under way together.
75 % of the items ran on the CPU that their worker is best named after.
Workers were seen to change their CPU 1 time.
"""


def shown(*parts):
    stream = io.StringIO()
    render(output.summary(*parts), stream)
    return stream.getvalue()


def test_the_summary_of_a_round_by_hand():
    assert shown(OPENED, SPANS, None) == GOLDEN


def test_what_can_not_be_told_is_left_out():
    alone = shown(OPENED[:1], [Span(item, 0, 100, 200, None, None, item, item + 0.5) for item in range(3)], "hello\x1b")
    assert alone.splitlines()[-7:] == [
        "The round took 2.50 s; on average a worker was idle for 40 % of it.",
        "At most 1 items were under way at once.",
        "Runs of one worker in item order: 1 of length 3; on average 3.00.",
        "Where a worker did two items in a row, nobody else was idle in 100 % of the cases.",
        "Pairs of items that were done in the other order: 0.0 % of all.",
        "This system does not say on which CPU a thread runs.",
        r"The items print ('hello\x1b'); that is kept out of this.",
    ]
    assert alone.splitlines()[3].split() == ["0", "100", "200", "3", "40", "%", "3", "-", "-"]


def test_items_that_keep_the_loop_that_they_share_are_said_to():
    tasks = [Opened(worker, 100, 200, 0.0) for worker in range(2)]
    blocking = [Span(item, item % 2, 100, 200, 0, 0, item, item + 1.0) for item in range(4)]
    overlapping = [Span(item, item % 2, 100, 200, 0, 0, item, item + 1.5) for item in range(4)]
    sentence = "No item let its event loop go on to another: it blocks the loop, or waits for nothing."
    assert sentence in shown(tasks, blocking, None)
    assert sentence not in shown(tasks, overlapping, None)
    assert sentence not in shown(OPENED[:1], blocking[::2], None)
