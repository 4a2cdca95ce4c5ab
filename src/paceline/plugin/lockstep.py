"""
One side of an A/B comparison in lockstep: a pytest plugin in one file that stands alone.

`paceline ab` gives a copy of it to two pytest processes with `-p`, so that a revision from before it can take part. A
side works only while it holds the baton: from its start on, until immediately before a round. There it says which round
is next and waits until it is its turn. Everything else (which cells, their order, the instrument's URL, the core of
cells marked `one_core`) it is told by whoever leads, over the socket whose number stands in `PACELINE_LOCKSTEP`: one
JSON object a line, both ways.

It needs pytest and pytest-benchmark, and nothing of Paceline but a copy of `tracers.py` beside it and, if the side has
it, the class that talks to a server.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import signal
import socket
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

SOCKET = "PACELINE_LOCKSTEP"
OWN = (__name__, "paceline_tracers")
CANARY = "canary"
CANARY_STEPS = 20_000  # of one native key derivation: some 5 ms
LIBRARIES = (
    "aiohttp",
    "cloudpickle",
    "dask",
    "distributed",
    "gevent",
    "greenlet",
    "httptools",
    "loky",
    "msgpack",
    "multidict",
    "paceline",
    "pytest",
    "pytest-benchmark",
    "pytest-httpserver",
    "ray",
    "requests",
    "simpy",
    "tornado",
    "trio",
    "urllib3",
    "uvloop",
    "werkzeug",
    "yarl",
)
COUNTS = ("connections", "requests", "max_in_flight")  # of a ledger: the same in each round of the same work
ARGUMENTS = (
    "args",
    "kwargs",
    "setup",
    "teardown",
    "rounds",
    "warmup_rounds",
    "iterations",
)  # of pedantic, after target
UNWANTED: dict[str, Any] = {
    "benchmark_save": None,
    "benchmark_autosave": None,
    "benchmark_json": None,
    "benchmark_compare": [],
    "benchmark_compare_fail": None,
    "benchmark_histogram": [],
    "benchmark_cprofile": None,
    "benchmark_cprofile_dump": [],
    "benchmark_disable": False,
    "basetemp": None,
    "xmlpath": None,
    "codspeed": False,
    "dist": "no",
    "numprocesses": None,
    "tx": [],
}
"""What a project may ask of its own sessions in `addopts`, each as it is where nobody asks; the last are xdist's."""
AUTOMATIC = (
    "lockstep needs rounds it can take in turns: use benchmark.pedantic(function, rounds=N) or Paceline's `measure`, "
    "not benchmark(function), which finds out by itself how often to call it"
)
ELSEWHERE = "measured in a process of its own, where no turns can be taken"


class Lead:
    """
    The process that hands the baton on.
    """

    def __init__(self, number: int) -> None:
        os.set_inheritable(number, False)  # noqa: FBT003 - positional only
        self._socket = socket.socket(fileno=number)
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def tell(self, say: str, **what: Any) -> None:
        """
        Tell something that needs no answer.
        """
        try:
            self._socket.sendall(json.dumps({"say": say, **what}).encode() + b"\n")
        except OSError:
            end()

    def hear(self) -> Any:
        """
        Wait for what the lead says; without a lead this process and all it has started end at once.
        """
        line = self._lines.readline()
        return json.loads(line) if line else end()

    def turn(self, cell: str, number: int) -> None:
        """
        Give the baton up before a round, and wait for it.
        """
        self.tell("round", cell=cell, round=number)
        self.hear()


def end() -> NoReturn:
    """
    End this process and its group, which the lead made for it.
    """
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


