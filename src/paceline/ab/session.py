"""A comparison: all pairs, from the first look to the fresh pairs of what is under suspicion."""

import datetime as dt
import math
import os
import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from paceline import machine
from paceline.ab import judging
from paceline.ab.origins import strangers
from paceline.ab.pair import PLUGIN, PairSpec, SideFailed, play
from paceline.ab.pair import look as look_at
from paceline.ab.progress import Told
from paceline.ab.record import CANARY, Comparison, Pair, Phase, SideFacts, Taken, Which
from paceline.ab.request import SideSpec
from paceline.ab.sides import Side, has_instrument, place, prepared
from paceline.server.process import Instrument, running
from paceline.stats import looks

MAIN_SHARE = 0.7
"""Of the time allowed; the rest is kept for fresh pairs, which are of what is under suspicion only."""

CANARY_ROUNDS = 20
HASH_SEEDS = 2**32
ALONE = "only the {} has it"


@dataclass(frozen=True, kw_only=True)
class ComparisonSpec:
    """
    What a comparison is asked.

    Args:
        baseline: the side it starts from.
        candidate: the side it goes to.
        arguments: pytest's, which choose the cells.
        pairs: of the main phase, with one look at them; None for `looks.MAIN`.
        time_allowed: seconds for everything.
        tolerance: the largest change that counts as none, a fraction.
        seed: of all orders.
        install: give revisions environments of their own.
        timeout: seconds without a word after which a side hangs.
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


@dataclass
class Table:
    """
    Where a comparison takes place: both sides, ready to be started, what they had loaded when asked, what they share.
    """

    sides: Mapping[Which, Side]
    loaded: Mapping[Which, Mapping[str, str]]
    wish: PairSpec
    comparison: Comparison
    cells: Sequence[str]
    random: random.Random
    begun: float = field(default_factory=time.monotonic)

    def pair(self, phase: Phase, cells: Sequence[str]) -> None:
        """
        Run one more pair, and note it.

        Raises:
            SideFailed: as `play`, or if a side ran code that is not its own.
        """
        number = len(self.comparison.pairs) + 1
        first: Which = "baseline" if number % 2 else "candidate"
        second: Which = "candidate" if number % 2 else "baseline"
        order = self.random.sample(list(cells), len(cells))
        wish = replace(self.wish, order=order, hash_seed=self.random.randrange(HASH_SEEDS))
        played = play(self.sides[first], self.sides[second], wish)
        for word, modules in zip((first, second), played.modules, strict=True):
            before = self.loaded[word]
            later = {name: file for name, file in modules.items() if before.get(name) != file}
            refuse_strangers(self.sides[word], later)
        taken: dict[Which, Mapping[str, Taken]] = {first: played.taken[0], second: played.taken[1]}
        pair = Pair(number=number, phase=phase, first=first, order=tuple(order), seconds=played.seconds, **taken)
        skipped = {name: f"skipped on both sides, {why}" for name, why in played.skipped.items()}
        left_out = {**self.comparison.left_out, **skipped}
        self.comparison = replace(self.comparison, pairs=(*self.comparison.pairs, pair), left_out=left_out)

    def rest(self, number: int, phase: Phase, cells: Sequence[str], until: float, told: Told) -> bool:
        """Run pairs until there are `number` of a phase; return whether the time, seconds since the start, sufficed."""
        while len(self.of(phase)) < number:
            done = self.of(phase)
            longest = max((pair.seconds for pair in done), default=0.0)
            if time.monotonic() - self.begun + longest > until and done:
                return False
            self.pair(phase, cells)
            left = self.comparison.pairs[-1].seconds * (number - len(done) - 1)
            told.pair(len(done) + 1, number, left, judging.decided(self.comparison))
        return True

    def of(self, phase: Phase) -> list[Pair]:
        """
        The pairs of a phase.
        """
        return [pair for pair in self.comparison.pairs if pair.phase == phase]


def sit(ask: ComparisonSpec, told: Told) -> Comparison:
    """
    Compare two sides.

    Raises:
        SideError: a side that was typed can't be had.
        SideFailed: a side died, hung, failed, or did not do the same as the other.
    """
    with laid(ask, told) as table:
        told.phase("pairs")
        main(table, ask, told)
        if judging.suspects(table.comparison):
            told.phase("fresh pairs of what is under suspicion")
            fresh(table, ask, told)
        return table.comparison


def main(table: Table, ask: ComparisonSpec, told: Told) -> None:
    """Run the main pairs, from look to look, of what is still open; a number that was typed is not cut short."""
    until = math.inf if ask.pairs else ask.time_allowed * MAIN_SHARE
    for look in table.comparison.looks:
        cells = judging.open_cells(table.comparison) if table.comparison.pairs else table.cells
        if not cells or not table.rest(look, "main", cells, until, told):
            return


def fresh(table: Table, ask: ComparisonSpec, told: Told) -> None:
    """Run the fresh pairs, from look to look, of what is still under suspicion; the first look is always reached."""
    suspects = judging.suspects(table.comparison)
    table.comparison = replace(table.comparison, fresh_looks=looks.fresh(len(suspects)))
    for index, look in enumerate(table.comparison.fresh_looks):
        still = judging.open_suspects(table.comparison)
        cells = [name for name in still if name != CANARY] or table.cells[:1]  # the canary runs in every pair
        until = ask.time_allowed if index and not ask.pairs else math.inf
        if not still or not table.rest(look, "confirm", cells, until, told):
            return


@contextmanager
def laid(ask: ComparisonSpec, told: Told) -> Iterator[Table]:
    """
    Prepare both sides and what they share, and find out which cells they have in common.

    Raises:
        SideFailed: if they have none.
    """
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    start = Path.cwd()
    with (
        prepared(ask.baseline, "baseline", start, install=ask.install, tell=told.phase) as baseline,
        prepared(ask.candidate, "candidate", start, install=ask.install, tell=told.phase) as candidate,
        plugin_folder() as plugin,
        instrument(candidate) as server,
    ):
        core = cpus[-1] if len(cpus) > 1 else None
        if core is not None:
            os.sched_setaffinity(server.pid, {cpus[0]})
        wish = PairSpec(ask.arguments, None, server.url, core, (), CANARY_ROUNDS, 0, ask.timeout, plugin)
        sides: dict[Which, Side] = {"baseline": baseline, "candidate": candidate}
        seen = looked(sides, wish, told)
        cells, left_out = common(seen)
        wish = replace(wish, one_core=seen["candidate"]["one_core"])  # a mark that only one side has would be unfair
        comparison = Comparison(
            baseline=side_facts(baseline, seen["baseline"]),
            candidate=side_facts(candidate, seen["candidate"]),
            fingerprint=machine.fingerprint(),
            datetime=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            seed=ask.seed,
            tolerance=ask.tolerance,
            arguments=ask.arguments,
            looks=(ask.pairs,) if ask.pairs else looks.MAIN,
            left_out=left_out,
            notes=tuple(notes(seen, core)),
        )
        loaded: dict[Which, Mapping[str, str]] = {word: facts["modules"] for word, facts in seen.items()}
        yield Table(sides, loaded, wish, comparison, cells, random.Random(ask.seed))  # noqa: S311 - an order, no secret


def instrument(candidate: Side) -> AbstractContextManager[Instrument]:
    """
    Start the candidate's instrument, or our own where the candidate has no Paceline.
    """
    python, environment = candidate.python, candidate.environment
    has_one = has_instrument(python, candidate.folder, environment)
    return running(python=python, environment=environment) if has_one else running()


def looked(sides: Mapping[Which, Side], wish: PairSpec, told: Told) -> dict[Which, dict[str, Any]]:
    """
    ComparisonSpec both sides what they have.

    Raises:
        SideFailed: if one can't say, or would run code that is not its own.
    """
    seen: dict[Which, dict[str, Any]] = {}
    for word, side in sides.items():
        told.phase(f"asking the {word} for its cells")
        seen[word] = look_at(side, wish)
        refuse_strangers(side, seen[word]["modules"])
    return seen


def refuse_strangers(side: Side, modules: Mapping[str, str]) -> None:
    """
    Make sure that a side runs its own code, not an installed copy or the working tree's.

    Raises:
        SideFailed: naming what it imports from elsewhere.
    """
    for name in strangers(modules, side.code):
        raise SideFailed(
            f"the {side.word} ({side.wanted.typed}) imports {name} from {modules[name]}, which is code of this project "
            "but not this side's own; install the project by pip install -e, so that each side finds its own, or give "
            "revisions their own environments by --install; let neither PYTHONPATH nor pytest's arguments lead there"
        )


def common(seen: Mapping[Which, Mapping[str, Any]]) -> tuple[list[str], dict[str, str]]:
    """
    Give the cells that both sides have, and all others, each with the reason.

    Raises:
        SideFailed: if there is none.
    """
    baseline, candidate = (dict.fromkeys(seen[word]["cells"]) for word in ("baseline", "candidate"))
    aside = {**seen["baseline"]["aside"], **seen["candidate"]["aside"]}
    left_out = {
        **{name: ALONE.format("baseline") for name in baseline if name not in candidate},
        **{name: ALONE.format("candidate") for name in candidate if name not in baseline},
        **aside,
    }
    cells = [name for name in candidate if name not in left_out]
    if not cells:
        shown = "".join(f"\n  {name}: {why}" for name, why in list(left_out.items())[:10])
        raise SideFailed(f"the sides have no cell in common{shown or '; there is no benchmark at all'}")
    return cells, left_out


def side_facts(side: Side, seen: Mapping[str, Any]) -> SideFacts:
    """
    Put down what a side is and runs on.
    """
    return SideFacts(
        typed=side.wanted.typed,
        place=place(side),
        commit=side.commit,
        dirty=side.dirty,
        python=seen["python"],
        environment=dict(side.wanted.environment),
        options=tuple(side.wanted.options),
        libraries=seen["libraries"],
    )


def notes(seen: Mapping[Which, Mapping[str, Any]], core: int | None) -> Iterator[str]:
    """
    Say what whoever reads the verdict has to know.
    """
    if core is None:
        yield "This machine has one CPU for us: cells and server share it, and figures scatter more."
    for word, side in seen.items():
        if not side["shared"] and "paceline" in side["modules"]:
            yield f"The {word} is too old to share the candidate's instrument: it used its own."


@contextmanager
def plugin_folder() -> Iterator[Path]:
    """
    Copy the lockstep plugin to where nothing else is, so that a revision without it can import it; what it asks for
    tracers too.
    """
    spec = find_spec("paceline")
    assert spec is not None
    assert spec.origin is not None
    with TemporaryDirectory(prefix="paceline-ab-plugin-") as folder:
        package = Path(spec.origin).parent
        shutil.copy(package / "plugin" / "lockstep.py", Path(folder, f"{PLUGIN}.py"))
        shutil.copy(package / "tracers.py", Path(folder, "paceline_tracers.py"))
        yield Path(folder)
