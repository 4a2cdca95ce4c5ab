"""The figures that an experiment saves of a watched round."""

import math
import statistics
from collections.abc import Sequence

from paceline.stats.traces.cpus import are_known, cpus_per_worker, migrations, worker_is_cpu_share
from paceline.stats.traces.order import disorder, expected_run, inversions, run_lengths, workers_in_item_order
from paceline.stats.traces.times import idle_shares, makespan, most_in_flight, share_of_repeats_from_idle
from paceline.stats.traces.traced import Traced


def figures(spans: Sequence[Traced], workers: int | None = None) -> dict[str, float | int]:
    """Reduce a round to its figures. One that can't be told is not among them: it is neither 0 nor NaN.

    Args:
        spans: shape (n,), in any order.
        workers: how many there were, as those that did no item leave no span; None: those that did one.

    Returns:
        idle_share: mean over the workers of the share of the makespan in which they did no item.
        longest_run, mean_run: of worker numbers in item order, items.
        expected_run: the mean run that chance would bring, items.
        repeats_from_idle_share: of an item's worker being that of the item before, where nobody else was idle.
        inversion_share: of pairs under way together, where the later one was done first.
        disorder_share: of all pairs, where the later one was done first.
        most_in_flight: items.
        migrations: seen changes of a worker's CPU.
        cpus_per_worker: mean over the workers that did an item.
        worker_is_cpu_share: of items that ran on the CPU that their worker is best named after.
        makespan_seconds: from the first start to the last end.
    """
    if not spans:
        return {}
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    idle = idle_shares(spans, begin, end, workers)
    runs = run_lengths(workers_in_item_order(spans))
    told = {
        "idle_share": statistics.fmean(idle.values()),
        "longest_run": max(runs),
        "mean_run": statistics.fmean(runs),
        "expected_run": expected_run(len(idle)),
        "repeats_from_idle_share": share_of_repeats_from_idle(spans, workers),
        "inversion_share": inversions(spans),
        "disorder_share": disorder(spans),
        "most_in_flight": most_in_flight(spans),
        **_of_cpus(spans),
        "makespan_seconds": makespan(spans),
    }
    return {name: value for name, value in told.items() if math.isfinite(value)}


def _of_cpus(spans: Sequence[Traced]) -> dict[str, float | int]:
    if not are_known(spans):
        return {}
    return {
        "migrations": migrations(spans) or 0,
        "cpus_per_worker": statistics.fmean(map(len, cpus_per_worker(spans).values())),
        "worker_is_cpu_share": worker_is_cpu_share(spans),
    }
