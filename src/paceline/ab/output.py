"""A judged comparison as people read it, at a terminal or in Markdown, and as programs do, in JSON."""

import json
import shlex
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from paceline.ab import why as reasons
from paceline.ab.judging import Judged, Outcome
from paceline.ab.record import Comparison, SideFacts
from paceline.files import finite
from paceline.stats.comparison import Verdict
from paceline.tables.verdicts import OVERALL, STYLES, interval, shared_file, short, some
from paceline.text import formats
from paceline.text.formats import code, table, text, titled

COLUMNS = ("cell", "baseline", "candidate", "change", "interval", "pairs", "verdict")
_COMMIT = 12  # signs; as many as stand in the names of saved runs


def sides(comparison: Comparison) -> str:
    """Return what was compared with what."""
    apart = comparison.baseline.python != comparison.candidate.python
    baseline, candidate = (_side(one, with_python=apart) for one in (comparison.baseline, comparison.candidate))
    return f"baseline {baseline} against candidate {candidate}"


def _side(side: SideFacts, *, with_python: bool) -> str:
    commit = side.commit and side.commit[:_COMMIT] + (" and changes" if side.dirty else "")
    named = side.place.partition(" ")[2] in side.typed  # "revision main" says no more than "rev:main"
    known = ["" if named else side.place, side.python if with_python else "", commit or "no commit"]
    return f"{side.typed} ({', '.join(filter(None, known))})"


def measured(comparison: Comparison) -> str:
    """Return where the comparison was held, and of how many pairs it is made, looked at when."""
    main, fresh = counted(comparison)
    of_main, of_fresh = _looked(comparison.looks, main), _looked(comparison.fresh_looks, fresh)
    taken = f"{formats.many(main, 'pair')} of processes{of_main} and {fresh} fresh{of_fresh}"
    return f"{comparison.fingerprint}: {taken}, seed {comparison.seed}"


def _looked(looks: Sequence[int], pairs: int) -> str:
    reached = [str(look) for look in looks if look <= pairs]
    if looks and not reached:
        return f" of the {looks[0]} that the first look takes"
    return f" (looked at after {', '.join(reached)})" if reached and reached != [str(pairs)] else ""


def counted(comparison: Comparison) -> tuple[int, int]:
    """Count the pairs of the main phase, and the fresh ones."""
    main = sum(pair.phase == "main" for pair in comparison.pairs)
    return main, len(comparison.pairs) - main


def libraries(comparison: Comparison) -> str:
    """Name the libraries that the sides don't have in the same version; "" if there is none."""
    one, other = comparison.baseline.libraries, comparison.candidate.libraries
    moved = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
    said = ", ".join(f"{name} {one.get(name, 'missing')} -> {other.get(name, 'missing')}" for name in moved)
    return said and f"The sides have different libraries: {said}."


def row(cell: Judged, name: str) -> tuple[str, ...]:
    """Write one cell's figures under `COLUMNS`, its verdict last."""
    return (
        name,
        formats.seconds(cell.baseline_seconds),
        formats.seconds(cell.candidate_seconds),
        formats.change(cell.main.ratio),
        interval(cell.main),
        f"{cell.main.pairs}+{cell.fresh.pairs}" if cell.fresh else str(cell.main.pairs),
        cell.verdict,
    )


def interval_levels(outcome: Outcome) -> str:
    """Return what the shown intervals' levels are, as a look at more pairs has another; "" if there is no interval."""
    shown = [cell.main for cell in (*outcome.cells, outcome.canary) if cell.main.low is not None]
    known = sorted({(one.pairs, one.level) for one in shown})
    said = ", ".join(f"{100 * level:.1f} % after {pairs} pairs" for pairs, level in known)
    return said and f"interval: {said}"


def remarks(outcome: Outcome) -> dict[str, list[str]]:
    """Gather the full names of the cells of which a reader has to know the same."""
    found: dict[str, list[str]] = {}
    for cell in outcome.cells:
        for remark in cell.remarks:
            found.setdefault(remark, []).append(cell.fullname)
    return found


def changed_counts(cells: Iterable[Judged]) -> Iterator[tuple[str, str]]:
    """Yield full name and change of each count that is certain on both sides and not the same."""
    for cell in cells:
        for name, count in cell.counts.items():
            if count.changed:
                yield cell.fullname, f"{name}: {count.baseline[0]} -> {count.candidate[0]}"


