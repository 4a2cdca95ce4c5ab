"""One side of an A/B comparison in lockstep: a pytest plugin whose folder stands alone.

`paceline ab` gives two pytest processes a copy of the folder, so that a revision from before it can take part, and a
project that has nothing of Paceline. It needs pytest and pytest-benchmark, and Paceline only where a cell asks for its
server. A side works while it has the turn: from its start on, until immediately before a round. There it says which
round is next and waits. All else (which cells, their order, how each is measured, the instrument's URL, the core) the
process that leads says over the socket whose number is in `PACELINE_LOCKSTEP`: one JSON object a line, both ways.
"""

import contextlib
import hashlib
import json
import math
import os
import signal
import socket
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from . import cells, turns

SOCKET = "PACELINE_LOCKSTEP"
CANARY = "canary"
CANARY_STEPS = 20_000  # of one native key derivation: some 5 ms
COUNTS = ("connections", "requests", "max_in_flight")  # of a ledger: the same in each round of the same work
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
    "benchmark_skip": False,
    "benchmark_only": True,  # Paceline's own cells measure nothing else
    "basetemp": None,
    "xmlpath": None,
    "codspeed": False,
    "dist": "no",
    "numprocesses": None,
    "tx": [],
    "maxfail": 0,
    "continue_on_collection_errors": True,
}
"""Options that a project may set for its own sessions in `addopts`, each with its default; a few are xdist's."""
OF_PLUGINS: dict[str, dict[str, Any]] = {
    "rerunfailures": {"reruns": 0},
    "timeout": {"timeout": 0},
    "randomly": {"randomly_reorganize": False},
}
"""The same of options whose names other plugins may have too: only where that plugin is loaded."""
REPORTED = {"numprocesses": "pytest-xdist", "reruns": "pytest-rerunfailures", "cov_source": "pytest-cov"}
"""Those whose loss is reported if they were set, each with its plugin."""


class Lead:
    """The process that gives the turn."""

    def __init__(self, number: int) -> None:
        os.set_inheritable(number, False)  # noqa: FBT003 - positional only
        self._socket = socket.socket(fileno=number)
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def send(self, say: str, **what: Any) -> None:
        """Send what needs no answer."""
        try:
            self._socket.sendall(json.dumps({"say": say, **what}).encode() + b"\n")
        except OSError:
            end()

    def receive(self) -> Any:
        """Wait for the lead's next message; without a lead this process and all it has started end at once."""
        line = self._lines.readline()
        return json.loads(line) if line else end()

    def turn(self, cell: str, number: int) -> None:
        """Give the turn up before a round, and wait for it; leave the cell if the other side has."""
        self.send("round", cell=cell, round=number)
        if self.receive()["say"] == "leave":
            pytest.skip("the other side has left this cell")


