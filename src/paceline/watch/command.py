"""
`paceline watch`, from what was typed to its exit status.
"""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from contextlib import closing

from rich.text import Text

from paceline.observed import Forgotten, Opened, Record, Span
from paceline.report.figures import plain
from paceline.report.layout import render
from paceline.server.process import ServerError
from paceline.watch.following import WatchError, fifo, followed
from paceline.watch.messages import Ran, Request
from paceline.watch.showing import Numbers, summary
from paceline.watch.wish import MisuseError, Wish, wish
from paceline.workloads.call import NoSuchFunctionError

FAILED = 1
MISUSE = 2


def watch(arguments: Namespace, complain: Callable[[object], None]) -> int:
    """
    Show one strategy at work, live.

    Returns:
        The exit status: 0 after a whole round, 1 if it can't be run here or fails, 2 for a misuse.
    """
    try:
        wished = wish(arguments)
        if why := wished.strategy.unavailable():
            complain(f"{wished.strategy.name} can't run here: {why}")
            return FAILED
        with wished.workload() as workload, fifo() as (log, reader):
            strategy = wished.strategy
            request = Request(strategy.name, workload, strategy.workers, strategy.chosen, wished.items, log)
            with closing(followed(request, reader)) as records:
                _show(wished, records)
    except (MisuseError, NoSuchFunctionError) as error:
        complain(error)
        return MISUSE
    except WatchError as error:
        complain(error if error.misuse else f"{arguments.workload} with {arguments.strategy} failed: {error}")
        return MISUSE if error.misuse else FAILED
    except ServerError as error:
        complain(error)
        return FAILED
    return 0


def _show(wished: Wish, records: Iterable[Record | Ran]) -> None:
    """
    Show each record as it comes, and at the end what they come to.
    """
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
    finally:
        numbers.finish()


def _introduce(wished: Wish) -> None:
    """
    Say what is to be seen, once the workers are there.
    """
    strategy = wished.strategy
    workers = f"{strategy.workers} worker{'' if strategy.workers == 1 else 's'}"
    what = f"{strategy.name}, {workers}, {wished.items} {wished.what}"
    render([Text(plain(f"{what}: who did each, as they complete, after a warm-up round"), style="bold")])
    sys.stdout.write("\n")
    sys.stdout.flush()
