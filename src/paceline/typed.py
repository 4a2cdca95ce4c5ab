"""
What several commands can be told in the same way, for argparse.
"""

import argparse
import math
from pathlib import Path


def results(parser: argparse.ArgumentParser) -> None:
    """
    Add the folder of the saved runs.
    """
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="default: %(default)s")


def whole(text: str) -> int:
    """
    Read a whole number of 1 or more.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not (text.isascii() and text.isdigit()) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """
    Read seconds, above 0.

    Raises:
        ArgumentTypeError: they are none.
    """
    return above_zero(text, "time; give seconds, above 0")


def above_zero(text: str, wanted: str = "number above 0") -> float:
    """
    Read a finite number above 0.

    Args:
        text: as typed.
        wanted: what it should be.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no {wanted}")
    return value
