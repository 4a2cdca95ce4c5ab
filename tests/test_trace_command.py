"""`paceline trace`, from the command line to the file."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import traced
from nightly import nightly
from processes import assert_all_end, command, python

from paceline.report import unmet
from paceline.strategies import STRATEGIES

HERE = Path(__file__).parent
COMMAND = ["-c", "import sys; from paceline.cli import main; sys.exit(main())", "trace"]
QUICK = ["--items", "12", "--workers", "3"]
FAST = ["--latency", "0.005"]
LONG = ["raced:waits", "--items", "4000", "--workers", "3"]
WORKING = 4  # descendants, once there are workers
UNDRAWN = unmet("a page")
HERE_ARE = [each.name for each in STRATEGIES if not each.unavailable()]

drawn = pytest.mark.skipif(UNDRAWN is not None, reason=str(UNDRAWN))


@pytest.fixture
def trace(tmp_path):
    """Trace something into a new folder."""

    def run(*words, folder=tmp_path, **options):
        env = {**os.environ, "PYTHONPATH": str(HERE)}
        return subprocess.run(
            [sys.executable, *COMMAND, *map(str, words)],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    return run


def read(path):
    return json.loads(path.read_text())


def test_help_says_what_it_is_and_comes_with_examples(trace):
    done = trace("--help")
    assert done.returncode == 0
    assert "for Perfetto and chrome://tracing" in done.stdout
    assert "examples:\n  paceline trace pool-fork downloads" in done.stdout


@pytest.mark.parametrize("strategy", HERE_ARE)
@pytest.mark.parametrize(
    "work", [nightly(["downloads", *FAST]), ["computing", "--n", "1000"]], ids=["downloads", "computing"]
)
def test_every_strategy_can_be_traced(trace, tmp_path, strategy, work):
    done = trace(strategy, *work, *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    workers = 1 if strategy == "sequential" else 3
    events = read(tmp_path / "trace.json")["traceEvents"]
    traced.check(events)
    items = traced.of(events, "X", cat="item")
    assert sorted(event["args"]["item"] for event in items) == list(range(12))
    lanes = [name for name in traced.names(events).values() if name.startswith("worker ")]
    assert lanes == [f"worker {worker}" for worker in range(workers)]
    for event in items:
        assert traced.names(events)[event["pid"], event["tid"]] == f"worker {event['args']['worker']}"
    answers = traced.of(events, "X", cat="answer")
    assert len(answers) == len(traced.of(events, "s")) == (12 if work[0] == "downloads" else 0)


def test_the_service_of_an_item_lies_within_what_the_worker_did_of_it(trace, tmp_path):
    done = trace("threads", "downloads", *FAST, *QUICK)
    assert done.returncode == 0, done.stderr
    events = read(tmp_path / "trace.json")["traceEvents"]
    items = {event["args"]["item"]: event for event in traced.of(events, "X", cat="item")}
    answers = traced.of(events, "X", cat="answer")
    assert len({event["pid"] for event in answers}) == 1
    for answer in answers:
        item = items[answer["args"]["item"]]
        assert item["ts"] <= answer["ts"]
        over = answer["ts"] + answer["args"]["service_seconds"] * 1e6
        assert over <= item["ts"] + item["dur"] + 0.01  # the server's own end may be later: a client is that quick
        assert answer["args"]["service_seconds"] == pytest.approx(0.005)
        assert answer["args"]["late_seconds"] >= 0


def test_a_trace_says_what_it_is_one_of(trace, tmp_path):
    done = trace("pool-fork", "downloads", *FAST, *QUICK, "--jitter", "uniform:0.5", "--option", "chunksize=4")
    assert done.returncode == 0, done.stderr
    whole = read(tmp_path / "trace.json")
    assert whole["displayTimeUnit"] == "ms"
    facts = whole["otherData"]
    assert (facts["strategy"], facts["workers"], facts["items"]) == ("pool-fork", 3, 12)
    assert facts["workload"] == "12 downloads of 5 ms (jitter uniform:0.5)"
    assert facts["options"] == {"start_method": "fork", "chunksize": 4, "hand_out": "map"}
    assert facts["server_spans_dropped"] == 0
    assert {"fingerprint", "python", "paceline"} <= set(facts)


def test_a_sentence_says_where_it_is_and_what_opens_it(trace, tmp_path):
    done = trace("sequential", "downloads", *FAST, "--items", 1, "-o", "one.json")
    assert done.stdout == (
        "one.json: 1 item by 1 worker, with 1 span of the server."
        " Open it with https://ui.perfetto.dev or chrome://tracing.\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json"]


def test_a_dash_writes_it_to_standard_output_and_nothing_else(trace, tmp_path):
    done = trace("asyncio", "raced:awaits", *QUICK, "-o", "-")
    assert (done.returncode, done.stderr) == (0, "")
    traced.check(json.loads(done.stdout)["traceEvents"])
    assert not list(tmp_path.iterdir())


@drawn
def test_a_page_shows_the_timeline_alone(trace, tmp_path):
    done = trace("pool-fork", "raced:waits", *QUICK, "--option", "chunksize=2", "--html", "page.html")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "page.html: 12 items by 3 workers. Open it with any browser.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    page = (tmp_path / "page.html").read_text()
    assert "<title>pool-fork: 12 calls of raced:waits</title>" in page
    assert "chunksize=2" in page
    assert "3 workers did 12 items in " in page


@drawn
@pytest.mark.nightly
def test_a_trace_and_a_page_may_be_of_one_round(trace, tmp_path):
    done = trace("threads", "computing", *QUICK, "--html", "page.html", "-o", "trace.json")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "trace.json"]


@pytest.mark.parametrize("where", ["-", "one"])
def test_a_trace_and_a_page_can_not_go_to_the_same_place(trace, tmp_path, where):
    done = trace("threads", "computing", "--html", where, "-o", where)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"paceline: -o and --html both write to {where}; give one of them another file\n"
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_replaced_whole_and_a_link_to_one_stays(trace, tmp_path):
    kept, link = tmp_path / "kept.json", tmp_path / "link.json"
    kept.write_text("old " * 100_000)
    link.symlink_to(kept)
    done = trace("sequential", "raced:waits", "--items", 2, "-o", "link.json")
    assert done.returncode == 0, done.stderr
    assert link.is_symlink()
    assert len(traced.of(read(kept)["traceEvents"], "X")) == 2


def test_a_pipe_is_written_to_and_stays_one(trace, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with python("-c", f"print(open({str(pipe)!r}).read())", stdout=subprocess.PIPE) as reader:
        done = trace("sequential", "raced:waits", "--items", 2, "-o", "pipe")
        assert done.returncode == 0, done.stderr
        assert len(traced.of(json.loads(reader.stdout.read())["traceEvents"], "X")) == 2
    assert pipe.is_fifo()


def test_what_items_print_is_kept_out(trace):
    done = trace("sequential", "raced:prints", "--items", 2, "-o", "-")
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    done = trace("sequential", "raced:prints", "--items", 2)
    assert done.stdout.splitlines()[1].startswith("The items print (")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["fibers", "downloads"], "there is no strategy 'fibers'; there are: sequential, threads"),
        (["threads", "uploads"], "there is no workload 'uploads'; there are: downloads, computing, mixed"),
        (["threads", "downloads", "--n", "5"], "--n is for computing; downloads has no use for it"),
        (["threads", "no_such_module:f"], "there is no module 'no_such_module'"),
        (["threads"], "required: WORKLOAD"),
        (["threads", "computing", "-o"], "expected one argument"),
    ],
)
def test_misuse_ends_with_2_and_says_what_was_wrong(tmp_path, monkeypatch, capsys, words, complaint):
    monkeypatch.chdir(tmp_path)
    done = command(capsys, "trace", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["threads", "raced:awaits"], "threads runs blocking functions, and this one is async"),
        (["threads", "raced:fails_late"], "raced:fails_late with threads failed: item 9: ValueError: nine is too many"),
        (["processes", "watched:kills_a_worker"], "signal SIGKILL"),
        (["threads", "computing", "-o", "."], ". is a folder; give a file"),
        (["threads", "computing", "-o", "none/here.json"], "none/here.json: there is no folder none; make it first"),
    ],
)
def test_what_can_not_be_traced_ends_with_1_one_sentence_and_no_file(trace, tmp_path, words, complaint):
    done = trace(*words, *QUICK)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert complaint in done.stderr
    assert done.stderr.startswith("paceline: ")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_device_ends_with_1_and_one_sentence(trace):
    done = trace("threads", "computing", *QUICK, "-o", "/dev/full")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "paceline: /dev/full can't be written: No space left on device\n"


@pytest.mark.parametrize("strategy", [each.name for each in STRATEGIES if each.unavailable()])
def test_a_strategy_that_is_not_to_be_had_here_says_why(trace, strategy):
    done = trace(strategy, "downloads")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"paceline: {strategy} can't run here: needs ")


def test_a_file_that_is_there_stays_when_the_round_fails(trace, tmp_path):
    old = tmp_path / "trace.json"
    old.write_text("old")
    assert trace("threads", "raced:fails_late", *QUICK).returncode == 1
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize(
    "how", [nightly(signal.SIGINT), nightly(signal.SIGTERM), signal.SIGKILL], ids=lambda how: how.name
)
def test_no_process_and_no_file_is_left_whatever_ends_it(tmp_path, how):
    out = tmp_path / "trace.json"
    with python(*COMMAND, "pool-fork", *LONG, "-o", out, cwd=HERE, stderr=subprocess.PIPE) as process:
        assert_all_end(process, how, least=WORKING)
    assert not list(tmp_path.iterdir())


def test_a_closed_pipe_ends_everything_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, *COMMAND, "threads", "downloads", *FAST, *QUICK, "-o", "-"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")
