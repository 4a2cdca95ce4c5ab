"""A report as Markdown, for the step summary of a CI job on GitHub: every figure in words and as a table."""

from collections.abc import Iterator, Sequence

from paceline.report.model import Figure, Report, Section, Table
from paceline.text.layout import text

MOST = 1_000_000  # bytes; GitHub refuses the summary of a step over 1 MiB

_ROOM = 500  # bytes, for the sentence that says what is left out
_FIGURE = "### "  # begins its heading
_LONG = 20  # rows; a longer table is folded away


def markdown(report: Report, most: int = MOST) -> str:
    """Write a report as GitHub's Markdown; nothing in it can break a table or become markup.

    Args:
        report: what it says.
        most: how many bytes it may have; what comes after is left out, and a sentence says so.
    """
    blocks = [block for block in _blocks(report) if block]
    kept: list[str] = []
    size = 0
    for block in blocks:
        size += len(block.encode()) + 2
        if size > most - _ROOM:
            break
        kept.append(block)
    return "\n\n".join([*kept, *_left_out(blocks[len(kept) :], report)]) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    yield f"# {text(report.title)}"
    yield from (f"**{text(line)}**" for line in report.loud)
    if report.made:
        yield _listed(report.made)
    for section in report.sections:
        yield from _section(section, several=report.several)


def _section(section: Section, *, several: bool) -> Iterator[str]:
    yield f"## {text(section.title)}"
    if section.lead:
        yield text(section.lead)
    for row in section.rows:
        for figure in row:
            yield from _figure(figure, several=several)
    yield from map(text, section.missing)


def _figure(figure: Figure, *, several: bool) -> Iterator[str]:
    column = f" ({text(figure.column)})" if several and figure.column else ""
    yield f"{_FIGURE}{text(figure.title)}{column}"
    yield text(figure.says)
    if figure.setting:
        yield text(figure.setting)
    if figure.source:
        yield f"From {text(figure.source)}."
    if figure.doubts:
        yield _listed(figure.doubts)
    if figure.table:
        yield _table(figure.table)


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {text(line)}" for line in lines)


def _table(table: Table) -> str:
    """Write a table, a long one folded away; the empty lines are what makes GitHub read it as Markdown."""
    aligned = [" --- " if place < table.left else " ---: " for place in range(len(table.columns))]
    lines = [_line(table.columns), f"|{'|'.join(aligned)}|", *map(_line, table.rows)]
    whole = "\n".join(lines)
    if len(table.rows) <= _LONG:
        return whole
    return f"<details><summary>{len(table.rows)} rows</summary>\n\n{whole}\n\n</details>"


def _line(words: Sequence[str]) -> str:
    return f"| {' | '.join(map(text, words))} |"


def _left_out(blocks: Sequence[str], report: Report) -> list[str]:
    """Return how much is missing at the end."""
    if not blocks:
        return []
    missing = sum(block.startswith(_FIGURE) for block in blocks)
    said = f"Left out, as GitHub takes no more than 1 MiB: {missing} of {len(report.figures)} figures"
    return [f"**{said}, and what belongs to the one before.**"]
