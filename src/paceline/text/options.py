"""What several commands can be told in the same way, for argparse."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from paceline.text import numbers

T = TypeVar("T")


def results(parser: argparse.ArgumentParser) -> None:
    """Add the folder of the saved runs."""
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="default: %(default)s")


def option(read: Callable[[str], T]) -> Callable[[str], T]:
    """Let argparse, which pytest's options use too, show what a reader says of a text that is no number."""

    def typed(text: str) -> T:
        try:
            return read(text)
        except numbers.NumberError as error:
            raise argparse.ArgumentTypeError(f"{text!r} {error}") from None

    return typed


whole = option(partial(numbers.whole, least=1))
natural = option(numbers.whole)
above_zero = option(partial(numbers.number, above_zero=True))
seconds = option(numbers.seconds)
timeout = option(partial(numbers.seconds, above_zero=True))
size = option(numbers.size)
memory = option(partial(numbers.size, least=1))
bandwidth = option(numbers.bandwidth)
