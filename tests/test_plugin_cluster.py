"""`--cluster`: real sessions of pytest that measure on a cluster of dask, or would."""

import json
import socket

import pytest
from dask_hosts import cluster
from processes import QUICK, alive

from paceline import history, machine
from paceline.strategies.dask import Dask

LAB = """
import pytest

@pytest.mark.strategies("threads", "dask")
@pytest.mark.scale(items=4, workers=2, latency=0.001, rounds=2)
def test_fetch(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
"""
FILTERS = "\n  error\n  default::pytest_benchmark.logger.PytestBenchmarkWarning"  # it is how that talks to people

needs_dask = pytest.mark.skipif(bool(Dask.unavailable()), reason=f"dask {Dask.unavailable()}")


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        started.worker()
        yield started


@pytest.fixture
def lab(pytester):
    """`lab(*arguments)` runs a session of the experiment, in this process where it refuses to begin."""
    pytester.makeini(f"[pytest]\nfilterwarnings = {FILTERS}")
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')
    pytester.makepyfile(test_lab=LAB)

    def run(*arguments, begins=True):
        runs = pytester.runpytest_subprocess if begins else pytester.runpytest_inprocess
        return runs(*QUICK, "--client", "raw", *arguments)

    return run


@needs_dask
def test_a_cell_is_measured_on_the_cluster_and_says_so(pytester, lab, there):
    lab("--benchmark-only", "--strategy=dask", "--cluster", there.address).assert_outcomes(passed=1)
    [path] = pytester.path.glob("results/*/*/*.json")
    [cell] = [benchmark["extra_info"] for benchmark in json.loads(path.read_text())["benchmarks"]]
    assert (cell["strategy"], cell["options"]) == ("dask", {"chunksize": 1, "cluster": "tcp"})
    assert cell["ledger"]["requests"] == 4
    assert cell["sessions"] == 1, "of the one thread of its one worker"
    assert alive([there.scheduler.pid])
    assert there.address.removeprefix("tcp://") not in path.read_text(), "where it is, is its owner's to say"
    run = history.load(path)
    assert run.fingerprint == path.parts[-3] == machine.fingerprint("tcp"), "it is in no history of this machine"
    assert run.machine_info["cluster"] == "tcp", "pytest-benchmark warns where this differs"


@pytest.mark.nightly
@needs_dask
def test_a_strategy_that_takes_no_cluster_is_measured_as_ever(pytester, lab, there):
    result = lab("--benchmark-only", "--strategy=dask", "--strategy=threads", "--cluster", there.address)
    result.assert_outcomes(passed=2)
    [path] = pytester.path.glob("results/*/*/*.json")
    options = {
        each["extra_info"]["strategy"]: each["extra_info"]["options"]
        for each in json.loads(path.read_text())["benchmarks"]
    }
    assert options["dask"]["cluster"] == "tcp"
    assert "cluster" not in options["threads"]


@needs_dask
@pytest.mark.parametrize("arguments", [[], ["--benchmark-only"]])
def test_an_address_where_nobody_listens_is_one_line(pytester, lab, arguments):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    result = lab(*arguments, "--strategy=dask", "--cluster", address)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = [line for line in (result.outlines + result.errlines) if line.strip()]
    [line] = [line for line in said if address in line]
    assert line.startswith(f"ERROR: --cluster: no cluster at {address}: ")
    assert line.endswith("refused; start one there, or name the address of another")
    assert not any("Traceback" in line for line in said)
    assert not list(pytester.path.glob("results/*/*/*.json"))


@pytest.mark.nightly
@needs_dask
def test_somebody_who_never_answers_fails_the_cell_with_one_sentence(pytester, lab):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        result = lab("--benchmark-only", "--strategy=dask", "--cluster", address)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"no cluster at {address}: no scheduler of dask answered within 5 s; *"])
    result.stdout.no_fnmatch_line("*.py:[0-9]*: OutOfReach*")  # where it was raised
    assert not list(pytester.path.glob("results/*/*/*.json"))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--strategy=dask", "--cluster=http://127.0.0.1:80"],
            "is for none of the strategies that are measured; dask *",
        ),
        (["--strategy=dask", "--cluster=127.0.0.1:80"], "is for none of the strategies that are measured; *"),
        (["--strategy=dask", "--cluster="], "is for none of the strategies that are measured; *"),
        (["--strategy=threads", "--cluster=tcp://127.0.0.1:80"], "* --strategy"),
        (["--cluster=tcp://127.0.0.1:80"], "* dask (tcp://host:port) and ray (ray://host:port) can use one: name it *"),
        (["--strategy=ray", "--cluster=tcp://127.0.0.1:80"], "is for none of the strategies that are measured; *"),
        (
            ["--strategy=dask", "--cluster=tcp://127.0.0.1:80", "--server=httpserver"],
            "may be on others; leave one of the two out",
        ),
    ],
)
def test_a_cluster_that_this_session_has_no_use_for_is_a_usage_error(lab, arguments, complaint):
    result = lab(*arguments, begins=False)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *--cluster *{complaint}"])


@pytest.mark.parametrize("address", ["tcp://", "tcp://host", "tcp://host:x", "tcp://host:8786/path"])
def test_an_address_that_is_none_is_a_usage_error(lab, address):
    result = lab("--strategy=dask", "--cluster", address, begins=False)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --cluster: dask: cluster must be an address such as tcp://host:8786, not '{address}'"]
    )
