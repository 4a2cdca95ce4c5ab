"""The pytest plugin: options, fixtures and hooks, for `pytest_plugins = ["paceline.plugin"]` in a conftest."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from paceline.contracts import Item
from paceline.measuring.cells import Cell
from paceline.measuring.passes import Plan
from paceline.plugin import cells, choices, guard, ours, progress, session
from paceline.plugin.measures import Bench, ElsewhereClock, refuse_second
from paceline.plugin.ours import is_cell, is_ours
from paceline.server.process import Control, Instrument, running
from paceline.strategies import Strategy, clusters
from paceline.workloads import Compute, Fetch, Mixed
from paceline.workloads.fetch import load_client


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of an experiment."""
    choices.add_options(parser.getgroup("paceline", "Paceline: the scale and the choice of cells"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare before pytest-benchmark's own hook, which builds its storage."""
    for mark, meaning in cells.MARKS.items():
        config.addinivalue_line("markers", f"{mark}{meaning}")
    choices.refuse_impossible(config.option)
    if ours.is_loaded(config):
        ours.refuse(config)
        session.prepare(config)
        config.pluginmanager.register(guard.Guard(config), "paceline-guard")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse a cluster that can't be reached, and show progress at a terminal: pytest's writer is there by now."""
    choices.refuse_unreachable(session.config.option)
    progress.begin(session.config)


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


@pytest.fixture(scope="session")
def instrument(request: pytest.FixtureRequest) -> Iterator[Instrument]:
    """The server that answers every `Fetch`, in its own process, on this machine or where --cluster can reach it."""
    options = request.config.option
    with running(options.server, host=options.cluster and clusters.facing(options.cluster)) as server:
        yield server


@pytest.fixture
def strategy(request: pytest.FixtureRequest) -> type[Strategy]:
    """A strategy's class, one cell after the other: `strategy(workload, workers)` makes what `measure` measures."""
    return choices.NAMED[_value(request)]


def _parameter(read: Callable[[Any], Any], meaning: str) -> Any:
    """Return a fixture whose value is this plugin's parameter of the fixture's name."""

    def value(request: pytest.FixtureRequest) -> Any:
        return read(_value(request))

    value.__doc__ = meaning
    return pytest.fixture(value)


client = _parameter(str, "The HTTP client: the one that fits the strategy, or the one chosen by `--client`.")
items = _parameter(range, "The items of a round, numbered from 0.")
workers = _parameter(int, "How many items may be under way at once.")
latency = _parameter(float, "Seconds that the server takes for an item.")
size = _parameter(int, "Bytes of an answer.")
n = _parameter(int, "Steps of one computation.")
share = _parameter(float, "How much of a mixed item's time is CPU time, a fraction.")


@pytest.fixture
def fetch(instrument: Instrument, client: str, latency: float, size: int) -> Fetch:
    """One download from the instrument; its client is imported by then, so that no start is charged for the import."""
    load_client(client)
    return Fetch(f"{instrument.url}/item/{{item}}?latency={latency!r}&size={size}", size, client)


@pytest.fixture
def compute(kernel: str, n: int) -> Compute:
    """One computation; the experiment parametrizes `kernel`."""
    return Compute(kernel, n)


@pytest.fixture
def mixed(fetch: Fetch, latency: float, share: float) -> Mixed:
    """One download and then a computation, which takes `share` of what both take: latency and CPU time together."""
    return Mixed(fetch, cpu_seconds=latency * share / (1 - share))


@pytest.fixture
def process(request: pytest.FixtureRequest) -> int | None:
    """Which of the new processes measures this cell, from 1; None for the session's own."""
    return getattr(request, "param", None)


@pytest.fixture
def timed(request: pytest.FixtureRequest) -> bool:
    """Whether this session measures; one that doesn't only checks that an experiment works."""
    return session.measures(request.config)


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest,
    process: Any,  # noqa: ARG001 - makes it a parameter; a project may have another thing of that name
) -> ElsewhereClock | None:
    """The clock of a cell that a new process measures; None for one that this process measures."""
    if session.process_of(request.node) is None and not is_ours(request.node, "cost"):
        return None
    clock = ElsewhereClock()
    request.node.add_marker(pytest.mark.benchmark(timer=clock), append=False)
    return clock


@pytest.fixture
def measure(  # pytest sets fixtures up in this order, and the clock has to be there before the benchmark
    request: pytest.FixtureRequest, elsewhere: ElsewhereClock | None, benchmark: Any
) -> Callable[..., Cell]:
    """Measure one cell: `measure(strategy(workload, workers), items)`; further keywords go into the saved run.

    With `beside=True` a thread of the measuring process computes meanwhile. With `watched=True` one more pass follows
    in which every item leaves a span, and what the spans show is saved; with `traced=True` the spans are too. With
    `paired=True` a new process runs all items in a plain loop before each round, and the speedup over it is saved.

    Returns the cell's figures, once its results and the server's ledger have been checked. A test makes one cell.
    """
    _make_cell(request, benchmark)
    process = session.process_of(request.node)
    rounds = cells.scales_of(request.node, request.config)[0].rounds
    bench = Bench(benchmark, session.timer(request), elsewhere, process)
    control = _control(request)

    def measured(
        strategy: Strategy,
        items: Iterable[Item],
        *,
        beside: bool = False,
        watched: bool = False,
        paired: bool = False,
        traced: bool = False,
        **extra: Any,
    ) -> Cell:
        refuse_second(benchmark)
        paired = paired and process is not None
        strategy = choices.at_cluster(strategy, request.config.option.cluster)
        plan = Plan(session.experiment(request.node), rounds, control, beside, watched, paired, traced)
        return bench.measure(plan, strategy, list(items), extra)

    return measured


@pytest.fixture
def cost(request: pytest.FixtureRequest, elsewhere: ElsewhereClock, benchmark: Any) -> Callable[..., Any]:
    """Measure what is no pass over items: `cost("module:function", *arguments, strategy=..., workload=...,
    **described)`.

    The function, of a module beside the experiment, is called in a new process, or in `times` of them, one after the
    other, of whose figures the medians count. It returns a dict: "seconds" are the rounds; everything else and what is
    described goes into the saved run. The dict comes back. A function counts as hung after two minutes, and later if
    `items`, and `latency`, are among what is described.
    """
    _make_cell(request, benchmark)
    bench = Bench(benchmark, elsewhere, elsewhere, session.process_of(request.node))

    def measured(function: str, *arguments: Any, strategy: str, workload: str, times: int = 1, **described: Any) -> Any:
        refuse_second(benchmark)
        described = {"strategy": strategy, "workload": workload, **described}
        return bench.cost(session.experiment(request.node), function, arguments, described, times)

    return measured


def _make_cell(request: pytest.FixtureRequest, benchmark: Any) -> None:
    ours.refuse_replaced(benchmark)
    benchmark.group = session.title(request.node)
    benchmark.disabled = not session.measures(request.config)


def _control(request: pytest.FixtureRequest) -> Control | None:
    """Return the control of a cell's server; an `instrument` of the project's own is none."""
    server = request.getfixturevalue("instrument") if "instrument" in request.fixturenames else None
    if isinstance(server, Instrument):
        return server.control()
    return server if isinstance(server, Control) else None


def _value(request: pytest.FixtureRequest) -> Any:
    try:
        return request.param
    except AttributeError:
        why = "it gets one in tests that take `measure` or `cost`, a client where they take `strategy` too"
        message = f"{request.fixturename!r} has no value here: {why}; else parametrize it, with indirect=True"
        raise pytest.fail.Exception(message, pytrace=False) from None
