"""How the calls of a benchmark become rounds: tried once in a trial, in turns in a pair, or under a profiler."""

import contextlib
import inspect
import operator
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

MIN_ROUND = 0.0025  # seconds; a call that takes longer is a round of its own
LONG = 0.25  # seconds of a call that is not called again only to be tried
BATCHES = 3  # of a trial, of which the fastest counts
MORE_LOOKS = 4  # at what a cell does beside computing
ALONE = 0.9  # of the time, that the calling thread has a CPU or waits for one, if it only computes
OTHERS = 0.02  # of the time, that other threads may have one meanwhile
TINY = 1e-6  # seconds of a call, below which the loop around it is reported
USED_UP = 20  # times as long as the later calls, that a first call takes which leaves them little to do
NOTICED = 1e-4  # seconds of a first call, below which that says nothing
COROUTINE = (
    "a coroutine function would only be created, not run; write benchmark(lambda: asyncio.run(function())) or a loop "
    "made before: benchmark(lambda: loop.run_until_complete(function()))"
)
EXHAUSTED = (
    "its second call does nothing, since the first has used up its input; give it anew for each call: "
    "benchmark.pedantic(function, setup=lambda: ((make_input(),), {}), rounds=N)"
)
WEAVE = "benchmark_weave times calls from within, which can't be taken in turns; write benchmark(function, *args)"
UNUSED = "never calls its benchmark"
FREE = {
    "asks": "it asks how many CPUs it may use",
    "children": "it starts processes",
    "threads": "other threads work too",
    "waits": "it waits",
}
"""What keeps a cell from sharing one CPU with the other side's."""


def nothing() -> None:
    """Do nothing before a round."""


class Target:
    """What a test hands over to be timed.

    Args:
        fixture: pytest-benchmark's own.
        call: the function, its arguments and keyword arguments.
        around: the functions before each call, which may make the arguments, and after it.
        typed: the calls of a round, the rounds and the warm-up rounds that the test asks for.
        keeps_rounds: whether it needs just as many rounds, as Paceline's own cells do.
    """

    def __init__(
        self,
        fixture: Any,
        call: tuple[Callable[..., Any], Any, Any],
        around: tuple[Any, Any] = (None, None),
        typed: tuple[int, int, int] = (1, 1, 0),
        *,
        keeps_rounds: bool = False,
    ) -> None:
        self._fixture, self._call, (self._setup, self._teardown) = fixture, call, around
        self.iterations, self.rounds, self.warmup = typed
        self.keeps_rounds = keeps_rounds
        if around == (None, None):
            self.iterations = 1
        self.alone = around == (None, None)
        self.called = 0
        self.result: Any = None
        self._has_result = False

    def batch(self, calls: int, before: Callable[[], None] = nothing) -> float:
        """Return the seconds of so many calls; `before` is called directly before the first."""
        self.called += calls
        if self.alone:
            return self._timed(before, self._call, calls)
        return sum(self._prepared(before if number == 0 else nothing) for number in range(calls))

    def _prepared(self, before: Callable[[], None]) -> float:
        function, args, kwargs = self._call
        if self._setup and (made := self._setup()):
            if args or kwargs:
                raise TypeError("Can't use `args` or `kwargs` if `setup` returns the arguments.")
            args, kwargs = made
        seconds = self._timed(before, (function, args, kwargs), self.iterations)
        if self._teardown:
            self._teardown(*args, **kwargs)
        return seconds

    def _timed(self, before: Callable[[], None], call: tuple[Any, Any, Any], calls: int) -> float:
        runner = self._fixture._make_runner(*call)  # noqa: SLF001 - the inner loop is pytest-benchmark's
        before()
        self._has_result = calls == 1
        if self._has_result:
            seconds, self.result = runner(None)
        else:
            seconds = runner(range(calls))
        return float(seconds)

    def last(self) -> Any:
        """Return the last call's result; a loop drops it, so there is one more call, as pytest-benchmark makes one."""
        if not self._has_result:
            self.iterations = 1
            self.batch(1)
        return self.result

    def empty(self) -> float:
        """Return the seconds that the loop takes around each call."""
        runner = self._fixture._make_runner(().__len__, (), {})  # noqa: SLF001 - as above
        return float(min(runner(range(1000)) for _ in range(5))) / 1000

    def exhausted(self) -> bool:
        """Whether an argument is an exhausted iterator."""
        _, args, kwargs = self._call
        return any(map(_ended, (*args, *kwargs.values())))


def _ended(value: Any) -> bool:
    if inspect.isgenerator(value):
        return inspect.getgeneratorstate(value) == inspect.GEN_CLOSED
    return hasattr(value, "__next__") and operator.length_hint(value, 1) == 0


class Turns:
    """Takes the rounds of each cell in turns with the other side.

    Args:
        plan: full name -> "calls" of a round, "rounds", and "warmup", the calls before the first; of a profile also
            "repeats", the rounds that are profiled.
        turn: waits until it is this side's turn; called with the cell's name and the number of the round.
        ready: called before each timed part that is no round.
    """

    def __init__(self, plan: dict[str, Any], turn: Callable[[str, int], None], ready: Callable[[], None]) -> None:
        self._plan, self._turn, self._ready = plan, turn, ready

    def measure(self, cell: str, target: Target) -> tuple[int, list[float]]:
        """Return the calls of a round, and the seconds of each."""
        plan = self._plan[cell]
        if plan["warmup"]:
            target.batch(plan["warmup"], self._ready)
        calls = plan["calls"]
        return calls, [target.batch(calls, partial(self._turn, cell, each)) for each in range(plan["rounds"])]


