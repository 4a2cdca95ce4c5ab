"""The lesson's claims, and what saved runs say about each. Pure: no files, no printing."""

from collections.abc import Sequence
from dataclasses import replace

from paceline.claims import cost, handing, parallel, sharing, waiting
from paceline.claims.evidence import Evidence
from paceline.claims.judging import Bound, Claim, Figure, Finding, Part, Verdict
from paceline.history import Run, told_apart

__all__ = [
    "CLAIMS",
    "Bound",
    "Claim",
    "Evidence",
    "Figure",
    "Finding",
    "Part",
    "Verdict",
    "findings",
    "has_evidence",
    "newest_of_each",
]

CLAIMS: tuple[Claim, ...] = (
    parallel.gil_bound,
    waiting.gil_io,
    parallel.cpu_parallel,
    sharing.own_session,
    handing.worker_is_cpu,
    sharing.default_size,
    sharing.initializer_once,
    waiting.speedup_io,
    handing.order_from_server,
    parallel.four_at_once,
    waiting.network_bottleneck,
    handing.next_to_idle,
    handing.repeats_from_idle,
    parallel.gil_solved,
    cost.start_cost,
    cost.os_differs,
    cost.memory_cost,
    cost.threads_light,
    sharing.no_sharing,
    sharing.locks_needed,
    waiting.threads_knee,
    parallel.no_more_than_cpus,
    parallel.threads_io_only,
    parallel.processes_reign,
)
"""All of them, in the order in which the lesson makes them."""


def findings(runs: Sequence[Run], claims: Sequence[Claim] = CLAIMS) -> dict[str, Finding]:
    """Judge claims by saved runs.

    Args:
        runs: those with the fingerprint of the first are replicates of each other; the others serve only claims that
            compare machines.

    Returns:
        What the runs say about each, by the claim's id.

    Raises:
        ValueError: there are no runs.
    """
    evidence = Evidence(told_apart(runs))
    return {claim.id: claim.judge(evidence) for claim in claims}


def has_evidence(run: Run) -> bool:
    """Whether a run has cells that were measured in processes of their own, without which nothing is judged."""
    return any(cell.process is not None for cell in run.cells)


def newest_of_each(runs: Sequence[Run]) -> list[Run]:
    """Put runs of one machine together: of each experiment the newest replicated cells, so that one that was measured
    again takes the place of its older ones and leaves the others standing. Return the runs that something is taken of,
    newest first, with nothing but that.
    """
    taken: set[str] = set()
    chosen = []
    for run in sorted(told_apart(runs), key=lambda run: run.datetime, reverse=True):
        new = {cell.experiment for cell in run.cells if cell.process is not None} - taken
        if new:
            chosen.append(replace(run, cells=tuple(cell for cell in run.cells if cell.experiment in new)))
            taken |= new
    return chosen