def canary(outcome: Outcome) -> tuple[bool, str]:
    """Return what the canary did, and whether it moved."""
    one = outcome.canary
    between = formats.between(one.main.low, one.main.high, otherwise=formats.TOO_FEW)
    said = f"{formats.change(one.main.ratio)} ({between})"
    moved = outcome.verdict == "not comparable"
    return moved, f"THE CANARY MOVED: {said}; {one.why}" if moved else f"canary: {said}"


def by_reason(left_out: Mapping[str, str]) -> dict[str, list[str]]:
    """Gather the cells that were left out for the same reason."""
    reasons: dict[str, list[str]] = {}
    for name, why in left_out.items():
        reasons.setdefault(why, []).append(name)
    return reasons


SOME = 3
"""How many cells a sentence names."""

_NAMED: dict[Verdict, bool] = {"slower": True, "faster": True, "same": False, "unknown": True}
"""In the order told, and whether the cells are named: those that somebody has to look at."""

_MOVED = (
    "the canary moved, so the machine did, and no verdict on a cell speaks of the code; repeat it when it is quieter"
)


def conclusion(outcome: Outcome) -> str:
    """Return the overall verdict in a sentence, what fails, and what to do where something could not be told."""
    return " ".join([*_verdict(outcome), *_failed(outcome)])


def _verdict(outcome: Outcome) -> Iterator[str]:
    if outcome.verdict == "not comparable":
        yield f"Not comparable: {_MOVED}."
    elif not outcome.cells:
        yield "Nothing was compared: there is no cell that both sides measured."
    else:
        yield f"{outcome.verdict.capitalize()}: {', '.join(_tally(outcome))}."
        yield from _advice(outcome)
        yield from _changed(outcome)


def _failed(outcome: Outcome) -> Iterator[str]:
    if outcome.failed:
        fail = "fails" if len(outcome.failed) == 1 else "fail"
        yield f"{len(outcome.failed)} {fail} on the candidate only ({some(outcome.failed, SOME)})."


def _tally(outcome: Outcome) -> Iterator[str]:
    names = short([cell.fullname for cell in outcome.cells])
    for verdict, named in _NAMED.items():
        these = [name for name, cell in zip(names, outcome.cells, strict=True) if cell.verdict == verdict]
        if these:
            yield f"{len(these)} {verdict}" + (f" ({some(these, SOME)})" if named else "")


def _advice(outcome: Outcome) -> Iterator[str]:
    open_cells = [cell for cell in outcome.cells if cell.verdict == "unknown" and not cell.fresh]
    needed = [cell.needed for cell in open_cells if cell.needed]
    if needed:
        fitting = "" if len(needed) == len(open_cells) else f" for {len(needed)} of them"
        yield f"--pairs {max(needed)} would do{fitting}."
    elif open_cells:
        yield "How many pairs would do can't be told from these."


def _changed(outcome: Outcome) -> Iterator[str]:
    changed = sum(any(count.changed for count in cell.counts.values()) for cell in outcome.cells)
    if changed:
        yield f"Counts changed in {changed} {'cell' if changed == 1 else 'cells'}."


_FOOTNOTE = "slower, faster: a change beyond it, in fresh pairs again; same: the interval lies within it"
WIDTH = 118  # columns; sentences are folded here, where a log viewer would cut them


