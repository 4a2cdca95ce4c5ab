"""Which event loop a strategy runs on: the one that its name says, whatever a module has set."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from paceline.strategies import STRATEGIES
from paceline.workers.event_loop import OtherLoop
from paceline.workloads import Call, Compute

pytestmark = pytest.mark.core

pytest.importorskip("uvloop")
NAMED = {strategy.name: strategy for strategy in STRATEGIES}
OURS = ["asyncio", "loops-in-threads", "loops-in-processes"]
HERE = Path(__file__).parent


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
