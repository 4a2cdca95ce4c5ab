"""Profile a call in a side's process: which functions ran, how often, how long, and which called which."""

import cProfile
import dis
import gc
import hashlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

_Code = CodeType | str  # a function written in C is known by a description
_Calls = tuple[object, object]  # identities of what calls (None for anything) and of what is called
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def profiled(run: Callable[[], object], repeats: int = 20) -> list[dict[str, Any]]:
    """Run something a few times under cProfile and return a row for each function that it called.

    Frames of the profiler, of pytest-benchmark and of `run` itself are left out. Only the calling thread is seen.

    Args:
        run: what to profile, such as a round.
        repeats: profiles to take, the same number on both sides. Of each function's seconds the least count, as a busy
            machine only ever adds some: several short runs tell more than a long one.

    Returns:
        Rows of one run for JSON: "file", "line" and "end" (first and last line; "" and 0 of C code), "name"
        (qualified), "code" (a digest of what the function does, wherever it stands; "" of C code), "calls" (a mean over
        the repeats), "own" and "cumulative" (seconds), and "callees": [place among the rows, calls, own, cumulative] of
        the calls made from there.

    Raises:
        ValueError: another profiler is on (Python 3.12 and later).
    """
    own = getattr(run, "__code__", None)
    totals: dict[_Calls, list[tuple[int, float, float]]] = {}
    codes: dict[object, _Code] = {}
    for _ in range(repeats):
        for entry in _profile(run):
            if entry.code is not own and not _of_harness(entry.code):
                codes[_identity(entry.code)] = entry.code
                for caller, callee in [(None, entry), *((entry.code, callee) for callee in entry.calls or ())]:
                    one = callee.callcount, callee.inlinetime, callee.totaltime
                    totals.setdefault((_identity(caller), _identity(callee.code)), []).append(one)
    places = {identity: place for place, identity in enumerate(codes)}
    rows = [{**_described(code), "callees": []} for code in codes.values()]
    for (caller, callee), measured in totals.items():
        calls, seconds, cumulative = _least(measured, repeats)
        if caller is None:
            rows[places[callee]].update(calls=calls, own=seconds, cumulative=cumulative)
        elif callee in places:
            rows[places[caller]]["callees"].append([places[callee], calls, seconds, cumulative])
    return rows


def _profile(run: Callable[[], object]) -> Any:
    profiler = cProfile.Profile()
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        profiler.runcall(run)
    finally:
        if collecting:
            gc.enable()
    return profiler.getstats()


def _least(measured: list[tuple[int, float, float]], repeats: int) -> tuple[float, float, float]:
    """Return the calls of a run in the mean, and what they take if each takes as long as in the quickest run."""
    calls = sum(calls for calls, _, _ in measured) / repeats
    own, cumulative = (min(each[column] / each[0] for each in measured) * calls for column in (1, 2))
    return calls, own, cumulative


def _of_harness(code: _Code) -> bool:
    if isinstance(code, str):
        return "_lsprof.Profiler" in code
    file = Path(code.co_filename)
    return file.parent == Path(__file__).parent or "pytest_benchmark" in file.parent.parts


def _identity(code: Any) -> object:
    return id(code) if isinstance(code, CodeType) else code


def _described(code: _Code) -> dict[str, Any]:
    if isinstance(code, str):
        return {"file": "", "line": 0, "end": 0, "name": _ADDRESS.sub("", code), "code": ""}
    digest = f"{sys.implementation.cache_tag}:{_digest(code)}"
    name = getattr(code, "co_qualname", code.co_name)  # Python 3.10 knows no class's
    return {"file": code.co_filename, "line": code.co_firstlineno, "end": _end(code), "name": name, "code": digest}


def _digest(code: CodeType) -> str:
    """Return a word for what a function does, the same for other comments, lines and names of variables."""
    made = hashlib.sha256(code.co_code)
    made.update(getattr(code, "co_exceptiontable", b""))
    made.update(repr((code.co_names, [_constant(each) for each in code.co_consts])).encode("utf-8", "replace"))
    return made.hexdigest()[:16]


def _constant(value: object) -> str:
    if isinstance(value, CodeType):
        return _digest(value)
    return str(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _end(code: CodeType) -> int:
    lines = [line for _, line in dis.findlinestarts(code) if line]
    inner = [_end(each) for each in code.co_consts if isinstance(each, CodeType)]
    return max([code.co_firstlineno, *lines, *inner])
