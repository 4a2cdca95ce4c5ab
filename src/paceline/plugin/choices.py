"""
The options that choose and scale cells.
"""

from typing import Any

import pytest

from paceline.plugin import scale
from paceline.strategies import STRATEGIES
from paceline.workloads import Fetch
from paceline.workloads.clients import NAMES

NAMED = {strategy.name: strategy for strategy in STRATEGIES}
SERVERS = ("instrument", "httpserver")
PROCESSES = 3  # the fewest from which an interval can be told


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
    add(
        "--processes",
        type=scale.seed,
        metavar="N",
        help="Fresh processes for each cell that decides a claim, with --all or a file named. Default: 3, unless the "
        "experiment says otherwise; 0 measures all in the session.",
    )
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
