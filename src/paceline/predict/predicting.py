"""From the fitted parts to an answer: how long, how sure, what binds, and how many machines.

Machines are all like the one that was measured. Each gets an equal share of the items beforehand; one server and one
link serve them all.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from paceline.predict import model
from paceline.predict.beyond import Beyond, beyond
from paceline.predict.costs import Costs
from paceline.predict.deadline import Needed, least
from paceline.predict.fitting import Fit
from paceline.predict.measured import Measured
from paceline.predict.work import Columns, Work

LATENCY, CLIENT, MEMORY, BANDWIDTH, SERVER = "latency", "client CPU", "memory", "bandwidth", "server"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What somebody wants to know.

    Args:
        work: all items, and the workers of each machine.
        machines: how many there are.
        deadline: seconds for start and round together, or None.
        memory: bytes that a machine has, or None if nobody knows.
    """

    work: Work
    machines: int = 1
    deadline: float | None = None
    memory: float | None = None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the model says.

    Args:
        seconds: of the round.
        low: the lower end of the interval.
        high: its upper end.
        start_seconds: until all workers are ready; None if the run can't tell.
        demands: resource -> seconds that it alone would take.
        binding: the resource that decides.
        memory_bytes: that all workers of a machine hold; None if the run can't tell.
        fitting_workers: how many have room, if not all have; None if they do.
        beyond: what lies outside of what was measured.
        needed: machines for the deadline; None if there is none.
    """

    seconds: float
    low: float
    high: float
    start_seconds: float | None
    demands: dict[str, float]
    binding: str
    memory_bytes: float | None
    fitting_workers: int | None
    beyond: tuple[Beyond, ...]
    needed: Needed | None


def predict(question: Question, fit: Fit, costs: Costs, cells: Sequence[Measured]) -> Prediction:
    """Answer a question.

    Args:
        question: what is asked.
        fit: the family's parts.
        costs: what its workers cost beside the round.
        cells: those that the fit rests on.
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
        binding=MEMORY if room is not None else _binding(demands),
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


def _share(work: Work, machines: int) -> Work:
    """Return the work of the machine that has most of it."""
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


def _binding(demands: dict[str, float]) -> str:
    """Name the resource with the largest demand: the bottleneck.

    Source: Denning and Buzen (1978): no change elsewhere makes the whole faster than it.
    """
    return max(demands, key=lambda resource: demands[resource])


def _needed(work: Work, deadline: float, start: float, fit: Fit, costs: Costs) -> Needed:
    def meets(place: int) -> Callable[[int], bool]:
        return lambda machines: start + _interval(work, machines, fit, costs)[place] <= deadline

    return Needed(middle=least(work.items, meets(0)), safe=least(work.items, meets(2)))
