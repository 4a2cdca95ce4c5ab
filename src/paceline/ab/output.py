"""A comparison as people read it, in sentences and tables, while it is run and once it is judged, and as JSON."""

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from paceline import files
from paceline.ab import why as reasons
from paceline.ab.judging import MOVED, Estimate, Judged, Outcome
from paceline.ab.record import CANARY, Comparison, ComparisonFacts, SideFacts
from paceline.files import Document
from paceline.stats.comparison import Verdict
from paceline.tables.verdicts import OVERALL, STYLES, Overall, interval, shared_file, short, some
from paceline.text import formats
from paceline.text.blocks import Answer, Block, Command, Details, Grid, Listing, Only, Sentence, naming
from paceline.text.formats import Name, many, plain

COLUMNS = ("cell", "baseline", "candidate", "change", "interval", "pairs", "verdict")
_COMMIT = 12  # characters; as many as stand in the names of saved runs


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
    """Return where the comparison was run, and of how many pairs it is made, looked at when."""
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


def interval_levels(outcome: Outcome) -> str:
    """Return what the shown intervals' levels are, as a look at more pairs has another; "" if there is no interval."""
    shown = [cell.main for cell in (*outcome.cells, outcome.canary) if cell.main.low is not None]
    known = sorted({(one.pairs, one.level) for one in shown})
    said = ", ".join(f"{100 * level:.1f} % after {pairs} pairs" for pairs, level in known)
    return said and f"interval: {said}"


def remarks(outcome: Outcome) -> dict[str, list[str]]:
    """Gather the full names of the cells of which a reader has to know the same."""
    return _gathered((cell.fullname, remark) for cell in outcome.cells for remark in cell.remarks)


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
    return _gathered(left_out.items())


