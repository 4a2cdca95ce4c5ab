"""The process of one strategy in a race, which does what its standard input says."""

import gc
import select
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.util import get_temp_dir
from typing import NoReturn

from paceline.child import processes
from paceline.child.inside import Failed, ends
from paceline.contracts import Item, Result
from paceline.measuring import values
from paceline.measuring.values import all_same, pack, result_digests, same_packed
from paceline.race.messages import Answer, Began, Done, Enter, Findings, Ran, Request, Stall
from paceline.race.probing import Output, cpu_seconds, probe
from paceline.strategies import Strategy, by_name
from paceline.workloads.call import Call, NoSuchFunctionError

MOST = 16 << 20  # bytes of results that go to another lane at once
GIVE_TIMEOUT = 1.0  # seconds after which no further item is done again


class Lane:
    """What a lane knows between two requests."""

    def __init__(self, output: Output, lifeline: int) -> None:
        self.output, self._lifeline = output, lifeline
        self._entered = ExitStack()
        self._strategy: Strategy
        self._items: Sequence[Item] = []
        self._results: list[Result] = []

    def answers(self, request: Request) -> Iterator[Answer]:
        """Do what is asked; the last answer is the one waited for."""
        value = getattr(self, request.method)(*request.arguments)
        yield Done((yield from value) if isinstance(value, Generator) else value)

    def probe(self, function: str, items: Sequence[Item]) -> Generator[Began, None, Findings]:
        """Look at a function before the race."""
        end_with_race(self._lifeline)
        return (yield from probe(Call(function), items, self.output))

    def enter(self, request: Enter) -> float:
        """Start the strategy, and return the seconds that it took; the function's module is imported by then, as it is
        in a program that uses it.
        """
        chosen = by_name()[request.strategy]
        if not chosen.forks:
            end_with_race(self._lifeline)
        call = Call(request.function)
        call.load()
        self._items = request.items
        self._strategy = chosen(call, request.workers)
        begin = time.perf_counter()
        self._entered.enter_context(self._strategy)
        seconds = time.perf_counter() - begin
        if chosen.forks:  # a thread before the fork would be copied in the middle of something
            end_with_race(self._lifeline)
        return seconds

    def run(self, expected: bytes | None) -> Ran:
        """Do all items once. Results that are not the expected ones are kept for a closer look, with None none are."""
        self._results = []
        gc.collect()
        cpu, begin = cpu_seconds(), time.perf_counter()
        done = self._strategy.map(self._items)
        seconds, cpu = time.perf_counter() - begin, cpu_seconds() - cpu
        self.output.forget()
        digests = result_digests(done)
        if values.digest(digests) == expected:
            return Ran(seconds, cpu, b"")
        self._results = [] if expected is None else done
        return Ran(seconds, cpu, digests)

    def give(self, places: Sequence[int]) -> list[bytes | None]:
        """Do items once more, as their results are kept nowhere, up to a bounded size and time, and return these
        pickled; None for what can't be.
        """
        packed: list[bytes | None] = []
        size, deadline = 0, time.monotonic() + GIVE_TIMEOUT
        for place in places:
            [result] = self._strategy.map([self._items[place]])
            packed.append(pack(result))
            size += len(packed[-1] or b"")
            if size > MOST or time.monotonic() > deadline:
                break
        self.output.forget()
        return packed

    def compare(self, places: Sequence[int], packed: Sequence[bytes | None]) -> bool | None:
        """Return whether results that were kept are the same as another lane's; None if it can't be told."""
        pairs = zip((self._results[place] for place in places), packed, strict=True)
        return all_same([same_packed(*pair) for pair in pairs])

    def stall(self, count: int) -> Stall:
        """Do the first items once more beside a bystander, until there are enough ticks."""
        from paceline.measuring.bystander import beside  # here: it is none of the memory that was looked at

        figures = beside(self._strategy, self._items[:count])
        self.output.forget()
        return Stall(figures["here"]["worst"], figures["here"]["worst_why"], loop=figures["kind"] == "task")

    def forget(self) -> None:
        """Keep no results."""
        self._results = []
        gc.collect()

    def leave(self) -> None:
        """End the strategy."""
        self._entered.close()


def end_with_race(lifeline: int) -> None:
    """End this process and all that it started as soon as the race's end of the pipe closes, by SIGKILL too."""

    def watch() -> None:
        poll = select.poll()
        poll.register(lifeline, 0)  # no event but the hang-up, which always comes
        poll.poll()
        end_all()

    threading.Thread(target=watch, name="paceline-race-watch", daemon=True).start()


def end_all() -> NoReturn:
    """End this process and all that it started, and remove what they put into files."""
    shutil.rmtree(get_temp_dir(), ignore_errors=True)
    processes.end_own()


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = ends()
    lane = Lane(Output(), requests.fileno())
    try:
        while True:
            answer(lane, requests.recv(), answers.send)
    except (EOFError, OSError):  # the race is gone
        end_all()


def answer(lane: Lane, request: Request, send: Callable[[Answer], None]) -> None:
    """Do what is asked, and send what came of it."""
    try:
        for each in lane.answers(request):
            send(each)
    except BaseException as error:  # noqa: BLE001 - a function may raise anything, SystemExit among it
        send(Failed(lane.output.describe(error), misuse=isinstance(error, NoSuchFunctionError)))
