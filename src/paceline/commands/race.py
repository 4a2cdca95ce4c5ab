"""`paceline race`, from what was typed to its exit status."""

import argparse
import sys
from argparse import Namespace
from pathlib import Path

from paceline.commands import FAILED, MISUSE
from paceline.commands.shared import complain, seed
from paceline.race import choosing, output, racing
from paceline.race.judging import Race
from paceline.race.output import ItemsError
from paceline.race.racing import LostError, TooLongError, Wish
from paceline.text import numbers
from paceline.text.formats import render
from paceline.text.progress import progress
from paceline.workloads.call import Call, NoSuchFunctionError

SUMMARY = "find the strategy for a function of your own"
EPILOG = """The function is called with one item at a time; its module may be in the current directory.
It ends with status 1 if the function fails or no strategy can run it.

examples:
  paceline race shop:price                          with the items 0 to 31
  paceline race shop:price --items urls.txt         with the lines of a file, or the values of a JSON array
  paceline race shop:price --workers 32 --strategy threads --strategy asyncio
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("function", metavar="MODULE:FUNCTION", help="blocking or async; called with an item")
    items = parser.add_mutually_exclusive_group()
    items.add_argument("--items", type=Path, metavar="FILE", help="an item a line, or a JSON array if it ends in .json")
    items.add_argument(
        "--count", type=numbers.positive, metavar="N", help="the items 0 to N-1 (default: 32, fewer if they are long)"
    )
    parser.add_argument(
        "--workers",
        type=numbers.positive,
        metavar="N",
        help="items under way at once (default: 10 if it waits, else one per CPU)",
    )
    parser.add_argument(
        "--rounds", type=numbers.positive, metavar="N", help="default: 5, fewer if that takes over a minute"
    )
    parser.add_argument(
        "--strategy", action="append", default=[], metavar="NAME", help="only this one; repeat for more"
    )
    parser.add_argument(
        "--timeout",
        type=numbers.timeout,
        default=60.0,
        metavar="SECONDS",
        help="for one step: an import, an item, a start, a round (default: 60, more for a long round)",
    )
    parser.add_argument("--seed", type=numbers.whole, metavar="N", help="order within each turn (default: a new one)")
    parser.add_argument("--json", action="store_true", help="write JSON in place of the table")


def run(arguments: Namespace) -> int:
    """Race the strategies with a function, and say which to use.

    Returns:
        The exit status: 0 with a recommendation, 1 if the function fails or nothing can run it, 2 for a misuse.
    """
    try:
        wish = _wish(arguments)
        with progress() as reporter:
            ended = racing.race(wish, racing.probe(wish, reporter), reporter)
    except (ItemsError, NoSuchFunctionError, TooLongError, UnknownStrategyError) as error:
        complain(error)
        return MISUSE
    except LostError as lost:
        complain(lost if lost.misuse else f"{arguments.function} {lost.verdict}: {lost}")
        return MISUSE if lost.misuse else FAILED
    _show(ended, as_json=arguments.json)
    return 0 if ended.recommendation().strategy else FAILED


class UnknownStrategyError(ValueError):
    """There is no strategy of that name."""


def _wish(arguments: Namespace) -> Wish:
    """Make sense of what was typed.

    Raises:
        ItemsError: if the file holds none.
        NoSuchFunctionError: if the name can't be one.
        UnknownStrategyError: if a strategy's name isn't one.
    """
    for name in arguments.strategy:
        if name not in choosing.NAMES:
            raise UnknownStrategyError(f"there is no strategy {name!r}; there are: {', '.join(choosing.NAMES)}")
    chosen = output.read(arguments.items) if arguments.items else range(arguments.count or output.DEFAULT_COUNT)
    return Wish(
        function=Call(arguments.function).function,
        items=chosen,
        all_items=bool(arguments.items or arguments.count),
        workers=arguments.workers,
        rounds=arguments.rounds,
        strategies=arguments.strategy,
        timeout=arguments.timeout,
        seed=seed(arguments.seed),
    )


def _show(ended: Race, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(output.as_json(ended) + "\n")
    else:
        render(output.tables(ended))
