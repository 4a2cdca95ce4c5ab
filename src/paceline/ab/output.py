"""A judged comparison as people read it, at a terminal or in Markdown, and as programs do, in JSON."""

import json
import shlex
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from paceline.ab import messages
from paceline.ab import why as reasons
from paceline.ab.judging import Judged, Outcome
from paceline.ab.messages import SOME, conclusion, counted
from paceline.ab.record import Comparison
from paceline.files import finite
from paceline.tables.verdicts import OVERALL, STYLES, shared_file, short, some
from paceline.text import formats
from paceline.text.layout import code, table, text, titled

_FOOTNOTE = "slower, faster: a change beyond it, in fresh pairs again; same: the interval lies within it"
WIDTH = 118  # columns; sentences are folded here, where a log viewer would cut them


def tables(comparison: Comparison, outcome: Outcome) -> list[RenderableType]:
    """Lay out a judged comparison, for `paceline.text.layout.render`.

    Returns:
        What was compared, the table of the cells, why those that are not the same got their verdicts, what was counted
        otherwise, remarks on how cells were measured, the canary, what failed or was left out, and at the end the
        verdict on all of it.
    """
    return [
        _folded(messages.sides(comparison)),
        _folded(messages.measured(comparison)),
        *([_cells(outcome)] if outcome.cells else []),
        *_explained(outcome),
        *_remarked(outcome),
        *_profiled(comparison, outcome),
        _canary(outcome),
        *(_folded(sentence) for sentence in _beside(comparison)),
        *([_folded(_terms(comparison, outcome), "dim")] if outcome.cells else []),
        _folded(conclusion(outcome), "bold red" if outcome.failed else OVERALL[outcome.verdict]),
    ]


def _terms(comparison: Comparison, outcome: Outcome) -> str:
    terms = [f"tolerance {formats.percent(comparison.tolerance)}", _FOOTNOTE, messages.levels(outcome)]
    return "; ".join(filter(None, terms))


def _cells(outcome: Outcome) -> RenderableType:
    made = table(messages.COLUMNS, left=1)
    made.columns[-1].justify = "left"
    fullnames = [cell.fullname for cell in outcome.cells]
    for cell, name in zip(outcome.cells, short(fullnames), strict=True):
        *words, verdict = messages.row(cell, formats.plain(name))
        made.add_row(*map(Text, words), Text(verdict, style=STYLES[cell.verdict]))
    file = shared_file(fullnames).removesuffix("::")
    return titled(formats.plain(file), made) if file else made


def _explained(outcome: Outcome) -> Iterator[Text]:
    """Yield why a cell is not the same, and what was counted otherwise."""
    names = dict(zip(*_both_names(outcome), strict=True))
    for cell in outcome.cells:
        if cell.verdict != "same":
            yield _folded(f"{names[cell.fullname]}: {cell.why}")
    for fullname, change in messages.changed_counts(outcome.cells):
        yield _folded(f"{change} in {names[fullname]}; compared exactly")


def _remarked(outcome: Outcome) -> Iterator[Text]:
    names = dict(zip(*_both_names(outcome), strict=True))
    for remark, cells in messages.remarks(outcome).items():
        yield _folded(f"{some([names[cell] for cell in cells], SOME)}: {remark}")


def _profiled(comparison: Comparison, outcome: Outcome) -> Iterator[Text]:
    """Yield where the profiled cells changed."""
    names = dict(zip(*_both_names(outcome), strict=True))
    for fullname, explanation in comparison.explanations.items():
        yield _folded(f"{names.get(fullname, fullname)}, {reasons.measured(explanation)}:")
        yield from (_folded(f"  {sentence}") for sentence in reasons.text(explanation))


def _both_names(outcome: Outcome) -> tuple[list[str], list[str]]:
    fullnames = [cell.fullname for cell in outcome.cells]
    return fullnames, short(fullnames)


def _canary(outcome: Outcome) -> Text:
    moved, said = messages.canary(outcome)
    return _folded(said, "bold red" if moved else "")


def _beside(comparison: Comparison) -> Iterator[str]:
    """Yield what the sides differ in beside the code, what failed or was left out and why, and the notes."""
    yield from filter(None, [messages.libraries(comparison)])
    for why, names in messages.by_reason(comparison.failed).items():
        yield f"fails on the candidate only: {some(names, SOME)} ({why})"
    for why, names in messages.by_reason(comparison.left_out).items():
        yield f"left out: {some(names, SOME)} ({why})"
    yield from comparison.notes


