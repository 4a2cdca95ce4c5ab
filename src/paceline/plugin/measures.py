"""From an experiment's words to a cell in the saved run: measured here, or in a fresh process."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paceline.child import processes
from paceline.contracts import Item
from paceline.measuring import facts, figures, laps
from paceline.measuring.cell import Cell, saved
from paceline.measuring.passes import Plan
from paceline.measuring.passes import measure as measure_here
from paceline.measuring.rounds import Tell, untold
from paceline.plugin.stopwatches import ElsewhereClock, Native, failing, refuse_unfit
from paceline.strategies import Strategy
from paceline.workers import errors


@dataclass(frozen=True)
class Bench:
    """What a cell is saved through.

    Args:
        benchmark: pytest-benchmark's fixture.
        timer: the clock of cells that this process measures.
        elsewhere: the clock of a cell that another process measures; None for this process's cells.
        process: which of the fresh processes it is, from 1.
        tell: hears of each round that this process measures.
    """

    benchmark: Any
    timer: Callable[[], float]
    elsewhere: ElsewhereClock | None = None
    process: int | None = None
    tell: Tell = untold

    def measure(self, plan: Plan, strategy: Strategy, items: Sequence[Item], extra: Mapping[str, Any]) -> Cell:
        """Measure a strategy's cell and write it down."""
        refuse_unfit(self.benchmark, errors.tampered())
        described = facts.described(strategy.workload, strategy.face)
        with failing(self.benchmark):
            if self.elsewhere:
                cell, seconds = _elsewhere(plan, strategy, items)
                cell.process = self.process
                self.elsewhere.tell(self.benchmark, seconds)
            else:
                cell, _ = measure_here(plan, Native(self.benchmark, self.timer), strategy, items, self.tell)
        self.benchmark.extra_info.update({**described, **extra, **saved(cell)})
        return cell

    def cost(
        self, experiment: str, function: str, arguments: Sequence[Any], described: Mapping[str, Any], times: int
    ) -> Any:
        """Call a function in as many fresh processes as `times`, and write down what it gives back.

        Raises:
            TypeError: if it gives back no `seconds`.
        """
        assert self.elsewhere
        refuse_unfit(self.benchmark, errors.tampered())
        with failing(self.benchmark):
            timeout = processes.TIMEOUT + laps.at_most(*_size(described))
            found = _middle([_figures(function, arguments, timeout) for _ in range(times)])
        self.elsewhere.tell(self.benchmark, found["seconds"])
        known = {"experiment": experiment, "items": 1, "workers": 1, **described, "process": self.process}
        if doubts := figures.doubts_here():
            known["warnings"] = doubts
        self.benchmark.extra_info.update({name: value for name, value in found.items() if name != "seconds"}, **known)
        return found


def _elsewhere(plan: Plan, strategy: Strategy, items: Sequence[Item]) -> tuple[Cell, list[float]]:
    """Measure a cell in a fresh process.

    Raises:
        Exception: whatever was raised there.
        HungError: if it takes much longer than it should, with a note on how it could go on.
    """
    passes = 2 * (plan.rounds + 2)  # a warm one, perhaps a plain loop before each, and two that are watched
    bandwidth = plan.control.bandwidth if plan.control else None
    timeout = laps.patience(strategy.workload, items, passes, bandwidth)
    try:
        measured: tuple[Cell, list[float]] = processes.call(
            "paceline.measuring.laps:measured", plan, strategy, items, timeout=timeout
        )
    except processes.HungError as error:
        error.add_note("if it only takes its time: --processes 0 measures it in the session, where nobody gives it up")
        raise
    return measured


def _size(described: Mapping[str, Any]) -> tuple[float, int]:
    """Return the seconds that the items of a cost wait, one after the other, and how many they are."""
    items = described.get("items", 1)
    return items * (described.get("latency") or 0.0), items


def _figures(function: str, arguments: Sequence[Any], timeout: float) -> dict[str, Any]:
    figures = processes.call(function, *arguments, timeout=timeout)
    if not isinstance(figures, dict) or not figures.get("seconds"):
        raise TypeError(f'{function} must give a dict with "seconds", a list of round times; not {figures!r}')
    return figures


def _middle(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the figures of several calls together: all rounds, and of every number the median."""
    merged = {"seconds": [second for figures in calls for second in figures["seconds"]]}
    for name in calls[0].keys() - merged.keys():
        values = [figures[name] for figures in calls]
        numbers = all(isinstance(value, int | float) for value in values)
        merged[name] = statistics.median(values) if numbers else values[0]
    return merged
