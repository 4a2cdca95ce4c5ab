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
from paceline.ab import differences, judging, plan, why
from paceline.ab.pair import PairResult, PairSpec, SideFailed, not_built, run_pair
from paceline.ab.profiles import Profile
from paceline.ab.progress import Reporter
from paceline.ab.record import CANARY, CellPlan, Comparison, Pair, Phase, SideFacts, Taken, Which
from paceline.ab.request import SideSpec
from paceline.ab.sides import Side, place, prepared
from paceline.ab.trial import Looked, alone, file_of, look_at_both, outcomes, plugin_folder, refuse_strangers
from paceline.stats import looks

CANARY_ROUNDS = 10
HASH_SEEDS = 2**32
PROFILE_ROUNDS = 10
PROFILE_SECONDS = 0.2  # of the rounds of a profile, without the profiler
SPARE = 0.9
"""Of the time allowed, that estimates may fill; they are never quite right."""


@dataclass(frozen=True, kw_only=True)
class ComparisonSpec:
    """
    What a comparison is asked.

    Args:
        baseline: the side it starts from.
        candidate: the side it goes to.
        arguments: pytest's, which choose the cells.
        pairs: of the main phase; None for looks at several numbers, as long as there is time.
        time_allowed: seconds for everything.
        tolerance: the largest change that counts as none, a fraction.
        seed: of all orders.
        install: give revisions environments of their own.
        timeout: seconds without a word after which a side hangs.
        why: whether cells that changed are run again under a profiler.
        why_of: parts of the names of cells that are so whatever their verdict.
    """

    baseline: SideSpec
    candidate: SideSpec
    arguments: tuple[str, ...]
    pairs: int | None
    time_allowed: float
    tolerance: float
    seed: int
    install: bool
    timeout: float
    why: bool
    why_of: tuple[str, ...]


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
    reporter: Reporter
    keep_rounds: frozenset[str]
    pace: float = field(default=1.0)

    def pairs_up_to(self, look: int, phase: Phase, cells: Sequence[str], reserve: float = 0.0) -> bool:
        """Run pairs of a phase until there are `look`, of the cells for which there is time; False if there is none."""
        done = self._count(phase)
        if self.comparison.pairs and self.deadline is not None:
            cells = self.affordable(look - done, cells, reserve)
        if self._seconds(cells) * (look - done) + reserve > self._left():
            return False
        while done < look:
            cells = self.still_there(cells)
            self._run_pair(phase, cells)
            done += 1
            left = self._seconds(cells) * (look - done)
            self.reporter.pair(done, look, left, judging.decided(self.comparison))
        return True

    def affordable(self, pairs: int, cells: Sequence[str], reserve: float = 0.0) -> Sequence[str]:
        """Return the cells that go on: long ones without hope leave the rest their time, as do the longest of many."""
        left, last, done = self._left() - reserve, self.comparison.looks[-1], self._count("main")
        needed = {cell.fullname: min(cell.needed or last, last) for cell in judging.judged(self.comparison).cells}
        seconds = {name: self.pace * self.costs[name] * (needed.get(name, last) - done) for name in cells}
        cells = [name for name in cells if seconds[name] <= left] or list(cells)
        while len(cells) > 1 and self._seconds(cells) * pairs > left:
            cells.remove(max(cells, key=self.costs.__getitem__))
        return cells

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
        """Estimate the seconds that the first look at fresh pairs takes, of what seems to have changed so far."""
        suspects = judging.leaning(self.comparison) if self.comparison.pairs else ()
        first: int = looks.fresh(max(1, len(suspects)))[0]
        return first * self._seconds(suspects)

    def profile(self, names: Sequence[str], plans: Mapping[str, Mapping[str, int]]) -> PairResult:
        """Run one more pair under a profiler."""
        core, seed = self._core(), self.random.randrange(HASH_SEEDS)
        spec = replace(self.spec, kind="profile", order=names, plan=plans, core=core, hash_seed=seed, canary=0)
        return run_pair(self.sides["baseline"], self.sides["candidate"], spec)

    def _core(self) -> int | None:
        return self.random.choice(self.cpus) if self.cpus else None

    def _count(self, phase: Phase) -> int:
        return sum(pair.phase == phase for pair in self.comparison.pairs)

    def _seconds(self, cells: Sequence[str]) -> float:
        return self.pace * (self.start_seconds + sum(self.costs[name] for name in cells))

    def _run_pair(self, phase: Phase, cells: Sequence[str]) -> None:
        """
        Run one more pair, and note it.

        Raises:
            SideFailed: as `run_pair`, or if a side ran code that is not its own.
        """
        number = len(self.comparison.pairs) + 1
        words: tuple[Which, Which] = ("baseline", "candidate") if number % 2 else ("candidate", "baseline")
        order = self.random.sample(list(cells), len(cells))
        core, seed = self._core(), self.random.randrange(HASH_SEEDS)
        spec = replace(self.spec, order=order, plan=self._plan(order), core=core, hash_seed=seed)
        result = run_pair(self.sides[words[0]], self.sides[words[1]], spec)
        self._refuse_late_strangers(words, result)
        self.pace *= result.seconds / self._seconds(cells)
        taken: dict[Which, Mapping[str, Taken]] = dict(zip(words, result.taken, strict=True))
        pair = Pair(number=number, phase=phase, first=words[0], order=tuple(order), seconds=result.seconds, **taken)
        self.comparison = replace(self.comparison, pairs=(*self.comparison.pairs, pair))
        self._leave_out(number, dict(zip(words, result.missed, strict=True)), cells)

    def _plan(self, cells: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return how the cells of a pair are measured: as planned, with more rounds where fewer of them are open."""
        known = {name: self.comparison.plan[name] for name in cells}
        if 0 < len(cells) < len(self.comparison.plan):
            most = plan.rounds(len(cells), self.start_seconds)
            known |= {name: plan.with_rounds(known[name], most) for name in known.keys() - self.keep_rounds}
        return {name: asdict(each) for name, each in known.items()}

    def _refuse_late_strangers(self, words: tuple[Which, Which], result: PairResult) -> None:
        for word, modules in zip(words, result.modules, strict=True):
            before = self.loaded[word]
            refuse_strangers(
                self.sides[word], {name: file for name, file in modules.items() if before.get(name) != file}
            )

    def _leave_out(
        self, number: int, missed: Mapping[Which, Mapping[str, tuple[str, str]]], cells: Sequence[str]
    ) -> None:
        last = self.comparison.pairs[-1]
        there = {
            word: {name for name in cells if name in getattr(last, word) and name not in missed[word]}
            for word in missed
        }
        failed, left_out = outcomes(missed, there, f"in pair {number}, ")
        self.comparison = replace(
            self.comparison,
            failed={**self.comparison.failed, **failed},
            left_out={**self.comparison.left_out, **left_out},
        )


def run_comparison(spec: ComparisonSpec, reporter: Reporter, keep: Callable[[Comparison], None]) -> Comparison:
    """
    Compare two sides.

    Args:
        spec: what is asked.
        reporter: takes progress.
        keep: takes what was measured if something ends the comparison before its time.

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
    """
    Run the pairs up to each look, of the cells that are still open by then.

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
    session.comparison = replace(session.comparison, fresh_looks=looks.fresh(len(suspects)))
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
    found = [session.profile(names, profiled) for _ in range(why.PASSES)]
    changes, tops = differences.changed_lines(baseline, candidate), (baseline.code.top, candidate.code.top)
    explanations = {}
    for name in names:
        passes = [each.facts for each in found if all(name in side for side in each.facts)]
        if passes:
            both = ([_profile(side[name], profiled[name]) for side in one] for one in zip(*passes, strict=True))
            explanations[name] = why.explained(*both, tops=tops, diff=changes)
    missed = {name: reason for each in found for side in each.missed for name, (_, reason) in side.items()}
    told = [f"{name} could not be profiled: {missed[name]}" for name in names if name not in explanations]
    notes = (*session.comparison.notes, *told)
    session.comparison = replace(session.comparison, explanations=explanations, notes=notes)


def _profiled(each: CellPlan, *, keeps_rounds: bool) -> dict[str, int]:
    """Plan a cell's profile: several rounds; of long ones fewer."""
    seconds = each.calls * each.seconds
    repeats = each.rounds if keeps_rounds else max(1, min(PROFILE_ROUNDS, int(PROFILE_SECONDS / seconds)))
    return {"calls": each.calls, "warmup": each.warmup, "repeats": repeats}


def _profile(facts: Mapping[str, Any], profiled: Mapping[str, int]) -> Profile:
    return Profile(
        rows=facts["functions"], calls=profiled["calls"], threads=facts["threads"], children=facts["children"]
    )


@contextmanager
def prepare(spec: ComparisonSpec, reporter: Reporter) -> Iterator[Session]:
    """
    Prepare both sides and what they share, and look at each cell that they have in common.

    Raises:
        SideFailed: if there is nothing to compare.
    """
    begun, start = time.monotonic(), Path.cwd()
    with ExitStack() as stack:
        sides: dict[Which, Side] = {}
        wanted: dict[Which, SideSpec] = {"baseline": spec.baseline, "candidate": spec.candidate}
        for word, one in wanted.items():
            ready = prepared(one, word, start, install=spec.install, tell=reporter.phase)
            sides[word] = stack.enter_context(ready)
        trial = PairSpec(
            kind="trial", arguments=spec.arguments, timeout=spec.timeout, plugin=stack.enter_context(plugin_folder())
        )
        reporter.phase("looking at each cell")
        looked = look_at_both(sides, trial, stack, None if spec.pairs else spec.time_allowed)
        comparison, pair_spec, facts = _planned(spec, sides, looked, time.monotonic() - begun)
        yield Session(
            sides=sides,
            loaded=looked.modules,
            spec=replace(trial, kind="pair", **pair_spec),
            comparison=comparison,
            cpus=looked.cpus,
            costs={name: plan.cost(each, *facts[name]) for name, each in comparison.plan.items()},
            start_seconds=looked.start_seconds,
            deadline=None if spec.pairs else begun + spec.time_allowed,
            random=random.Random(spec.seed),  # noqa: S311 - an order, no secret
            reporter=reporter,
            keep_rounds=frozenset(name for name, each in facts.items() if each[1]["rounds"] is not None),
        )


def _planned(
    spec: ComparisonSpec, sides: Mapping[Which, Side], looked: Looked, spent: float
) -> tuple[Comparison, dict[str, Any], dict[str, tuple[plan.Facts, plan.Facts]]]:
    """
    Plan the comparison after its trial.

    Raises:
        SideFailed: if nothing is left to compare.
    """
    there = {word: set(facts) for word, facts in looked.facts.items()}
    files = {word: {file_of(name) for name in each["cells"]} for word, each in looked.collected.items()}
    failed, left_out = outcomes(looked.missed, {word: there[word] | files[word] for word in there})
    left_out = {
        **{name: why for name, why in alone(looked.collected).items() if file_of(name) not in failed},
        **left_out,
    }
    facts = {
        name: (looked.facts["baseline"][name], looked.facts["candidate"][name])
        for name in looked.cells
        if name in there["baseline"] & there["candidate"]
    }
    one_core = set(looked.collected["candidate"]["one_core"])  # a mark that only one side has would be unfair
    most, can_pin = plan.rounds(len(facts) or 1, looked.start_seconds), bool(looked.cpus)
    plans = {
        name: plan.planned(*each, most=most, one_core=name in one_core, can_pin=can_pin) for name, each in facts.items()
    }
    if spec.pairs is None:
        seconds = SPARE * (spec.time_allowed - spent) / (looks.MAIN[0] + looks.fresh(1)[0] / 2) - looked.start_seconds
        plans, too_long = plan.fitted(plans, facts, seconds)
        left_out |= too_long
    if not plans:
        raise SideFailed(_nothing({**failed, **left_out}))
    comparison = Comparison(
        baseline=side_facts(sides["baseline"], looked.collected["baseline"]),
        candidate=side_facts(sides["candidate"], looked.collected["candidate"]),
        fingerprint=machine.fingerprint(),
        datetime=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        seed=spec.seed,
        tolerance=spec.tolerance,
        arguments=spec.arguments,
        looks=(spec.pairs,) if spec.pairs else looks.MAIN,
        plan=plans,
        failed=failed,
        left_out=left_out,
        notes=tuple(filter(None, notes(sides, looked))),
    )
    return comparison, _pair_spec(spec, looked, plans), facts


def _pair_spec(spec: ComparisonSpec, looked: Looked, plans: Mapping[str, CellPlan]) -> dict[str, Any]:
    idle = [each["idle"] for each in looked.collected.values()]
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
        typed=side.wanted.typed,
        place=place(side),
        commit=side.commit,
        dirty=side.dirty,
        python=collected["python"],
        environment=dict(side.wanted.environment),
        options=tuple(side.wanted.options),
        libraries=collected["libraries"],
    )


def notes(sides: Mapping[Which, Side], looked: Looked) -> Iterator[str]:
    """
    Return what a reader of the verdict has to know, one sentence each; some are empty.

    Raises:
        SideError: if only one side runs compiled code of the project, which the other was never built with.
    """
    baseline, candidate = sides["baseline"], sides["candidate"]
    yield differences.same_code(baseline, candidate)
    yield from (differences.origin(side, looked.modules[word]) for word, side in sides.items())
    yield differences.compiled_apart(sides, looked.modules)
    yield from (differences.stale(side, looked.modules[word]) for word, side in sides.items())
    yield differences.different_dependencies(baseline, candidate)
    if not looked.cpus:
        why = "no CPU to spare" if hasattr(os, "sched_getaffinity") else "no way to keep a process on a CPU"
        yield f"This machine has {why}: every cell is left to the scheduler, and figures scatter more."
    yield from dict.fromkeys(note for each in looked.collected.values() for note in each["notes"])
