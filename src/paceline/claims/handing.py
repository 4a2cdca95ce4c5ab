"""Claims about handing out items: to which worker, in which order, and on which CPU."""

from collections.abc import Sequence
from dataclasses import replace

from paceline.claims import judging
from paceline.claims.evidence import Evidence, Replicate, Sample, added, quotient, values
from paceline.claims.judging import Figure, Finding, Part, claim, combine, figure, present
from paceline.history import Cell

CHUNKS = "Pool.map, default chunks"
ONE_BY_ONE = "Pool.map, chunk size 1"
HANDINGS = (CHUNKS, ONE_BY_ONE, "imap_unordered", "executor")
"""The lesson's way first: `Pool.map` with the chunks that it chooses itself."""

NONE_BEHIND = 1.0
MOST_REPEATS = 0.5
LONGER_THAN_CHANCE = 1.5
LEFT_WITHOUT_JITTER = 0.5
ON_ITS_CPU = 0.95

_JITTERS = ("none", "uniform:0.9")
_WATCHED = {"computing": "test_who_ran_what", "downloading": "test_who_downloaded_what"}
_TWO_CPUS = 2
_FOR_RARE_REPEATS = 12


@claim("next-to-idle", "As one download finishes, the pool gives the next item to the idle worker", "handing_out")
def next_to_idle(evidence: Evidence) -> Finding:
    """Judge by a straggler: whether any item waits behind it while other workers are idle.

    In chunks of the default size only two or three items stand behind the straggler, a few per cent of the round. So
    the margin counts items: for each that waits behind it, the round lasts one latency longer.
    """
    return combine([_nobody_waits(_straggler(evidence, handing), handing) for handing in HANDINGS])


def _straggler(evidence: Evidence, handing: str) -> list[Replicate]:
    return evidence.cells("handing_out", "test_straggler", handing=handing)


def _nobody_waits(cells: Sequence[Replicate], handing: str) -> Part:
    return judging.below(
        f"{handing}: no item waits behind a straggler while another worker is idle",
        figure(f"{handing}: time of a round / that of the straggler and one more item", values(cells, _with_one_more)),
        NONE_BEHIND,
        "if every item goes to an idle worker, the straggler ends the round; each item that waits behind it adds the "
        "whole of its own latency, and one is enough",
        "handing_out",
        beside=present(
            [
                figure(f"{handing}: time of a round / limit", values(cells, _over_limit)),
                figure(f"{handing}: time that a worker was idle", values(cells, "idle_share"), "share"),
            ]
        ),
    )


def _with_one_more(cell: Cell) -> float | None:
    return cell.median / (cell.limit + cell.latency) if cell.limit and cell.latency else None


def _over_limit(cell: Cell) -> float | None:
    return cell.median / cell.limit if cell.limit else None


@claim("repeats-from-idle", "A worker's number repeats because it was freed early", "handing_out")
def repeats_from_idle(evidence: Evidence) -> Finding:
    """Judge by the runs of items, in the order submitted, that one worker ran.

    In chunks a worker has its next item whoever is idle, and while all are busy with their chunks nobody is: there the
    share of repeats in which no other worker was idle says nothing, and the length of the runs decides alone.
    """
    chunks, single = (_straggler(evidence, handing) for handing in (CHUNKS, ONE_BY_ONE))
    return combine([_freed_early(single), _as_by_chance(ONE_BY_ONE, single), _as_by_chance(CHUNKS, chunks)])


def _freed_early(cells: Sequence[Replicate]) -> Part:
    repeats = values(cells, "repeats_from_idle_share")
    judged = judging.above(
        f"{ONE_BY_ONE}: a worker runs two items in a row because no other one is idle",
        figure(f"{ONE_BY_ONE}: repeats with no other worker idle", repeats, "share"),
        MOST_REPEATS,
        "a cause that is there in less than half of the cases explains them no better than a coin",
        "handing_out",
    )
    if len(repeats) < judging.LEAST_PROCESSES <= len(cells):
        hardly = f"in {len(repeats)} of {len(cells)} processes only did a worker run two items in a row"
        return replace(judged, missing=f"{judging.command('handing_out', _FOR_RARE_REPEATS)} ({hardly})")
    return judging.settled(judged)


