"""Which strategy is for which kind of work."""

from paceline.claims import judging, measures
from paceline.claims.claim import Claim
from paceline.claims.evidence import Evidence, Sample
from paceline.claims.finding import Finding, Part, combine
from paceline.claims.judging import figure
from paceline.claims.measures import BASELINE, CODE, GAIN, HOLDS, NO_GAIN, PROCESSES, RELEASES

_LONG = 0.010
"""Seconds an item computes from which on handing it to a process is a small part of it."""

_FIRST_WITH_INTERPRETERS = (3, 14)


def threads_io_only(evidence: Evidence) -> Finding:
    """Threads and asyncio make downloads faster, and computing not, whatever the kernel does with the GIL."""
    strategies = ("threads", "asyncio")
    parts = [_helps(evidence, strategy) for strategy in strategies]
    kernels = (HOLDS, RELEASES)
    return combine([*parts, *(_helps_not(evidence, one, kernel) for kernel in kernels for one in strategies)])


def _helps(evidence: Evidence, strategy: str) -> Part:
    told = figure(f"speedup of {strategy}", measures.downloads_speedup(evidence, strategy))
    because = "below it may be noise; ten downloads at a time could be 10x as fast"
    return judging.above(f"{strategy}: a help with downloads", told, GAIN, because, "downloads")


def _helps_not(evidence: Evidence, strategy: str, kernel: str) -> Part:
    part = f"{strategy}: no help with {CODE[kernel]}"
    told = figure(f"speedup of {strategy}", measures.computing_speedup(evidence, strategy, kernel))
    return measures.one_cpu(evidence, part) or judging.below(part, told, GAIN, NO_GAIN, "computing")


def processes_reign(evidence: Evidence) -> Finding:
    """Processes are ahead of every other strategy, for each kernel, item length and payload."""
    rivals = ("threads", "interpreters")
    ahead = [_ahead(evidence, rival, kernel) for rival in rivals for kernel in (HOLDS, RELEASES)]
    worthwhile = [_worthwhile(evidence, long=True), _worthwhile(evidence, long=False)]
    return combine([*(one for one in ahead if one), *worthwhile], _without_interpreters(evidence))


def _ahead(evidence: Evidence, rival: str, kernel: str) -> Part | None:
    part = f"processes are ahead of {rival} on {CODE[kernel]}"
    if rival == "interpreters" and not _has_interpreters(evidence):
        return None
    lead = measures.computing_lead(evidence, PROCESSES[0], rival, kernel)
    told = figure(f"lead of {PROCESSES[0]} over {rival}", lead)
    because = "who reigns is ahead by more than noise; a tie is none"
    return measures.one_cpu(evidence, part) or judging.above(part, told, GAIN, because, "computing")


def _worthwhile(evidence: Evidence, *, long: bool) -> Part:
    which = f"{judging.length(_LONG)} and more" if long else f"less than {judging.length(_LONG)}"
    part = f"processes beat a plain loop with items of {which}, whatever they carry"
    told = [
        figure(
            f"speedup with items of {judging.length(seconds)} and {judging.size(size)}",
            _broken_even(evidence, seconds, size),
        )
        for seconds, size in _grid(evidence)
        if (seconds >= _LONG) is long
    ]
    because = "processes are worth their while from a clear gain on, for every item length and payload measured"
    return measures.one_cpu(evidence, part) or judging.all_above(part, told, GAIN, because, "break_even")


def _grid(evidence: Evidence) -> list[tuple[float, int]]:
    cells = [one.cell for one in evidence.cells("break_even", "test_break_even", strategy=PROCESSES[0])]
    return sorted({(float(cell.extra.get("item_cpu_seconds") or 0), cell.size or 0) for cell in cells})


def _broken_even(evidence: Evidence, seconds: float, size: int) -> Sample:
    plain, pool = (
        evidence.cells("break_even", "test_break_even", strategy=name, item_cpu_seconds=seconds, size=size)
        for name in (BASELINE, PROCESSES[0])
    )
    return measures.speedup(plain, pool)


def _has_interpreters(evidence: Evidence) -> bool:
    return (
        bool(evidence.cells("computing", "test_computing", strategy="interpreters"))
        or evidence.version >= _FIRST_WITH_INTERPRETERS
    )


def _without_interpreters(evidence: Evidence) -> list[str]:
    if _has_interpreters(evidence):
        return []
    return ["no rival: this Python has no pool of interpreters to be ahead of; Python 3.14 has"]


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "threads-io-only",
        "Threads and asyncio help I/O, not CPU work",
        ("downloads", "computing"),
        threads_io_only,
    ),
    Claim(
        "processes-reign",
        "CPU-bound work is where processes reign",
        ("computing", "break_even"),
        processes_reign,
    ),
)
