"""A saved run against the pinned baseline of its machine and Python, and its verdict as people and programs read it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paceline import files, history, machine
from paceline.files import Document
from paceline.history import NoSuchRunError, Run
from paceline.stats.comparison import Verdict
from paceline.tables.rows import in_full
from paceline.tables.runs import doubts
from paceline.tables.verdicts import OVERALL, STYLES, Overall, interval, short, some
from paceline.text import formats
from paceline.text.blocks import Answer, Details, Grid, Listing, Only, Sentence
from paceline.text.formats import Name, plain
from paceline.trends import baselines
from paceline.trends.baselines import PIN, BaselinesError, Pin, called, measured, same_file
from paceline.trends.judging import EASY_RUNS, Checked, CheckOutcome, judged

COLUMNS = ("cell", "baseline", "run", "change", "95 % interval", "runs", "verdict", "marks")
_ORDER: tuple[Verdict, ...] = ("slower", "faster", "unknown", "same")
_FOOTNOTE = (
    "slower, faster: changed by more than the tolerance, and by more than the cell's earlier runs vary from each to "
    "the next (if they vary as normal noise does, chance gives one in at most 5 % of all checks); same: the "
    "interval lies within the tolerance; runs: how many earlier ones"
)


@dataclass(frozen=True, kw_only=True)
class CheckedRun:
    """A run, judged against its baseline."""

    baseline: Run  # the pinned run
    run: Run  # the one that was judged
    why: str  # why the baseline is pinned
    outcome: CheckOutcome  # the verdicts
    tolerance: float  # a fraction
    notes: Sequence[str]  # what keeps the two from being compared, one sentence each


def checked(run: Run, baseline: Run, why: str, runs: Iterable[Run], tolerance: float) -> CheckedRun:
    """Judge a run against its baseline, which is pinned for the reason `why`.

    Args:
        run: the one to judge.
        baseline: the pinned one.
        why: the reason.
        runs: the complete runs of their machine and Python; those before `run` tell how its cells vary.
        tolerance: the largest change that counts as none, a fraction.

    Raises:
        NoSuchRunError: the two have no cell in common.
    """
    earlier = [measured(one) for one in runs if one.datetime < run.datetime and not same_file(one, run)]
    outcome = judged(measured(baseline), measured(run), earlier, tolerance)
    if not outcome.cells:
        raise NoSuchRunError(
            f"{run.path} has no cell in common with the baseline, {baseline.path}; see paceline compare"
        )
    notes = [*_notes(run, baseline), *doubts(baseline, run)]
    return CheckedRun(baseline=baseline, run=run, why=why, outcome=outcome, tolerance=tolerance, notes=notes)


def baseline_of(run: Run, results: Path) -> tuple[Pin, Run]:
    """Return the pin for a run's machine and Python, and the run that is pinned.

    Raises:
        NoSuchRunError: nothing is pinned, or the run itself.
        BaselinesError: the pinned run is not there any more, not what was pinned, or none to compare with.
    """
    pin = baselines.pins(results).get(run.fingerprint)
    if pin is None:
        raise NoSuchRunError(f"{results} has no pinned baseline for {run.fingerprint}; pin one: {PIN}")
    baseline = _pinned(results, run.fingerprint, pin)
    if same_file(run, baseline):
        raise NoSuchRunError(f"{run.path} is the pinned baseline itself; measure another run: {history.store.MEASURE}")
    return pin, baseline


def _pinned(results: Path, fingerprint: str, pin: Pin) -> Run:
    path, where = results / pin.run, f"{results / baselines.NAME} pins {pin.run} for {fingerprint}"
    if not path.resolve().is_relative_to(results.resolve()):
        raise BaselinesError(f"{where}, which is outside of {results}; pin another: {PIN}")
    if not path.exists():
        raise BaselinesError(f"{where}, which is not there; restore it, or pin another: {PIN}")
    run = history.load(path)
    if unfit := _unfit(run, fingerprint):
        raise BaselinesError(f"{where}, which is {unfit}; pin another: {PIN}")
    return run


def _unfit(run: Run, fingerprint: str) -> str | None:
    """Return why a pinned run is none to compare with."""
    if not run.complete:
        return "incomplete"
    if run.fingerprint != fingerprint:
        return f"a run of {run.fingerprint}"
    return f"measured beside a tracer ({run.tracer})" if run.tracer else None


def _notes(run: Run, baseline: Run) -> Iterator[str]:
    here = machine.fingerprint()
    if run.fingerprint != here:
        yield f"BOTH RUNS ARE OF ANOTHER MACHINE, {run.fingerprint}; this one is {here}."
    if run.datetime < baseline.datetime:
        yield "THE RUN IS OLDER THAN THE BASELINE."


def answer(found: CheckedRun) -> Answer:
    """Put a check into sentences and tables: in Markdown what changed on top, all cells folded away."""
    outcome = found.outcome
    names = zip(outcome.cells, short([cell.fullname for cell in outcome.cells]), strict=True)
    cells = sorted(names, key=lambda one: _ORDER.index(one[0].verdict))  # those to act on first
    rows = [_row(cell, name) for cell, name in cells]
    notable = [row for row, (cell, _) in zip(rows, cells, strict=True) if cell.verdict in ("slower", "faster")]
    every, terms = Grid(COLUMNS, rows, styles=STYLES), f"tolerance {formats.percent(found.tolerance)}; {_FOOTNOTE}"
    remarks = [*map(Sentence, [*_reasons(outcome), *_alone(outcome)])]
    return Answer(
        heading=f"paceline check: {outcome.verdict}",
        conclusion=Sentence(_conclusion(outcome), style=OVERALL[outcome.verdict]),
        blocks=[
            Sentence(_sides(found)),
            *(Sentence(note, style="bold red") for note in found.notes),
            *([Only("markdown", Grid(COLUMNS, notable, styles=STYLES))] if notable else []),
            Only("terminal", every),
            Listing([*remarks, *(Sentence(said, style="yellow") for said in _easy(found))]),
            Only("terminal", Sentence(terms, style="dim")),
            Details(f"All {len(rows)} cells", (every, Sentence(f"{terms}."))),
        ],
    )


def _row(cell: Checked, name: str) -> tuple[str, ...]:
    return (
        Name(name),
        formats.seconds(cell.baseline_seconds),
        formats.seconds(cell.run_seconds),
        formats.change(cell.ratio),
        interval(cell.low, cell.high),
        str(cell.runs),
        cell.verdict,
        in_full(cell.marks),
    )


def _conclusion(outcome: CheckOutcome) -> str:
    """Return what the verdict is and what to do, in a sentence."""
    counted = Counter(cell.verdict for cell in outcome.cells)
    said = ", ".join(f"{counted[verdict]} {verdict}" for verdict in _ORDER if counted[verdict])
    match outcome.verdict:
        case "not comparable":
            return (
                "NOT COMPARABLE: half of all cells or more moved the same way, so the machine may have moved, or "
                "something that all cells share. paceline ab measures both sides in one comparison and can tell."
            )
        case "slower":
            return f"SLOWER: {said}. One run is one observation: measure again, or ask paceline ab."
        case "unknown":
            return f"No cell is known to be slower: {said}."
        case _ if counted["faster"]:
            return f"FASTER: {said}; no cell is slower. One run is one observation."
        case _:
            return f"No cell is slower: {said}."


def _sides(found: CheckedRun) -> str:
    """Return what was compared with what, and why that is the baseline."""
    return f"{found.run.fingerprint}: {called(found.run)} against the baseline, {called(found.baseline)}: {found.why}"


def _reasons(outcome: CheckOutcome) -> list[str]:
    """Return how many cells each reason leaves unknown."""
    counted = Counter(cell.why for cell in outcome.cells if cell.verdict == "unknown")
    return [f"unknown, {number} of {len(outcome.cells)} cells: {why}" for why, number in counted.items()]


def _alone(outcome: CheckOutcome) -> Iterator[str]:
    """Name the cells that only one of the two runs has."""
    if outcome.missing:
        yield f"{len(outcome.missing)} of the baseline's cells are not in the run: {some(outcome.missing, 5)}"
    if outcome.added:
        yield f"{len(outcome.added)} of the run's cells are not in the baseline: {some(outcome.added, 5)}"


def _easy(found: CheckedRun) -> list[str]:
    """Return what to do about a baseline that has become too easy: one sentence, or none."""
    cells, run = found.outcome.easy, found.run
    if not cells:
        return []
    here = run.number is not None and run.fingerprint == machine.fingerprint()
    moving = f"paceline baseline {run.number if here else plain(run.path)} --why TEXT"
    named = some(map(plain, short(cells)), 5)
    sentence = (
        f"the baseline has become too easy for {formats.many(len(cells), 'cell')} ({named}): the last "
        f"{EASY_RUNS} runs are all faster by more than the tolerance, so a slow-down back to it would pass; if they "
        f"are to stay so fast, pin a new one: {moving}"
    )
    return [sentence]


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """One of the two runs."""

    path: str | None
    number: int | None  # its place in its history
    fingerprint: str  # of its machine and Python
    commit: str | None  # in full
    dirty: bool | None  # whether the working tree had changes of its own
    python: str  # "CPython 3.11.7"
    datetime: str  # when it was saved, ISO 8601 in UTC


@dataclass(frozen=True, kw_only=True)
class BaselineFacts(RunFacts):
    """The pinned run."""

    why: str  # it is pinned


@dataclass(frozen=True, kw_only=True)
class EasyBaseline:
    """A baseline that the last runs all beat."""

    cells: Sequence[str]  # their full names
    sentence: str  # what to do


@dataclass(frozen=True, kw_only=True)
class CheckDocument(Document):
    """What `paceline check --json` writes; times in seconds, changes as run / baseline."""

    verdict: Overall  # on all cells
    cells: Sequence[Checked]  # those that both runs have, in the order measured
    missing: Sequence[str]  # full names of the baseline's cells that the run doesn't have
    added: Sequence[str]  # full names of the run's cells that the baseline doesn't have
    run: RunFacts
    baseline: BaselineFacts
    tolerance: float  # the largest change that counts as none, a fraction
    easy_baseline: EasyBaseline | None  # where the baseline has become too easy
    notes: Sequence[str]  # what keeps the two from being compared, one sentence each


def as_json(found: CheckedRun) -> str:
    """Write a check as JSON."""
    outcome = found.outcome
    document = CheckDocument(
        verdict=outcome.verdict,
        cells=outcome.cells,
        missing=outcome.missing,
        added=outcome.added,
        run=RunFacts(**_facts(found.run)),
        baseline=BaselineFacts(**_facts(found.baseline), why=found.why),
        tolerance=found.tolerance,
        easy_baseline=EasyBaseline(cells=outcome.easy, sentence=_easy(found)[0]) if outcome.easy else None,
        notes=found.notes,
    )
    return files.as_json(document)


def _facts(run: Run) -> dict[str, Any]:
    return {
        "path": run.path and str(run.path),
        "number": run.number,
        "fingerprint": run.fingerprint,
        "commit": run.commit.get("id"),
        "dirty": run.commit.get("dirty"),
        "python": run.python,
        "datetime": run.datetime.isoformat(),
    }
