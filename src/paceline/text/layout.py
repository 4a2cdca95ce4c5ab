"""Tables at a terminal and in a pipe, and text that Markdown takes as it is."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import IO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from paceline.text import formats

_WIDEST = 100_000  # columns; room enough to ask a table how wide it wants to be


def table(columns: Sequence[str], *, left: int) -> Table:
    """Start a table in the house's look.

    Args:
        columns: the headers; a line break in one gives it a second line.
        left: how many columns, from the first, hold words; figures after them stand on the right.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, column in enumerate(columns):
        words = place < left or column.rpartition("\n")[2] in ("", "marks")
        made.add_column(Text(column), justify="left" if words else "right", no_wrap=True)
    return made


def titled(title: str, made: Table) -> Group:
    """Put a line above a table; a title of the table's own would be wrapped to its width."""
    return Group(Text(title, style="bold"), made)


def row(made: Table, words: Iterable[str]) -> None:
    """Add a row of plain text: nothing in it is taken for markup."""
    made.add_row(*(Text(word) for word in words))


def render(renderables: Iterable[RenderableType], file: IO[str] | None = None, width: int | None = None) -> None:
    """Print tables and sentences, a blank line between them: plain text in a pipe, colours at a terminal.

    Lines are as long as they need to be, never wrapped and never cut. Where the stream's encoding is not UTF-8, all of
    it is ASCII.

    Args:
        file: standard output if not given.
        width: columns to use at least.
    """
    stream = file or sys.stdout
    parts = list(renderables)
    terminal = stream.isatty()
    console = Console(file=stream, force_terminal=terminal, highlight=False, markup=False, emoji=False, width=_WIDEST)
    needed = [Measurement.get(console, console.options, part).maximum for part in parts]
    console.width = max([width or 0, 1, *needed])
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
    harmless = formats.plain(name)
    if _SIMPLE.fullmatch(harmless):
        return f"`{harmless}`"
    return f"<code>{_LETTERS.sub(lambda found: _entity(found[0]), harmless)}</code>"


def text(sentence: str) -> str:
    """Write a sentence so that nothing in it is taken for markup, at the beginning of a paragraph too."""
    escaped = _MARKUP.sub(lambda found: _escaped(found[0]), formats.plain(sentence).strip())
    return _NUMBERED.sub(r"\1\\\2", escaped)


def _escaped(letter: str) -> str:
    if letter in _BY_A_SLASH:
        return f"\\{letter}"
    if letter in "/.":
        return f"{_APART}{letter}"
    return f"{_entity(letter)}{_APART}" if letter in "@#" else _entity(letter)


def _entity(letter: str) -> str:
    return f"&#{ord(letter)};"
