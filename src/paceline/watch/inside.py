"""The process in which a strategy is watched, and what goes there and comes back; spans take a way of their own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paceline.child.inside import Failed, ends
from paceline.contracts import Option, Workload
from paceline.race.lane import end_with_race
from paceline.race.probing import Output
from paceline.strategies import Strategy, by_name
from paceline.workers.spans import Observed
from paceline.workloads import Call, call
from paceline.workloads.call import NoSuchFunctionError


@dataclass(frozen=True)
class RunTwice:
    """Run so many items twice with a strategy. Answered by `Ran` and then `Ended`, or by `Failed` in the place of
    either.

    Attributes:
        log: the FIFO that takes the spans.
    """

    strategy: str
    workload: Workload
    workers: int
    options: Mapping[str, Option]
    items: int
    log: Path


@dataclass(frozen=True)
class Ran:
    """Both rounds are done; `printed` is the first line that the items printed, if any."""

    printed: str | None


@dataclass(frozen=True)
class Ended:
    """All workers are gone; `trouble` says what was wrong with that, if anything."""

    trouble: str | None = None


class UnfitError(ValueError):
    """The function is of the other kind."""


def main() -> None:
    """Answer, and end."""
    requests, answers = ends()
    output = Output()
    request: RunTwice = requests.recv()
    try:
        with run(request, requests.fileno(), output):
            answers.send(Ran(output.first_line()))
        answers.send(Ended())
    except BaseException as error:  # noqa: BLE001 - a function may raise anything, SystemExit among it
        answers.send(Failed(output.describe(error), misuse=isinstance(error, NoSuchFunctionError)))


@contextmanager
def run(request: RunTwice, lifeline: int, output: Output) -> Iterator[None]:
    """Run a warm round and a watched one, telling them apart in the log; the strategy ends with the context."""
    chosen = by_name()[request.strategy]
    if not chosen.forks:
        end_with_race(lifeline)
    check_flavour(chosen, request.workload)
    observed = Observed(request.workload, request.log)
    with chosen(observed, request.workers, **request.options) as strategy:
        if chosen.forks:  # a thread before the fork would be copied in the middle of something
            end_with_race(lifeline)
        for item, result in enumerate(strategy.map(range(request.items))):
            call.refuse_undone(item, result)
        output.forget()
        observed.forget()
        strategy.map(range(request.items))
        yield


def check_flavour(strategy: type[Strategy], workload: Workload) -> None:
    """See to it that a strategy and somebody's function go together; our own workloads have both flavours.

    Raises:
        UnfitError: if they don't.
    """
    if isinstance(workload, Call):
        workload.check()
        is_async = workload.is_async() or (strategy.flavour == "async" and workload.wraps_async(0))
        flavour = "async" if is_async else "blocking"
        if flavour != strategy.flavour:
            fit = ", ".join(name for name, known in by_name().items() if known.flavour == flavour)
            raise UnfitError(
                f"{strategy.name} runs {strategy.flavour} functions, and this one is {flavour}; use one of {fit}"
            )
