"""
A judged sitting as people read it at a terminal, in a pipe or in a log: a table, and sentences.
"""

import textwrap
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from paceline.gate import sentences
from paceline.gate.concluding import SOME, conclusion
from paceline.gate.outcome import Outcome
from paceline.gate.record import Sitting
from paceline.report import figures
from paceline.report.layout import table, titled

STYLES = {"slower": "bold red", "faster": "green", "same": "dim", "unknown": "yellow"}
OVERALL = {"slower": "bold red", "not comparable": "bold red", "unknown": "bold yellow", "not slower": "bold green"}
_FOOTNOTE = "slower, faster: a change beyond it, in fresh pairs again; same: the interval lies within it"
WIDTH = 118  # columns; sentences are folded here, where a log viewer would cut them


def tables(sitting: Sitting, outcome: Outcome) -> list[RenderableType]:
    """
    Lay out a judged sitting, for `paceline.report.layout.render`.

    Returns:
        What was compared, the table of the cells, why those that are not the same got their verdicts, what was counted
        otherwise, the canary, what was left out, and at the end the verdict on all of it.
    """
    return [
        _folded(sentences.sides(sitting)),
        _folded(sentences.measured(sitting)),
        *([_cells(outcome)] if outcome.cells else []),
        *_explained(outcome),
        _canary(outcome),
        *(_folded(sentence) for sentence in _beside(sitting)),
        *([Text(f"tolerance {figures.percent(sitting.tolerance)}; {_FOOTNOTE}", style="dim")] if outcome.cells else []),
        _folded(conclusion(outcome), OVERALL[outcome.verdict]),
    ]


def _cells(outcome: Outcome) -> RenderableType:
    made = table(sentences.COLUMNS, left=1)
    made.columns[-1].justify = "left"
    fullnames = [cell.fullname for cell in outcome.cells]
    for cell, name in zip(outcome.cells, sentences.short(fullnames), strict=True):
        *words, verdict = sentences.row(cell, figures.plain(name))
        made.add_row(*map(Text, words), Text(verdict, style=STYLES[cell.verdict]))
    file = sentences.shared_file(fullnames).removesuffix("::")
    return titled(figures.plain(file), made) if file else made


def _explained(outcome: Outcome) -> Iterator[Text]:
    """
    Say why a cell is not the same, and what was counted otherwise.
    """
    names = dict(zip(*_both_names(outcome), strict=True))
    for cell in outcome.cells:
        if cell.verdict != "same":
            yield _folded(f"{names[cell.fullname]}: {cell.why}")
    for fullname, change in sentences.changed_counts(outcome.cells):
        yield _folded(f"{change} in {names[fullname]}; compared exactly")


def _both_names(outcome: Outcome) -> tuple[list[str], list[str]]:
    fullnames = [cell.fullname for cell in outcome.cells]
    return fullnames, sentences.short(fullnames)


def _canary(outcome: Outcome) -> Text:
    moved, said = sentences.canary(outcome)
    return _folded(said, "bold red" if moved else "")


def _beside(sitting: Sitting) -> Iterator[str]:
    """
    Say what the sides differ in beside the code, what was left out and why, and the notes.
    """
    yield from filter(None, [sentences.libraries(sitting)])
    for why, names in sentences.by_reason(sitting.left_out).items():
        yield f"left out: {sentences.some(names, SOME)} ({why})"
    yield from sitting.notes


def _folded(sentence: str, style: str = "") -> Text:
    """
    Make a sentence harmless, and give it more lines where one is too long for a log.
    """
    lines = textwrap.wrap(
        figures.plain(sentence), WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return Text("\n".join(lines), style=style)
