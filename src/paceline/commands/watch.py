"""`paceline watch`: which worker does which item, live; and what all commands that run one round share."""

import argparse
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

from rich.text import Text

from paceline import machine
from paceline.commands import FAILED, MisuseError
from paceline.commands.shared import complain, strategy_named
from paceline.contracts import Option, Workload
from paceline.server.process import ServerError, lacking
from paceline.server.service import Service, read_jitter
from paceline.text import numbers
from paceline.text.formats import many, plain, render, setting
from paceline.watch.following import Followed, WatchError, WatchRequest, rounds
from paceline.watch.inside import Ended, Ran
from paceline.watch.output import Numbers, summary
from paceline.workers.spans import Forgotten, Opened, Span
from paceline.workloads import Call, Compute, Fetch, Mixed
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


LATENCY = 0.05  # seconds: slow enough to be watched
CPU_SECONDS = 0.01
STEPS = 200_000
SIZE = 1024  # bytes of an answer
WAITING_WORKERS = 4  # as in the lesson
ITEMS = 40

SERVED = ("latency", "jitter", "instrument-python")
TAKES = {"downloads": SERVED, "computing": ("n",), "mixed": (*SERVED, "cpu")}
"""Workload -> the options that are for it."""


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
    add(
        "--instrument-python",
        type=Path,
        metavar="PATH",
        help="the Python that runs the server, with the same Paceline (default: this one)",
    )


def run(arguments: Namespace) -> int:
    """Show one strategy at work, live; return 0 after a whole round, 1 if it can't be run here or fails."""

    def show(request: WatchRequest) -> int:
        with rounds(request) as (records, _):
            _show(request, records)
        return 0

    return attempt(arguments, show)


def _show(request: WatchRequest, records: Iterable[Followed]) -> None:
    """Show each record as it comes, and at the end what they come to."""
    opened: list[Opened] = []
    spans: list[Span] = []
    warm = False
    numbers = Numbers(request.strategy.workers)
    try:
        for record in records:
            match record:
                case Opened():
                    if not opened:
                        _introduce(request)
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
                    complain_of_end(request, ended)
    finally:
        numbers.finish()


def _introduce(request: WatchRequest) -> None:
    """Report what is to be seen, once the workers are there."""
    strategy = request.strategy
    what = f"{strategy.name}, {many(strategy.workers, 'worker')}, {request.items} {request.what}"
    render([Text(plain(f"{what}: who did each, as they complete, after a warm-up round"), style="bold")])
    sys.stdout.write("\n")
    sys.stdout.flush()


def complain_of_end(request: WatchRequest, ended: Ended) -> None:
    """Complain where the workers did not end well."""
    if ended.trouble:
        complain(f"{request.strategy.name} did not end in good order after the round: {ended.trouble}")


def attempt(arguments: Namespace, act: Callable[[WatchRequest], int]) -> int:
    """Make sense of what was typed and act on it; what goes wrong becomes a sentence.

    Returns:
        The exit status: what `act` returns, 1 if the strategy can't be run here or fails.

    Raises:
        MisuseError: what was typed makes no sense.
    """
    try:
        request = watch_request(arguments)
        if why := request.strategy.unavailable():
            complain(f"{request.strategy.name} can't run here: {why}")
            return FAILED
        if request.served and not request.server_python and (why := lacking()):
            complain(f"{why}; --instrument-python=PATH names one that has them")
            return FAILED
        return act(request)
    except NoSuchFunctionError as error:
        raise MisuseError(str(error)) from error
    except WatchError as error:
        if error.misuse:
            raise MisuseError(str(error)) from error
        complain(f"{arguments.workload} with {arguments.strategy} failed: {error}")
        return FAILED
    except ServerError as error:
        complain(error)
        return FAILED


def watch_request(arguments: Namespace) -> WatchRequest:
    """Make sense of what was typed.

    Raises:
        MisuseError: if there is none in it.
    """
    chosen = strategy_named(arguments.strategy)
    _check_options(arguments)
    what, served, made = _work(arguments)
    workers = arguments.workers or (machine.whole_cpus() if arguments.workload == "computing" else WAITING_WORKERS)
    try:
        strategy = chosen(made(""), workers, **dict(map(_option, arguments.option)))
    except (TypeError, ValueError) as error:
        raise MisuseError(str(error)) from None
    items, python = arguments.items or ITEMS, arguments.instrument_python
    return WatchRequest(strategy, items, what, served, made, arguments.timeout, python)


def _check_options(arguments: Namespace) -> None:
    takes = TAKES.get(arguments.workload, ())
    for name in dict.fromkeys(chain.from_iterable(TAKES.values())):
        if getattr(arguments, name.replace("-", "_")) is not None and name not in takes:
            fit = " and ".join(workload for workload, taken in TAKES.items() if name in taken)
            raise MisuseError(f"--{name} is for {fit}; {arguments.workload} has no use for it")


def _work(arguments: Namespace) -> tuple[str, bool, Callable[[str], Workload]]:
    """Return what the items are, whether a server serves them, and how their workload is made of its URL."""
    match arguments.workload:
        case "computing":
            steps = arguments.n or STEPS
            return f"computations of {steps} squares", False, lambda _: Compute("squares", steps)
        case "downloads":
            what, fetch = _downloads(arguments)
            return what, True, fetch
        case "mixed":
            (what, fetch), cpu = _downloads(arguments), CPU_SECONDS if arguments.cpu is None else arguments.cpu
            return f"{what}, then {setting(cpu)} of computing", True, lambda url: Mixed(fetch(url), cpu)
        case name if ":" in name:
            return f"calls of {name}", False, lambda _: Call(name)
        case name:
            raise MisuseError(f"there is no workload {name!r}; there are: {', '.join(TAKES)}, module:function")


def _downloads(arguments: Namespace) -> tuple[str, Callable[[str], Fetch]]:
    latency = LATENCY if arguments.latency is None else arguments.latency
    try:
        jitter = read_jitter("jitter", arguments.jitter) if arguments.jitter is not None else None
        query = Service(latency=latency, jitter=jitter, size=SIZE).query()
    except ValueError as error:
        raise MisuseError(str(error)) from None
    words = f" (jitter {arguments.jitter})" if arguments.jitter else ""
    return f"downloads of {setting(latency)}{words}", lambda url: Fetch(f"{url}/item/{{item}}?{query}", SIZE)


def _option(text: str) -> tuple[str, Option]:
    """Read NAME=VALUE; a value that reads as a number is one."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise MisuseError(f"--option {text}: write NAME=VALUE, as in chunksize=5")
    return name, int(value) if value.isascii() and value.isdigit() else value