class Side:
    """
    The hooks of a session that takes its rounds in turns.

    Args:
        lead: who hands the baton on.
        told: "order": the cells' node ids, or None to collect and say what there is; "instrument": a URL or None;
            "core": a CPU's number or None; "one_core": the cells to keep on it; "canary": rounds of it.
    """

    def __init__(self, lead: Lead, told: dict[str, Any]) -> None:
        self._lead, self._told = lead, told
        self._instrument: Any = None
        self._cpus = os.sched_getaffinity(0) if told["core"] is not None else set()

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """
        Keep this session out of every history, and put the shared instrument in the place of its own.
        """
        benchmarks = session.config._benchmarksession  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
        benchmarks.save, benchmarks.autosave, benchmarks.json = None, False, None
        self._instrument = shared(self._told["instrument"]) if self._told["instrument"] else None
        if self._instrument:
            session.config.pluginmanager.register(overriding(self._instrument), "paceline-lockstep-instrument")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """
        Take the cells that both sides have, in the order that both sides have.
        """
        if self._told["order"] is None:
            return
        found = {item.nodeid: item for item in items}
        chosen = [found[name] for name in self._told["order"] if name in found]
        kept = set(map(id, chosen))
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
        items[:] = chosen

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """
        Say what was collected and end, or take the canary's rounds before the first cell.
        """
        if self._told["order"] is None:
            self._lead.tell("collected", **collected(session.items), shared=self._instrument is not None, **facts())
            return True
        self._canary()
        return None

    def pytest_sessionfinish(self) -> None:
        """
        Say what has been loaded by now: what a test imports was not there when the cells were collected.
        """
        self._lead.tell("ending", modules=loaded())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """
        Say which cell comes, and keep it on the one core that both sides share, if it is one of those.
        """
        self._lead.tell("begun", cell=item.nodeid)
        if self._cpus and item.nodeid in self._told["one_core"]:
            os.sched_setaffinity(0, {self._told["core"]})
        try:
            return (yield)
        finally:
            if self._cpus:
                os.sched_setaffinity(0, self._cpus)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """
        Tell a cell's rounds when it has passed, or why there are none.
        """
        report: Any = yield
        if not report.passed:
            why = report.longrepr[2] if report.skipped else call.excinfo and call.excinfo.exconly()
            self._lead.tell("missed", cell=item.nodeid, outcome=report.outcome, why=f"{report.when}: {why}")
        elif report.when == "call":
            benchmark = item.funcargs["benchmark"]  # type: ignore[attr-defined]
            ledger = benchmark.extra_info.get("ledger") or {}
            counts = {name: ledger[name] for name in COUNTS if name in ledger}
            rounds = list(benchmark.stats.stats.data) if benchmark.stats else []
            self._lead.tell("cell", cell=item.nodeid, rounds=rounds, counts=counts, traced=traced())
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """
        Put the wait for the baton between a round's setup and the round.
        """
        benchmark = getattr(item, "funcargs", {}).get("benchmark")
        if benchmark is not None:
            benchmark.pedantic = self._in_turns(item.nodeid, benchmark.pedantic)
            type(benchmark).__call__ = refused

    def _in_turns(self, cell: str, pedantic: Callable[..., Any]) -> Callable[..., Any]:
        taken = iter(range(sys.maxsize))

        def in_turns(target: Any, *arguments: Any, **options: Any) -> Any:
            options = {**dict(zip(ARGUMENTS, arguments, strict=False)), **options}
            prepare, iterations = options.get("setup"), options.pop("iterations", 1)

            def setup() -> Any:
                prepared = prepare() if prepare else None
                self._lead.turn(cell, next(taken))
                if self._instrument:
                    self._instrument.begin_round()
                return prepared

            def repeated(*args: Any, **kwargs: Any) -> Any:
                for _ in range(iterations - 1):
                    target(*args, **kwargs)
                return target(*args, **kwargs)

            return pedantic(target if iterations == 1 else repeated, **{**options, "setup": setup})

        return in_turns

    def _canary(self) -> None:
        if self._cpus:
            os.sched_setaffinity(0, {self._told["core"]})
        rounds = []
        for number in range(self._told["canary"] + 1):
            self._lead.turn(CANARY, number)
            begun = time.perf_counter()
            hashlib.pbkdf2_hmac("sha256", b"canary", b"paceline", CANARY_STEPS)
            rounds.append(time.perf_counter() - begun)
        self._lead.tell("cell", cell=CANARY, rounds=rounds[1:], counts={})
        if self._cpus:
            os.sched_setaffinity(0, self._cpus)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """
    Let a side write, compare and judge nothing itself, before any plugin reads what its project asks for.
    """
    if SOCKET in os.environ:
        known = {name: value for name, value in UNWANTED.items() if name in config.option}
        vars(config.option).update(known)


