"""Predictions as people read them."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from paceline.history import Run
from paceline.predict.beyond import Beyond
from paceline.predict.deadline import Needed
from paceline.predict.families import Family
from paceline.predict.fitting import LEVEL, Fit
from paceline.predict.predicting import MEMORY, Prediction, Question
from paceline.predict.showing_validation import factor
from paceline.predict.work import Work
from paceline.tables import runs
from paceline.text import formats, layout
from paceline.text.formats import many

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


def prediction(run: Run, family: Family, question: Question, fit: Fit, answer: Prediction) -> list[RenderableType]:
    """Lay out an answer, for `paceline.text.layout.render`."""
    return [
        runs.introduced(run),
        Text(_asked(family, question), style="bold"),
        _demands(answer),
        _parts(fit),
        *map(Text, _sentences(question, answer)),
        Text(_conclusion(answer), style="bold"),
    ]


def _asked(family: Family, question: Question) -> str:
    work, machines = question.work, question.machines
    told = [many(work.items, "item")]
    told += [f"of {formats.setting(work.latency)}"] if work.latency else []
    told += [f"that compute {formats.setting(work.cpu_seconds)}"] if work.cpu_seconds else []
    place = "one machine" if machines == 1 else f"each of {machines:,} machines"
    return f"{', '.join(map(formats.plain, family))}: {' '.join(told)}, {many(work.workers, 'worker')} on {place}"


def _demands(answer: Prediction) -> RenderableType:
    made = layout.table(("resource", "alone it takes"), left=1)
    for resource, seconds in answer.demands.items():
        layout.row(made, (resource, formats.seconds(seconds) if seconds else formats.NOTHING))
    layout.row(made, (MEMORY, f"holds {_bytes(answer.memory_bytes)}"))
    return made


def _parts(fit: Fit) -> RenderableType:
    made = layout.table((f"part of the model, {fit.cells} cells", "value", ""), left=1)
    for name, words in _PARTS.items():
        value = getattr(fit.parts, name)
        shown = f"{value:.3g}" if name in _FACTORS else formats.seconds(value)
        layout.row(made, (words, shown, "fitted" if name in fit.free else "taken as it is"))
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
