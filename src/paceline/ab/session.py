"""A comparison: a trial of both sides, the pairs up to each look, and fresh pairs of what is under suspicion."""

import datetime as dt
import math
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from paceline import machine
from paceline.ab import differences, judging, why
from paceline.ab.output import named, pairs_done
from paceline.ab.pair import PairSpec, SideFailed, SideProcess, not_built, run_pair
from paceline.ab.profiles import Profile
from paceline.ab.record import CANARY, WHICH, CellPlan, Comparison, Pair, Phase, SideFacts, Which
from paceline.ab.sides import Side, SideSpec, place, prepared
from paceline.ab.trial import (
    Facts,
    Looked,
    alone,
    best_rounds,
    file_of,
    fitted_plans,
    look_at_both,
    outcomes,
    pair_seconds,
    planned_cell,
    plugin_folder,
    refuse_strangers,
    with_rounds,
)
from paceline.stats.comparison import MAIN_LOOKS, fresh_looks
from paceline.text.progress import Progress

CANARY_ROUNDS = 10
HASH_SEEDS = 2**32
PROFILE_ROUNDS = 10
PROFILE_SECONDS = 0.2  # of the rounds of a profile, without the profiler
SPARE = 0.9  # of the time allowed, that estimates may fill; they are never quite right
MARGIN = 1.5  # for fresh pairs: few cells share their start, whose time varies most


@dataclass(frozen=True, kw_only=True)
class ComparisonSpec:
    """What a comparison is asked."""

    baseline: SideSpec  # the side it starts from
    candidate: SideSpec  # the side it goes to
    arguments: tuple[str, ...]  # pytest's, which choose the cells
    pairs: int | None  # of the main phase; None for looks at several numbers, as long as there is time
    time_allowed: float  # seconds for everything
    tolerance: float  # the largest change that counts as none, a fraction
    seed: int  # of all orders
    install: bool  # give revisions environments of their own
    timeout: float  # seconds without a word after which a side hangs
    why: bool  # whether cells that changed are run again under a profiler
    why_of: tuple[str, ...]  # parts of the names of cells that are so whatever their verdict


