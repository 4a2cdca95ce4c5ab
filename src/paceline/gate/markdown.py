"""
A judged sitting as Markdown, for the summary of a CI job: what matters on top, how it was measured folded away.
"""

import shlex
from collections.abc import Iterable, Iterator

from paceline.gate import sentences
from paceline.gate.concluding import conclusion
from paceline.gate.outcome import Outcome
from paceline.gate.record import Sitting
from paceline.report import figures
from paceline.report.escaping import code, text

_LOUD = ("slower", "not comparable")
_ALIGNED = "| --- | ---: | ---: | ---: | ---: | ---: | --- |"


def markdown(sitting: Sitting, outcome: Outcome) -> str:
    """
    Write a judged sitting as GitHub's Markdown; no name in it can break a table or become markup.
    """
    blocks = [
        f"## paceline ab: {outcome.verdict.upper() if outcome.verdict in _LOUD else outcome.verdict}",
        text(conclusion(outcome)),
        text(sentences.sides(sitting)),
        *(["\n".join(_table(outcome))] if outcome.cells else []),
        *_listed(_explained(outcome)),
        _canary(outcome),
        *_listed(map(text, [*filter(None, [sentences.libraries(sitting)]), *sitting.notes])),
        *_left_out(sitting),
        _folded("How it was measured", _how(sitting)),
    ]
    return "\n\n".join(blocks) + "\n"


def _table(outcome: Outcome) -> Iterator[str]:
    yield f"| {' | '.join(sentences.COLUMNS)} |"
    yield _ALIGNED
    for cell, name in zip(outcome.cells, _short(outcome), strict=True):
        _, *words, verdict = sentences.row(cell, name)
        yield f"| {' | '.join([code(name), *words, verdict if verdict == 'same' else f'**{verdict}**'])} |"


def _short(outcome: Outcome) -> list[str]:
    return sentences.short([cell.fullname for cell in outcome.cells])


def _explained(outcome: Outcome) -> Iterator[str]:
    """
    Say why a cell is not the same, and what was counted otherwise.
    """
    names = {cell.fullname: code(name) for cell, name in zip(outcome.cells, _short(outcome), strict=True)}
    for cell in outcome.cells:
        if cell.verdict != "same":
            yield f"{names[cell.fullname]}: {text(cell.why)}"
    for fullname, change in sentences.changed_counts(outcome.cells):
        yield f"{text(change)} in {names[fullname]}; compared exactly"


def _canary(outcome: Outcome) -> str:
    moved, said = sentences.canary(outcome)
    return f"**{text(said)}**" if moved else text(said)


def _left_out(sitting: Sitting) -> Iterator[str]:
    reasons = sentences.by_reason(sitting.left_out)
    items = (f"{', '.join(map(code, names))}: {text(why)}" for why, names in reasons.items())
    if reasons:
        many = f"{len(sitting.left_out)} {'cell' if len(sitting.left_out) == 1 else 'cells'} left out"
        yield _folded(many, "\n".join(f"- {item}" for item in items))


def _how(sitting: Sitting) -> str:
    sides = ["--baseline", sitting.baseline.typed, "--candidate", sitting.candidate.typed]
    command = shlex.join(["paceline", "ab", *sides, *(["--", *sitting.arguments] if sitting.arguments else [])])
    terms = f"Begun {sitting.datetime}, tolerance {figures.percent(sitting.tolerance)}."
    return f"{text(sentences.measured(sitting))}.\n{text(terms)}\n\n```sh\n{figures.plain(command)}\n```"


def _listed(items: Iterable[str]) -> list[str]:
    lines = [f"- {item}" for item in items]
    return ["\n".join(lines)] if lines else []


def _folded(title: str, body: str) -> str:
    """
    Hide Markdown behind a title; the empty lines are what makes GitHub read it as Markdown.
    """
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
