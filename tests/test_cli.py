"""The command line: what it prints, where its complaints go, and how it ends."""

import io
import json
import os
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from processes import PATIENCE
from saved_runs import FINGERPRINT, FOLDER, PARTIAL, benchmark, put, saved

from paceline import cli, machine

HERE = machine.fingerprint()
ADVICE = (
    "measure one: pytest --benchmark-only; what --benchmark-storage saved in another folder is found with --results DIR"
)
PACELINE = [sys.executable, "-c", "import sys; from paceline.cli import main; sys.exit(main())"]


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


def test_the_installed_command_is_this_one():
    (found,) = metadata.entry_points(group="console_scripts", name="paceline")
    assert found.load() is cli.main


@pytest.mark.parametrize(
    "words", [["--help"], ["serve", "--help"], ["compare", "--help"], ["runs", "--help"], ["race", "--help"]]
)
def test_help_comes_with_examples(words, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 0
    assert "examples:\n  p" in capsys.readouterr().out


def test_the_version_is_the_installed_one(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"paceline {metadata.version('paceline')}\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "required: COMMAND"),
        (["gallop"], "invalid choice: 'gallop'"),
        (["compare", "1", "2", "3"], "two runs at most, 3 given"),
        (["compare", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["serve", "--port", "70000"], "'70000' is no port; give 0 to 65535"),
        (["serve", "--port", "-1"], "port"),
        (["serve", "--port", "x"], "'x' is no port"),
        (["serve", "--bandwidth", "0"], "'0' must be bytes per second above 0, such as 12500000 or 12MiB"),
        (["serve", "--bandwidth", "nan"], "'nan' must be bytes per second"),
        (["serve", "--bandwidth", "fast"], "'fast' must be bytes per second"),
        (["race"], "required: MODULE:FUNCTION"),
        (["race", "a:b", "--count", "0"], "'0' must be a whole number of 1 or more"),
        (["race", "a:b", "--seed", "-1"], "'-1' must be a whole number of 0 or more"),
        (["race", "a:b", "--timeout", "0"], "'0' must be seconds above 0, such as 0.05 or 50ms"),
        (["race", "a:b", "--timeout", "long"], "'long' must be seconds"),
        (["race", "a:b", "--count", "1", "--items", "x"], "not allowed with argument --count"),
    ],
)
def test_misuse_ends_with_2_and_says_what_was_wrong(words, complaint, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.usefixtures("results")
def test_without_any_run_compare_says_what_to_type(capsys):
    assert cli.main(["compare"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (f"paceline: {Path('results').absolute()} has no complete run with the cells this needs; {ADVICE}\n")


@pytest.mark.usefixtures("results")
def test_without_any_run_runs_says_what_to_type(capsys):
    assert cli.main(["runs"]) == 0
    assert capsys.readouterr().out == f"{Path('results').absolute()} has no saved run; {ADVICE}\n"


def test_compare_shows_the_newest_whole_run_of_this_machine(results, capsys):
    put(results, saved(benchmark(rounds=[0.1]), fingerprint=HERE), 1)
    put(results, saved(benchmark(rounds=[0.2]), fingerprint=HERE), 2)
    put(results, saved(benchmark(rounds=[0.3]), fingerprint=HERE, complete=False), 3)
    assert cli.main(["compare"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(
        f"results/{HERE}/Linux-CPython-3.11-64bit/0002_made-up.json: {HERE}, CPython 3.11.7, 2026-11-22"
    )
    assert "200 ms" in out
    assert out.index("Strategies beside each other") < out.index("downloads (")


def test_compare_says_aloud_when_a_run_is_of_another_machine(results, capsys):
    put(results, saved())
    assert cli.main(["compare"]) == 0
    assert capsys.readouterr().err == (
        f"paceline: results has no whole run of this machine, {HERE}; this one is of ANOTHER MACHINE, {FINGERPRINT}. "
        "Measure your own: pytest --benchmark-only\n"
    )


def test_compare_names_the_damaged_files_it_passes_over(results, capsys):
    put(results, saved(fingerprint=HERE), 1)
    put(results, saved(), 2, folder=f"{HERE}/{FOLDER}").write_text("")
    assert cli.main(["compare"]) == 0
    assert "passed over results" in (err := capsys.readouterr().err)
    assert "0002_made-up.json: it is empty" in err


def test_compare_shows_the_run_with_a_number_or_a_path(results, capsys):
    put(results, saved(benchmark(rounds=[0.1]), fingerprint=HERE), 1)
    path = put(results, saved(benchmark(rounds=[0.2])), 1)
    assert cli.main(["compare", "1"]) == 0
    assert "100 ms" in capsys.readouterr().out
    assert cli.main(["compare", str(path)]) == 0
    assert "200 ms" in capsys.readouterr().out


def test_compare_shows_the_change_from_the_first_run_to_the_second(results, capsys):
    put(results, saved(benchmark(rounds=[0.1]), fingerprint=HERE), 1)
    put(results, saved(benchmark(rounds=[0.2]), fingerprint=HERE), 2)
    assert cli.main(["compare", "1", "0002"]) == 0
    assert "+100.0 %" in capsys.readouterr().out
    assert cli.main(["compare", "2", "1"]) == 0
    assert "-50.0 %" in capsys.readouterr().out


def test_an_incomplete_run_asked_for_by_number_says_that_it_is(results, capsys):
    put(results, saved(fingerprint=HERE, complete=False, why="Ctrl-C"))
    assert cli.main(["compare", "1"]) == 0
    assert "INCOMPLETE: Ctrl-C" in capsys.readouterr().out


def test_a_comparison_with_a_run_beside_a_tracer_says_that_it_tells_nothing(results, capsys):
    put(results, saved(benchmark(), fingerprint=HERE), 1)
    put(results, saved(benchmark(warnings=["tracer: with coverage on, it is slow"]), fingerprint=HERE), 2)
    assert cli.main(["compare", "1", "2"]) == 0
    told = "THE CANDIDATE WAS MEASURED BESIDE A TRACER: with coverage on, it is slow. It says nothing about the code."
    assert told in " ".join(capsys.readouterr().out.split())


OF_A_RUN = (
    ["compare"],
    ["claims"],
    ["report"],
    ["check"],
    ["baseline", "--why", "it is good"],
    ["predict", "--strategy", "threads", "--items", "8"],
    ["ab", "--read"],
)


@pytest.mark.parametrize("words", OF_A_RUN, ids=lambda words: words[0])
def test_a_run_that_is_not_there_or_can_not_be_read_is_one_sentence_and_status_2(words, results, capsys):
    put(results, saved(fingerprint=HERE), 2).write_text("{")
    for run in ("2", "7", "nothing.json", "results"):
        assert cli.main([*words, run]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("paceline: ")
        assert err.count("\n") == 1


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize("place", ["results", "results/ab"])
def test_a_comparison_that_could_not_be_saved_is_refused_before_it_is_held(capsys, place):
    Path(place).parent.mkdir(exist_ok=True)
    Path(place).write_text("somebody's file")
    assert cli.main(["ab", "--baseline", ".", "--", "tests"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("paceline: nothing can be saved in results/ab: ")
    assert err.endswith(f"{place} is no folder; move it away, or name another place\n")


def test_the_rows_stand_in_the_order_of_the_strategies(results, capsys):
    put(results, saved(benchmark("pool-fork"), benchmark("threads"), benchmark("sequential"), fingerprint=HERE))
    assert cli.main(["compare"]) == 0
    out = capsys.readouterr().out
    assert out.index("\nsequential") < out.index("\nthreads") < out.index("\npool-fork")


def test_runs_lists_everything_and_ends_with_2_if_something_can_not_be_read(results, capsys):
    put(results, saved(fingerprint=HERE), 1)
    put(results, saved(complete=False, why="Ctrl-C"), 2, folder=PARTIAL)
    assert cli.main(["runs"]) == 0
    out = capsys.readouterr().out
    assert "complete   results/" in out
    assert "incomplete: Ctrl-C" in out
    put(results, saved(), 3).write_text("{")
    assert cli.main(["runs", "--results", str(results)]) == 2
    assert "Can't be read (1):\n" in (out := capsys.readouterr().out)
    assert "0003_made-up.json: it ends in the middle" in out


def test_a_damaged_partial_run_is_named_too(results, capsys):
    put(results, saved(), folder=PARTIAL).write_text("")
    assert cli.main(["runs"]) == 2
    assert "it is empty" in capsys.readouterr().out


@pytest.mark.usefixtures("results")
def test_a_name_can_not_steer_the_terminal(capsys):
    assert cli.main(["compare", "\x1b[2J.json"]) == 2
    assert cli.main(["runs", "--results", "\x1b[2J"]) == 0
    assert "\x1b" not in "".join(capsys.readouterr())


@pytest.mark.usefixtures("results")
def test_ctrl_c_ends_with_130_and_no_traceback(monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("paceline.history.runs", interrupt)
    assert cli.main(["runs"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("results")
def test_a_fault_of_ours_keeps_its_traceback(monkeypatch):
    def stumble(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("paceline.history.runs", stumble)
    with pytest.raises(ZeroDivisionError):
        cli.main(["runs"])


def runs_into(stream):
    """List the saved runs into a stream as a shell would, buffered."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [*PACELINE, "runs"]
    return subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, text=True, check=False, env=env)


@pytest.mark.parametrize("number", [1, 200], ids="runs={}".format)
def test_a_closed_pipe_ends_quietly(results, number):
    for each in range(1, number + 1):
        put(results, saved(), each)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = runs_into(pipe)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


SPEAKING = [
    "--help", "ab --help", "--version", "runs", "compare", "compare 1 2", "claims 1", "claims 1 --json", "baseline",
    "check --json", "check --markdown", "check", "trend --json", "trend", "report -o -", "report --markdown",
]  # fmt: skip


@pytest.mark.parametrize("words", SPEAKING)
def test_a_closed_pipe_ends_every_command_quietly(words, results, monkeypatch, capsys):
    for number in (1, 2):
        put(results, saved(fingerprint=HERE), number)
    assert cli.main(["baseline", "1", "--why", "the first"]) == 0
    capsys.readouterr()
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert cli.main(words.split()) == 128 + signal.SIGPIPE
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_output_that_can_not_be_written_is_an_error(results):
    put(results, saved())
    with Path("/dev/full").open("w") as full:
        done = runs_into(full)
    assert done.returncode == 1
    assert done.stderr == "paceline: standard output: No space left on device\n"


def test_in_a_plain_locale_the_output_is_ascii(results):
    put(results, saved())
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*PACELINE, "compare"], capture_output=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert b"threads" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.parametrize("words", ["report --markdown", "compare", "runs --results \xb5"])
def test_what_the_encoding_of_the_output_lacks_is_escaped(words, results, monkeypatch):
    put(results, saved(benchmark(strategy="\xb5-threads"), fingerprint=HERE))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert cli.main(words.split()) == 0
    assert "\\xb5" in sys.stdout.buffer.getvalue().decode("ascii")


def test_a_page_on_standard_output_is_utf_8_as_in_a_file(results, monkeypatch):
    put(results, saved(fingerprint=HERE))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert cli.main(["report", "-o", "-"]) == 0
    assert cli.main(["report", "-o", "page.html"]) == 0
    assert sys.stdout.buffer.getvalue() == Path("page.html").read_bytes()
    assert not Path("page.html").read_bytes().isascii()


def test_serve_hands_over_what_was_typed(monkeypatch):
    said = []
    monkeypatch.setattr("paceline.server.serve.serve", lambda *words, **more: said.append((*words, more)) or 0)
    assert cli.main(["serve"]) == 0
    assert cli.main(["serve", "--host", "::1", "--port", "8080", "--bandwidth", "1e6", "--until-stdin-closes"]) == 0
    plain, watching = {"until_stdin_closes": False, "spans": False}, {"until_stdin_closes": True, "spans": False}
    assert said == [("127.0.0.1", 0, None, plain), ("::1", 8080, 1e6, watching)]


def test_serve_starts_prints_where_and_ends_when_stdin_does():
    command = [*PACELINE, "serve", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        place = json.loads(process.stdout.readline())
        assert place["url"].startswith("http://127.0.0.1:")
        assert place["pid"] == process.pid
        process.stdin.close()
        assert process.wait(timeout=PATIENCE) == 0


def test_serve_starts_without_what_only_tables_need():
    code = "import sys; from paceline import cli, commands; print('rich' in sys.modules, 'msgspec' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False False\n"