@dataclass
class Session:
    """A comparison while it is run: both sides, ready to be started, what they share, and what they have measured."""

    sides: Mapping[Which, Side]
    loaded: Mapping[Which, Mapping[str, str]]
    spec: PairSpec
    comparison: Comparison
    cpus: Sequence[int]
    costs: Mapping[str, float]
    start_seconds: float
    deadline: float | None
    random: random.Random
    reporter: Progress
    keep_rounds: frozenset[str]
    pace: float = field(default=1.0)

    def pairs_up_to(self, look: int, phase: Phase, cells: Sequence[str], reserve: float = 0.0) -> bool:
        """Run pairs of a phase until there are `look`, of the cells for which there is time; False if there is none."""
        done = self._count(phase)
        wanted = cells
        if self.comparison.pairs and self.deadline is not None:
            cells = self.affordable(look - done, wanted, reserve)
        if (wanted and not cells) or self._seconds(cells) * (look - done) + reserve > self._left():
            return False
        while done < look:
            cells = self.still_there(cells)
            self._run_pair(phase, cells)
            done += 1
            left = self._seconds(cells) * (look - done) if self.deadline is None else self._left()
            decided = judging.decided(self.comparison)
            self.reporter.step(pairs_done(done, look, left, decided), named(decided), log=True)
        return True

    def affordable(self, pairs: int, cells: Sequence[str], reserve: float = 0.0) -> list[str]:
        """Return the cells that have time for so many pairs: first what seems to have changed, then the shortest.

        A long one that all the time there is can't decide waits until the others are decided.
        """
        left, last, changed = self._left() - reserve, self.comparison.looks[-1], judging.leaning(self.comparison)
        known = judging.judged(self.comparison).cells
        more = {cell.fullname: min(cell.needed or last, last) - cell.main.pairs for cell in known}
        seconds = {name: self.pace * self.costs[name] for name in cells}
        ranked = sorted(cells, key=lambda name: (name not in changed, seconds[name]))
        hopeful = [name for name in ranked if name in changed or seconds[name] * more.get(name, last) <= left]
        return self._fitting(hopeful, left / pairs) or self._fitting(ranked, left / pairs)

    def _fitting(self, cells: Sequence[str], seconds: float) -> list[str]:
        found: list[str] = []
        for name in cells:
            if self._seconds([*found, name]) <= seconds:
                found.append(name)
        return found

    def _count(self, phase: Phase) -> int:
        return sum(pair.phase == phase for pair in self.comparison.pairs)

    def _left(self) -> float:
        return math.inf if self.deadline is None else self.deadline - time.monotonic()

    def ended_early(self) -> Comparison:
        """Return what there is, with a word on why there is no more."""
        note = f"It was ended after {len(self.comparison.pairs)} pairs, before its time."
        return replace(self.comparison, notes=(*self.comparison.notes, note))

    def too_short(self, look: int) -> str:
        """Return why there is no pair at all."""
        seconds = self._seconds(list(self.comparison.plan))
        return f"there is no time left for {look} pairs of some {seconds:.2g} s each; allow more by --time"

    def still_there(self, names: Sequence[str]) -> list[str]:
        """Return the cells that no side has failed in; the canary is none, and runs in every pair."""
        gone = {CANARY, *self.comparison.failed, *self.comparison.left_out}
        return [name for name in names if name not in gone]

    def reserve(self) -> float:
        """Return the seconds to keep for the first look at fresh pairs of what seems to have changed so far.

        That is half of what is left at most: where all cells seem to have changed, some of them are better than none.
        """
        suspects = judging.leaning(self.comparison) if self.comparison.pairs else ()
        first: int = fresh_looks(max(1, len(suspects)))[0]
        return min(MARGIN * first * self._seconds(suspects), self._left() / 2)

    def profile(self, names: Sequence[str], plans: Mapping[str, Mapping[str, int]]) -> dict[Which, SideProcess]:
        """Run one more pair under a profiler."""
        core, seed = self._core(), self.random.randrange(HASH_SEEDS)
        spec = replace(self.spec, kind="profile", order=names, plan=plans, core=core, seed=seed, canary=0)
        return run_pair(self.sides["baseline"], self.sides["candidate"], spec)

    def _core(self) -> int | None:
        return self.random.choice(self.cpus) if self.cpus else None

    def _seconds(self, cells: Sequence[str]) -> float:
        return self.pace * (self.start_seconds + sum(self.costs[name] for name in cells))

    def _run_pair(self, phase: Phase, cells: Sequence[str]) -> None:
        """Run one more pair, and note it; raises SideFailed also if a side ran code that is not its own."""
        number = len(self.comparison.pairs) + 1
        first, second = WHICH if number % 2 else WHICH[::-1]
        order = self.random.sample(list(cells), len(cells))
        core, seed = self._core(), self.random.randrange(HASH_SEEDS)
        spec = replace(self.spec, order=order, plan=self._plan(order), core=core, seed=seed)
        begun = time.monotonic()
        ended = run_pair(self.sides[first], self.sides[second], spec)
        seconds = time.monotonic() - begun
        self._refuse_late_strangers(ended)
        self.pace *= seconds / self._seconds(cells)
        pair = Pair(
            number=number,
            phase=phase,
            first=first,
            order=tuple(order),
            seconds=seconds,
            baseline=ended["baseline"].taken,
            candidate=ended["candidate"].taken,
        )
        self.comparison = replace(self.comparison, pairs=(*self.comparison.pairs, pair))
        self._leave_out(number, ended, cells)

    def _plan(self, cells: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return how the cells of a pair are measured: as planned, with more rounds where fewer of them are open."""
        known = {name: self.comparison.plan[name] for name in cells}
        if 0 < len(cells) < len(self.comparison.plan):
            most = best_rounds(len(cells), self.start_seconds)
            known |= {name: with_rounds(known[name], most) for name in known.keys() - self.keep_rounds}
        return {name: asdict(each) for name, each in known.items()}

    def _refuse_late_strangers(self, ended: Mapping[Which, SideProcess]) -> None:
        for word, process in ended.items():
            before = self.loaded[word]
            late = {name: file for name, file in process.modules.items() if before.get(name) != file}
            refuse_strangers(process.side, late)

    def _leave_out(self, number: int, ended: Mapping[Which, SideProcess], cells: Sequence[str]) -> None:
        there = {
            word: {name for name in cells if name in process.taken and name not in process.missed}
            for word, process in ended.items()
        }
        failed, left_out = outcomes(ended, there, f"in pair {number}, ")
        self.comparison = replace(
            self.comparison,
            failed={**self.comparison.failed, **failed},
            left_out={**self.comparison.left_out, **left_out},
        )


def run_comparison(spec: ComparisonSpec, reporter: Progress, keep: Callable[[Comparison], None]) -> Comparison:
    """Compare two sides; `keep` takes what was measured if something ends the comparison before its time.

    Raises:
        SideError: a side that was typed can't be had.
        SideFailed: a side died, hung, or has nothing to compare.
    """
    with prepare(spec, reporter) as session:
        try:
            reporter.phase("pairs")
            run_main(session)
            run_fresh(session)
            run_profiles(session, spec)
        except BaseException:
            if session.comparison.pairs:
                keep(session.ended_early())
            raise
        return session.comparison


def run_main(session: Session) -> None:
    """Run the pairs up to each look, of the cells that are still open by then.

    Raises:
        SideFailed: the time that is left does not even allow the first look.
    """
    for look in session.comparison.looks:
        cells = session.still_there(judging.open_cells(session.comparison))
        if not cells or not session.pairs_up_to(look, "main", cells, session.reserve()):
            break
    if not session.comparison.pairs:
        raise SideFailed(session.too_short(session.comparison.looks[0]))


def run_fresh(session: Session) -> None:
    """Run fresh pairs of what is under suspicion, up to each look."""
    suspects = judging.suspects(session.comparison)
    if not suspects:
        return
    session.reporter.phase("fresh pairs of what is under suspicion")
    session.comparison = replace(session.comparison, fresh_looks=fresh_looks(len(suspects)))
    for look in session.comparison.fresh_looks:
        open_ones = judging.open_suspects(session.comparison)
        if not open_ones or not session.pairs_up_to(look, "confirm", session.still_there(open_ones)):
            return


def run_profiles(session: Session, spec: ComparisonSpec) -> None:
    """Run what changed again under a profiler, and put down where."""
    outcome = judging.judged(session.comparison)
    changed = {cell.fullname for cell in outcome.cells if spec.why and cell.verdict in judging.MOVED}
    plans = {
        name: each
        for name, each in session.comparison.plan.items()
        if name in changed or any(part in name for part in spec.why_of)
    }
    names = session.still_there(list(plans))
    if not names:
        return
    session.reporter.phase("profiling what changed")
    profiled = {name: _profiled(plans[name], keeps_rounds=name in session.keep_rounds) for name in names}
    baseline, candidate = session.sides["baseline"], session.sides["candidate"]
    tops, diff = (baseline.code.top, candidate.code.top), differences.changed_lines(baseline, candidate)
    found = [session.profile(names, profiled) for _ in range(why.PASSES)]
    both = {name: _profiles(name, found, profiled[name]["calls"]) for name in names}
    explanations = {name: why.explained(*each, tops=tops, diff=diff) for name, each in both.items() if each[0]}
    missed = {name: reason for each in found for side in each.values() for name, (_, reason) in side.missed.items()}
    told = [f"{name} could not be profiled: {missed[name]}" for name in names if name not in explanations]
    notes = (*session.comparison.notes, *told)
    session.comparison = replace(session.comparison, explanations=explanations, notes=notes)


def _profiled(each: CellPlan, *, keeps_rounds: bool) -> dict[str, int]:
    """Plan a cell's profile: several rounds; of long ones fewer."""
    seconds = each.calls * each.seconds
    repeats = each.rounds if keeps_rounds else max(1, min(PROFILE_ROUNDS, int(PROFILE_SECONDS / seconds)))
    return {"calls": each.calls, "warmup": each.warmup, "repeats": repeats}


def _profiles(name: str, found: Sequence[Mapping[Which, SideProcess]], calls: int) -> list[list[Profile]]:
    """Return the profiles of a cell on the baseline and the candidate, of the pairs in which both have one."""
    whole = [each for each in found if all(name in side.facts for side in each.values())]
    facts = [[each[word].facts[name] for each in whole] for word in WHICH]
    return [[Profile(each["functions"], calls, each["threads"], each["children"]) for each in side] for side in facts]


@contextmanager
def prepare(spec: ComparisonSpec, reporter: Progress) -> Iterator[Session]:
    """Prepare both sides and what they share, and look at each cell that they have in common.

    Raises:
        SideFailed: if there is nothing to compare.
    """
    begun, start = time.monotonic(), Path.cwd()
    with ExitStack() as stack:
        sides: dict[Which, Side] = {}
        specs: dict[Which, SideSpec] = {"baseline": spec.baseline, "candidate": spec.candidate}
        for word, one in specs.items():
            ready = prepared(one, word, start, install=spec.install, report=reporter.phase)
            sides[word] = stack.enter_context(ready)
        trial = PairSpec(
            kind="trial", arguments=spec.arguments, timeout=spec.timeout, plugin=stack.enter_context(plugin_folder())
        )
        reporter.phase("looking at each cell")
        looked = look_at_both(sides, trial, stack, None if spec.pairs else spec.time_allowed)
        comparison, facts = _planned(spec, sides, looked, time.monotonic() - begun)
        yield Session(
            sides=sides,
            loaded={word: process.modules for word, process in looked.sides.items()},
            spec=replace(trial, kind="pair", **_pair_spec(spec, looked, comparison.plan)),
            comparison=comparison,
            cpus=looked.cpus,
            costs={name: pair_seconds(each, *facts[name]) for name, each in comparison.plan.items()},
            start_seconds=looked.start_seconds,
            deadline=None if spec.pairs else begun + spec.time_allowed,
            random=random.Random(spec.seed),  # noqa: S311 - an order, no secret
            reporter=reporter,
            keep_rounds=frozenset(name for name, each in facts.items() if each[1]["rounds"] is not None),
        )


def _planned(
    spec: ComparisonSpec, sides: Mapping[Which, Side], looked: Looked, spent: float
) -> tuple[Comparison, dict[str, tuple[Facts, Facts]]]:
    """Plan the comparison after its trial, or raise SideFailed if nothing is left to compare."""
    ended = looked.sides
    collected = {word: process.collected for word, process in ended.items()}
    there = {word: set(process.facts) for word, process in ended.items()}
    files = {word: {file_of(name) for name in each["cells"]} for word, each in collected.items()}
    failed, left_out = outcomes(ended, {word: there[word] | files[word] for word in there})
    only = {name: why for name, why in alone(collected).items() if file_of(name) not in failed}
    facts = {
        name: (ended["baseline"].facts[name], ended["candidate"].facts[name])
        for name in looked.cells
        if name in there["baseline"] & there["candidate"]
    }
    plans, too_long = _plans(spec, looked, facts, spent)
    left_out = {**only, **left_out, **too_long}
    if not plans:
        raise SideFailed(_nothing({**failed, **left_out}))
    comparison = Comparison(
        baseline=side_facts(sides["baseline"], collected["baseline"]),
        candidate=side_facts(sides["candidate"], collected["candidate"]),
        fingerprint=machine.fingerprint(),
        datetime=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        seed=spec.seed,
        tolerance=spec.tolerance,
        arguments=spec.arguments,
        looks=(spec.pairs,) if spec.pairs else MAIN_LOOKS,
        plan=plans,
        failed=failed,
        left_out=left_out,
        notes=tuple(filter(None, notes(sides, looked))),
    )
    return comparison, facts


def _plans(
    spec: ComparisonSpec, looked: Looked, facts: Mapping[str, tuple[Facts, Facts]], spent: float
) -> tuple[dict[str, CellPlan], dict[str, str]]:
    """Plan each cell, fitted to the time that is left; return the plans, and which cells are too long for it."""
    one_core = set(looked.sides["candidate"].collected["one_core"])  # a mark that only one side has would be unfair
    most, can_pin = best_rounds(len(facts) or 1, looked.start_seconds), bool(looked.cpus)
    plans = {
        name: planned_cell(*each, most=most, one_core=name in one_core, can_pin=can_pin) for name, each in facts.items()
    }
    if spec.pairs is not None:
        return plans, {}
    seconds = SPARE * (spec.time_allowed - spent) / (MAIN_LOOKS[0] + fresh_looks(1)[0] / 2) - looked.start_seconds
    return fitted_plans(plans, facts, seconds)


def _pair_spec(spec: ComparisonSpec, looked: Looked, plans: Mapping[str, CellPlan]) -> dict[str, Any]:
    idle = [process.collected["idle"] for process in looked.sides.values()]
    return {
        "arguments": (*spec.arguments, *(idle[0] if idle[0] == idle[1] else ())),
        "files": tuple(dict.fromkeys(map(file_of, plans))),
        "pinned": [name for name, each in plans.items() if each.pinned],
        "instrument": looked.instrument,
        "canary": CANARY_ROUNDS,
    }


def _nothing(why: Mapping[str, str]) -> str:
    shown = "".join(f"\n  {name}: {reason}" for name, reason in list(why.items())[:10])
    none = ": no test that was chosen takes `benchmark` or bears its mark"
    return f"there is nothing to compare{not_built(shown)}{shown or none}"


def side_facts(side: Side, collected: Mapping[str, Any]) -> SideFacts:
    """Return what a side is and runs on."""
    return SideFacts(
        typed=side.spec.typed,
        place=place(side),
        commit=side.commit,
        dirty=side.dirty,
        python=collected["python"],
        environment=dict(side.spec.environment),
        options=tuple(side.spec.options),
        libraries=collected["libraries"],
    )


def notes(sides: Mapping[Which, Side], looked: Looked) -> Iterator[str]:
    """Return what a reader of the verdict has to know, one sentence each; some are empty.

    Raises:
        SideError: if only one side runs compiled code of the project, which the other was never built with.
    """
    modules = {word: process.modules for word, process in looked.sides.items()}
    yield differences.same_code(sides["baseline"], sides["candidate"])
    yield from (differences.origin(side, modules[word]) for word, side in sides.items())
    yield differences.compiled_apart(sides, modules)
    yield from (differences.stale(side, modules[word]) for word, side in sides.items())
    yield differences.different_builds({word: process.collected["build"] for word, process in looked.sides.items()})
    yield differences.different_dependencies(sides["baseline"], sides["candidate"])
    if not looked.cpus:
        why = "no CPU to spare" if hasattr(os, "sched_getaffinity") else "no way to keep a process on a CPU"
        yield f"This machine has {why}: every cell is left to the scheduler, and figures scatter more."
    yield from dict.fromkeys(note for process in looked.sides.values() for note in process.collected["notes"])
