"""The trial of a comparison: which cells both sides have, what each does, and how it is measured from then on."""

import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from paceline.ab.origins import strangers
from paceline.ab.pair import PACKAGE, PairSpec, SideFailed, SideProcess, started
from paceline.ab.record import CellPlan, Which
from paceline.ab.sides import Side, has_instrument
from paceline.server.process import running
from paceline.stats.comparison import MAIN_LOOKS

TRIAL = 0.2  # of the time allowed, for the trial of either side
ROUND = 0.0025
"""Seconds of a round at least: shorter ones are mostly the clock, longer ones see more of the machine's moods."""

FEW, MANY = 10, 24  # of a cell in a pair, the fewest and the most rounds that are planned for short calls
SCATTER = 16
"""How much more one turn's log ratio varies than one process's does around its own; as measured on two shared cores."""

OVERHEAD = 0.015  # seconds that a cell takes in a pair beside its calls, roughly: pytest's own, on both sides
FEWEST = 2  # below it one disturbed round is the pair's answer
CELL_SECONDS = 0.06  # for all rounds of a cell on one side of a pair
LONG = 0.25  # seconds of a call that is its own warm-up: it is not made once more only to be thrown away

Facts = Mapping[str, Any]  # what a trial found of one cell on one side, as `paceline.plugin.side.turns.Trial` writes it


def best_rounds(cells: int, start_seconds: float) -> int:
    """Return how many rounds of each cell make the most of a pair's time: many where there are few cells to start for.

    Args:
        cells: that share a start.
        start_seconds: of a pair without any cell.

    Source: W. G. Cochran, Sampling Techniques, 3rd ed., Wiley 1977, (10.25): the best number of parts in each unit is
        the root of the ratio of their variances times that of their costs.
    """
    of_a_cell = start_seconds / cells + OVERHEAD
    return max(FEW, min(MANY, round(math.sqrt(SCATTER * of_a_cell / (2 * ROUND)))))


def planned_cell(baseline: Facts, candidate: Facts, *, most: int, one_core: bool, can_pin: bool) -> CellPlan:
    """Plan one cell, the same for both sides and all pairs.

    Args:
        baseline: what its trial found.
        candidate: the same of the other side.
        most: rounds, of a call that is not long.
        one_core: whether the cell is marked so, and `can_pin` whether there is a CPU for it.
    """
    facts = (baseline, candidate)
    seconds = max(min(each["seconds"] for each in facts), 1e-9)
    free = None if one_core else baseline["free"] or candidate["free"]
    remarks = list(candidate["remarks"])
    if free and can_pin:
        remarks.append(f"left to the scheduler: {free}")
    typed = candidate["rounds"]
    calls = 1 if typed else max(1, math.ceil(ROUND / seconds))
    longest = calls * max(each["wall"] for each in facts)
    warmup = calls if calls > 1 else int(seconds < LONG)
    return CellPlan(
        calls=calls,
        rounds=typed or max(FEWEST, min(most, int(CELL_SECONDS / longest))),
        warmup=candidate["warmup"] if typed else warmup,
        seconds=seconds,
        pinned=can_pin and not free,
        remarks=tuple(remarks),
    )


def with_rounds(each: CellPlan, most: int) -> CellPlan:
    """Return a cell's plan with more rounds, where fewer cells share a start; a long one keeps those it has."""
    return replace(each, rounds=max(each.rounds, most)) if FEW <= each.rounds < MANY else each


def pair_seconds(plan: CellPlan, baseline: Facts, candidate: Facts) -> float:
    """Estimate the seconds that a cell takes in a pair, on both sides."""
    calls = plan.warmup + plan.calls * plan.rounds + (plan.calls > 1)
    return float(sum(calls * each["wall"] + each["overhead"] for each in (baseline, candidate)))


