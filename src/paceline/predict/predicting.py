"""A prediction with its interval and its doubts, and how well cells are predicted from all others."""

import math
import statistics
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from paceline.predict import model
from paceline.predict.groups import Costs, Setting, by_group, fitted
from paceline.predict.measured import Columns, Measured, Work
from paceline.predict.model import Fit

_AXES = ("items", "workers", "latency", "cpu_seconds", "size")


@dataclass(frozen=True)
class Beyond:
    """Something asked for that no cell had: a field of `Work`, its value, and the nearest one that was measured."""

    axis: str
    asked: float
    measured: float

    @property
    def factor(self) -> float | None:
        """How many times as far, above 1; None if it was never measured above 0, or is asked for as 0."""
        low, high = sorted((self.asked, self.measured))
        return high / low if low > 0 else None


def beyond(work: Work, cells: Sequence[Measured]) -> list[Beyond]:
    """Return what of a work lies outside of the cells' range."""
    found = []
    for axis in _AXES:
        asked, seen = getattr(work, axis), [getattr(cell.work, axis) for cell in cells]
        nearest = min(max(asked, min(seen)), max(seen))
        if not math.isclose(asked, nearest):
            found.append(Beyond(axis, asked, nearest))
    return found


@dataclass(frozen=True, kw_only=True)
class Needed:
    """Machines that meet a deadline by the predicted time, and by the upper end of its interval; None if none do."""

    middle: int | None
    safe: int | None


def least(most: int, enough: Callable[[int], bool]) -> int | None:
    """Find the least number from 1 to `most` that is enough, by doubling and then by bisection; None if none is.

    It need not be enough for ever: an interval widens again where machines have fewer items than any cell had.
    """
    tried = [min(1 << power, most) for power in range(most.bit_length() + 1)]
    high = next((number for number in tried if enough(number)), None)
    if high is None:
        return None
    low = high // 2 + 1
    return low + bisect_left(range(low, high), True, key=enough)  # noqa: FBT003 - what is looked for, not a switch


LATENCY, CLIENT, MEMORY, BANDWIDTH, SERVER = "latency", "client CPU", "memory", "bandwidth", "server"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What somebody wants to know.

    Attributes:
        work: all items, and the workers of each machine.
        deadline: seconds for start and round together.
        memory: bytes that a machine has.
    """

    work: Work
    machines: int = 1
    deadline: float | None = None
    memory: float | None = None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the model says: the seconds of the round, and the ends of their interval.

    Attributes:
        start_seconds: until all workers are ready; None if the run can't tell.
        demands: resource -> seconds that it alone would take.
        binding: the resource that decides.
        memory_bytes: that all workers of a machine hold; None if the run can't tell.
        fitting_workers: how many have room, if not all have; None if they do.
        needed: machines for the deadline; None if there is none.
        beyond: what lies outside of what was measured.
    """

    seconds: float
    low: float
    high: float
    start_seconds: float | None
    demands: dict[str, float]
    binding: str
    memory_bytes: float | None
    fitting_workers: int | None
    needed: Needed | None
    beyond: tuple[Beyond, ...]


def predict(question: Question, fit: Fit, costs: Costs, cells: Sequence[Measured]) -> Prediction:
    """Answer a question from the fit of a group, the costs of its workers and the cells that the fit rests on.

    Source: Denning and Buzen (1978): what binds is the resource with the largest demand, as no change elsewhere makes
        the whole faster than it.
    """
    room = _room(question, costs)
    work = question.work if room is None else replace(question.work, workers=max(1, room))
    middle, low, high = _interval(work, question.machines, fit, costs)
    demands = _demands(work, question.machines, fit, costs)
    start = costs.start.at(work.workers) if costs.start else None
    return Prediction(
        seconds=middle,
        low=low,
        high=high,
        start_seconds=start,
        demands=demands,
        binding=MEMORY if room is not None else max(demands, key=lambda resource: demands[resource]),
        memory_bytes=costs.memory.at(question.work.workers) if costs.memory else None,
        fitting_workers=room,
        beyond=tuple(beyond(_share(work, question.machines), cells)),
        needed=_needed(work, question.deadline, start or 0.0, fit, costs) if question.deadline else None,
    )


def _room(question: Question, costs: Costs) -> int | None:
    """Return how many workers have room in a machine's memory; None if all have, or nobody knows."""
    if question.memory is None or costs.memory is None or costs.memory.at(question.work.workers) <= question.memory:
        return None
    return max(0, int((question.memory - costs.memory.base) / costs.memory.each)) if costs.memory.each else 0


def _share(work: Work, machines: int) -> Work:  # of the machine that has most
    return replace(work, items=math.ceil(work.items / machines))


