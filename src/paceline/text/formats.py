"""How numbers, durations and sizes are written, and tables, at a terminal, in a pipe and in Markdown."""

import math
import re
import sys
from collections.abc import Iterable, Sequence
from typing import IO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from paceline.text.numbers import is_number

NOTHING = "-"  # what stands where there is no figure
TOO_FEW = "too few pairs for an interval"  # what stands where there is no interval of a comparison
_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_SIZES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_LONG = 36_000  # seconds
_MINUTE = 60  # seconds
_ROUNDS_UP = 0.9995  # from here on, three digits of the smaller unit would read 1000


def seconds(value: float | None) -> str:
    """Write a time with three digits and the unit that fits: "8.34 s", "332 ms", "45.6 us"."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0 s"
    unit, name = next(((unit, name) for unit, name in _TIMES if abs(value) >= unit * _ROUNDS_UP), _TIMES[-1])
    return f"{digits(value / unit)} {name}"


def duration(value: float) -> str:
    """Write a time to wait, in whole seconds: "45 s", "1 min 20 s"; from ten hours on, in those."""
    if value >= _LONG:
        return f"{value / 3600:,.0f} h"
    minutes, rest = divmod(max(0, round(value)), _MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def setting(value: float) -> str:
    """Write a time that was chosen, without digits that were not given: "20 ms"."""
    unit, name = next(((unit, name) for unit, name in _TIMES if abs(value) >= unit * _ROUNDS_UP), _TIMES[0])
    return f"{value / unit:.6g} {name}"


def digits(value: float) -> str:
    """Write a number with three digits, more before the point if it needs them, and never an exponent."""
    places = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0  # noqa: PLR2004  # where rounding adds a digit
    return f"{value:.{places}f}"


def percent(fraction: float | None) -> str:
    """Write a fraction as per cent, with a decimal below 10 %."""
    if fraction is None or not math.isfinite(fraction):
        return NOTHING
    value = fraction * 100
    return f"{value:.{1 if abs(value) < 9.95 else 0}f} %"  # noqa: PLR2004  # where rounding adds a digit


def change(ratio: float) -> str:
    """Write how far a ratio is from 1, with its sign: "+3.2 %"."""
    return f"{(ratio - 1) * 100:+.1f} %" if math.isfinite(ratio) else NOTHING


def between(low: float | None, high: float | None, *, to: str = " to ", otherwise: str = NOTHING) -> str:
    """Write an interval of a ratio as changes, "+1.2 % to +3.4 %", or what stands for an unknown one."""
    return otherwise if low is None or high is None else f"{change(low)}{to}{change(high)}"


def times(factor: float | None) -> str:
    """Write a speedup: "7.29x"."""
    return NOTHING if factor is None or not math.isfinite(factor) else f"{digits(factor)}x"


def size(number: int) -> str:
    """Write a number of bytes: "64 KiB", or "1000 B" where no larger unit fits evenly."""
    return next((f"{number // unit} {name}" for unit, name in _SIZES if number and number % unit == 0), f"{number} B")


def binary(number: float | None) -> str:
    """Write a measured number of bytes with three digits and the unit that fits: "41.0 KiB", "3.03 MiB"."""
    if number is None:
        return NOTHING
    unit, name = next(((unit, name) for unit, name in _SIZES[1:] if abs(number) >= unit), (1, "B"))
    return f"{digits(number / unit)} {name}"


def many(count: int, what: str) -> str:
    """Write how many there are of something: "1 cell", "2,000 cells"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def named(name: str, value: object) -> str:
    """Write a figure that an experiment added; its name says whether it is in seconds or bytes."""
    if not is_number(value):
        return NOTHING
    number = float(value)
    if "seconds" in name:
        return seconds(number)
    if "bytes" in name:
        return f"{digits(number / 2**20)} MiB"
    return f"{number:,.0f}" if abs(number) >= 1000 else digits(number)  # noqa: PLR2004  # where three digits end


