"""The model of a round's time, and its parameters fitted to cells."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize

from paceline.predict.measured import Columns, Measured, Numbers, Work
from paceline.stats.inference import t_quantile
from paceline.stats.samples import LEVEL


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a strategy costs, with one way to do items.

    Attributes:
        round_seconds: of a round, however many items it has.
        trip: seconds of each turn beyond the latency: the way there and back.
        wake: seconds of each turn that has a latency: a worker that slept wakes up late.
        busy: seconds of CPU time of each item beyond its own computing: the overhead per item.
        byte: seconds of CPU time of each byte.
        contention: the fraction of the CPU time that only one worker at a time can have; above 1 a second worker makes
            an item dearer.
        coherency: the fraction that each pair of workers costs.
        overlap: how much of the shorter one of waiting and computing hides behind the longer one, 0 to 1.
        stretch: how many times as long an item's own computing takes as it took one undisturbed worker.
        one_at_a_time: whether items' own computing never runs at once: one thread does it all, or the GIL is held.
        cpus: how many items' own computing can run at once at most.
    """

    round_seconds: float = 0.0
    trip: float = 0.0
    wake: float = 0.0
    busy: float = 0.0
    byte: float = 0.0
    contention: float = 0.0
    coherency: float = 0.0
    overlap: float = 0.0
    stretch: float = 1.0
    one_at_a_time: bool = False
    cpus: float = math.inf


def capacity(parts: Parts, workers: Numbers) -> Numbers:
    """Return how many times the work of one worker all of them do, in the same time.

    Source: N. J. Gunther, A Simple Capacity Model of Massively Parallel Transaction Systems, CMG 1993:
        C(N) = N / (1 + contention (N - 1) + coherency N (N - 1)).
    """
    others = workers - 1
    return workers / (1 + parts.contention * others + parts.coherency * workers * others)


def waiting(parts: Parts, works: Columns) -> Numbers:
    """Return the seconds that pass in turns of waiting: ceil(items / workers) of them.

    Source: R. L. Graham, Bounds on Multiprocessing Timing Anomalies, 1969, exact for equal items.
    """
    turn = works.latency + parts.trip + np.where(works.latency > 0, parts.wake, 0.0)
    return np.asarray(np.ceil(works.items / works.workers) * turn)


def computing(parts: Parts, works: Columns) -> Numbers:
    """Return the seconds that the client's CPU time takes, all workers together.

    Source: the utilisation law of Denning and Buzen (1978): a resource is busy for its demand of all items.
    """
    at_once = np.minimum(works.workers, parts.cpus)
    own = parts.stretch * works.cpu_seconds / (1.0 if parts.one_at_a_time else capacity(parts, at_once))
    overhead = (parts.busy + parts.byte * works.size) / capacity(parts, works.workers)
    return np.asarray(works.items * (own + overhead))


def carrying(works: Columns) -> Numbers:
    """Return the seconds that the link takes: the first answer's latency, then all bytes; 0 without a limit."""
    seconds = works.items * works.size / works.bandwidth
    return np.asarray(np.where(seconds > 0, seconds + works.latency, 0.0))


def client(parts: Parts, works: Columns) -> Numbers:
    """Return the seconds of a round that the client needs, whatever the link and the server need."""
    waits, computes = waiting(parts, works), computing(parts, works)
    return np.asarray(parts.round_seconds + waits + computes - parts.overlap * np.minimum(waits, computes))


def round_seconds(parts: Parts, works: Columns) -> Numbers:
    """Return the seconds of a round, shape (n,): the client's or the link's, whichever is longer."""
    return np.maximum(client(parts, works), carrying(works))


LEAST = 3
"""Cells that a fit needs: one for the overhead per item, and two for how far off it is."""

CELLS_PER_PART = 3
"""Cells for each part that is fitted; with fewer, parts that matter less are taken as they are."""

_USUAL = {
    "round_seconds": (1e-4, 1.0),
    "trip": (1e-4, 0.1),
    "wake": (2e-4, 0.1),
    "busy": (1e-4, 0.1),
    "stretch": (1.0, 5.0),
    "byte": (1e-9, 1e-6),
    "contention": (0.5, 50.0),
    "coherency": (1e-4, 1.0),
    "overlap": (0.5, 1.0),
}
"""Part -> its usual size, where the search for it begins, and the most it can be."""

_STEP = 1e-4  # of a part's own size, for slopes
_MOST_EVALUATIONS = 400  # ; most searches need some 30
_LARGEST = 700.0  # the logarithm of a factor beyond which nobody reads on, and exp overflows