def _interval(work: Work, machines: int, fit: Fit, costs: Costs) -> tuple[float, float, float]:
    """Return a round's seconds, and the ends of its interval. What server and link need together is a floor for each;
    the server's part was measured, so it is as unsure as the rest, and the link's is arithmetic.
    """
    share = _share(work, machines)
    own, factor = fit.seconds(replace(share, bandwidth=float("inf"))), fit.factor(share)
    link = float(model.carrying(Columns.of([work]))[0])
    most = max(own, work.items * costs.server_seconds)
    middle, low, high = (max(link, seconds) for seconds in (most, most / factor, most * factor))
    return middle, low, high


def _demands(work: Work, machines: int, fit: Fit, costs: Costs) -> dict[str, float]:
    share, whole = Columns.of([_share(work, machines)]), Columns.of([work])
    return {
        LATENCY: float(model.waiting(fit.parts, share)[0]),
        CLIENT: float(model.computing(fit.parts, share)[0]),
        BANDWIDTH: float(model.carrying(whole)[0]),
        SERVER: work.items * costs.server_seconds,
    }


def _needed(work: Work, deadline: float, start: float, fit: Fit, costs: Costs) -> Needed:
    def meets(place: int) -> Callable[[int], bool]:
        return lambda machines: start + _interval(work, machines, fit, costs)[place] <= deadline

    return Needed(middle=least(work.items, meets(0)), safe=least(work.items, meets(2)))


NEAR = 0.2
"""How far off a prediction may be: a fraction of the measured time."""


@dataclass(frozen=True)
class HeldOut:
    """A cell, and what was predicted without it, in seconds: from predicted / factor to predicted * factor."""

    cell: Measured
    predicted: float | None
    factor: float

    @property
    def error(self) -> float | None:
        """Predicted over measured, less 1."""
        return None if self.predicted is None else self.predicted / self.cell.seconds - 1

    @property
    def near(self) -> bool:
        """Whether it was predicted within `NEAR` of what was measured."""
        return self.error is not None and abs(self.error) <= NEAR

    @property
    def inside(self) -> bool:
        """Whether what was measured lies inside of the interval."""
        if self.predicted is None:
            return False
        return abs(math.log(self.predicted / self.cell.seconds)) <= math.log(self.factor)

    @property
    def right(self) -> bool:
        """Whether both hold."""
        return self.near and self.inside


def held_out(cells: Sequence[Measured], setting: Setting) -> list[HeldOut]:
    """Leave out one cell after the other, with all others that did the same work, and predict it from the rest.

    Source: M. Stone, Cross-Validatory Choice and Assessment of Statistical Predictions, Journal of the Royal
        Statistical Society B 36 (1974), 111-147.
    """
    known = by_group(cells)
    found = []
    for cell in cells:
        rest = [other for other in known[cell.group] if other.work != cell.work]
        fit = fitted(cell.group, {**known, cell.group: rest}, setting)
        predicted, factor = (fit.seconds(cell.work), fit.factor(cell.work)) if fit else (None, math.inf)
        found.append(HeldOut(cell, predicted, factor))
    return found


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What became of held-out cells.

    Attributes:
        cells: those that could be predicted; of them, how many were near enough, inside of their interval, and both.
        unpredicted: cells without which too few are left to fit.
    """

    cells: int
    near: int
    inside: int
    right: int
    unpredicted: int

    @property
    def share(self) -> float | None:
        """The fraction that was predicted right; None without cells."""
        return self.right / self.cells if self.cells else None


@dataclass(frozen=True, kw_only=True)
class Score(Counts):
    """What became of one group of them, of one kind of work; `factor` is the middle of their intervals' factors."""

    strategy: str
    client: str
    kind: str
    factor: float | None


def scores(found: Sequence[HeldOut]) -> list[Score]:
    """Count held-out cells by strategy, client and kind of work, largest groups first."""
    groups: dict[tuple[str, str, str], list[HeldOut]] = {}
    for one in found:
        groups.setdefault((*one.cell.group, one.cell.kind), []).append(one)
    return sorted((_score(*group, cells) for group, cells in groups.items()), key=lambda one: -one.cells)


def _score(strategy: str, client: str, kind: str, group: Sequence[HeldOut]) -> Score:
    factors = [one.factor for one in group if one.predicted is not None]
    return Score(
        **vars(total(group)),
        strategy=strategy,
        client=client,
        kind=kind,
        factor=statistics.median(factors) if factors else None,
    )


def total(found: Sequence[HeldOut]) -> Counts:
    """Count held-out cells."""
    predicted = [one for one in found if one.predicted is not None]
    return Counts(
        cells=len(predicted),
        near=sum(one.near for one in predicted),
        inside=sum(one.inside for one in predicted),
        right=sum(one.right for one in predicted),
        unpredicted=len(found) - len(predicted),
    )
