"""Who freezes while a strategy works: a pass beside a bystander in this process and one in a process of its own."""

import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Literal, get_args

from paceline.child import processes
from paceline.child.processes import Child, HungError, LostError
from paceline.contracts import Item
from paceline.measuring.rounds import noting
from paceline.strategies import Strategy
from paceline.workers.beside import in_thread
from paceline.workers.bystander import STALL, TICK, Bystander, Cause, Late, cause

LEAST_SECONDS = 0.3  # of the rounds together: some 300 ticks, so that three are beyond the 99th percentile
CAUSES: tuple[Cause, ...] = get_args(Cause)


def figures_of(
    strategy: Strategy, items: Sequence[Item], meanwhile: AbstractContextManager[None] | None = None
) -> dict[str, Any]:
    """Start one like `strategy`, run a warm round, and return how late bystanders are `beside` it then; `meanwhile`
    lasts while it is at work.
    """
    with (
        noting("in the bystander's pass, after the timed rounds"),
        strategy.clone(strategy.workload) as started,
        meanwhile or nullcontext(),
    ):
        started.map(items)
        return beside(started, items)


def beside(started: Strategy, items: Sequence[Item]) -> dict[str, Any]:
    """Return how late bystanders are beside a strategy that was started, as a saved cell has it."""
    noted = watched(started, items)
    return {
        "kind": noted.kind,
        "here": lateness(noted.here, noted.cause),
        "apart": lateness(noted.apart, lambda _: "starved"),  # nothing there holds what it needs
    }


@dataclass(frozen=True)
class Noted:
    """What bystanders noted during some rounds.

    Attributes:
        kind: of the one that is here: a task where the strategy runs items on a loop of this process, else a thread.
        apart: the ticks of the one in a process of its own.
    """

    kind: Literal["task", "thread"]
    here: list[Late]
    apart: list[Late]

    def cause(self, stall: Late) -> Cause:
        """Tell what kept the one that is here."""
        return cause(stall, self.apart)


def watched(started: Strategy, items: Sequence[Item]) -> Noted:
    """Run as many rounds as take `LEAST_SECONDS`, one right after the other, and return what bystanders noted in them.

    Answers are not checked, as the timed rounds' are.

    Raises:
        LostError: if the process of the one that is apart ended or hung.
    """
    with ExitStack() as opened:
        apart = opened.enter_context(processes.running("paceline.measuring.apart"))
        here = Bystander()
        opened.callback(here.finish)
        on_loop = started.repeat_on_loop(here.tick, TICK)
        with nullcontext() if on_loop else in_thread(here.run, "paceline-bystander"):
            receive(apart)
            started.map(items[:1])  # for the first tick, which has none before it
            begun = time.monotonic()
            started.map(items)
            while (ended := time.monotonic()) - begun < LEAST_SECONDS:
                if on_loop:
                    here.cut()
                started.map(items)
        own = during(here.finish(), begun, ended)
        with suppress(OSError):  # it has died, which its missing answer says
            apart.requests.send(None)
        return Noted("task" if on_loop else "thread", own, during(receive(apart), begun, ended))


def receive(child: Child) -> Any:
    """Return the next answer of the bystander that is apart."""
    try:
        if child.answers.poll(processes.TIMEOUT):
            return child.answers.recv()
    except (EOFError, OSError):
        raise LostError(f"the bystander apart gave no answer: {child.death()}") from None
    raise HungError("the bystander apart gave no answer")


def during(ticks: Iterable[Late], begun: float, ended: float) -> list[Late]:
    """Return the ticks that were due or ran within a span of time, and of each what lies in it."""
    return [late.within(begun, ended) for late in ticks if late.due < ended and late.ran > begun]


def lateness(ticks: Sequence[Late], why: Callable[[Late], Cause]) -> dict[str, Any]:
    """Sum up ticks; `why` tells what was the cause of a stall."""
    seconds = sorted(late.seconds for late in ticks)
    causes = {late: why(late) for late in ticks if late.seconds > STALL}
    known = {late: cause for late, cause in causes.items() if cause != "unknown"}
    counted = Counter(causes.values())
    return {
        "ticks": len(ticks),
        "median": statistics.median(seconds),
        "p99": seconds[math.ceil(0.99 * len(seconds)) - 1],
        "worst": seconds[-1],
        "worst_why": known.get(max(ticks, key=lambda late: late.seconds)),
        **{cause: counted[cause] for cause in CAUSES},
    }