def tables(comparison: Comparison, outcome: Outcome) -> list[RenderableType]:
    """Lay out a judged comparison, for `paceline.text.formats.render`.

    Returns:
        What was compared, the table of the cells, why those that are not the same got their verdicts, what was counted
        otherwise, remarks on how cells were measured, the canary, what failed or was left out, and at the end the
        verdict on all of it.
    """
    return [
        _folded(sides(comparison)),
        _folded(measured(comparison)),
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
    terms = [f"tolerance {formats.percent(comparison.tolerance)}", _FOOTNOTE, interval_levels(outcome)]
    return "; ".join(filter(None, terms))


def _cells(outcome: Outcome) -> RenderableType:
    made = table(COLUMNS, left=1)
    made.columns[-1].justify = "left"
    fullnames = [cell.fullname for cell in outcome.cells]
    for cell, name in zip(outcome.cells, short(fullnames), strict=True):
        *words, verdict = row(cell, formats.plain(name))
        made.add_row(*map(Text, words), Text(verdict, style=STYLES[cell.verdict]))
    file = shared_file(fullnames).removesuffix("::")
    return titled(formats.plain(file), made) if file else made


def _explained(outcome: Outcome) -> Iterator[Text]:
    """Yield why a cell is not the same, and what was counted otherwise."""
    names = dict(zip(*_both_names(outcome), strict=True))
    for cell in outcome.cells:
        if cell.verdict != "same":
            yield _folded(f"{names[cell.fullname]}: {cell.why}")
    for fullname, change in changed_counts(outcome.cells):
        yield _folded(f"{change} in {names[fullname]}; compared exactly")


def _remarked(outcome: Outcome) -> Iterator[Text]:
    names = dict(zip(*_both_names(outcome), strict=True))
    for remark, cells in remarks(outcome).items():
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
    moved, said = canary(outcome)
    return _folded(said, "bold red" if moved else "")


def _beside(comparison: Comparison) -> Iterator[str]:
    """Yield what the sides differ in beside the code, what failed or was left out and why, and the notes."""
    yield from filter(None, [libraries(comparison)])
    for why, names in by_reason(comparison.failed).items():
        yield f"fails on the candidate only: {some(names, SOME)} ({why})"
    for why, names in by_reason(comparison.left_out).items():
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
        text(sides(comparison)),
        *(["\n".join(_table_markdown(outcome))] if outcome.cells else []),
        *_listed([*_explained_markdown(outcome), *_remarked_markdown(outcome)]),
        *_profiled_markdown(comparison, outcome),
        _canary_markdown(outcome),
        *_listed(_failed_markdown(comparison)),
        *_listed(map(text, [*filter(None, [libraries(comparison)]), *comparison.notes])),
        *_left_out(comparison),
        _folded_markdown("How it was measured", _how(comparison, outcome)),
    ]
    return "\n\n".join(blocks) + "\n"


def _table_markdown(outcome: Outcome) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield _ALIGNED
    for cell, name in zip(outcome.cells, _short(outcome), strict=True):
        _, *words, verdict = row(cell, name)
        yield f"| {' | '.join([code(name), *words, verdict if verdict == 'same' else f'**{verdict}**'])} |"


def _short(outcome: Outcome) -> list[str]:
    return short([cell.fullname for cell in outcome.cells])


def _explained_markdown(outcome: Outcome) -> Iterator[str]:
    """Yield why a cell is not the same, and what was counted otherwise."""
    names = {cell.fullname: code(name) for cell, name in zip(outcome.cells, _short(outcome), strict=True)}
    for cell in outcome.cells:
        if cell.verdict != "same":
            yield f"{names[cell.fullname]}: {text(cell.why)}"
    for fullname, change in changed_counts(outcome.cells):
        yield f"{text(change)} in {names[fullname]}; compared exactly"


def _remarked_markdown(outcome: Outcome) -> Iterator[str]:
    names = {cell.fullname: code(name) for cell, name in zip(outcome.cells, _short(outcome), strict=True)}
    for remark, cells in remarks(outcome).items():
        yield f"{some([names[cell] for cell in cells], SOME)}: {text(remark)}"


def _failed_markdown(comparison: Comparison) -> Iterator[str]:
    for why, names in by_reason(comparison.failed).items():
        yield f"**fails on the candidate only**: {', '.join(map(code, names))}: {text(why)}"


def _profiled_markdown(comparison: Comparison, outcome: Outcome) -> Iterator[str]:
    """Yield where the profiled cells changed."""
    names = dict(zip(*_both_names(outcome), strict=True))
    for fullname, explanation in comparison.explanations.items():
        listed = _listed(reasons.markdown(explanation))
        yield "\n\n".join([f"{code(names.get(fullname, fullname))}, {reasons.measured(explanation)}:", *listed])


def _canary_markdown(outcome: Outcome) -> str:
    moved, said = canary(outcome)
    return f"**{text(said)}**" if moved else text(said)


def _left_out(comparison: Comparison) -> Iterator[str]:
    reasons = by_reason(comparison.left_out)
    items = (f"{', '.join(map(code, names))}: {text(why)}" for why, names in reasons.items())
    if reasons:
        many = f"{len(comparison.left_out)} {'cell' if len(comparison.left_out) == 1 else 'cells'} left out"
        yield _folded_markdown(many, "\n".join(f"- {item}" for item in items))


def _how(comparison: Comparison, outcome: Outcome) -> str:
    sides = ["--baseline", comparison.baseline.typed, "--candidate", comparison.candidate.typed]
    command = shlex.join(["paceline", "ab", *sides, *(["--", *comparison.arguments] if comparison.arguments else [])])
    levels = interval_levels(outcome)
    terms = f"Begun {comparison.datetime}, tolerance {formats.percent(comparison.tolerance)}{levels and f'; {levels}'}."
    return f"{text(measured(comparison))}.\n{text(terms)}\n\n```sh\n{formats.plain(command)}\n```"


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