@dataclass(frozen=True)
class Fit:
    """Parts, and how far a single cell lies from what they say.

    Attributes:
        free: the names of the parts that were fitted; the others were taken as they are.
        cells: how many cells it rests on.
        deviation: standard deviation of the logarithm of predicted over measured.
        degrees: of freedom: cells less fitted parts.
        covariance: of the fitted parts over the deviation's square, shape (k, k).
    """

    parts: Parts
    free: tuple[str, ...]
    cells: int
    deviation: float
    degrees: int
    covariance: Numbers

    def seconds(self, work: Work) -> float:
        """Predict a round."""
        return float(round_seconds(self.parts, Columns.of([work]))[0])

    def factor(self, work: Work) -> float:
        """Return how many times as long, or as short, a round may be as predicted: 1.2 for 20 %.

        Source: Student's t prediction interval of one new observation by the delta method: G. A. F. Seber and
            C. J. Wild, Nonlinear Regression, Wiley 1989, section 5.1, exp(t s sqrt(1 + g' V g)) on the log scale.
        """
        slopes = _slopes(self.parts, self.free, Columns.of([work]))[0]
        variance = 1 + float(slopes @ self.covariance @ slopes)
        t = t_quantile(self.degrees, LEVEL)
        return math.exp(min(t * self.deviation * math.sqrt(variance), _LARGEST))


def fit(cells: Sequence[Measured], given: Parts) -> Fit:
    """Fit the model to cells of one group by least squares on the log scale.

    Args:
        cells: `LEAST` or more.
        given: the values of parts that these cells can't tell.

    Source: M. A. Branch, T. F. Coleman and Y. Li, SIAM J. Sci. Comput. 21 (1999), 1-23, as `scipy.optimize`'s `trf`.
    """
    works, logs = Columns.of([cell.work for cell in cells]), np.log([cell.seconds for cell in cells])
    free = tuple(_telling(cells, given))[: max(1, len(cells) // CELLS_PER_PART)]

    def residuals(values: Numbers) -> Numbers:
        return np.log(round_seconds(_with(given, free, values), works)) - logs

    scale, most = (np.array([_USUAL[name][place] for name in free]) for place in (0, 1))
    found = optimize.least_squares(residuals, scale, bounds=(0.0, most), x_scale=scale, max_nfev=_MOST_EVALUATIONS)
    parts = _with(given, free, found.x)
    degrees = len(cells) - len(free)
    slopes = _slopes(parts, free, works)
    return Fit(
        parts=parts,
        free=free,
        cells=len(cells),
        deviation=math.sqrt(float(found.fun @ found.fun) / degrees),
        degrees=degrees,
        covariance=np.asarray(np.linalg.pinv(slopes.T @ slopes), dtype=np.float64),
    )


def _telling(cells: Sequence[Measured], given: Parts) -> list[str]:
    """Name the parts that these cells can tell, the most important first."""
    works = [cell.work for cell in cells]
    waits = any(work.latency > 0 for work in works)
    several = 1 if given.one_at_a_time and not waits else len({work.workers for work in works})
    telling = {
        "busy": True,
        "stretch": any(work.cpu_seconds > 0 for work in works),
        "contention": several > 1,
        "coherency": several > 2,  # noqa: PLR2004  # two points are a line, whose curve nobody can see
        "byte": len({work.size for work in works}) > 1,
        "overlap": waits and several > 1,
        "wake": waits and any(not work.latency for work in works),
        "trip": waits and several > 1,
        "round_seconds": not waits and len({work.items for work in works}) > 1,  # a first turn is a turn like others
    }
    return [name for name, can in telling.items() if can]


def _with(given: Parts, free: Sequence[str], values: Numbers) -> Parts:
    named: dict[str, Any] = dict(zip(free, map(float, values), strict=True))
    return replace(given, **named)


def _slopes(parts: Parts, free: Sequence[str], works: Columns) -> Numbers:
    """Return how the logarithm of each work's time changes with each fitted part, in units of its usual size: shape (n,
    k).
    """
    base = np.log(round_seconds(parts, works))
    columns = []
    for name in free:
        usual = _USUAL[name][0]
        step = _STEP * max(getattr(parts, name), usual)
        more = replace(parts, **{name: getattr(parts, name) + step})
        columns.append((np.log(round_seconds(more, works)) - base) / step * usual)
    return np.array(columns).T.reshape(len(base), len(free))
