"""`--instrument` and `--instrument-python`: real sessions whose downloads another Python answers, or would."""

import json
import socket
import sys

import pytest
from processes import OF_ANOTHER_VERSION, QUICK, python_with

from paceline import __version__

LAB = """
import pytest

@pytest.mark.strategies("threads")
@pytest.mark.scale(items=4, workers=2, latency=0.001, rounds=2)
def test_fetch(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
"""


@pytest.fixture
def lab(pytester):
    """`lab(*arguments)` runs a session of the experiment, in this process where it refuses to begin."""
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')
    pytester.makepyfile(test_lab=LAB)

    def run(*arguments, begins=False):
        runs = pytester.runpytest_subprocess if begins else pytester.runpytest_inprocess
        return runs(*QUICK, "--benchmark-only", *map(str, arguments))

    return run


def complaint(result):
    """The one line of a session that doesn't begin."""
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [line] = [line for line in (*result.outlines, *result.errlines) if line.startswith("ERROR: ")]
    return line.removeprefix("ERROR: ")


@pytest.mark.parametrize("option", ["--instrument", "--instrument-python"])
def test_a_saved_run_says_which_python_served_and_holds_the_ledger_of_it(pytester, lab, instrument, option):
    instrument.reset()
    there = option == "--instrument"
    lab(f"{option}={instrument.url if there else sys.executable}", begins=True).assert_outcomes(passed=1)
    [path] = pytester.path.glob("results/*/*/*.json")
    run = json.loads(path.read_text())
    assert run["paceline"]["instrument_python"].endswith(" {}.{}.{}".format(*sys.version_info))
    assert run["benchmarks"][0]["extra_info"]["ledger"]["requests"] == 4
    assert instrument.ledger().requests == (4 if there else 0)


def test_a_url_at_which_nothing_listens_is_a_usage_error(lab):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    said = complaint(lab(f"--instrument={url}"))
    assert said.startswith(
        f"--instrument={url}: no instrument of Paceline {__version__} at {url}: GET {url}/-/about fa"
    )
    assert said.endswith("; start one by: paceline serve")


@pytest.mark.parametrize(("status", "why"), [(200, "what answers keeps no ledger"), (404, "was refused: moved")])
def test_a_server_that_is_no_instrument_is_a_usage_error(lab, httpserver, status, why):
    httpserver.expect_request("/-/about").respond_with_data("moved\nto the moon", status=status)
    said = complaint(lab("--instrument", httpserver.url_for("").replace("localhost", "127.0.0.1")))
    assert f"{why}; start one by: paceline serve" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("-S", "No module named paceline"),
        (OF_ANOTHER_VERSION, "it is of Paceline 0.0.9; start one by: paceline serve"),
        ("-c 1 #", "the server did not start: it said b''; its stderr is empty"),
    ],
)
def test_a_python_that_can_run_no_instrument_of_this_paceline_is_a_usage_error(lab, tmp_path, words, why):
    path = python_with(tmp_path, words)
    said = complaint(lab(f"--instrument-python={path}"))
    assert said.startswith(f"--instrument-python={path}: ")
    assert said.endswith(why)


def test_a_python_that_is_not_there_is_a_usage_error(lab, tmp_path):
    path = tmp_path / "nowhere"
    said = complaint(lab(f"--instrument-python={path}"))
    assert said == f"--instrument-python={path}: {path} can't be run: No such file or directory"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--instrument=http://192.0.2.1:80"], "--instrument=http://192.0.2.1:80 may be on another machine, and *"),
        (["--instrument=http://server:80"], "--instrument=http://server:80 may be on another machine, and *"),
        (["--instrument=localhost:80"], "--instrument=localhost:80: give the URL that paceline serve prints: *"),
        (["--instrument=http://127.0.0.1"], "--instrument=http://127.0.0.1: give the URL that paceline serve prints*"),
        (["--instrument="], "--instrument=: give the URL that paceline serve prints: *"),
        (["--instrument=http://[::1]:80", "--instrument-python=python3"], "--instrument names one that runs already*"),
        (["--server=httpserver", "--instrument-python=python3"], "--server httpserver is no instrument; *"),
    ],
)
def test_choices_that_nobody_can_mean_are_usage_errors(lab, arguments, why):
    result = lab(*arguments)
    complaint(result)
    result.stderr.fnmatch_lines([f"ERROR: {why}".replace("[", "[[]")])


def test_another_machine_is_asked_where_it_is_meant(lab, monkeypatch):
    asked = []
    monkeypatch.setattr("paceline.plugin.serving.existing", lambda url: asked.append(url) or pytest.exit("enough", 3))
    assert lab("--instrument=http://192.0.2.1:80", "--instrument-elsewhere").ret == 3
    assert asked == ["http://192.0.2.1:80"]


def test_where_this_python_lacks_what_serves_a_session_that_needs_it_names_both_options(lab, monkeypatch):
    monkeypatch.setattr("paceline.plugin.serving.lacking", lambda: "the instrument needs a moon")
    said = complaint(lab())
    assert said.startswith(f"the instrument needs a moon; have it run by another Python with Paceline {__version__}: ")
    assert "--instrument-python=PATH, or --instrument=URL" in said