def _gathered(told: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, why in told:
        found.setdefault(why, []).append(name)
    return found


SOME = 3  # how many cells a sentence names

_NAMED: dict[Verdict, bool] = {"slower": True, "faster": True, "same": False, "unknown": True}
"""In the order of the sentence, and whether the cells are named: those that a person has to look at."""

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
    names = _short_names(outcome)
    for verdict, named in _NAMED.items():
        these = [names[cell.fullname] for cell in outcome.cells if cell.verdict == verdict]
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
_LOUD = ("slower", "faster", "not comparable")


def answer(comparison: Comparison, outcome: Outcome) -> Answer:
    """Put a judged comparison into sentences and a table.

    What was compared, the cells, why those that are not the same got their verdicts, remarks on how they were measured,
    the canary, what failed or was left out, and the verdict on all.
    """
    names = _short_names(outcome)
    moved, said = canary(outcome)
    notes = [*filter(None, [libraries(comparison)]), *comparison.notes]
    terms = [f"tolerance {formats.percent(comparison.tolerance)}", _FOOTNOTE, interval_levels(outcome)]
    dim = [Only("terminal", Sentence("; ".join(filter(None, terms)), style="dim"))] if outcome.cells else []
    return Answer(
        heading=f"paceline ab: {outcome.verdict.upper() if outcome.verdict in _LOUD else outcome.verdict}",
        conclusion=Sentence(conclusion(outcome), style="bold red" if outcome.failed else OVERALL[outcome.verdict]),
        blocks=[
            Sentence(sides(comparison)),
            Only("terminal", Sentence(measured(comparison))),
            *([_cells(outcome, names)] if outcome.cells else []),
            Listing([*_explained(outcome, names), *_remarked(outcome, names)]),
            *_profiled(comparison, names),
            Sentence(said, style="bold red" if moved else ""),
            Listing([*_by_reason("fails on the candidate only: ", comparison.failed, style="bold red")]),
            *_left_out(comparison.left_out),
            Listing([*map(Sentence, notes)]),
            *dim,
            Details("How it was measured", _how(comparison, outcome)),
        ],
    )


def _short_names(outcome: Outcome) -> dict[str, str]:
    """Return full name -> name without the file that all cells are in."""
    fullnames = [cell.fullname for cell in outcome.cells]
    return dict(zip(fullnames, short(fullnames), strict=True))


def _cells(outcome: Outcome, names: Mapping[str, str]) -> Grid:
    rows = [
        (
            Name(names[cell.fullname]),
            formats.seconds(cell.baseline_seconds),
            formats.seconds(cell.candidate_seconds),
            formats.change(cell.main.ratio),
            interval(cell.main.low, cell.main.high),
            f"{cell.main.pairs}+{cell.fresh.pairs}" if cell.fresh else str(cell.main.pairs),
            cell.verdict,
        )
        for cell in outcome.cells
    ]
    return Grid(COLUMNS, rows, title=shared_file(names).removesuffix("::"), styles=STYLES)


def _explained(outcome: Outcome, names: Mapping[str, str]) -> Iterator[Sentence]:
    """Report why a cell is not the same, and what was counted otherwise."""
    for cell in outcome.cells:
        if cell.verdict != "same":
            yield Sentence(Name(names[cell.fullname]), f": {cell.why}")
    for fullname, change in changed_counts(outcome.cells):
        yield Sentence(f"{change} in ", Name(names[fullname]), "; compared exactly")


def _remarked(outcome: Outcome, names: Mapping[str, str]) -> Iterator[Sentence]:
    for remark, cells in remarks(outcome).items():
        yield Sentence(*naming((names[cell] for cell in cells), SOME), f": {remark}")


def _profiled(comparison: Comparison, names: Mapping[str, str]) -> Iterator[Listing]:
    for fullname, explanation in comparison.explanations.items():
        lead = Sentence(Name(names.get(fullname, fullname)), f", {reasons.measured(explanation)}:")
        yield Listing([*map(Sentence, reasons.text(explanation))], lead)


def _by_reason(what: str, gone: Mapping[str, str], most: int = SOME, style: str = "") -> Iterator[Sentence]:
    for why, names in by_reason(gone).items():
        yield Sentence(what, *naming(names, most), f" ({why})", style=style)


def _left_out(cells: Mapping[str, str]) -> list[Block]:
    if not cells:
        return []
    every = Listing([*_by_reason("", cells, most=len(cells))])
    return [
        Only("terminal", Listing([*_by_reason("left out: ", cells)])),
        Details(f"{many(len(cells), 'cell')} left out", [every]),
    ]


def _how(comparison: Comparison, outcome: Outcome) -> list[Block]:
    sides = ["--baseline", comparison.baseline.typed, "--candidate", comparison.candidate.typed]
    command = ["paceline", "ab", *sides, *(["--", *comparison.arguments] if comparison.arguments else [])]
    begun = f"Begun {comparison.datetime}, tolerance {formats.percent(comparison.tolerance)}"
    return [
        Sentence(f"{measured(comparison)}."),
        Sentence(f"{'; '.join(filter(None, [begun, interval_levels(outcome)]))}."),
        Command(shlex.join(command)),
    ]


@dataclass(frozen=True, kw_only=True)
class CountFacts:
    """Something counted exactly, as each side's pairs had it."""

    baseline: Sequence[int]  # its different values, sorted; one if all pairs agree
    candidate: Sequence[int]  # the same for the other side
    changed: bool  # whether each side is certain, and they differ


@dataclass(frozen=True, kw_only=True)
class CellVerdict(Estimate):
    """One cell's verdict, and what the main phase says."""

    fullname: str  # the node id
    verdict: Verdict
    why: str  # in a sentence
    fresh: Estimate | None  # what the fresh pairs say; null where nothing was under suspicion
    needed: int | None  # how many pairs would do for an unknown cell, where that can be told
    baseline_seconds: float  # of one call: median over its pairs of the baseline's median round
    candidate_seconds: float  # the same for the candidate
    counts: Mapping[str, CountFacts]  # name -> what was counted
    growth: float | None  # by what fraction its rounds grow within a process; null where they don't for certain
    remarks: Sequence[str]  # what a reader has to know of how it was measured
    calls_per_round: int | None  # of the benchmark's function
    rounds: int | None  # turns in a pair of all cells
    pinned: bool | None  # whether both sides ran on one core


@dataclass(frozen=True, kw_only=True)
class ComparisonDocument(ComparisonFacts, Document):
    """What `paceline ab --json` writes; times in seconds, changes as candidate / baseline."""

    verdict: Overall  # on all cells
    cells: Sequence[CellVerdict]  # in the order of their names
    canary: CellVerdict  # the canary, judged like a cell
    pairs: int  # of the main phase
    fresh_pairs: int  # that followed, of what was under suspicion
    saved: str | None  # the file with every round


def as_json(comparison: Comparison, outcome: Outcome, saved: Path | None = None) -> str:
    """Write a judged comparison as JSON."""
    main, fresh = counted(comparison)
    document = ComparisonDocument(
        **{each.name: getattr(comparison, each.name) for each in fields(ComparisonFacts)},
        verdict=outcome.verdict,
        cells=[_cell_verdict(cell, comparison) for cell in outcome.cells],
        canary=_cell_verdict(outcome.canary, comparison),
        pairs=main,
        fresh_pairs=fresh,
        saved=None if saved is None else str(saved),
    )
    return files.as_json(document)


def _cell_verdict(cell: Judged, comparison: Comparison) -> CellVerdict:
    plan = comparison.plan.get(cell.fullname)
    facts = {name: value for name, value in vars(cell).items() if name not in {"main", "counts"}}
    return CellVerdict(
        **vars(cell.main),
        **facts,
        counts={name: CountFacts(**vars(count), changed=count.changed) for name, count in cell.counts.items()},
        calls_per_round=plan.calls if plan else None,
        rounds=plan.rounds if plan else None,
        pinned=plan.pinned if plan else None,
    )


OPEN = "unknown"  # what stands for a cell of which nothing can be said yet
_LINES = 10  # cells named; a display higher than the window would leave its top behind


def pairs_done(done: int, look: int, most: float | None, decided: Mapping[str, str]) -> str:
    """Return how far it is: "pair 5, next look after 9, up to 1 min 20 s left; decided: 3 same, 1 slower; open: 3".

    `most` is the seconds that all of it may still take; None if unknown.
    """
    counts = Counter(_shortened(decided).values())
    still_open = counts.pop(OPEN, 0)
    said = ", ".join(f"{count} {plain(word)}" for word, count in sorted(counts.items()))
    onward = f", next look after {look}" if done < look else ""
    left = "" if most is None or not math.isfinite(most) else f", up to {formats.duration(max(most, 0.0))} left"
    canary = decided.get(CANARY, OPEN)
    parts = [
        f"decided: {said}" if said else "",
        f"open: {still_open}" if still_open else "",
        f"the canary looks {plain(canary)}" if canary in MOVED else "",
    ]
    return "; ".join(filter(None, [f"pair {done}{onward}{left}", *parts]))


def _shortened(decided: Mapping[str, str]) -> dict[str, str]:
    cells = {name: word for name, word in decided.items() if name != CANARY}
    return dict(zip(short(list(cells)), cells.values(), strict=True))


def named(decided: Mapping[str, str]) -> list[str]:
    """Name the cells that are decided, a line each."""
    lines = [f"  {plain(word)}: {plain(name)}" for name, word in _shortened(decided).items() if word != OPEN]
    return lines[:_LINES] + ([f"  and {len(lines) - _LINES} more"] if len(lines) > _LINES else [])
