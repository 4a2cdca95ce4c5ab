"""Comparisons and outcomes as a test wants them: every figure chosen, nothing measured."""

from paceline.ab.judging import Estimate, Judged, Outcome
from paceline.ab.record import CANARY, CellPlan, Comparison, Pair, SideFacts, Taken

FILE = "benchmarks/test_gate.py"
ONE, TWO, THREE = (f"{FILE}::test_{name}" for name in ("compute[one worker]", "read[threads]", "read[asyncio]"))
QUIET = (0.01, 0.01, 0.01)
"""The canary's rounds where nothing moves, seconds."""


def side(typed="rev:main", **facts):
    """One side of a comparison."""
    known = {"place": "working tree" if typed.startswith(".") else f"revision {typed.removeprefix('rev:')}"}
    known |= {"commit": "2264bc41e1760a1b2c3d4e5f60718293a4b5c6d7", "dirty": False, "python": "CPython 3.11.7"}
    return SideFacts(typed=typed, **{**known, **facts})


def taken(*rounds, **counts):
    """What one side measured of one cell: rounds in seconds, counts by name."""
    return Taken(rounds=rounds, counts=counts)


def pair(number, cells, canary=(QUIET, QUIET), **facts):
    """A pair of processes; `cells` is full name -> (baseline's, candidate's), each `Taken` or rounds."""
    both = {**cells, CANARY: canary}
    sides = [{name: _taken(measured[which]) for name, measured in both.items()} for which in (0, 1)]
    known = {"phase": "main", "first": "baseline" if number % 2 else "candidate", "order": tuple(cells), "seconds": 9.5}
    return Pair(number=number, baseline=sides[0], candidate=sides[1], **{**known, **facts})


def pairs(cells, count, first=1, **facts):
    """`count` pairs that all measured the same."""
    return tuple(pair(number, cells, **facts) for number in range(first, first + count))


def comparison(*them, **facts):
    """A comparison that holds these pairs."""
    known = {
        "baseline": side("rev:main"),
        "candidate": side(".", dirty=True),
        "fingerprint": "linux-x86_64-cpu-2cpu-cpython-3.11",
        "datetime": "2026-01-02T03:04:05+00:00",
        "seed": 7,
        "tolerance": 0.03,
        "arguments": ("benchmarks/test_gate.py",),
        "looks": _one_look(them, "main"),
        "fresh_looks": _one_look(them, "confirm"),
    }
    return Comparison(pairs=them, **{**known, **facts})


def _one_look(them, phase):
    count = sum(one.phase == phase for one in them)
    return (count,) if count else ()


def plan(**facts):
    """How a cell is measured."""
    return CellPlan(**{"calls": 100, "rounds": 20, "warmup": 200, "seconds": 25e-6, "pinned": True, **facts})


def estimate(ratio=1.0, low=0.99, high=1.01, pairs=14, p=0.5, level=0.95):
    """What some pairs say of one cell."""
    return Estimate(ratio=ratio, low=low, high=high, level=level, pairs=pairs, p=p)


def judged(fullname=ONE, verdict="same", ratio=1.0, low=0.99, high=1.01, **facts):
    """One cell's verdict."""
    known = {"why": f"it is {verdict}", "main": estimate(ratio, low, high)}
    known |= {"baseline_seconds": 0.1, "candidate_seconds": 0.1 * ratio}
    return Judged(fullname=fullname, verdict=verdict, **{**known, **facts})


def outcome(*cells, verdict=None, canary=None, **facts):
    """A comparison, judged; the overall verdict is the one these cells make, unless given."""
    found = {cell.verdict for cell in cells}
    made = next((word for word in ("slower", "faster", "unknown") if word in found), "not slower")
    quiet = judged(CANARY, ratio=0.999, low=0.996, high=1.002)
    return Outcome(verdict=verdict or made, cells=cells, canary=canary or quiet, **facts)


def _taken(measured):
    return measured if isinstance(measured, Taken) else taken(*measured)