def end() -> NoReturn:
    """End this process and its group, which the lead has made for it."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


class Side:
    """The hooks of a session that takes its rounds in turns.

    Args:
        lead: gives the turn.
        spec: "kind": "trial", "pair" or "profile". In a trial the rest follows once the lead knows the cells. "order":
            the cells' node ids; "files": those they are in; "plan": as `turns.Turns`; "instrument": a URL or None;
            "core": a CPU's number or None; "pinned": the cells to keep on it; "canary": rounds of it; "seed": of what
            is random; "seconds": for all cells of a trial, or None; "longest": for a call in it, or None;
            "libraries": those whose versions are asked for.
        neutralized: the plugins that a project asks for, and that are kept out.
    """

    def __init__(self, lead: Lead, spec: dict[str, Any], neutralized: list[str]) -> None:
        self._lead, self._spec = lead, spec
        self._notes = [f"{name} plays no part in it" for name in neutralized]
        self._asked: list[str] = []
        self._absent: list[str] = []
        self._shared: Any = None
        self._rounds: list[float] = []
        self._until = math.inf
        self._cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        if spec["kind"] == "trial":
            self._way: Any = turns.Trial(self._ready)
        else:
            way = turns.Profiles if spec["kind"] == "profile" else turns.Turns
            self._way = way(spec["plan"], self._turn, self._ready)

    def _turn(self, cell: str, number: int) -> None:
        self._lead.turn(cell, number)
        self._ready()

    def _ready(self) -> None:
        if self._shared:
            self._shared.begin_round()

    # what is collected

    def configure(self, config: pytest.Config) -> None:
        """Take the files that cells are in, and the same random numbers as the other side."""
        if hasattr(config.option, "randomly_seed"):
            config.option.randomly_seed = self._spec["seed"]
        if self._spec["files"]:
            config.args = [str(config.rootpath / file) for file in self._spec["files"]]
            return
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = config.getini("paceline_ab") or config.args
        if not config.option.pyargs:
            self._asked = list(config.args)
            config.args = cells.existing(self._asked)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep this session out of every history, and replace its fixtures by those of a side."""
        benchmarks = session.config._benchmarksession  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
        benchmarks.save, benchmarks.autosave, benchmarks.json = None, False, None
        benchmarks.only = False  # it would skip those that only bear a mark
        manager = session.config.pluginmanager
        manager.register(with_fixture(codspeed_benchmark), "paceline-lockstep-codspeed")
        if any(hasattr(manager.get_plugin(name), "instrument") for name in cells.PACELINE):
            manager.register(with_fixture(self._instrument()), "paceline-lockstep-instrument")
        self._replace_methods(BenchmarkFixture)

    def _instrument(self) -> Any:
        @pytest.fixture(scope="session", name="instrument")
        def instrument() -> Any:
            self._shared = shared(self._spec["instrument"])
            return self._shared

        return instrument

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the cells, in the order that both sides have."""
        self._notes += cells.adapt(items)
        if self._spec["kind"] == "trial":
            self._absent = cells.absent(self._asked, items)
            items[:] = cells.asked_for(self._asked, items)
        else:
            self._choose(config, items)

    def _choose(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        chosen = [found[name] for name in self._spec["order"] if name in found]
        kept = set(map(id, chosen))
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
        items[:] = chosen

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Report what can't be collected: there may be cells in it."""
        if report.failed:
            self._lead.send("uncollected", what=report.nodeid, why=reason_in(str(report.longrepr)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Before the first cell send what was collected and receive what to try, or take the canary's rounds."""
        session.testsfailed = 0  # what can't be collected is reported, and ends nothing
        if self._spec["kind"] == "trial":
            found = cells.collected(session.items) | cells.facts(self._spec["libraries"])
            self._lead.send("collected", **found, notes=self._notes, idle=idle(session), absent=self._absent)
            self._spec.update(self._lead.receive())
            self._choose(session.config, session.items)
            self._until = time.monotonic() + (self._spec["seconds"] or math.inf)
            self._way.longest = self._spec["longest"]
        elif self._spec["kind"] == "pair":
            self._canary()
        return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Report which modules are loaded by now: a test may import some after the collection."""
        self._lead.send("ending", modules=cells.loaded())
        if session.exitstatus in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.OK  # the lead knows what failed

    # how a cell is measured

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Report which cell comes, and keep it on the core that both sides share, if it is one of those."""
        self._lead.send("begun", cell=item.nodeid)
        self._item, self._rounds = item, []
        self._begun = time.perf_counter()
        if isinstance(self._way, turns.Trial):
            self._way.begin()
        with self._on_core() if item.nodeid in self._spec["pinned"] else contextlib.nullcontext():
            return (yield)

    @contextlib.contextmanager
    def _on_core(self) -> Iterator[None]:
        if self._spec["core"] is None:
            yield
            return
        os.sched_setaffinity(0, {self._spec["core"]})
        try:
            yield
        finally:
            os.sched_setaffinity(0, self._cpus)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Leave out what a trial has no time for."""
        if time.monotonic() > self._until:
            pytest.skip("there is no time left for a trial of it; allow more by --time")

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Time the whole of a test that bears pytest-codspeed's mark."""
        if not pyfuncitem.stash.get(cells.WHOLE, False):
            return None
        wanted = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}  # noqa: SLF001 - no public way
        benchmark: Any = pyfuncitem.funcargs["benchmark"]
        benchmark(pyfuncitem.obj, **wanted)
        return True

    def _replace_methods(self, benchmark: Any) -> None:
        """Replace those through which all goes that a test hands over, with all arguments by name."""

        def automatic(fixture: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
            return self._measured(fixture, turns.Target(fixture, (function, args, kwargs)))

        def pedantic(fixture: Any, function: Any, *, args: Any, kwargs: Any, setup: Any, **options: Any) -> Any:
            typed = options["iterations"], options["rounds"], options["warmup_rounds"]
            if options["iterations"] > 1 and setup:
                raise ValueError("Can't use more than 1 `iterations` with a `setup` function.")
            call, around = (function, args, kwargs or {}), (setup, options.get("teardown"))
            keeps = cells.from_paceline(self._item, "measure")
            return self._measured(fixture, turns.Target(fixture, call, around, typed, keeps_rounds=keeps))

        benchmark._raw, benchmark._raw_pedantic = automatic, pedantic  # noqa: SLF001 - no public way
        benchmark.weave = benchmark.patch = lambda *_, **__: pytest.fail(turns.WEAVE, pytrace=False)

    def _measured(self, fixture: Any, target: turns.Target) -> Any:
        begun = time.perf_counter()
        calls, self._rounds = self._way.measure(self._item.nodeid, target)
        self._begun += time.perf_counter() - begun
        stats = fixture._make_stats(calls)  # noqa: SLF001 - a test may ask for them
        for seconds in self._rounds:
            stats.update(seconds)
        return target.last()

    # what is reported of it

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Send what a cell measured once its test has passed, or why there is nothing."""
        report: Any = yield
        if not report.passed or hasattr(report, "wasxfail"):
            outcome = "xfailed" if hasattr(report, "wasxfail") else report.outcome
            self._lead.send("missed", cell=item.nodeid, outcome=outcome, why=f"{report.when}: {why(report, call)}")
        elif report.when == "call" and not self._rounds:
            self._lead.send("missed", cell=item.nodeid, outcome="failed", why=turns.UNUSED)
        elif report.when == "call":
            ledger = item.funcargs["benchmark"].extra_info.get("ledger") or {}  # type: ignore[attr-defined]
            counts = {name: ledger[name] for name in COUNTS if name in ledger}
            self._lead.send("cell", cell=item.nodeid, traced=cells.traced(), counts=counts, **self._taken())
        return report

    def _taken(self) -> dict[str, Any]:
        if isinstance(self._way, turns.Trial):
            return {"facts": {**self._way.facts, "overhead": time.perf_counter() - self._begun}}
        if isinstance(self._way, turns.Profiles):
            return {"facts": self._way.found}
        return {"rounds": self._rounds}

    def _canary(self) -> None:
        rounds = []
        with self._on_core():
            for number in range(self._spec["canary"] + 1):
                self._lead.turn(CANARY, number)
                begun = time.perf_counter()
                hashlib.pbkdf2_hmac("sha256", b"canary", b"paceline", CANARY_STEPS)
                rounds.append(time.perf_counter() - begun)
            self._lead.send("cell", cell=CANARY, rounds=rounds[1:], counts={})


def idle(session: pytest.Session) -> list[str]:
    """Return the arguments that keep out plugins that no cell needs, and that take longer to import than most cells."""
    config = session.config
    words = " ".join([*config.getini("addopts"), *config.invocation_params.args, os.environ.get("PYTEST_ADDOPTS", "")])
    used = {
        "hypothesispytest": "hypothesis" in words
        or any(hasattr(getattr(item, "obj", None), "hypothesis") for item in session.items),
        "pytest_httpserver": "httpserver" in words
        or any("httpserver" in name for item in session.items for name in getattr(item, "fixturenames", ())),
    }
    unused = [name for name in used if config.pluginmanager.has_plugin(name) and not used[name]]
    return [word for name in unused for word in ("-p", f"no:{name}")]


def why(report: Any, call: pytest.CallInfo[None]) -> str:
    """Return the reason for an outcome, in a line."""
    if hasattr(report, "wasxfail"):
        return report.wasxfail or "no reason given"
    if report.skipped:
        return str(report.longrepr[2])
    return call.excinfo.exconly().partition("\n")[0] if call.excinfo else reason_in(str(report.longrepr))


def reason_in(text: str) -> str:
    """Return the line of a traceback with the error, or the first of another text."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    raised = [line.removeprefix("E").strip() for line in lines if line.startswith("E  ")]
    return [*raised[-1:], *lines, "no reason given"][0]


@pytest.fixture(name="codspeed_benchmark")
def codspeed_benchmark(benchmark: Any) -> Any:
    """pytest-benchmark's fixture, in the place of pytest-codspeed's."""
    return benchmark


def with_fixture(fixture: Any) -> ModuleType:
    """Return a plugin whose fixture replaces that of another plugin: the last one that is registered wins."""
    plugin = ModuleType("paceline_lockstep_fixture")
    plugin.fixture = fixture  # type: ignore[attr-defined]
    return plugin


def shared(url: str) -> Any:
    """Return the control of the instrument that both sides share."""
    from paceline.server.process import Control

    class Shared(Control):
        """Resets the ledger only when it is this side's turn: the other side's round would stand in it."""

        _due = False

        def control(self) -> Control:
            return self

        def reset(self) -> None:
            self._due = True

        def begin_round(self) -> None:
            if self._due:
                super().reset()

    return Shared(url, proves=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the key by which a project says which cells are compared; a side's Python may have no Paceline."""
    cells = "the cells that `paceline ab` compares if none are named: pytest arguments"
    parser.addini("paceline_ab", cells, type="args")


asked_for: list[str] = []
"""The plugins of `REPORTED` that a project asks for."""


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Switch coverage off before it starts."""
    neutralize(early_config.known_args_namespace, {"cov_source": []})
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let a side write, compare and judge nothing itself, before any plugin reads its options."""
    if SOCKET in os.environ:
        neutralize(config.option, UNWANTED)
        for plugin, options in OF_PLUGINS.items():
            if config.pluginmanager.has_plugin(plugin):
                neutralize(config.option, options)


def neutralize(options: Any, values: dict[str, Any]) -> None:
    """Set those options that exist, and note which of `REPORTED` were set."""
    for name, value in values.items():
        if name in options:
            asked_for.extend([REPORTED[name]] if getattr(options, name) and name in REPORTED else [])
            setattr(options, name, value)


@pytest.hookimpl(tryfirst=True)  # pytest-benchmark makes the folder of its storage in its own
def pytest_configure(config: pytest.Config) -> None:
    """Take part if there is a lead."""
    config.addinivalue_line("markers", "one_core: a cell with one worker, which `paceline ab` keeps on one core.")
    config.addinivalue_line("markers", "codspeed_benchmark: pytest-codspeed's.")
    if SOCKET in os.environ:
        config.option.benchmark_storage = f"file://{Path(__file__).parent / 'storage'}"
        processes = "paceline_processes" if "paceline_processes" in config.option else "processes"  # as it was once
        if getattr(config.option, processes, 0) is None:
            setattr(config.option, processes, 0)  # cells that Paceline would measure in new processes are measured here
        lead = Lead(int(os.environ.pop(SOCKET)))
        side = Side(lead, lead.receive(), asked_for)
        side.configure(config)
        config.pluginmanager.register(side, "paceline-lockstep-side")
