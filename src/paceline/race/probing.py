"""A first look at somebody's function, in a process of its own: does it work, wait or compute, and for how long?"""

import asyncio
import math
import os
import pickle
import reprlib
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias, TypeVar

from paceline.child.inside import describe
from paceline.contracts import Item, Result
from paceline.measuring import gil, values
from paceline.measuring.values import all_same, unpicklable
from paceline.race import choosing
from paceline.race.messages import Began, Findings
from paceline.workers import delays
from paceline.workers.event_loop import runner
from paceline.workloads import call
from paceline.workloads.call import Call, NotAwaitedError

LAST_WORDS = 4096  # bytes


class Output:
    """Sends standard output where standard error goes, a file that the parent opened, and reads what came.

    The file was opened for appending, so it can be emptied while workers go on writing to it.
    """

    def __init__(self) -> None:
        os.dup2(2, 1)
        with open(os.devnull) as nothing:  # noqa: PTH123 - a device
            os.dup2(nothing.fileno(), 0)  # a function that reads its input finds none, and doesn't eat our requests

    def first_line(self) -> str | None:
        """Return the first line with something in it that was written since the last `forget`."""
        self._flush()
        text = os.pread(2, 4096, 0).decode("utf-8", "replace").strip()
        return text.partition("\n")[0].strip() or None

    def describe(self, error: BaseException) -> str:
        """Return what went wrong; after a `SystemExit`, which says little, with the last line that was written."""
        if not isinstance(error.__cause__, SystemExit):
            return describe(error)
        self._flush()
        beginning = max(0, os.fstat(2).st_size - LAST_WORDS)
        last = os.pread(2, LAST_WORDS, beginning).decode("utf-8", "replace").strip().rpartition("\n")[2]
        return describe(error) + (f"; it wrote: {last}" if last else "")

    def forget(self) -> None:
        self._flush()
        os.ftruncate(2, 0)

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # the function may have closed or replaced it
                stream.flush()


MOST = 1000  # elements of a container that are looked at; a global of millions must not slow the probe down


def taken(module: ModuleType) -> dict[str, str]:
    """Write down the module's globals, the environment and the current directory: how each looks now, by its name."""
    globals_ = {f"{module.__name__}.{name}": _look(value) for name, value in vars(module).items() if name[:2] != "__"}
    environment = {f"os.environ[{name!r}]": value for name, value in os.environ.items()}
    return {**globals_, **environment, "the current directory": str(Path.cwd())}