def plain(text: object) -> str:
    """Make text from a file harmless: what is not printable stands escaped, so no file can steer a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in str(text))


WORDS = ("verdict", "marks")  # the columns, beside the first ones, that hold words
_WIDEST = 100_000  # columns; room enough to ask a table how wide it wants to be


def table(columns: Sequence[str], *, left: int) -> Table:
    """Start a table in the house's look; a line break in a header gives it a second line.

    The first `left` columns hold words; figures after them stand on the right.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, column in enumerate(columns):
        words = place < left or column.rpartition("\n")[2] in ("", *WORDS)
        made.add_column(Text(column), justify="left" if words else "right", no_wrap=True)
    return made


def titled(title: str, made: Table) -> Group:
    """Put a line above a table; a title of the table's own would be wrapped to its width."""
    return Group(Text(title, style="bold"), made)


def row(made: Table, words: Iterable[str]) -> None:
    """Add a row of plain text: nothing in it is taken for markup."""
    made.add_row(*(Text(word) for word in words))


def render(renderables: Iterable[RenderableType], file: IO[str] | None = None) -> None:
    """Print tables and sentences, a blank line between them: plain text in a pipe, colours at a terminal.

    Lines are as long as they need to be, never wrapped and never cut. Where the stream's encoding is not UTF-8, all of
    it is ASCII.
    """
    stream = file or sys.stdout
    parts = list(renderables)
    terminal = stream.isatty()
    console = Console(file=stream, force_terminal=terminal, highlight=False, markup=False, emoji=False, width=_WIDEST)
    needed = [Measurement.get(console, console.options, part).maximum for part in parts]
    console.width = max([1, *needed])
    with console.capture() as captured:
        for place, part in enumerate(parts):
            if place and not (isinstance(part, Text) and isinstance(parts[place - 1], Text)):
                console.print()
            console.print(part)
    stream.write(_fit(captured.get(), stream, terminal=terminal))


def _fit(text: str, stream: IO[str], *, terminal: bool) -> str:
    if not terminal:
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    encoding = stream.encoding or "utf-8" if hasattr(stream, "encoding") else "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


_MARKUP = re.compile(
    r"[\\`*{}\[\]<|~#&@$]|^[>=]|^[+-](?![\d.])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=:)/(?=/)|(?<=www)\.",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")  # which begins a list
_BY_A_SLASH = "\\`*{}[]~_$=+-"
_APART = "&#8203;"  # a space without width, as GitHub looks for people, issues and addresses in what is read
_SIMPLE = re.compile(r"[\w\[\]().,:/=+ -]+", re.ASCII)
_LETTERS = re.compile(r"[^A-Za-z0-9 .,;()/=+%-]|(?<=[wW])\.")


def code(name: str) -> str:
    """Write a name in the letters of code, whatever is in it, inside of a table too."""
    harmless = plain(name)
    if _SIMPLE.fullmatch(harmless):
        return f"`{harmless}`"
    return f"<code>{_LETTERS.sub(lambda found: _entity(found[0]), harmless)}</code>"


class Name(str):
    """A name in a sentence, which Markdown sets as code."""

    __slots__ = ()


def text(*parts: str) -> str:
    """Write a sentence so that nothing in it is taken for markup, at the beginning of a paragraph too."""
    first, *rest = parts
    words = [first if isinstance(first, Name) else plain(first).lstrip(), *rest]
    return _NUMBERED.sub(r"\1\\\2", "".join(map(_harmless, words)).strip())


def _harmless(part: str) -> str:
    return code(part) if isinstance(part, Name) else _MARKUP.sub(lambda found: _escaped(found[0]), plain(part))


def _escaped(letter: str) -> str:
    if letter in _BY_A_SLASH:
        return f"\\{letter}"
    if letter in "/.":
        return f"{_APART}{letter}"
    return f"{_entity(letter)}{_APART}" if letter in "@#" else _entity(letter)


def _entity(letter: str) -> str:
    return f"&#{ord(letter)};"
