"""What the spans of one round show: who was idle, whose turn came again, what overtook what, and on which CPU.

All of it is arithmetic over records with an item, a worker, two CPUs and two times: see `Traced`.
"""

from paceline.stats.traces.cpus import cpus_per_worker, migrations, worker_is_cpu_share
from paceline.stats.traces.order import disorder, expected_run, inversions, run_lengths, workers_in_item_order
from paceline.stats.traces.saved import TracedSpan, as_saved, spans
from paceline.stats.traces.summary import figures
from paceline.stats.traces.times import (
    idle_shares,
    items_per_worker,
    makespan,
    most_in_flight,
    share_of_repeats_from_idle,
)
from paceline.stats.traces.traced import Traced

__all__ = [
    "Traced",
    "TracedSpan",
    "as_saved",
    "cpus_per_worker",
    "disorder",
    "expected_run",
    "figures",
    "idle_shares",
    "inversions",
    "items_per_worker",
    "makespan",
    "migrations",
    "most_in_flight",
    "run_lengths",
    "share_of_repeats_from_idle",
    "spans",
    "worker_is_cpu_share",
    "workers_in_item_order",
]
