"""A prediction, or a validation, as tables and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from paceline import files
from paceline.files import Document
from paceline.history import Run
from paceline.predict import predicting
from paceline.predict.groups import Group
from paceline.predict.measured import Work
from paceline.predict.model import LEAST, Fit, Parts
from paceline.predict.predicting import NEAR, Beyond, Counts, HeldOut, Needed, Prediction, Question, Score
from paceline.stats.samples import LEVEL
from paceline.tables import runs
from paceline.text import formats
from paceline.text.formats import many

_HUGE = 1000.0  # a factor that says nothing any more


def validation_text(run: Run, found: Sequence[HeldOut]) -> list[RenderableType]:
    """Lay out every held-out cell, the groups they belong to, and how many were predicted well."""
    return [
        runs.introduced(run),
        _cells(found),
        _groups(predicting.scores(found)),
        *map(Text, _counted(predicting.total(found))),
    ]


def factor(value: float) -> str:
    """Write how many times as long something may be: "1.2", or that nobody can tell."""
    return f"{value:.2f}" if value < _HUGE else "over 1,000"


def _cells(found: Sequence[HeldOut]) -> RenderableType:
    made = formats.table(("cell", "measured", "predicted", "off", "factor", "marks"), left=1)
    for one in found:
        if one.predicted is not None:
            formats.row(made, _row(one, one.predicted))
    return formats.titled("Each cell, predicted from the others", made)


def _row(one: HeldOut, predicted: float) -> tuple[str, ...]:
    marks = [mark for mark, holds in (("far", one.near), ("outside", one.inside)) if not holds]
    return (
        formats.plain(one.cell.name.removeprefix("test_")),
        formats.seconds(one.cell.seconds),
        formats.seconds(predicted),
        formats.change(predicted / one.cell.seconds),
        factor(one.factor),
        " ".join(marks),
    )


def _groups(found: Sequence[Score]) -> RenderableType:
    made = formats.table(("strategy", "client", "work", "cells", "within 20 %", "inside", "both", "factor"), left=3)
    for one in found:
        if one.cells:
            counts = (one.cells, one.near, one.inside, one.right)
            words = (formats.plain(one.strategy), formats.plain(one.client), one.kind, *map(str, counts))
            formats.row(made, (*words, factor(one.factor or 0.0)))
    return formats.titled("By strategy, client and kind of work", made)


def _counted(found: Counts) -> Iterable[str]:
    near, inside, right = (
        f"{count} ({formats.percent(count / found.cells)})" for count in (found.near, found.inside, found.right)
    )
    yield (
        f"Of {found.cells} cells {near} lie within {formats.percent(NEAR)} of what was measured, {inside} inside "
        f"of their {formats.percent(LEVEL)} interval, and {right} are both."
    )
    yield "far: over 20 % off; outside: of the interval from predicted / factor to predicted x factor."
    if found.unpredicted:
        yield (
            f"Cells that could not be predicted: {found.unpredicted}; without each of them fewer than {LEAST} of its "
            "kind are left."
        )


_AXES = {"items": "items", "workers": "workers", "latency": "latency", "cpu_seconds": "CPU per item", "size": "size"}
_PARTS = {
    "round_seconds": "a round, however many items",
    "trip": "a turn beyond its latency",
    "wake": "a turn that had to wait, more",
    "busy": "overhead per item, CPU time",
    "byte": "each byte, CPU time",
    "stretch": "own computing, times as long",
    "contention": "contention (USL)",
    "coherency": "coherency (USL)",
    "overlap": "overlap of waiting and computing",
}
_FACTORS = ("stretch", "contention", "coherency", "overlap")


def prediction_text(run: Run, group: Group, question: Question, fit: Fit, answer: Prediction) -> list[RenderableType]:
    """Lay out what was asked, what binds, the parts of the model, and the answer."""
    return [
        runs.introduced(run),
        Text(_asked(group, question), style="bold"),
        _demands(answer),
        _parts(fit),
        *map(Text, _sentences(question, answer)),
        Text(_conclusion(answer), style="bold"),
    ]


def _asked(group: Group, question: Question) -> str:
    work, machines = question.work, question.machines
    items = [many(work.items, "item")]
    items += [f"of {formats.setting(work.latency)}"] if work.latency else []
    items += [f"that compute {formats.setting(work.cpu_seconds)}"] if work.cpu_seconds else []
    place = "one machine" if machines == 1 else f"each of {machines:,} machines"
    return f"{', '.join(map(formats.plain, group))}: {' '.join(items)}, {many(work.workers, 'worker')} on {place}"


def _demands(answer: Prediction) -> RenderableType:
    made = formats.table(("resource", "alone it takes"), left=1)
    for resource, seconds in answer.demands.items():
        formats.row(made, (resource, formats.seconds(seconds) if seconds else formats.NOTHING))
    formats.row(made, (predicting.MEMORY, f"holds {_bytes(answer.memory_bytes)}"))
    return made


def _parts(fit: Fit) -> RenderableType:
    made = formats.table((f"part of the model, {fit.cells} cells", "value", ""), left=1)
    for name, words in _PARTS.items():
        value = getattr(fit.parts, name)
        number = f"{value:.3g}" if name in _FACTORS else formats.seconds(value)
        formats.row(made, (words, number, "fitted" if name in fit.free else "taken as it is"))
    return made


def _sentences(question: Question, answer: Prediction) -> Iterable[str]:
    if answer.memory_bytes is None:
        yield "What its workers hold in memory is not in this run; measure it: benchmarks/test_memory.py."
    if answer.fitting_workers is not None:
        yield (
            f"Memory: {many(question.work.workers, 'worker')} would hold {_bytes(answer.memory_bytes)}, more than the "
            f"{_bytes(question.memory)} there are; it is predicted with the {max(1, answer.fitting_workers):,} that "
            "have room."
        )
    for one in answer.beyond:
        yield _beyond(one)
    if answer.beyond:
        yield "Beyond what was measured the interval says only what the model would say, not that it still holds."
    if question.machines > 1:
        yield "Machines are like the measured one, share one server and one link, and get their items beforehand."
    if answer.needed and question.deadline:
        yield _needed(answer.needed, question.deadline, question.work)


def _beyond(one: Beyond) -> str:
    axis = _AXES[one.axis]
    if one.factor is None:
        return f"Beyond: {axis} {_value(one.axis, one.asked)}; every cell had {_value(one.axis, one.measured)}."
    side = "the most" if one.asked > one.measured else "the least"
    return (
        f"Beyond: {axis} {_value(one.axis, one.asked)}, {formats.times(one.factor)} away from {side} that was "
        f"measured, {_value(one.axis, one.measured)}."
    )


def _value(axis: str, value: float) -> str:
    if axis in ("latency", "cpu_seconds"):
        return formats.setting(value) if value else "0 s"
    return formats.size(int(value)) if axis == "size" else f"{value:,.0f}"


def _needed(needed: Needed, deadline: float, work: Work) -> str:
    within = f"within {formats.setting(deadline)}, start included"
    if needed.middle is None:
        return f"No number of machines does it {within}: even with an item each, {work.items:,} of them take longer."
    safe = f"{needed.safe:,} by the upper end of the interval" if needed.safe else "no number by the upper end"
    return f"Machines needed to do it {within}: {needed.middle:,} by the middle, {safe}."


def _conclusion(answer: Prediction) -> str:
    low, high = formats.seconds(answer.low), formats.seconds(answer.high)
    start = "" if answer.start_seconds is None else f", after {formats.seconds(answer.start_seconds)} to start"
    return (
        f"It takes {formats.seconds(answer.seconds)} ({formats.percent(LEVEL)} interval {low} to {high}, a factor of "
        f"{factor(answer.high / answer.seconds)}){start}; what binds is {answer.binding}."
    )


def _bytes(value: float | None) -> str:
    return formats.named("bytes", value)


@dataclass(frozen=True, kw_only=True)
class OfRun(Document):
    """The run that it rests on."""

    run: str  # its file
    fingerprint: str  # of its machine and Python
    python: str  # "CPython 3.11.7"
    level: float  # of the intervals, a fraction


@dataclass(frozen=True, kw_only=True)
class BeyondMeasured:
    """Something asked for that no cell had."""

    axis: str  # what: "items", "workers", "latency", "cpu_seconds" or "size"
    asked: float
    measured: float  # the nearest value that was
    factor: float | None  # how many times as far, above 1; null if it was never measured above 0, or is asked for as 0


@dataclass(frozen=True, kw_only=True)
class FitFacts:
    """The fit that a prediction rests on."""

    cells: int  # how many it is fitted to
    free: Sequence[str]  # the names of the parts that were fitted; the others were taken as they are
    deviation: float  # standard deviation of the logarithm of predicted over measured
    parts: Parts


@dataclass(frozen=True, kw_only=True)
class PredictionDocument(OfRun):
    """What `paceline predict --json` writes; times in seconds, sizes in bytes."""

    strategy: str
    client: str  # or "computing", or "computing without the GIL", for what only computes
    question: Question
    seconds: float  # of the round
    low: float  # the lower end of its interval
    high: float  # the upper end
    start_seconds: float | None  # until all workers are ready; null if the run can't tell
    demands: Mapping[str, float]  # resource -> seconds that it alone would take
    binding: str  # the resource that decides
    memory_bytes: float | None  # that all workers of a machine hold; null if the run can't tell
    fitting_workers: int | None  # how many have room, if not all have; null if they do
    needed: Needed | None  # machines for the deadline; null if there is none
    beyond: Sequence[BeyondMeasured]  # what lies outside of what was measured
    fit: FitFacts


def prediction_json(run: Run, group: Group, question: Question, fit: Fit, answer: Prediction) -> str:
    """Write an answer, what was asked, and the parts it rests on."""
    strategy, client = group
    document = PredictionDocument(
        **_of(run),
        strategy=strategy,
        client=client,
        question=question,
        **{**vars(answer), "beyond": [BeyondMeasured(**vars(one), factor=one.factor) for one in answer.beyond]},
        fit=FitFacts(cells=fit.cells, free=fit.free, deviation=fit.deviation, parts=fit.parts),
    )
    return files.as_json(document)


@dataclass(frozen=True, kw_only=True)
class ValidatedCell:
    """A cell, and what was predicted without it."""

    name: str
    strategy: str
    client: str  # as in a prediction
    kind: str  # "downloads", "mixed" or "computing"
    work: Work
    measured: float  # seconds
    predicted: float | None  # seconds; null where too few cells are left
    factor: float | None  # the interval goes from predicted / factor to predicted * factor
    error: float | None  # predicted / measured, less 1
    near: bool | None  # whether it was predicted within `near` of what was measured
    inside: bool | None  # whether what was measured lies inside of the interval


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What became of held-out cells."""

    cells: int  # those that could be predicted
    near: int  # how many of them were predicted near enough
    inside: int  # how many lie inside of their interval
    right: int  # both
    unpredicted: int  # cells without which too few are left to fit
    share: float | None  # that was predicted right, a fraction; null without cells


