"""Which event loop a strategy runs on: the one that its name says, whatever a module has set."""

import asyncio
import gc
import signal
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest
from on_loops import EVERY
from processes import open_files, python, until

from paceline.strategies import STRATEGIES, libraries
from paceline.strategies.event_loop import Asyncio
from paceline.workers.event_loop import LOOPS, Loop, OtherLoop
from paceline.workloads import Call, Compute, Fetch
from paceline.workloads.fetch import load_client

pytestmark = pytest.mark.core

pytest.importorskip("uvloop")
NAMED = {strategy.name: strategy for strategy in STRATEGIES}
OURS = ["asyncio", "loops-in-threads", "loops-in-processes"]
HERE = Path(__file__).parent
INSTALLED = [loop.name for loop in LOOPS.values() if find_spec(loop.package)]
OPEN = pytest.mark.xfail(reason="rloop 0.5.0 leaves each connection open until its process ends")
UNCLOSED = pytest.mark.xfail(reason="rloop 0.5.0 leaves the two sockets of each run to the garbage collector")
DEAF = pytest.mark.xfail(
    reason="zuvloop 0.0.17 looks at a signal only when something else wakes it", raises=subprocess.TimeoutExpired
)
ON_A_LOOP = [each.name for each in EVERY if issubclass(each, Asyncio)]


@pytest.fixture
def policy(monkeypatch):
    """Uvloop's policy, set as `on_uvloop` sets it; what was set before comes back."""
    monkeypatch.setattr("asyncio.events._event_loop_policy", asyncio.events._event_loop_policy)
    monkeypatch.delitem(sys.modules, "on_uvloop", raising=False)
    import on_uvloop

    return on_uvloop


@pytest.mark.parametrize(("name", "library"), [*((name, "asyncio") for name in OURS), ("asyncio-uvloop", "uvloop")])
@pytest.mark.usefixtures("policy")
def test_a_policy_moves_no_strategy_to_another_loop(name, library):
    with NAMED[name](Call("on_uvloop:library"), 2) as strategy:
        assert strategy.map([0, 1]) == [library, library]


@pytest.mark.parametrize("loop", INSTALLED)
@pytest.mark.usefixtures("policy")
def test_asyncio_runs_on_the_loop_that_its_option_names(loop):
    with Asyncio(Call("on_uvloop:library"), 2, loop=loop) as strategy:
        assert strategy.map([0, 1]) == [loop, loop]
        assert strategy.options == {"loop": loop}


def test_asyncio_names_its_own_loop_in_a_saved_run_and_asyncio_uvloop_takes_no_other():
    assert Asyncio(Compute("squares", 1), 2).options == {"loop": "asyncio"}
    with pytest.raises(TypeError, match="asyncio-uvloop: unknown option loop; its options are: none"):
        NAMED["asyncio-uvloop"](Compute("squares", 1), 2, loop="asyncio")


def test_a_loop_that_is_not_installed_is_refused_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(LOOPS, "hurried", Loop("hurried", "no_such_loop", "new_event_loop"))
    told = "^asyncio: loop=hurried needs no_such_loop, which is not installed: pip install no_such_loop$"
    with pytest.raises(ValueError, match=told):
        Asyncio(Compute("squares", 1), 2, loop="hurried")


@pytest.mark.parametrize(
    "loop", [pytest.param(name, marks=[UNCLOSED] if name == "rloop" else []) for name in INSTALLED]
)
def test_a_loop_closes_the_sockets_that_it_opens(loop):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Asyncio(Compute("squares", 1), 2, loop=loop) as strategy:
            strategy.map([0])
        gc.collect()
    assert [str(each.message) for each in caught if each.category is ResourceWarning] == []


@pytest.mark.parametrize("loop", [pytest.param(name, marks=[OPEN] if name == "rloop" else []) for name in INSTALLED])
def test_a_loop_closes_the_connections_that_it_opens(loop, instrument):
    load_client("raw")
    before = open_files()
    with Asyncio(Fetch(f"{instrument.url}/item/{{item}}?size=9", 9, "raw"), 16, loop=loop) as strategy:
        strategy.map(range(16))
    gc.collect()
    assert open_files() < before + 16  # libraries may keep a few of their own


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[DEAF] if name == "asyncio-zuvloop" else []) for name in ON_A_LOOP]
)
def test_ctrl_c_ends_a_round_while_all_of_its_items_wait(name, probe):
    with python(HERE / "busy.py", name, probe.log, 60, stderr=subprocess.DEVNULL) as process:
        until(lambda: len(probe.lines("item")) == 3, "all items to wait")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == -signal.SIGINT  # the items wait for a minute


def test_a_saved_run_has_the_versions_of_the_packages_that_loops_come_from():
    assert {"uvloop", "zuvloop", "rloop"} < {*libraries()}
    assert "asyncio" not in libraries()


def test_a_policy_does_not_move_what_is_expected_of_an_item(policy):
    assert Call("on_uvloop:library").expected(0) == "asyncio"
    assert asyncio.run(policy.library(0)) == "uvloop"


def test_a_race_probes_and_runs_a_function_on_the_loops_that_it_names():
    words = ["on_uvloop:on_asyncio_alone", "--count", "2", "--rounds", "1", "--workers", "2"]
    code = "import sys; from paceline.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "race", *words, *(f"--strategy={name}" for name in OURS)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no loop of asyncio's" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["asyncio", "to-thread", "loops-in-threads"])
def test_a_loop_that_is_not_the_one_named_is_refused(name, monkeypatch):
    import uvloop

    monkeypatch.setattr(asyncio, "SelectorEventLoop", uvloop.Loop)
    with pytest.raises(OtherLoop, match=r"on the event loop of asyncio, and got uvloop\.Loop: "):
        NAMED[name](Compute("squares", 1), 2).__enter__()