def fitted_plans(
    plans: Mapping[str, CellPlan], facts: Mapping[str, Sequence[Facts]], seconds: float
) -> tuple[dict[str, CellPlan], dict[str, str]]:
    """Fit all cells into the seconds of a pair: first the longest get fewer rounds, then those go that can't have any.

    Returns:
        the plans, and full name -> why it is left out.
    """
    kept, too_long = dict(plans), {}
    while kept and sum(costs := [pair_seconds(plan, *facts[name]) for name, plan in kept.items()]) > seconds:
        name = max(zip(costs, kept, strict=True))[1]
        plan = kept[name]
        if plan.rounds > 1 and facts[name][1]["rounds"] is None:
            kept[name] = replace(plan, rounds=max(1, min(plan.rounds - 1, int(plan.rounds * 0.7))))
        elif plan.warmup and facts[name][1]["rounds"] is None:
            kept[name] = replace(plan, warmup=0)
        else:
            needed = pair_seconds(plan, *facts[name])
            too_long[name] = f"a pair of it takes {needed:.2g} s, for which there is no time; allow more by --time"
            del kept[name]
    return kept, too_long


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the trial found."""

    sides: Mapping[Which, SideProcess]  # their processes, as they have ended
    cells: Sequence[str]  # the full names that both have
    instrument: str | None  # URL of the server both use; None without one
    cpus: Sequence[int]  # those that a cell may be kept on
    start_seconds: float  # that a pair takes without any cell


def look_at_both(sides: Mapping[Which, Side], spec: PairSpec, stack: ExitStack, seconds: float | None) -> Looked:
    """Ask both sides which cells they have, and let them run each once, one side after the other.

    Args:
        sides: ready to be started.
        spec: what they are told.
        stack: on which a server is kept.
        seconds: for the whole comparison; what they don't suffice for is skipped. None for all the time it takes.

    Raises:
        SideFailed: if one can't say, would run code that is not its own, or dies or hangs.
    """
    within = _limits(seconds)
    begun = time.monotonic()
    with started(sides["baseline"], spec) as one, started(sides["candidate"], spec) as other:
        processes: dict[Which, SideProcess] = {"baseline": one, "candidate": other}
        collected = {word: process.collect() for word, process in processes.items()}
        start_seconds = time.monotonic() - begun
        if nowhere := set(collected["baseline"]["absent"]) & set(collected["candidate"]["absent"]):
            raise SideFailed(
                f"neither side has {', '.join(sorted(nowhere))}; name files, folders or node ids that are there"
            )
        url, cpus = _shared(sides["candidate"], collected, stack)
        known = set(collected["baseline"]["cells"])
        cells = [name for name in collected["candidate"]["cells"] if name in known]
        for process in processes.values():
            process.send({"say": "go", "order": cells, "instrument": url, **within})
            process.receive()
            refuse_strangers(process.side, process.modules)
        return Looked(sides=processes, cells=cells, instrument=url, cpus=cpus, start_seconds=start_seconds)


def _limits(seconds: float | None) -> dict[str, float | None]:
    """Return the seconds of a trial, and those of a call that still allows two in each pair of the first look."""
    if seconds is None:
        return {"seconds": None, "longest": None}
    return {"seconds": TRIAL * seconds, "longest": seconds / (2 * MAIN_LOOKS[0])}


def _shared(
    candidate: Side, collected: Mapping[Which, Mapping[str, Any]], stack: ExitStack
) -> tuple[str | None, list[int]]:
    """Start the instrument if a cell asks for it: the candidate's, or ours where it has none; return the CPUs left."""
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    cpus = cpus if len(cpus) > 1 else []
    if not any(each["needs_instrument"] for each in collected.values()):
        return None, cpus
    python, environment = candidate.python, candidate.environment
    own = has_instrument(python, candidate.folder, environment)
    server = stack.enter_context(running(python=python, environment=environment) if own else running())
    if cpus:
        os.sched_setaffinity(server.pid, {cpus[0]})
    return server.url, cpus[1:]


def outcomes(
    ended: Mapping[Which, SideProcess], there: Mapping[Which, set[str]], when: str = ""
) -> tuple[dict[str, str], dict[str, str]]:
    """Sort what was not measured into what fails on the candidate only, and all the rest: full name -> why.

    Args:
        ended: both sides, which know what they missed.
        there: the full names of what was measured on either side.
        when: what goes before the reason.
    """
    failed, left_out = {}, {}
    missed = ended["baseline"].missed, ended["candidate"].missed
    for name in {**missed[0], **missed[1]}:
        before, after = (each.get(name) for each in missed)
        if after and after[0] == "failed" and (name in there["baseline"] or (before and before[0] != "failed")):
            failed[name] = f"fails on the candidate only, {when}{after[1]}"
        elif before and after:
            left_out[name] = f"{_VERB[after[0]]} on both sides, {when}{after[1]}"
        else:
            word, (outcome, why) = ("baseline", before) if before else ("candidate", after)  # type: ignore[misc]
            left_out[name] = f"{_VERB[outcome]} on the {word} only, {when}{why}"
    return failed, left_out


_VERB = {"failed": "fails", "skipped": "skipped", "xfailed": "expected to fail"}


def alone(collected: Mapping[Which, Mapping[str, Any]]) -> dict[str, str]:
    """Return the cells that only one side has, and those that can't be compared anywhere, each with the reason."""
    baseline, candidate = (dict.fromkeys(collected[word]["cells"]) for word in ("baseline", "candidate"))
    return {
        **{name: "removed: only the baseline has it" for name in baseline if name not in candidate},
        **{name: "new: only the candidate has it" for name in candidate if name not in baseline},
        **collected["baseline"]["aside"],
        **collected["candidate"]["aside"],
    }


def file_of(fullname: str) -> str:
    """Return the file that a cell is in; a file's own name is that of what can't be collected."""
    return fullname.partition("::")[0]


def refuse_strangers(side: Side, modules: Mapping[str, str]) -> None:
    """Make sure that a side runs its own code, not an installed copy or the working tree's.

    Raises:
        SideFailed: naming what it imports from elsewhere.
    """
    for name in strangers(modules, side.code):
        raise SideFailed(
            f"{side} imports {name} from {modules[name]}, which is code of this project "
            "but not this side's own; install the project by pip install -e, so that each side finds its own, or give "
            "revisions their own environments by --install; let neither PYTHONPATH nor pytest's arguments lead there"
        )


@contextmanager
def plugin_folder() -> Iterator[Path]:
    """Copy the sides' plugin to where nothing else is, so that a revision without it can import it."""
    spec = find_spec("paceline")
    assert spec is not None
    assert spec.origin is not None
    with TemporaryDirectory(prefix="paceline-ab-plugin-") as folder:
        package = Path(spec.origin).parent
        shutil.copytree(
            package / "plugin" / "side", Path(folder, PACKAGE), ignore=shutil.ignore_patterns("__pycache__")
        )
        for alone in ("workers/tracers.py", "workers/delays.py", "machine.py"):
            shutil.copy(package / alone, Path(folder, PACKAGE))
        yield Path(folder)
