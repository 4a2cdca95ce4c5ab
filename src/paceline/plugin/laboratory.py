"""The laboratory's plugin, which only this repository's conftest takes in: the public one, and what is ours alone.

It adds a server, workloads and other fixtures, options for them, and short names for the public options.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest

from paceline.plugin import choices, make_cell, ours, parameter, serving, session
from paceline.plugin.choices import NAMED, Option
from paceline.plugin.measures import Bench, ElsewhereClock, refuse_second
from paceline.server.process import Control, Instrument, lacking, running
from paceline.strategies import Strategy, clusters
from paceline.workloads import Compute, Fetch, Mixed
from paceline.workloads.fetch import NAMES, load_client

pytest_plugins = [ours.PUBLIC]

MARKS = {
    "scale": "(..., latency, size, n, share, lesson): those of what the fixtures `fetch`, `compute` and `mixed` do.",
    "clients": "(*names): each strategy with each of these HTTP clients that fits it; --client takes their place.",
}

OPTIONS = {
    "latency": Option(
        {"type": choices.latency, "metavar": "SECONDS"}, 'Time the server takes for an item: 0.02 or "20ms".'
    ),
    "client": Option(
        {"choices": NAMES}, "HTTP client. Default: requests where workers block, aiohttp under asyncio, raw else."
    ),
    **serving.OPTIONS,
    "lesson": Option({"action": "store_true"}, "The lesson's scale: 160 downloads of 50 ms, 20 sums below 5,000,000."),
    "cluster": Option(
        {"metavar": "ADDRESS"},
        "An existing cluster, in place of one of its own, for a strategy that --strategy names: dask takes "
        "tcp://host:8786, ray takes ray://host:10001.",
    ),
}


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the laboratory's options; the public plugin adds short names to its own, if it isn't there yet."""
    if pluginmanager.has_plugin(ours.PUBLIC):
        choices.add_options(parser, [choices.SHORT])
    choices.add_options(parser, [choices.SHORT], OPTIONS)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what can't be measured before anything is."""
    for mark, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{mark}{meaning}")
    _refuse_impossible(config)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse a cluster or an instrument that doesn't answer, before anything is measured."""
    options = session.config.option
    if options.collectonly:
        return
    serving.look(session.config)
    if options.paceline_cluster is None:
        return
    try:
        clusters.reach(options.paceline_cluster)
    except clusters.OutOfReach as error:
        raise pytest.UsageError(f"--cluster: {error}") from None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse tests that need the instrument where nothing can run it."""
    serving.refuse_lacking(session)


@pytest.hookimpl(trylast=True, optionalhook=True)  # after the guard, whose key it is
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Add to a run of ours which other Python ran the instrument, if one did."""
    if "paceline" in output_json and serving.PYTHON in config.stash:
        output_json["paceline"]["instrument_python"] = config.stash[serving.PYTHON]


@pytest.fixture(scope="session")
def instrument(request: pytest.FixtureRequest) -> Iterator[Control]:
    """The server that answers every `Fetch`, in its own process, on this machine or where --cluster can reach it."""
    with serving.serving(request.config) as server:
        yield server


@pytest.fixture(scope="session")
def serve(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[Instrument]]:
    """`paceline.server.process.running`, for a server beside the session's, on the Python of --instrument-python."""
    python = choices.option(request.config, "instrument_python")
    if python is None and (why := lacking()):
        pytest.skip(f"{why}; --instrument-python=PATH names one that has them")
    return partial(running, python=python)


client = parameter(str, "The HTTP client: the one that fits the strategy, or the one chosen by `--client`.")
latency = parameter(float, "Seconds that the server takes for an item.")
size = parameter(int, "Bytes of an answer.")
n = parameter(int, "Steps of one computation.")
share = parameter(float, "How much of a mixed item's time is CPU time, a fraction.")


@pytest.fixture
def fetch(instrument: Control, client: str, latency: float, size: int) -> Fetch:
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
def process(_paceline_process: int | None) -> int | None:
    """Which of the new processes measures this cell, from 1; None for the session's own."""
    return _paceline_process


@pytest.fixture
def timed(request: pytest.FixtureRequest) -> bool:
    """Whether this session measures; one that doesn't only checks that an experiment works."""
    return session.measures(request.config)


@pytest.fixture
def cost(request: pytest.FixtureRequest, _paceline_clock: ElsewhereClock, benchmark: Any) -> Callable[..., Any]:
    """Measure what is no pass over items: `cost("module:function", *arguments, strategy=..., workload=...,
    **described)`.

    The function, of a module beside the experiment, is called in a new process. It returns a dict: "seconds" are the
    rounds; everything else and what is described goes into the saved run. The dict comes back. A function counts as
    hung after two minutes, and later if `items`, and `latency`, are among what is described.
    """
    make_cell(request, benchmark)
    bench = Bench(benchmark, _paceline_clock, _paceline_clock, session.process_of(request.node))

    def measured(function: str, *arguments: Any, strategy: str, workload: str, **described: Any) -> Any:
        refuse_second(benchmark)
        described = {"strategy": strategy, "workload": workload, **described}
        return bench.cost(session.experiment(request.node), function, arguments, described)

    return measured


def _refuse_impossible(config: pytest.Config) -> None:
    """Raise a `UsageError` for choices that leave nothing to measure."""
    serving.refuse(config)
    client, server, address = (choices.option(config, name) for name in ("client", "server", "cluster"))
    named = choices.option(config, "strategy")
    strategies = [NAMED[name] for name in named or NAMED]
    if client and not any(Fetch.fits(client, strategy.flavour) for strategy in strategies):
        names = ", ".join(strategy.name for strategy in strategies)
        others = ", ".join(name for name in NAMES if any(Fetch.fits(name, each.flavour) for each in strategies))
        raise pytest.UsageError(f"--client {client} can't be used by {names}; these can: {others}")
    if address is not None:
        if server != serving.SERVERS[0]:
            raise pytest.UsageError(
                f"--server {server} answers on this machine alone, and the workers of "
                f"--cluster {address} may be on others; leave one of the two out"
            )
        every = named or choices.option(config, "all")
        _refuse_cluster(address, strategies if every else [each for each in strategies if not each.slow_start])


def _refuse_cluster(address: str, strategies: Sequence[type[Strategy]]) -> None:
    scheme = address.partition("://")[0]
    users = [strategy for strategy in strategies if strategy.scheme and strategy.scheme == scheme]
    if not users:
        fit = " and ".join(f"{each.name} ({each.scheme}://host:port)" for each in NAMED.values() if each.scheme)
        raise pytest.UsageError(
            f"--cluster {address} is for none of the strategies that are measured; {fit} can use one: "
            "name it with --strategy"
        )
    for strategy in users:
        try:
            clusters.checked_address(strategy.name, str(strategy.scheme), address)
        except ValueError as error:
            raise pytest.UsageError(f"--cluster: {error}") from None
