"""A checked run as people read it at a terminal, in a pipe or in a log: a table, and sentences."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from paceline import machine
from paceline.history import Run
from paceline.stats.comparison import Verdict
from paceline.tables.rows import in_full
from paceline.tables.verdicts import OVERALL, STYLES, interval, short, some
from paceline.text import formats
from paceline.text.formats import code, text
from paceline.trends.baselines import called
from paceline.trends.judging import EASY_RUNS, Checked, CheckOutcome

COLUMNS = ("cell", "baseline", "run", "change", "95 % interval", "runs", "verdict", "marks")
_ORDER: tuple[Verdict, ...] = ("slower", "faster", "unknown", "same")
_FOOTNOTE = (
    "slower, faster: changed by more than the tolerance, and by more than the cell's earlier runs vary from each to "
    "the next (if they vary as normal noise does, chance gives one in at most 5 % of all checks); same: the "
    "interval lies within the tolerance; runs: how many earlier ones"
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What there is to show of one check.

    Args:
        baseline: the pinned run.
        run: the one that was judged.
        why: why the baseline is pinned.
        outcome: the verdicts.
        tolerance: a fraction.
        notes: what keeps the two from being compared, one sentence each.
    """

    baseline: Run
    run: Run
    why: str
    outcome: CheckOutcome
    tolerance: float
    notes: Sequence[str]


def tables(shown: Shown) -> list[RenderableType]:
    """Lay out a checked run, for `paceline.text.formats.render`."""
    outcome = shown.outcome
    made = formats.table(COLUMNS, left=1)
    made.columns[COLUMNS.index("verdict")].justify = "left"
    for cell, name in ordered(outcome):
        *words, verdict, marks = row(cell, formats.plain(name))
        made.add_row(*map(Text, words), Text(verdict, style=STYLES[cell.verdict]), Text(marks))
    return [
        Text(sides(shown)),
        *(Text(formats.plain(note), style="bold red") for note in shown.notes),
        made,
        *(Text(sentence) for sentence in [*reasons(outcome), *alone(outcome)]),
        *(Text(sentence, style="yellow") for sentence in easy(shown)),
        Text(terms(shown), style="dim"),
        Text(conclusion(outcome), style=OVERALL[outcome.verdict]),
    ]


def conclusion(outcome: CheckOutcome) -> str:
    """Return what the verdict is and what to do, in a sentence."""
    counted = Counter(cell.verdict for cell in outcome.cells)
    said = ", ".join(f"{counted[verdict]} {verdict}" for verdict in _ORDER if counted[verdict])
    match outcome.verdict:
        case "not comparable":
            return (
                "NOT COMPARABLE: half of all cells or more moved the same way, so the machine may have moved, or "
                "something that all cells share. paceline ab measures both sides in one sitting and can tell."
            )
        case "slower":
            return f"SLOWER: {said}. One run is one observation: measure again, or ask paceline ab."
        case "unknown":
            return f"No cell is known to be slower: {said}."
        case _ if counted["faster"]:
            return f"FASTER: {said}; no cell is slower. One run is one observation."
        case _:
            return f"No cell is slower: {said}."


def terms(shown: Shown) -> str:
    """Return what the verdicts mean."""
    return f"tolerance {formats.percent(shown.tolerance)}; {_FOOTNOTE}"


def sides(shown: Shown) -> str:
    """Return what was compared with what, and why that is the baseline."""
    return (
        f"{formats.plain(shown.run.fingerprint)}: {called(shown.run)} against the baseline, {called(shown.baseline)}: "
        f"{formats.plain(shown.why)}"
    )


def ordered(outcome: CheckOutcome) -> Iterator[tuple[Checked, str]]:
    """Return the cells with their short names, those to act on first."""
    named = zip(outcome.cells, short([cell.fullname for cell in outcome.cells]), strict=True)
    yield from sorted(named, key=lambda one: _ORDER.index(one[0].verdict))


def row(cell: Checked, name: str) -> tuple[str, ...]:
    """Write one cell's figures under `COLUMNS`, verdict and marks last."""
    return (
        name,
        formats.seconds(cell.baseline_seconds),
        formats.seconds(cell.run_seconds),
        formats.change(cell.ratio),
        interval(cell),
        str(cell.runs),
        cell.verdict,
        in_full(cell.marks),
    )


def reasons(outcome: CheckOutcome) -> list[str]:
    """Return how many cells each reason leaves unknown."""
    counted = Counter(cell.why for cell in outcome.cells if cell.verdict == "unknown")
    return [f"unknown, {number} of {len(outcome.cells)} cells: {why}" for why, number in counted.items()]


def alone(outcome: CheckOutcome) -> list[str]:
    """Name the cells that only one of the two runs has."""
    said = []
    if outcome.missing:
        said.append(f"{len(outcome.missing)} of the baseline's cells are not in the run: {_named(outcome.missing)}")
    if outcome.added:
        said.append(f"{len(outcome.added)} of the run's cells are not in the baseline: {_named(outcome.added)}")
    return said


def easy(shown: Shown) -> list[str]:
    """Return what to do about a baseline that has become too easy: one sentence, or none."""
    cells, run = shown.outcome.easy, shown.run
    if not cells:
        return []
    here = run.number is not None and run.fingerprint == machine.fingerprint()
    moving = f"paceline baseline {run.number if here else formats.plain(run.path)} --why TEXT"
    sentence = (
        f"the baseline has become too easy for {formats.many(len(cells), 'cell')} ({_named(short(cells))}): the last "
        f"{EASY_RUNS} runs are all faster by more than the tolerance, so a slow-down back to it would pass; if they "
        f"are to stay so fast, pin a new one: {moving}"
    )
    return [sentence]


def _named(names: Iterable[str]) -> str:
    return some(map(formats.plain, names), most=5)


_ALIGNED = "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"


def markdown(shown: Shown) -> str:
    """Write a checked run as GitHub's Markdown: what changed on top, all cells folded away."""
    outcome, under = shown.outcome, text(terms(shown))
    rows = [(cell.verdict, _markdown_row(cell, name)) for cell, name in ordered(outcome)]
    notable = [row for verdict, row in rows if verdict in ("slower", "faster")]
    every = "\n".join([*_head(), *(row for _, row in rows)])
    blocks = [
        f"## paceline check: {outcome.verdict}",
        f"**{text(conclusion(outcome))}**",
        text(sides(shown)),
        *(f"**{text(note)}**" for note in shown.notes),
        *(["\n".join([*_head(), *notable])] if notable else []),
        "\n".join(f"- {text(said)}" for said in [*reasons(outcome), *alone(outcome), *easy(shown)]),
        f"<details><summary>All {len(rows)} cells</summary>\n\n{every}\n\n{under}.\n\n</details>",
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _head() -> list[str]:
    return [f"| {' | '.join(COLUMNS)} |", _ALIGNED]


def _markdown_row(cell: Checked, name: str) -> str:
    _, *words, verdict, marks = row(cell, name)
    return f"| {' | '.join([code(name), *words, verdict if verdict == 'same' else f'**{verdict}**', text(marks)])} |"
