"""`paceline watch`, from what was typed to its exit status, and what all commands that run one round share."""

import argparse
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable

from rich.text import Text

from paceline.commands import FAILED, MISUSE
from paceline.commands.shared import complain
from paceline.server.process import ServerError
from paceline.text import numbers
from paceline.text.formats import many, plain, render
from paceline.watch.following import Followed, MisuseError, WatchError, Wish, rounds, wish
from paceline.watch.messages import Ended, Ran
from paceline.watch.output import Numbers, summary
from paceline.workers.spans import Forgotten, Opened, Span
from paceline.workloads.call import NoSuchFunctionError

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
    add("--items", type=numbers.positive, metavar="N", help="default: 40")
    add("--workers", type=numbers.positive, metavar="N", help="default: 4; for computing one per CPU")
    add("--latency", type=numbers.seconds, metavar="SECONDS", help="of a download, as 0.02 or 20ms (default: 50ms)")
    add("--jitter", metavar="KIND:AMOUNT", help="of the latency: uniform:F or lognormal:S (default: none)")
    add("--n", type=numbers.positive, metavar="STEPS", help="of a computation (default: 200000)")
    add("--cpu", type=numbers.seconds, metavar="SECONDS", help="of computing in a mixed item (default: 10ms)")
    add(
        "--timeout",
        type=numbers.timeout,
        default=60.0,
        metavar="SECONDS",
        help="for one step: a start, an item (default: 60)",
    )
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="one of the strategy's; repeat for more")


def run(arguments: Namespace) -> int:
    """Show one strategy at work, live.

    Returns:
        The exit status: 0 after a whole round, 1 if it can't be run here or fails, 2 for a misuse.
    """

    def show(wished: Wish) -> int:
        with rounds(wished) as (records, _):
            _show(wished, records)
        return 0

    return attempt(arguments, show)


def _show(wished: Wish, records: Iterable[Followed]) -> None:
    """Show each record as it comes, and at the end what they come to."""
    opened: list[Opened] = []
    spans: list[Span] = []
    warm = False
    numbers = Numbers(wished.strategy.workers)
    try:
        for record in records:
            match record:
                case Opened():
                    if not opened:
                        _introduce(wished)
                    opened.append(record)
                case Forgotten():
                    warm = True
                case Span() if warm:
                    spans.append(record)
                    numbers.add(record.worker)
                case Ran(printed):
                    numbers.finish()
                    sys.stdout.write("\n")
                    render(summary(opened, spans, printed))
                    sys.stdout.flush()
                case Ended() as ended:
                    complain_of_end(wished, ended)
    finally:
        numbers.finish()


def _introduce(wished: Wish) -> None:
    """Report what is to be seen, once the workers are there."""
    strategy = wished.strategy
    what = f"{strategy.name}, {many(strategy.workers, 'worker')}, {wished.items} {wished.what}"
    render([Text(plain(f"{what}: who did each, as they complete, after a warm-up round"), style="bold")])
    sys.stdout.write("\n")
    sys.stdout.flush()


def complain_of_end(wished: Wish, ended: Ended) -> None:
    """Say it where the workers did not end well."""
    if ended.trouble:
        complain(f"{wished.strategy.name} did not end in good order after the round: {ended.trouble}")


def attempt(arguments: Namespace, act: Callable[[Wish], int]) -> int:
    """Make sense of what was typed and act on it; what goes wrong becomes a sentence.

    Returns:
        The exit status: what `act` gives, 1 if the strategy can't be run here or fails, 2 for a misuse.
    """
    try:
        wished = wish(arguments)
        if why := wished.strategy.unavailable():
            complain(f"{wished.strategy.name} can't run here: {why}")
            return FAILED
        return act(wished)
    except (MisuseError, NoSuchFunctionError) as error:
        complain(error)
        return MISUSE
    except WatchError as error:
        complain(error if error.misuse else f"{arguments.workload} with {arguments.strategy} failed: {error}")
        return MISUSE if error.misuse else FAILED
    except ServerError as error:
        complain(error)
        return FAILED
