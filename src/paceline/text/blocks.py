"""What a command answers, in blocks, and their two writers: for a terminal, and as GitHub's Markdown."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.console import RenderableType
from rich.text import Text

from paceline.text import formats
from paceline.text.formats import Name, plain

WIDTH = 118  # columns; sentences are folded here, where a log viewer would cut them


class Sentence:
    """Words in a row; a `Name` among them is code in Markdown, and a style that is bold is so there too."""

    def __init__(self, *parts: str, style: str = "") -> None:
        self.parts, self.style = parts, style


@dataclass(frozen=True)
class Listing:
    """Sentences in lines of their own, below one that leads to them if there is one."""

    items: Sequence[Sentence]
    lead: Sentence | None = None


@dataclass(frozen=True)
class Grid:
    """A table, whose first column holds names."""

    columns: Sequence[str]  # the headers; below "verdict" and "marks" stand words, below others figures
    rows: Sequence[Sequence[str]]  # shape (n, columns)
    title: str = ""  # a line or more above it
    styles: Mapping[str, str] = field(default_factory=dict)  # of verdicts; one that is not dim is bold in Markdown


@dataclass(frozen=True)
class Details:
    """What Markdown folds away below a title, and a terminal does not show."""

    title: str
    blocks: Sequence["Block"]


@dataclass(frozen=True)
class Command:
    """What to type, in a shell's words."""

    line: str


@dataclass(frozen=True)
class Only:
    """What only one of the writers shows."""

    where: Literal["terminal", "markdown"]
    block: "Block"


Block = Sentence | Listing | Grid | Details | Command | Only


@dataclass(frozen=True)
class Answer:
    """All that a command answers; Markdown begins with the conclusion, a terminal ends with it."""

    heading: str
    conclusion: Sentence
    blocks: Sequence[Block]


def naming(names: Iterable[str], most: int) -> list[str]:
    """Return parts of a sentence that name the first few, and say how many there are beside them."""
    every = list(names)
    parts = [part for name in every[:most] for part in (", ", Name(name))][1:]
    return [*parts, f" and {len(every) - most} more"] if len(every) > most else parts


def terminal(answer: Answer) -> list[RenderableType]:
    """Lay an answer out for `paceline.text.formats.render`."""
    return [made for block in (*answer.blocks, answer.conclusion) for made in _laid_out(block)]


def _laid_out(block: Block) -> Iterator[RenderableType]:
    match block:
        case Sentence():
            yield _folded(block)
        case Listing():
            yield from map(_folded, [block.lead] if block.lead and block.items else [])
            yield from (_folded(item, "  " if block.lead else "") for item in block.items)
        case Grid():
            yield _table(block)
        case Only(where="terminal"):
            yield from _laid_out(block.block)


def _folded(sentence: Sentence, indent: str = "") -> Text:
    lines = textwrap.wrap(
        indent + plain("".join(sentence.parts)),
        WIDTH,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return Text("\n".join(lines), style=sentence.style)


def _table(grid: Grid) -> RenderableType:
    made = formats.table(grid.columns, left=1)
    for row in grid.rows:
        made.add_row(*(Text(plain(word), "" if isinstance(word, Name) else grid.styles.get(word, "")) for word in row))
    return formats.titled("\n".join(map(plain, grid.title.split("\n"))), made) if grid.title else made


def markdown(answer: Answer) -> str:
    """Write an answer as GitHub's Markdown; no name in it can break a table or become markup."""
    blocks = [f"## {answer.heading}", formats.text(*answer.conclusion.parts), *map(_written, answer.blocks)]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _written(block: Block) -> str:
    made = ""
    match block:
        case Sentence():
            made = formats.text(*block.parts)
            made = f"**{made}**" if block.style.startswith("bold") else made
        case Listing():
            items = "\n".join(f"- {_written(item)}" for item in block.items)
            made = f"{_written(block.lead)}\n\n{items}" if block.lead and items else items
        case Grid():
            made = "\n".join(_rows(block))
        case Command():
            made = f"```sh\n{plain(block.line)}\n```"
        case Details():
            body = "\n\n".join(filter(None, map(_written, block.blocks)))
            made = f"<details><summary>{block.title}</summary>\n\n{body}\n\n</details>"
        case Only(where="markdown"):
            made = _written(block.block)
    return made


def _rows(grid: Grid) -> Iterator[str]:
    if grid.title:
        yield f"**{formats.text(' '.join(grid.title.split()))}**\n"
    words = [not place or column in formats.WORDS for place, column in enumerate(grid.columns)]
    yield f"| {' | '.join(grid.columns)} |"
    yield f"| {' | '.join('---' if left else '---:' for left in words)} |"
    for row in grid.rows:
        yield f"| {' | '.join(_cell(grid, column, word) for column, word in zip(grid.columns, row, strict=True))} |"


def _cell(grid: Grid, column: str, word: str) -> str:
    if column == "verdict":
        return word if grid.styles[word] == "dim" else f"**{word}**"
    return formats.text(word) if isinstance(word, Name) or column in formats.WORDS else word
