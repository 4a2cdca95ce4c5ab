"""
Which cells there are: the options, and the parameters they make of an experiment.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from paceline.plugin import scale
from paceline.strategies import STRATEGIES, Strategy
from paceline.workloads import Fetch
from paceline.workloads.clients import NAMES

NAMED = {strategy.name: strategy for strategy in STRATEGIES}
SERVERS = ("instrument", "httpserver")


def add_options(group: pytest.OptionGroup) -> None:
    """
    Add everything that chooses or scales cells.
    """
    add = group.addoption
    add("--items", type=scale.whole, metavar="N", help="Items in a round. Default: the experiment's own, 64 downloads.")
    add("--latency", type=scale.seconds, metavar="SECONDS", help='Time the server takes for an item: 0.02 or "20ms".')
    add(
        "--workers",
        type=scale.whole,
        metavar="N",
        help="Items under way at once. Default: 10 for I/O, one per CPU else.",
    )
    add("--rounds", type=scale.whole, metavar="N", help="Timed rounds of each cell. Default: 5.")
    add(
        "--strategy",
        action="append",
        choices=[*NAMED],
        metavar="NAME",
        help=f"Only this strategy; repeat for more. Known: {', '.join(NAMED)}.",
    )
    add("--client", choices=NAMES, help="HTTP client. Default: requests where workers block, aiohttp under asyncio.")
    add(
        "--server",
        choices=SERVERS,
        default="instrument",
        help="What answers; httpserver proves nothing. Default: %(default)s.",
    )
    add("--seed", type=scale.seed, metavar="N", help="Order of the cells; saved with the run. Default: a new one.")
    add("--lesson", action="store_true", help="The lesson's scale: 160 downloads of 50 ms, 20 sums below 5,000,000.")
    add("--all", action="store_true", help="Extended experiments too; else they run when their file is named.")
    add("--keep-partial", action="store_true", help="Keep an interrupted or failed run in results/partial/.")


def refuse_impossible(options: Any) -> None:
    """
    Refuse choices that leave nothing to measure.

    Raises:
        pytest.UsageError: with what was asked for and what would do.
    """
    strategies = [NAMED[name] for name in options.strategy or NAMED]
    if options.client and not any(Fetch.fits(options.client, strategy.face) for strategy in strategies):
        names = ", ".join(strategy.name for strategy in strategies)
        others = ", ".join(client for client in NAMES if any(Fetch.fits(client, each.face) for each in strategies))
        raise pytest.UsageError(f"--client {options.client} can't be used by {names}; these can: {others}")


def scale_of(node: Any, config: pytest.Config) -> scale.Scale:
    """
    Settle the scale of an experiment from its marks and the command line.

    Raises:
        pytest.UsageError: if its mark isn't one.
    """
    marks = [mark.kwargs for mark in node.iter_markers("scale")]
    marked = {name: value for kwargs in reversed(marks) for name, value in kwargs.items()}
    small = config.getoption("benchmark_disable") and not config.getoption("benchmark_enable")
    try:
        return scale.chosen(marked, vars(config.option), lesson=config.option.lesson, small=small)
    except TypeError as error:
        raise pytest.UsageError(f"{node.nodeid}: wrong scale mark: {error}") from None


def parametrize(metafunc: pytest.Metafunc) -> None:
    """
    Parametrize what the experiment asks for and has not parametrized itself.
    """
    own = {name for mark in metafunc.definition.iter_markers("parametrize") for name in _names(mark.args[0])}
    asked = [name for name in metafunc.fixturenames if name not in own and _is_ours(metafunc, name)]
    settled = scale_of(metafunc.definition, metafunc.config)
    together = [name for name in ("strategy", "client", "workers") if name in asked]
    if "strategy" in together:
        cells = list(_cells(together, settled.most_workers, metafunc.config.option))
        metafunc.parametrize(together, cells, indirect=True)
    elif "workers" in together:
        metafunc.parametrize("workers", [settled.most_workers], ids="workers={}".format, indirect=True)
    for name, write in WRITTEN.items():
        if name in asked:
            metafunc.parametrize(name, [getattr(settled, name)], ids=[write(getattr(settled, name))], indirect=True)


WRITTEN: dict[str, Any] = {
    "items": "items={}".format,
    "latency": lambda seconds: f"latency={scale.duration_id(seconds)}",
    "size": lambda size: f"size={scale.size_id(size)}",
    "n": "n={}".format,
}


def _is_ours(metafunc: pytest.Metafunc, name: str) -> bool:
    """
    Whether `name` is this plugin's fixture, and not another one that the project put in its place.
    """
    known = metafunc._arg2fixturedefs.get(name, ())  # noqa: SLF001 - there is no public way to a fixture's origin
    return any(fixture.func.__module__ == "paceline.plugin" for fixture in known[-1:])


def _names(argnames: Any) -> list[str]:
    return [name.strip() for name in argnames.split(",")] if isinstance(argnames, str) else list(argnames)


def _cells(names: Sequence[str], workers: int, options: Any) -> Iterator[Any]:
    """
    One parameter set per strategy, with the client and the number of workers that go with it.
    """
    for strategy in STRATEGIES:
        if options.strategy and strategy.name not in options.strategy:
            continue
        client = options.client or Fetch.default_client(strategy.face)
        if "client" in names and not Fetch.fits(client, strategy.face):
            continue
        values = {"strategy": strategy.name, "client": client, "workers": strategy.bounded(workers)}
        shown = {**values, "workers": f"workers={values['workers']}"}
        yield pytest.param(
            *(values[name] for name in names), id="-".join(str(shown[name]) for name in names), marks=_marks(strategy)
        )


def _marks(strategy: type[Strategy]) -> list[pytest.MarkDecorator]:
    reason = strategy.unavailable()
    return [pytest.mark.skip(reason=f"{strategy.name} {reason}")] if reason else []
