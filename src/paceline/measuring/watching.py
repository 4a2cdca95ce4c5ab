"""
A pass of its own in which every item leaves a span, so that no timed round is charged for it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paceline.contracts import Item, Workload
from paceline.observed import Observed
from paceline.stats import traces
from paceline.strategies import Strategy


def figures_of(strategy: Strategy, workload: Workload, items: Sequence[Item], log: Path) -> dict[str, Any]:
    """
    Start `strategy` once more, run a warm round and a watched one, and say what the spans of the second show.
    """
    observed = Observed(workload, log)
    again = type(strategy)(observed, strategy.workers, **strategy.chosen)
    with again as started:
        started.map(items)
        observed.forget()
        started.map(items)
    return dict(traces.figures(observed.spans(), workers=len(observed.opened())))