@pytest.hookimpl(tryfirst=True)  # pytest-benchmark makes the folder of its storage in its own
def pytest_configure(config: pytest.Config) -> None:
    """
    Take part, if somebody leads.
    """
    config.addinivalue_line("markers", "one_core: a cell with one worker, which `paceline ab` keeps on one core.")
    if SOCKET in os.environ:
        config.option.benchmark_storage = f"file://{Path(__file__).parent / 'storage'}"
        if getattr(config.option, "processes", 0) is None:
            config.option.processes = 0  # cells that Paceline would measure in fresh processes are measured here
        lead = Lead(int(os.environ.pop(SOCKET)))
        config.pluginmanager.register(Side(lead, lead.hear()), "paceline-lockstep-side")


def collected(items: list[pytest.Item]) -> dict[str, Any]:
    """
    Give the cells, and those that can't be compared, each with the reason.
    """
    cells, aside = [], {}
    for item in items:
        names = getattr(item, "fixturenames", ())
        skip = item.get_closest_marker("skip")
        callspec: Any = getattr(item, "callspec", None)
        if "benchmark" not in names:
            continue
        if skip:
            aside[item.nodeid] = f"skipped: {skip.kwargs.get('reason', 'nobody said why')}"
        elif from_paceline(item, "cost") or (
            callspec and from_paceline(item, "process") and callspec.params.get("process")
        ):
            aside[item.nodeid] = ELSEWHERE
        else:
            cells.append(item.nodeid)
    one_core = [item.nodeid for item in items if item.get_closest_marker("one_core")]
    return {"cells": cells, "aside": aside, "one_core": one_core}


def from_paceline(item: pytest.Item, name: str) -> bool:
    """
    Whether a test has a parameter or fixture of Paceline's by that name, and not one of the project's own.
    """
    fixtures = item._fixtureinfo.name2fixturedefs.get(name, ())  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
    return any(fixture.func.__module__ == "paceline.plugin" for fixture in fixtures[-1:])


def facts() -> dict[str, Any]:
    """
    Say what runs here.
    """
    libraries = {}
    for name in LIBRARIES:
        try:
            libraries[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # a project of one's own need not have it
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"python": python, "libraries": libraries, "modules": loaded(), "traced": traced()}


def traced() -> str | None:
    """
    Say what slows Python code down in this process; None if nothing does.
    """
    import paceline_tracers as tracers  # type: ignore[import-not-found] # beside this file's copy, and nowhere else

    on = tracers.running()
    return str(tracers.doubt(on)) if on else None


def loaded() -> dict[str, str]:
    """
    Say which file each module but these two comes from, and load none of those that wait for a first look.
    """
    modules = [(name, module) for name, module in list(sys.modules.items()) if isinstance(module, ModuleType)]
    files = {name: object.__getattribute__(module, "__dict__").get("__file__") for name, module in modules}
    return {name: file for name, file in files.items() if isinstance(file, str) and name not in OWN}


def refused(self: Any, *_: Any, **__: Any) -> NoReturn:
    """
    Say what to use in place of automatic rounds.
    """
    self.has_error = True
    raise TypeError(AUTOMATIC)


def shared(url: str) -> Any:
    """
    Give what talks to the instrument that both sides share; None if this revision knows no such thing.
    """
    try:
        from paceline.server.process import Control
    except ImportError:
        return None

    class Shared(Control):
        """
        Starts the ledger afresh only when the baton is back: the other side's round would stand in it.
        """

        _due = False

        def control(self) -> Control:
            return self

        def reset(self) -> None:
            self._due = True

        def begin_round(self) -> None:
            if self._due:
                super().reset()

    return Shared(url, proves=True)


def overriding(instrument: Any) -> Any:
    """
    Make a plugin whose fixture `instrument` takes the place of the session's own: the last one that is registered wins.
    """

    @pytest.fixture(scope="session", name="instrument")
    def shared_instrument() -> Any:
        return instrument

    plugin = ModuleType("paceline_lockstep_instrument")
    plugin.instrument = shared_instrument  # type: ignore[attr-defined]
    return plugin
