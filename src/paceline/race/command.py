"""`paceline race`, from what was typed to its exit status."""

import random
import sys
from argparse import Namespace
from collections.abc import Callable

from paceline.race import choosing, document, items, racing, showing
from paceline.race.child import LostError
from paceline.race.items import ItemsError
from paceline.race.outcome import Race
from paceline.race.progress import telling
from paceline.race.racing import TooLongError, Wish
from paceline.report.layout import render
from paceline.workloads.call import Call, NoSuchFunctionError

FAILED = 1
MISUSE = 2


def race(arguments: Namespace, complain: Callable[[object], None]) -> int:
    """Race the strategies with a function, and say which to use.

    Returns:
        The exit status: 0 with a recommendation, 1 if the function fails or nothing can run it, 2 for a misuse.
    """
    try:
        wish = _wish(arguments)
        with telling() as progress:
            ended = racing.race(wish, racing.probe(wish, progress), progress)
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
    chosen = items.read(arguments.items) if arguments.items else range(arguments.count or items.DEFAULT_COUNT)
    return Wish(
        function=Call(arguments.function).function,
        items=chosen,
        all_items=bool(arguments.items or arguments.count),
        workers=arguments.workers,
        rounds=arguments.rounds,
        strategies=arguments.strategy,
        timeout=arguments.timeout,
        seed=random.randrange(2**32) if arguments.seed is None else arguments.seed,  # noqa: S311 - an order, no secret
    )


def _show(ended: Race, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(document.as_json(ended) + "\n")
    else:
        render(showing.tables(ended))
