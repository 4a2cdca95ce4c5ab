"""What `paceline watch` can be told, and every other command that runs one round to look at."""

import argparse

from paceline import typed

SUMMARY = "show which worker does which item, live"
EPILOG = """WORKLOAD is downloads (from a server started for them), computing, mixed (a download, then some computing),
or a function of your own, called with the numbers from 0 on. A round that warms up goes before the one that is shown.
It ends with status 1 if the strategy can't run here, or an item fails or takes too long. Workers that don't end well
after the round are ended and named; that changes neither the round nor the status.

examples:
  paceline watch pool-fork downloads --jitter uniform:0.9
  paceline watch pool-fork downloads --items 160 --option chunksize=10
  paceline watch threads computing --n 1000000
  paceline watch asyncio shop:order --workers 10
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: what to run, and how."""
    add = parser.add_argument
    add("strategy", metavar="STRATEGY", help="threads, asyncio, pool-fork ...")
    add("workload", metavar="WORKLOAD", help="downloads, computing, mixed, or module:function")
    add("--items", type=typed.whole, metavar="N", help="default: 40")
    add("--workers", type=typed.whole, metavar="N", help="default: 4; for computing one per CPU")
    add("--latency", type=typed.seconds, metavar="SECONDS", help="of a download, as 0.02 or 20ms (default: 50ms)")
    add("--jitter", metavar="KIND:AMOUNT", help="of the latency: uniform:F or lognormal:S (default: none)")
    add("--n", type=typed.whole, metavar="STEPS", help="of a computation (default: 200000)")
    add("--cpu", type=typed.seconds, metavar="SECONDS", help="of computing in a mixed item (default: 10ms)")
    add(
        "--timeout",
        type=typed.timeout,
        default=60.0,
        metavar="SECONDS",
        help="for one step: a start, an item (default: 60)",
    )
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="one of the strategy's; repeat for more")