def changes(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _look(value: Any) -> str:
    if callable(getattr(value, "cache_info", None)):
        return f"cache of {value.cache_info().currsize}"
    if isinstance(value, ModuleType) or callable(value):
        return f"{type(value).__name__} {id(value)}"
    state = getattr(value, "__dict__", None)
    size = len(value) if hasattr(value, "__len__") else None
    try:
        return f"{id(type(value))} {size} {_brief().repr(value)} {_brief().repr(state)}"
    except Exception:  # noqa: BLE001 - a class's own __repr__ may raise anything
        return f"{type(value).__name__} {id(value)}"


def _brief() -> reprlib.Repr:
    brief = reprlib.Repr()
    brief.maxlist = brief.maxtuple = brief.maxdict = brief.maxset = brief.maxdeque = brief.maxarray = MOST
    brief.maxfrozenset = brief.maxstring = brief.maxlong = brief.maxother = MOST
    return brief


T = TypeVar("T")
_Awaited: TypeAlias = Coroutine[Any, Any, T] | Generator[Any, None, T]


class Steps:
    """The steps of all tasks of a loop; `longest` are the seconds of one since `begin`, less those without a CPU."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._held = 0.0

    def begin(self) -> None:
        self.longest, self._held = 0.0, delays.own()

    def task(self, loop: asyncio.AbstractEventLoop, coroutine: _Awaited[T], /, **settings: Any) -> asyncio.Task[T]:
        """Make a task, as a loop's task factory does."""
        return asyncio.Task(_Stepped(coroutine, self), loop=loop, **settings)

    def took(self, seconds: float) -> None:
        """Take note of a step; all delays since the last look count as its own, which makes it no longer."""
        if seconds > self.longest:
            held = delays.own()
            self.longest = max(self.longest, seconds - (held - self._held))
            self._held = held


class _Stepped(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are timed; what else is asked of it, it answers itself."""

    def __init__(self, coroutine: _Awaited[Any], steps: Steps) -> None:
        self._coroutine: Any = coroutine
        self._steps = steps

    def send(self, value: Any) -> Any:
        return self._timed(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        return self._timed(self._coroutine.throw, *error)

    def _timed(self, step: Callable[..., Any], *arguments: Any) -> Any:
        begin = time.perf_counter()
        try:
            return step(*arguments)
        finally:
            self._steps.took(time.perf_counter() - begin)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Any:
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)


ITEMS = 5  # are tried
ENOUGH = 5.0  # seconds after which no further item is tried
SUSPICIOUS = 5.0  # times as fast as the first call: the second looks its result up
SHORTEST = 1e-9  # seconds; what a clock that did not move is taken for
WORTH_CACHING = 0.001  # seconds; below, a call's first cost is Python's own
BLOCKING = 0.005  # seconds; a thread that computes has to let others on after so long (sys.getswitchinterval)
HARMLESS = 0.001  # seconds; a loop that is kept for so long delays nobody by more than a wait for a network

Face: TypeAlias = Literal["blocking", "async"]


@dataclass(frozen=True)
class Tried:
    """One call, in seconds.

    Attributes:
        around: wall seconds that these were taken within.
        held: time for which it was ready to run but had no CPU.
        kept: time at a stretch, at most, for which it kept its event loop from going on.
    """

    result: Result
    wall: float
    cpu: float
    around: float
    held: float
    kept: float


def probe(call: Call, items: Sequence[Item], output: Output) -> Generator[Began, None, Findings]:
    """Find out what a function is like, saying before each step what it is.

    Raises:
        NoSuchFunctionError: if the name leads to none that takes an item.
        BrokenModuleError: if its module raises an error.
        ItemError: if an item does, or what comes back is not done.
    """
    yield Began("importing it")
    call.check()
    face: Face = "async" if call.is_async() else "blocking"
    before = taken(call.module())
    output.forget()
    try:
        first, second = yield from _twice(call, face, items)
    except NotAwaitedError:  # a plain function around an async one
        face = "async"
        first, second = yield from _twice(call, face, items)
    yield Began("the comparison of its results")
    changed = changes(before, taken(call.module()))
    faster = _per_item(first) / _per_item(second)
    return Findings(
        face=face,
        seconds=_per_item(first),
        cpu_share=_cpu_share(_warm(first)),
        stable=all_same([values.same(a.result, b.result) for a, b in zip(first, second, strict=True)]),
        unpicklable=_unpicklable(call, [tried.result for tried in first]),
        printed=output.first_line(),
        changed=changed,
        caches=faster if faster > SUSPICIOUS and _per_item(first) > WORTH_CACHING else None,
        blocks=_blocks(first, second),
        tried=tuple(tried.wall for tried in first),
        gil=gil.doubt(),
    )


def _twice(
    call: Call, face: Face, items: Sequence[Item]
) -> Generator[Began, None, tuple[Sequence[Tried], Sequence[Tried]]]:
    """Do the first items, then the same again."""
    steps = Steps()
    with _caller(call, face, steps) as run:
        first = yield from _tries(run, items[:ITEMS], "", ENOUGH, steps)
        second = yield from _tries(run, items[: len(first)], ", a second time", math.inf, steps)
    return first, second


def _warm(tries: Sequence[Tried]) -> Sequence[Tried]:
    """Leave the first call of all out, if there are others: it pays for what is made once."""
    return tries[1:] or tries


def _per_item(tries: Sequence[Tried]) -> float:
    warm = _warm(tries)
    return max(SHORTEST, sum(tried.wall for tried in warm) / len(warm))


def _cpu_share(tries: Sequence[Tried]) -> float:
    """Divide CPU time by wall time, less the time for which a busy machine held the function up."""
    cpu, around, held = (sum(map(attrgetter(name), tries)) for name in ("cpu", "around", "held"))
    return float(cpu / max(around - held, min(cpu, around)))


def _blocks(first: Sequence[Tried], second: Sequence[Tried]) -> float | None:
    """Return the longest stretch that was long both times; a first call, or the interpreter, may take one alone."""
    pairs = [(one, other) for one, other in zip(first, second, strict=True) if _keeps_loop(one) and _keeps_loop(other)]
    return max((min(one.kept, other.kept) for one, other in pairs), default=None)


def _keeps_loop(tried: Tried) -> bool:
    """Whether others on the loop wait longer than beside a thread, or for most of the time that tasks could share."""
    return tried.kept > BLOCKING or tried.kept > max(HARMLESS, (tried.around - tried.held) / 2)


@contextmanager
def _caller(call: Call, face: Face, steps: Steps) -> Iterator[Callable[[Item], Result]]:
    """Open the workload once, and hand out a blocking way to do one item; `steps` times those of an async one."""
    if face == "blocking":
        with call.worker() as run:
            yield run
        return
    opened = AsyncExitStack()
    with runner() as loop:
        loop.get_loop().set_task_factory(steps.task)
        awaited = loop.run(opened.enter_async_context(call.async_worker(1)))
        yield lambda item: loop.run(_one(awaited, item))
        loop.run(opened.aclose())


async def _one(run: Callable[[Item], Awaitable[Result]], item: Item) -> Result:
    return await run(item)


def _tries(
    run: Callable[[Item], Result], items: Sequence[Item], again: str, enough: float, steps: Steps
) -> Generator[Began, None, list[Tried]]:
    """Do items one after the other, until `enough` seconds are over, or at first each is seen to take longer."""
    tries: list[Tried] = []
    deadline = time.monotonic() + enough
    for item in items:
        yield Began(f"item {item!r}{again}")
        steps.begin()
        held = delays.of_threads()
        outer, cpu, inner = time.perf_counter(), cpu_seconds(), time.perf_counter()
        result = run(item)
        wall, spent = time.perf_counter() - inner, cpu_seconds() - cpu
        around = time.perf_counter() - outer
        tries.append(Tried(result, wall, spent, around, delays.since(held), steps.longest))
        call.refuse_undone(item, result)
        if time.monotonic() > deadline or (not again and choosing.growth([tried.wall for tried in tries])):
            break
    return tries


def cpu_seconds() -> float:
    """CPU seconds of this process and of those that the function started and has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _unpicklable(call: Call, values: Sequence[Any]) -> str | None:
    try:
        pickle.dumps(call.load())
    except Exception as error:  # noqa: BLE001 - a callable object's own __reduce__ may raise anything
        return f"the function itself ({error})"
    why = next(filter(None, map(unpicklable, values)), None)
    return f"its results ({why})" if why else None