class Profiles(Turns):
    """Calls each cell under a profiler, once it is this side's turn.

    Attributes:
        found: "functions", rows of `profiling.profiled`; whether other "threads" worked and "children" were started.
    """

    found: dict[str, Any]

    def measure(self, cell: str, target: Target) -> tuple[int, list[float]]:
        """Return the calls of a round and, since a test may ask for some, one time."""
        from . import profiling  # imports much that the other kinds don't need

        plan = self._plan[cell]
        calls = plan["calls"]
        seconds = target.batch(plan["warmup"] or 1, self._ready)
        self._turn(cell, 0)
        with _watched() as use:
            functions = profiling.profiled(lambda: target.batch(calls, self._ready), plan["repeats"])
        self.found = {"functions": functions, "threads": use["threads"], "children": use["children"]}
        return calls, [seconds]


class Trial:
    """Tries each cell once: how long a call takes, and what it needs; `ready` is as for `Turns`."""

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self.facts: dict[str, Any] = {}
        self.longest: float | None = None
        self._asked = False
        for name in ("process_cpu_count", "sched_getaffinity"):
            if hasattr(os, name):
                setattr(os, name, self._noting(getattr(os, name)))

    def _noting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any) -> Any:
            self._asked = True
            return function(*args)

        return noted

    def begin(self) -> None:
        """Forget the cell before: the next one's fixtures are set up."""
        self.facts, self._asked = {}, False

    def measure(self, _: str, target: Target) -> tuple[int, list[float]]:
        """Return the calls of a batch and the seconds of some."""
        begun = time.perf_counter()
        with _watched() as use:
            calls, batches, remarks = self._own(target) if target.keeps_rounds else _tried(target, self.longest)
        wall = (time.perf_counter() - begun) / target.called
        seconds = min(batches) / calls
        if not target.keeps_rounds:
            use = _again(use, target, calls, max(batches))
        if target.alone and seconds < TINY:
            loop = target.empty()
            remarks.append(f"{loop * 1e9:.0f} of its {seconds * 1e9:.0f} ns are the loop around it")
        needs = {**use, "asks": self._asked}
        self.facts = {
            "seconds": seconds,
            "wall": wall,
            "rounds": target.rounds if target.keeps_rounds else None,
            "warmup": target.warmup,
            "free": next((why for name, why in FREE.items() if needs[name]), None),
            "remarks": remarks,
        }
        return calls, batches

    def _own(self, target: Target) -> tuple[int, list[float], list[str]]:
        for _ in range(target.warmup):
            target.batch(1, self._ready)
        return 1, [target.batch(1, self._ready) for _ in range(target.rounds)], []


def _tried(target: Target, longest: float | None) -> tuple[int, list[float], list[str]]:
    with _ended_after(longest):
        first = target.batch(1)
    result = target.result
    _refuse_coroutine(result)
    if first > LONG:
        return 1, [first], []
    calls, seconds = 1, target.batch(1)
    again = target.result
    if target.exhausted() or _emptied(result, again):
        pytest.fail(EXHAUSTED, pytrace=False)
    while seconds < MIN_ROUND:
        calls = max(2 * calls, min(10 * calls, round(calls * MIN_ROUND / max(seconds, 1e-9))))
        seconds = target.batch(calls)
    batches = [seconds, *(target.batch(calls) for _ in range(BATCHES - 1) if seconds < LONG)]
    return calls, batches, _first_call(first, min(batches) / calls)


def _emptied(first: Any, later: Any) -> bool:
    with contextlib.suppress(Exception):  # the function's results may have no truth, as arrays have none
        return bool(first) and not later
    return False


def _first_call(first: float, later: float) -> list[str]:
    if first < NOTICED or first < USED_UP * later:
        return []
    remark = (
        f"its first call took {first / later:.0f} times as long as later ones, which are compared: if it uses up or "
        "remembers what it works on, give it anew by benchmark.pedantic(function, setup=...)"
    )
    return [remark]


def _refuse_coroutine(result: Any) -> None:
    if inspect.iscoroutine(result):
        result.close()
        pytest.fail(COROUTINE, pytrace=False)


@contextlib.contextmanager
def _ended_after(seconds: float | None) -> Iterator[None]:
    """End a call that would take all the time there is, unless somebody else has set an alarm."""
    if seconds is None or not hasattr(signal, "setitimer") or any(signal.getitimer(signal.ITIMER_REAL)):
        yield
        return

    def end(*_: object) -> None:
        pytest.skip(f"a call takes more than {seconds:.2g} s, for which there is no time; allow more by --time")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _watched() -> Iterator[dict[str, bool]]:
    """Yield whether what is done meanwhile starts processes, has other threads work, or waits: known at the end."""
    found: dict[str, bool] = {}
    children, begun = _children(), _times()
    yield found
    wall, own, every = (after - before for before, after in zip(begun, _times(), strict=True))
    found["children"] = _children() != children
    found["threads"] = every - own > OTHERS * wall
    found["waits"] = own < ALONE * wall


def _again(use: dict[str, bool], target: Target, calls: int, seconds: float) -> dict[str, bool]:
    """Look again before a cell is said not to compute alone: what others do to this machine looks alike."""
    for _ in range(MORE_LOOKS if seconds < LONG else 0):
        if not any(use.values()):
            break
        with _watched() as found:
            for _ in range(BATCHES):
                target.batch(calls)
        use = found
    return use


def _times() -> tuple[float, float, float]:
    from . import delays  # type: ignore[attr-defined]  # beside this file's copy, and nowhere else

    return time.perf_counter() - delays.own(), time.thread_time(), time.process_time()


def _children() -> tuple[int, int]:
    """Return the page faults of ended child processes, of which each has some, and the number of running ones."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
    lists = map(_read, Path("/proc/self/task").glob("*/children"))
    return ended, sum(len(each.split()) for each in lists)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the thread has ended since its name was read
        return ""
