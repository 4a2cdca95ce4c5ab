"""`paceline watch`, from what was typed to its exit status."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable

from rich.text import Text

from paceline.observed import Forgotten, Opened, Span
from paceline.report.figures import many, plain
from paceline.report.layout import render
from paceline.watch.attempting import attempt, complain_of_end
from paceline.watch.following import Followed, rounds
from paceline.watch.messages import Ended, Ran
from paceline.watch.showing import Numbers, summary
from paceline.watch.wish import Wish


def watch(arguments: Namespace, complain: Callable[[object], None]) -> int:
    """Show one strategy at work, live.

    Returns:
        The exit status: 0 after a whole round, 1 if it can't be run here or fails, 2 for a misuse.
    """

    def show(wished: Wish) -> int:
        with rounds(wished) as (records, _):
            _show(wished, records, complain)
        return 0

    return attempt(arguments, complain, show)


def _show(wished: Wish, records: Iterable[Followed], complain: Callable[[object], None]) -> None:
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
                    complain_of_end(wished, ended, complain)
    finally:
        numbers.finish()


def _introduce(wished: Wish) -> None:
    """Report what is to be seen, once the workers are there."""
    strategy = wished.strategy
    what = f"{strategy.name}, {many(strategy.workers, 'worker')}, {wished.items} {wished.what}"
    render([Text(plain(f"{what}: who did each, as they complete, after a warm-up round"), style="bold")])
    sys.stdout.write("\n")
    sys.stdout.flush()