def _as_by_chance(handing: str, cells: Sequence[Replicate]) -> Part:
    beside = [figure(f"{handing}: longest run of items on one worker", values(cells, "longest_run"), "count")]
    if handing == CHUNKS:
        repeats = values(cells, "repeats_from_idle_share")
        beside.append(figure(f"{handing}: repeats with no other worker idle, the chunk's too", repeats, "share"))
    judged = judging.below(
        f"{handing}: a worker repeats no longer than being freed early would make it",
        figure(f"{handing}: mean run / the mean run of workers freed by chance", values(cells, _over_chance)),
        LONGER_THAN_CHANCE,
        "chance gives 1, or 1.13 while a straggler keeps one of four workers; half as long again is neither, and "
        "chunks of three give more than 2",
        "handing_out",
        beside=present(beside),
    )
    return judging.settled(judged)


def _over_chance(cell: Cell) -> float | None:
    run, expected = added("mean_run")(cell), added("expected_run")(cell)
    return run / expected if run and expected else None


@claim(
    "order-from-server",
    "The lack of order in the output comes from when the server answers, not from scheduling",
    "jitter",
)
def order_from_server(evidence: Evidence) -> Finding:
    """Judge by what is left of the disorder when the server answers every item after the same time."""
    one_by_one = [
        _left_without_jitter(strategy, *_disorder(evidence, strategy, "test_order", "inversion_share"))
        for strategy in ("pool-fork", "threads", "asyncio")
    ]
    chunks = _disorder(evidence, "pool-fork", "test_order_in_chunks", "disorder_share")
    return combine([*one_by_one, _left_without_jitter(f"pool-fork, {CHUNKS}", *chunks)])


def _disorder(evidence: Evidence, strategy: str, function: str, share: str) -> list[Sample]:
    """Return the share of pairs out of order, without jitter and with it."""
    return [values(evidence.cells("jitter", function, strategy=strategy, jitter=jitter), share) for jitter in _JITTERS]


def _left_without_jitter(who: str, alike: Sample, varied: Sample) -> Part:
    judged = judging.below(
        f"{who}: the lack of order comes from when the server answers",
        figure(f"{who}: disorder that is left without jitter", quotient(alike, varied), "share"),
        LEFT_WITHOUT_JITTER,
        "where half of the disorder or more is left when every answer takes the same time, the server is not its main "
        "cause",
        "jitter",
        beside=present(
            [
                figure(f"{who}: pairs out of order, latency always the same", alike, "share"),
                figure(f"{who}: pairs out of order, jitter {_JITTERS[1]}", varied, "share"),
            ]
        ),
    )
    return judging.settled(judged)


@claim("worker-is-cpu", "The printed number is the CPU the code runs on", "watching")
def worker_is_cpu(evidence: Evidence) -> Finding:
    """Judge by the CPUs that a pool's items really ran on, computing and downloading as the lesson's did."""
    return combine([_on_its_cpu(evidence, work) for work in _WATCHED])


def _on_its_cpu(evidence: Evidence, work: str) -> Part:
    part = f"{work}: the number of a pool's worker is the CPU it runs on"
    because = (
        "numbers are given to CPUs in the way that fits best, as the lesson's could only fit worse, and one item in "
        "twenty is left to the system's own work"
    )
    pool, threads = (
        evidence.cells("watching", _WATCHED[work], strategy=strategy) for strategy in ("pool-fork", "threads")
    )
    decides, *others = _placed("pool-fork", pool)
    beside = present([*others, *_placed("threads", threads)])
    if lacking := _cannot_place(evidence, pool):
        return judging.undecided(part, because, lacking, [decides, *beside])
    return judging.settled(judging.above(part, decides, ON_ITS_CPU, because, "watching", beside=beside))


def _placed(strategy: str, cells: Sequence[Replicate]) -> list[Figure]:
    return [
        figure(f"{strategy}: items on the worker's own CPU", values(cells, "worker_is_cpu_share"), "share"),
        figure(f"{strategy}: changes of CPU per item", values(cells, _migrations_per_item), "share"),
        figure(f"{strategy}: CPUs that a worker ran on", values(cells, "cpus_per_worker"), "count"),
    ]


def _migrations_per_item(cell: Cell) -> float | None:
    migrations = added("migrations")(cell)
    return migrations / cell.items if migrations is not None else None


def _cannot_place(evidence: Evidence, cells: Sequence[Replicate]) -> str | None:
    if evidence.cpus is not None and evidence.cpus < _TWO_CPUS:
        return "a machine with two usable CPUs or more: on one, every number is right"
    if cells and not len(values(cells, "worker_is_cpu_share")):
        return "a system that says on which CPU a thread runs, as Linux does"
    return None
