"""The options that choose and scale cells."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from paceline.plugin import scale
from paceline.strategies import STRATEGIES, NotEnded, Strategy, clusters
from paceline.text import options
from paceline.workloads import Fetch
from paceline.workloads.call import TamperedError
from paceline.workloads.clients import NAMES

NAMED = {strategy.name: strategy for strategy in STRATEGIES}
HEAVY = [strategy.name for strategy in STRATEGIES if strategy.heavy]
SERVERS = ("instrument", "httpserver")
PROCESSES = 3  # the fewest from which an interval can be told


def add_options(group: pytest.OptionGroup) -> None:
    """Add everything that chooses or scales cells."""
    add = group.addoption
    add(
        "--items",
        type=options.whole,
        metavar="N",
        help="Items in a round. Default: the experiment's own, 64 downloads.",
    )
    add("--latency", type=scale.latency, metavar="SECONDS", help='Time the server takes for an item: 0.02 or "20ms".')
    add(
        "--workers",
        type=options.whole,
        metavar="N",
        help="Items under way at once. Default: 10 for I/O, one per CPU else.",
    )
    add("--rounds", type=options.whole, metavar="N", help="Timed rounds of each cell. Default: 5.")
    add(
        "--strategy",
        action="append",
        choices=[*NAMED],
        metavar="NAME",
        help=f"Only this strategy; repeat for more. Known: {', '.join(NAMED)}. Of these, heavy ones, which take "
        f"seconds to start ({', '.join(HEAVY) or 'none'}), are left out unless named here; --all measures them too.",
    )
    add(
        "--client",
        choices=NAMES,
        help="HTTP client. Default: requests where workers block, aiohttp under asyncio, raw else.",
    )
    add(
        "--server",
        choices=SERVERS,
        default="instrument",
        help="What answers; httpserver proves nothing. Default: %(default)s.",
    )
    add("--seed", type=options.natural, metavar="N", help="Order of the cells; saved with the run. Default: a new one.")
    add("--lesson", action="store_true", help="The lesson's scale: 160 downloads of 50 ms, 20 sums below 5,000,000.")
    add(
        "--processes",
        type=options.natural,
        metavar="N",
        help="Fresh processes for each cell that decides a claim, with --all or a file named. Default: 3, unless the "
        "experiment says otherwise, and 1 for heavy strategies that nobody named; 0 measures all in the session.",
    )
    add(
        "--cluster",
        metavar="ADDRESS",
        help="A cluster that is there, in place of one of its own, for a strategy that --strategy names: dask takes "
        "tcp://host:8786, ray takes ray://host:10001.",
    )
    add(
        "--all",
        action="store_true",
        help="Extended experiments too, which else run when their file is named, and heavy strategies: see --strategy.",
    )
    add("--keep-partial", action="store_true", help="Keep an interrupted or failed run in results/partial/.")


def refuse_impossible(options: Any) -> None:
    """Refuse choices that leave nothing to measure.

    Raises:
        pytest.UsageError: with what was asked for and what would do.
    """
    strategies = [NAMED[name] for name in options.strategy or NAMED]
    if options.client and not any(Fetch.fits(options.client, strategy.face) for strategy in strategies):
        names = ", ".join(strategy.name for strategy in strategies)
        others = ", ".join(client for client in NAMES if any(Fetch.fits(client, each.face) for each in strategies))
        raise pytest.UsageError(f"--client {options.client} can't be used by {names}; these can: {others}")
    if options.cluster is not None:
        if options.server != SERVERS[0]:
            raise pytest.UsageError(
                f"--server {options.server} answers on this machine alone, and the workers of "
                f"--cluster {options.cluster} may be on others; leave one of the two out"
            )
        measured = strategies if options.strategy or options.all else [each for each in strategies if not each.heavy]
        _refuse_cluster(options.cluster, measured)


def refuse_unreachable(options: Any) -> None:
    """Refuse a cluster at whose address nobody listens, before anything is measured.

    Raises:
        pytest.UsageError: with the address.
    """
    if options.cluster is None or options.collectonly:
        return
    try:
        clusters.reach(options.cluster)
    except clusters.OutOfReach as error:
        raise pytest.UsageError(f"--cluster: {error}") from None


@contextmanager
def one_sentence() -> Iterator[None]:
    """Let a cell whose cluster doesn't answer, or doesn't fit, whose workers don't end, or whose module breaks Python's
    own, fail with that sentence alone: where it was raised says nothing more.
    """
    try:
        yield
    except (clusters.OutOfReach, clusters.WorkersDiffer, NotEnded, TamperedError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def at_cluster(strategy: Strategy, address: str | None) -> Strategy:
    """Return a strategy that uses the cluster at `address`, if it is one for it and has none of its own yet."""
    if address is None or strategy.scheme != urlsplit(address).scheme or strategy.options["cluster"]:
        return strategy
    return strategy.clone(strategy.workload, cluster=address)


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