@dataclass(frozen=True, kw_only=True)
class GroupTally(Tally):
    """What became of one group of them."""

    strategy: str
    client: str  # as in a prediction
    kind: str  # "downloads", "mixed" or "computing"
    factor: float | None  # the middle of their intervals' factors


@dataclass(frozen=True, kw_only=True)
class ValidationDocument(OfRun):
    """What `paceline predict --validate --json` writes; times in seconds, sizes in bytes."""

    near: float  # how far off a good prediction may be, a fraction
    cells: Sequence[ValidatedCell]
    scores: Sequence[GroupTally]  # by strategy, client and kind of work, the largest groups first
    total: Tally


def validation_json(run: Run, found: Sequence[HeldOut]) -> str:
    """Write every held-out cell, and how many were predicted well."""
    total = predicting.total(found)
    document = ValidationDocument(
        **_of(run),
        near=NEAR,
        cells=[_validated(one) for one in found],
        scores=[GroupTally(**vars(one), share=one.share) for one in predicting.scores(found)],
        total=Tally(**vars(total), share=total.share),
    )
    return files.as_json(document)


def _of(run: Run) -> dict[str, Any]:
    return {"run": str(run.path), "fingerprint": run.fingerprint, "python": run.python, "level": LEVEL}


def _validated(one: HeldOut) -> ValidatedCell:
    cell, known = one.cell, one.predicted is not None
    return ValidatedCell(
        name=cell.name,
        strategy=cell.strategy,
        client=cell.through,
        kind=cell.kind,
        work=cell.work,
        measured=cell.seconds,
        predicted=one.predicted,
        factor=one.factor,
        error=one.error,
        near=one.near if known else None,
        inside=one.inside if known else None,
    )
