"""A strategy that takes the times it is told, on a clock of its own."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import ClassVar, Self

from paceline.contracts import Item, Option, Result, Workload
from paceline.strategies.base import Strategy


class Clock:
    """A timer for pytest-benchmark that only moves when told: `@pytest.mark.benchmark(timer=clock)`."""

    def __init__(self) -> None:
        self.now = 0.0  # seconds

    def __call__(self) -> float:
        return self.now


class Fake(Strategy):
    """Run items one after the other while `clock` shows the times given: what is said of them is exact and instant.

    Args:
        workload: as for every strategy.
        workers: as for every strategy; reported, not used.
        clock: the clock that the measurement reads.
        rounds: seconds each call of `map` takes, in order; the last one repeats.
        start: seconds that entering takes.
        stop: seconds that leaving takes.
    """

    name: ClassVar[str] = "fake"

    def __init__(
        self,
        workload: Workload,
        workers: int,
        *,
        clock: Clock,
        rounds: Iterable[float] = (1.0,),
        start: float = 0.0,
        stop: float = 0.0,
    ) -> None:
        super().__init__(workload, workers)
        self._clock, self._start, self._stop = clock, start, stop
        self._rounds = list(rounds)

    def clone(self, workload: Workload, **options: Option) -> Self:
        del options  # it has none
        return type(self)(
            workload, self.workers, clock=self._clock, rounds=self._rounds, start=self._start, stop=self._stop
        )

    def __enter__(self) -> Self:
        self._clock.now += self._start
        return self

    def map(self, items: Sequence[Item]) -> list[Result]:
        with self.workload.worker() as run:
            results = [run(item) for item in items]
        self._clock.now += self._rounds.pop(0) if len(self._rounds) > 1 else self._rounds[0]
        return results

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.now += self._stop
