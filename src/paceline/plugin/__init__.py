"""The public plugin, for `pytest_plugins = ["paceline.plugin"]` in a conftest: all that another project gets.

Its fixtures are `measure`, `strategy`, `items` and `workers`, and its options begin with `--paceline-`; everything else
is in `paceline.plugin.laboratory`. PYTEST_DONT_REWRITE: whoever imports that has imported this, and pytest would warn.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from paceline.contracts import Item
from paceline.measuring.cells import Cell
from paceline.measuring.passes import Plan
from paceline.plugin import cells, choices, guard, ours, progress, session
from paceline.plugin.measures import Bench, ElsewhereClock, refuse_second
from paceline.plugin.ours import is_cell, is_ours
from paceline.server.process import Control, Instrument
from paceline.strategies import Strategy


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options of an experiment; the laboratory, whose plugin comes first, has short names for them too."""
    short = [choices.SHORT] if pluginmanager.has_plugin(ours.LABORATORY) else []
    choices.add_options(parser, [choices.PREFIX, *short])
    choices.add_keys(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare before pytest-benchmark's own hook, which builds its storage."""
    for mark, meaning in cells.MARKS.items():
        config.addinivalue_line("markers", f"{mark}{meaning}")
    choices.refuse_wrong_keys(config)
    if ours.is_loaded(config):
        ours.refuse(config)
        session.prepare(config)
        config.pluginmanager.register(guard.Guard(config), "paceline-guard")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Show progress at a terminal: pytest's writer is there by now."""
    progress.begin(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Hide no fixture of another plugin, before any test is given its fixtures."""
    ours.stand_back(session)


@pytest.hookimpl(specname="pytest_generate_tests", wrapper=True, tryfirst=True)
def pytest_generate_cells(metafunc: pytest.Metafunc) -> Iterator[None]:
    """Make the cells: everything that decides a cell's work becomes a parameter, and thus part of its node id."""
    if not is_cell(metafunc.definition):
        return (yield)
    calls = cells.Parametrization()
    metafunc.parametrize = calls  # type: ignore[method-assign]
    try:
        yield
    finally:
        del metafunc.parametrize
    calls.make(metafunc)
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Put the plugin's parameters in this hook's place among all."""
    if isinstance(metafunc.parametrize, cells.Parametrization):
        metafunc.parametrize.keep_place()


@pytest.hookimpl(trylast=True)  # whatever order other plugins give, the seed has the last word on cells
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out extended experiments, and shuffle the cells, so that drift is no strategy's own."""
    session.leave_out_extended(config, items)
    session.shuffle(config, items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test that can't measure before any fixture is set up for it."""
    ours.refuse_absent(item)


@pytest.fixture
def strategy(request: pytest.FixtureRequest) -> type[Strategy]:
    """A strategy's class, one cell after the other: `strategy(workload, workers)` makes what `measure` measures."""
    return choices.NAMED[_value(request)]


def parameter(read: Callable[[Any], Any], meaning: str) -> Any:
    """Return a fixture whose value is this plugin's parameter of the fixture's name."""

    def value(request: pytest.FixtureRequest) -> Any:
        return read(_value(request))

    value.__doc__ = meaning
    return pytest.fixture(value)


def _value(request: pytest.FixtureRequest) -> Any:
    try:
        return request.param
    except AttributeError:
        why = "it gets one in tests that measure, a client where they take `strategy` too"
        message = f"{request.fixturename!r} has no value here: {why}; else parametrize it, with indirect=True"
        raise pytest.fail.Exception(message, pytrace=False) from None


items = parameter(range, "The items of a round, numbered from 0.")
workers = parameter(int, "How many items may be under way at once.")


@pytest.fixture(name=ours.PROCESS)
def process(request: pytest.FixtureRequest) -> int | None:
    """Which of the new processes measures this cell, from 1; None for the session's own."""
    return getattr(request, "param", None)


@pytest.fixture(name="_paceline_clock")
def clock(request: pytest.FixtureRequest, _paceline_process: int | None) -> ElsewhereClock | None:
    """The clock of a cell that a new process measures; None for one that this process measures."""
    if _paceline_process is None and not is_ours(request.node, "cost"):
        return None
    clock = ElsewhereClock()
    request.node.add_marker(pytest.mark.benchmark(timer=clock), append=False)
    return clock


@pytest.fixture
def measure(  # pytest sets fixtures up in this order, and the clock has to be there before the benchmark
    request: pytest.FixtureRequest, _paceline_clock: ElsewhereClock | None, benchmark: Any
) -> Callable[..., Cell]:
    """Measure one cell: `measure(strategy(workload, workers), items)`; further keywords go into the saved run.

    With `beside=True` a thread of the measuring process computes meanwhile. With `watched=True` one more pass follows
    in which every item leaves a span, and what the spans show is saved; with `traced=True` the spans are too. With
    `paired=True` a plain loop does all items before each round, in a session that measures the experiment in new
    processes, and the speedup over it is saved. With `bystander=True` one more pass follows beside something that wants
    to run every millisecond, and how late that was is saved.

    Returns the cell's figures, once its results and the server's ledger have been checked. A test makes one cell.
    """
    make_cell(request, benchmark)
    process = session.process_of(request.node)
    rounds = cells.scales_of(request.node, request.config)[0].rounds
    bench = Bench(benchmark, session.timer(request), _paceline_clock, process)

    def measured(
        strategy: Strategy,
        items: Iterable[Item],
        *,
        beside: bool = False,
        watched: bool = False,
        paired: bool = False,
        traced: bool = False,
        bystander: bool = False,
        **extra: Any,
    ) -> Cell:
        refuse_second(benchmark)
        paired = paired and cells.processes_for(request.node, request.config) > 0
        strategy = choices.at_cluster(strategy, choices.option(request.config, "cluster"))
        experiment, control = session.experiment(request.node), _control(request)
        plan = Plan(experiment, rounds, control, beside, watched, paired, traced, bystander)
        return bench.measure(plan, strategy, list(items), extra)

    return measured


def make_cell(request: pytest.FixtureRequest, benchmark: Any) -> None:
    """Let pytest-benchmark show and save a test as the cell it is."""
    ours.refuse_replaced(request.fixturename, benchmark)
    benchmark.group = session.title(request.node)
    benchmark.disabled = not session.measures(request.config)
    params = dict(benchmark.params or {})
    if process := params.pop(ours.PROCESS, None):
        benchmark.params = {"process": process, **params}  # as saved files name it


def _control(request: pytest.FixtureRequest) -> Control | None:
    """Return the control of a cell's server; an `instrument` of the project's own is none."""
    server = request.getfixturevalue("instrument") if "instrument" in request.fixturenames else None
    if isinstance(server, Instrument):
        return server.control()
    return server if isinstance(server, Control) else None
