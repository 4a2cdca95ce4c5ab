"""`paceline race`: the strategy for a function of your own."""

import argparse
import contextlib
import json
from argparse import Namespace
from pathlib import Path

from paceline.commands import FAILED, INTERRUPTED, MisuseError
from paceline.commands.shared import complain, seed, strategy_named, write
from paceline.contracts import Item
from paceline.history.documents import other_form
from paceline.race import output, racing
from paceline.race.racing import LaneError, RaceRequest, TooLongError
from paceline.text import numbers
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


_COUNT = 32


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
        The exit status: 0 with a recommendation, 1 if the function fails or nothing can run it; 130 if Ctrl-C came
        after the rounds, whose table is written first.

    Raises:
        MisuseError: what was typed makes no sense.
    """
    try:
        request = _request(arguments)
        with progress() as reporter:
            ended = racing.race(request, racing.probe(request, reporter), reporter)
    except (NoSuchFunctionError, TooLongError) as error:
        raise MisuseError(str(error)) from error
    except LaneError as lost:
        if lost.misuse:
            raise MisuseError(str(lost)) from lost
        complain(f"{arguments.function} {lost.verdict}: {lost}")
        return FAILED
    write(output.race_text(ended), output.race_json(ended), as_json=arguments.json)
    if ended.interrupted:
        return INTERRUPTED
    return 0 if ended.recommendation().strategy else FAILED


def _request(arguments: Namespace) -> RaceRequest:
    """Make sense of what was typed.

    Raises:
        MisuseError: if the file holds no items, or a strategy's name isn't one.
        NoSuchFunctionError: if the name can't be one.
    """
    for name in arguments.strategy:
        strategy_named(name)
    return RaceRequest(
        function=Call(arguments.function).function,
        items=read_items(arguments.items) if arguments.items else range(arguments.count or _COUNT),
        all_items=bool(arguments.items or arguments.count),
        workers=arguments.workers,
        rounds=arguments.rounds,
        strategies=arguments.strategy,
        timeout=arguments.timeout,
        seed=seed(arguments.seed),
    )


def read_items(path: Path) -> list[Item]:
    """Read items from a file: the values of a JSON array if it ends in .json, else its lines, without blank ones.

    Raises:
        MisuseError: if it can't be read, or there are none in it.
    """
    try:
        text = _text(path, path.read_bytes())
    except OSError as error:
        raise MisuseError(f"{path} can't be read: {error.strerror or error}") from None
    found = _array(path, text) if path.suffix == ".json" else _lines(text)
    if not found:
        raise MisuseError(f"{path} holds no items; write one on each line, or a JSON array in a file ending in .json")
    return found


def _text(path: Path, data: bytes) -> str:
    with contextlib.suppress(UnicodeDecodeError):
        text = data.decode("utf-8-sig")
        if "\0" not in text:  # it decodes, but is UTF-16 without a mark, or no text
            return text
    raise MisuseError(f"{path} is {other_form(data) or 'not UTF-8 text; save it as UTF-8, uncompressed'}")


def _lines(text: str) -> list[Item]:
    """Split a text where an editor does: `splitlines` would at form feeds and more inside a line as well."""
    return [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


def _array(path: Path, text: str) -> list[Item]:
    try:
        found = json.loads(text)
    except RecursionError:
        raise MisuseError(f"{path} is nested too deeply; give flatter items") from None
    except ValueError as error:
        raise MisuseError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, list):
        raise MisuseError(f"{path} holds {type(found).__name__} where a JSON array of items is due")
    return found