def _folded(sentence: str, style: str = "") -> Text:
    """Make a sentence harmless, and give it more lines where one is too long for a log."""
    lines = textwrap.wrap(
        formats.plain(sentence), WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return Text("\n".join(lines), style=style)


_LOUD = ("slower", "faster", "not comparable")
_ALIGNED = "| --- | ---: | ---: | ---: | ---: | ---: | --- |"


def markdown(comparison: Comparison, outcome: Outcome) -> str:
    """Write a judged comparison as GitHub's Markdown; no name in it can break a table or become markup."""
    blocks = [
        f"## paceline ab: {outcome.verdict.upper() if outcome.verdict in _LOUD else outcome.verdict}",
        text(conclusion(outcome)),
        text(messages.sides(comparison)),
        *(["\n".join(_table_markdown(outcome))] if outcome.cells else []),
        *_listed([*_explained_markdown(outcome), *_remarked_markdown(outcome)]),
        *_profiled_markdown(comparison, outcome),
        _canary_markdown(outcome),
        *_listed(_failed_markdown(comparison)),
        *_listed(map(text, [*filter(None, [messages.libraries(comparison)]), *comparison.notes])),
        *_left_out(comparison),
        _folded_markdown("How it was measured", _how(comparison, outcome)),
    ]
    return "\n\n".join(blocks) + "\n"


def _table_markdown(outcome: Outcome) -> Iterator[str]:
    yield f"| {' | '.join(messages.COLUMNS)} |"
    yield _ALIGNED
    for cell, name in zip(outcome.cells, _short(outcome), strict=True):
        _, *words, verdict = messages.row(cell, name)
        yield f"| {' | '.join([code(name), *words, verdict if verdict == 'same' else f'**{verdict}**'])} |"


def _short(outcome: Outcome) -> list[str]:
    return short([cell.fullname for cell in outcome.cells])


def _explained_markdown(outcome: Outcome) -> Iterator[str]:
    """Yield why a cell is not the same, and what was counted otherwise."""
    names = {cell.fullname: code(name) for cell, name in zip(outcome.cells, _short(outcome), strict=True)}
    for cell in outcome.cells:
        if cell.verdict != "same":
            yield f"{names[cell.fullname]}: {text(cell.why)}"
    for fullname, change in messages.changed_counts(outcome.cells):
        yield f"{text(change)} in {names[fullname]}; compared exactly"


def _remarked_markdown(outcome: Outcome) -> Iterator[str]:
    names = {cell.fullname: code(name) for cell, name in zip(outcome.cells, _short(outcome), strict=True)}
    for remark, cells in messages.remarks(outcome).items():
        yield f"{some([names[cell] for cell in cells], SOME)}: {text(remark)}"


def _failed_markdown(comparison: Comparison) -> Iterator[str]:
    for why, names in messages.by_reason(comparison.failed).items():
        yield f"**fails on the candidate only**: {', '.join(map(code, names))}: {text(why)}"


def _profiled_markdown(comparison: Comparison, outcome: Outcome) -> Iterator[str]:
    """Yield where the profiled cells changed."""
    names = dict(zip(*_both_names(outcome), strict=True))
    for fullname, explanation in comparison.explanations.items():
        listed = _listed(reasons.markdown(explanation))
        yield "\n\n".join([f"{code(names.get(fullname, fullname))}, {reasons.measured(explanation)}:", *listed])


def _canary_markdown(outcome: Outcome) -> str:
    moved, said = messages.canary(outcome)
    return f"**{text(said)}**" if moved else text(said)


def _left_out(comparison: Comparison) -> Iterator[str]:
    reasons = messages.by_reason(comparison.left_out)
    items = (f"{', '.join(map(code, names))}: {text(why)}" for why, names in reasons.items())
    if reasons:
        many = f"{len(comparison.left_out)} {'cell' if len(comparison.left_out) == 1 else 'cells'} left out"
        yield _folded_markdown(many, "\n".join(f"- {item}" for item in items))


def _how(comparison: Comparison, outcome: Outcome) -> str:
    sides = ["--baseline", comparison.baseline.typed, "--candidate", comparison.candidate.typed]
    command = shlex.join(["paceline", "ab", *sides, *(["--", *comparison.arguments] if comparison.arguments else [])])
    levels = messages.levels(outcome)
    terms = f"Begun {comparison.datetime}, tolerance {formats.percent(comparison.tolerance)}{levels and f'; {levels}'}."
    return f"{text(messages.measured(comparison))}.\n{text(terms)}\n\n```sh\n{formats.plain(command)}\n```"


def _listed(items: Iterable[str]) -> list[str]:
    lines = [f"- {item}" for item in items]
    return ["\n".join(lines)] if lines else []


def _folded_markdown(title: str, body: str) -> str:
    """Hide Markdown behind a title; the empty lines are what makes GitHub read it as Markdown."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def as_json(comparison: Comparison, outcome: Outcome, saved: Path | None = None) -> str:
    """Write a judged comparison as JSON; times in seconds, changes as candidate / baseline, null for what is not known.

    Args:
        comparison: what was measured.
        outcome: what it says.
        saved: where the comparison is saved.
    """
    main, fresh = counted(comparison)
    whole = {
        "verdict": outcome.verdict,
        "cells": [_judged_json(cell, comparison) for cell in outcome.cells],
        "canary": _judged_json(outcome.canary, comparison),
        "baseline": asdict(comparison.baseline),
        "candidate": asdict(comparison.candidate),
        "pairs": main,
        "looks": comparison.looks,
        "fresh_pairs": fresh,
        "fresh_looks": comparison.fresh_looks,
        "seed": comparison.seed,
        "tolerance": comparison.tolerance,
        "arguments": comparison.arguments,
        "failed": dict(comparison.failed),
        "left_out": dict(comparison.left_out),
        "explanations": {name: reasons.as_json(one) for name, one in comparison.explanations.items()},
        "notes": comparison.notes,
        "fingerprint": comparison.fingerprint,
        "datetime": comparison.datetime,
        "saved": saved and str(saved),
    }
    return json.dumps(finite(whole), indent=2, allow_nan=False)


def _judged_json(cell: Judged, comparison: Comparison) -> dict[str, Any]:
    plan = comparison.plan.get(cell.fullname)
    return {
        "fullname": cell.fullname,
        "verdict": cell.verdict,
        **asdict(cell.main),
        "why": cell.why,
        "needed": cell.needed,
        "fresh": cell.fresh and asdict(cell.fresh),
        "baseline_seconds": cell.baseline_seconds,
        "candidate_seconds": cell.candidate_seconds,
        "calls_per_round": plan and plan.calls,
        "rounds": plan and plan.rounds,
        "pinned": plan and plan.pinned,
        "remarks": cell.remarks,
        "growth": cell.growth,
        "counts": {name: {**asdict(count), "changed": count.changed} for name, count in cell.counts.items()},
    }
